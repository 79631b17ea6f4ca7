"""An address in the configuration is checked where a run would need it, and shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.notify import CONDITIONS
from flows.config_errors import ConfigError
from flows.settings import Settings, load, load_shared

EXAMPLE = (Path(__file__).parent / "design_example.yaml").read_text(encoding="utf-8")
HOOK = "json://hunter2@127.0.0.1:1/hunter2"
ENVIRON = {
    "STOREDGE_ACCESS_ID": "a" * 40,
    "STOREDGE_SECRET_KEY": "b" * 40,
    "TRAVTUS_CLIENT_ID": "client-of-travtus",
    "TRAVTUS_CLIENT_SECRET": "secret-of-travtus",
    "HOOK": HOOK,
}


@pytest.fixture
def loaded(tmp_path):
    def load_with(notify: str, environ: dict[str, str] = ENVIRON) -> Settings:
        file = tmp_path / "unitsync.yaml"
        file.write_text(f"{notify}\n{EXAMPLE}", encoding="utf-8")
        return load(file, environ=environ)

    return load_with


def addresses(settings: Settings) -> list[str]:
    return [url.get_secret_value() for url in settings.notify.urls]


@pytest.mark.parametrize(
    "notify",
    [
        "notify:\n  urls: ${HOOK}",
        "notify:\n  urls:\n    - ${HOOK}",
        'notify: {urls: ["${HOOK}"], on: [failed, held, drifted, recovered]}',
    ],
)
def test_one_address_or_several_and_every_condition_by_default(loaded, notify: str) -> None:
    settings = loaded(notify)

    assert [HOOK] == addresses(settings)
    assert CONDITIONS == settings.notify.on
    assert "hunter2" not in repr(settings)


def test_nobody_is_notified_unless_it_is_asked_for(loaded) -> None:
    assert [] == addresses(loaded(""))


@pytest.mark.parametrize(
    ("notify", "environ", "path", "found", "hint"),
    [
        (
            "notify:\n  urls: ${HOOK}",
            {"HOOK": "slack://hunter2"},
            "notify.urls",
            "this is no address for Slack (it is secret and not shown)",
            "",
        ),
        (
            'notify: {urls: ["${HOOK}", slak://hunter2]}',
            {},
            "notify.urls[1]",
            "the address begins with a service that is not known (it is secret and not shown)",
            "did you mean slack://?",
        ),
        (
            "notify: json://hunter2",
            {},
            "notify",
            "found a text (it is secret and not shown)",
            "write its settings below it, indented: urls and on",
        ),
        (
            "notify:\n  url: json://hunter2",
            {},
            "notify.url",
            'unknown setting "url"',
            'did you mean "urls"?',
        ),
        (
            "notify: {urls: json://127.0.0.1, on: [faild]}",
            {},
            "notify.on[0]",
            'found "faild"',
            'did you mean "failed"?',
        ),
        ("notify: {on: failed}", {}, "notify.on", 'found "failed"', 'did you mean ["failed"]?'),
        ("notify: {on: []}", {}, "notify.on", "found an empty list", ""),
        (
            "notify: {urls: [json://hunter2: 1]}",
            {},
            "notify.urls[0]",
            "found something else (it is secret and not shown)",
            'write it in quotes, or better "${NAME}" and set that environment variable',
        ),
        (
            "notify:\n  urls: ${SLACK}",
            {},
            "notify.urls",
            "the environment variable SLACK is not set",
            "set it: export SLACK=…",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_without_its_value(
    loaded, notify: str, environ: dict[str, str], path: str, found: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(notify, ENVIRON | environ)

    (problem,) = caught.value.problems
    assert (path, found, hint) == (problem.path, problem.found, problem.hint)
    assert problem.line in (1, 2)
    assert "hunter2" not in str(caught.value)


def test_whoever_only_looks_at_the_state_needs_no_address(tmp_path: Path) -> None:
    file = tmp_path / "unitsync.yaml"
    file.write_text(f"notify:\n  urls: ${{HOOK}}\n{EXAMPLE}", encoding="utf-8")

    assert [] == addresses(load_shared(file, environ={}))
