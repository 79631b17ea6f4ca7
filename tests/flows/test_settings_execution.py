"""Where scopes are pushed from is said once, and what cannot be is found when it is read."""

from __future__ import annotations

import pytest

from flows.config_errors import ConfigError
from flows.execution import Execution

WANTED = "tcp://HOST:PORT or tls://HOST:PORT"
NEEDED = "engine dask needs the address of its scheduler"
FOREIGN = "this is no address of a Dask scheduler"


def executed(desk, text):
    desk.configure("reports: reports", f"reports: reports\nexecution: {text}")
    return desk.settings()


def test_threads_are_the_default(desk):
    assert Execution(engine="threads", address=None) == desk.settings().execution


@pytest.mark.parametrize(
    ("text", "path", "found", "allowed"),
    [
        ("{engine: dask}", "execution.address", NEEDED, WANTED),
        ("{address: 'tcp://a:1'}", "execution.address", "threads have no address", "no address"),
        ("{engine: dask, address: 'http://a:1'}", "execution.address", FOREIGN, WANTED),
        ("{engine: dask, address: 'tcp://a'}", "execution.address", FOREIGN, WANTED),
        ("{engine: dask, address: 'tcp://u:p@a:1'}", "execution.address", FOREIGN, WANTED),
        ("{engine: ray}", "execution.engine", 'found "ray"', "threads or dask"),
    ],
)
def test_a_mistake_is_told_where_it_stands(desk, text, path, found, allowed):
    with pytest.raises(ConfigError) as refusal:
        executed(desk, text)

    assert [(path, found, allowed)] == [
        (problem.path, problem.found, problem.allowed) for problem in refusal.value.problems
    ]


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("tcp://127.0.0.1:8786", False),
        ("tcp://localhost:8786", False),
        ("tls://scheduler:8786", False),
        ("tcp://scheduler:8786", True),
    ],
)
def test_secrets_in_the_clear_are_warned_of(desk, address, warned):
    warnings = executed(desk, f"{{engine: dask, address: '{address}'}}").warnings

    assert warned == any("in the clear" in warning for warning in warnings)
