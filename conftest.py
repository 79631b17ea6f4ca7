"""For all tests: none reaches another machine, and none touches the user's own Prefect."""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from flows.own_commands import started_with
from tests.prefect_server import SHARED, end_prefect

HERE = {None, "", "localhost", "127.0.0.1", "::1"}

# Two slow cores take their time, which is no failure; in CI the same examples are tried each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


class NetworkIsOff(RuntimeError):
    """A test tried to reach another machine."""


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if (host.decode() if isinstance(host, bytes) else host) not in HERE:
        raise NetworkIsOff(f"the network is off in tests, and this one asked for {host}")


@pytest.fixture(autouse=True)
def _no_command_before() -> Iterator[None]:
    """With which configuration a command was started is of no matter to the next test."""
    yield
    started_with(None)


def pytest_configure(config: pytest.Config) -> None:
    """Prefect reads its settings when it is imported, which is after this."""
    home = tempfile.TemporaryDirectory(prefix="unitsync-tests-")
    if SHARED in os.environ:  # of the session, whose worker this is
        config.add_cleanup(home.cleanup)
    else:
        os.environ[SHARED] = home.name
        atexit.register(home.cleanup)
        atexit.register(end_prefect)  # before that, and after what Prefect has to say at its end
    os.environ["PREFECT_HOME"] = home.name
    os.environ.pop("PREFECT_API_URL", None)
    sys.addaudithook(_stay_here)
