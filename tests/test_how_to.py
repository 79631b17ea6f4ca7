"""The how-to pages are true: every command on them runs, in the order in which a person would."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.clock import SystemClock
from connectors.sandbox import SandboxServer, demo_sandbox
from flows.cli import app
from flows.commands.demo import bring
from state.store import Store
from tests.bench import CREDENTIALS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "how-to" / "backfills.md").read_text("utf-8")
SOME, DRY, RESEND, AS_SENT, UNDO, ALLOW = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
GUARDRAILS = "guardrails: {max_missing: 10%, max_updates: 50%"
FACILITIES = "4c1f7a52-0d8e-4b6b-9a53-7f2e6d1c8b01 b7e90d14-52c3-4f0a-8c6e-13a5d9f4e202"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The morning after the second night of the examples, with both vendors at hand."""
    monkeypatch.chdir(tmp_path)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    text = (ROOT / "examples" / "unitsync.yaml").read_text("utf-8")
    with SandboxServer(demo_sandbox(clock=SystemClock())) as sandbox:
        text = re.sub(r"https://api\.(storedgefms|travtus)\.com", sandbox.url, text)
        (tmp_path / "unitsync.yaml").write_text(text)
        for night in (1, 2):
            bring(night, tmp_path)
            run("unitsync sync --direct")
        yield tmp_path


def run(command: str, code: int = 0) -> str:
    """The command as a person would type it; what it printed."""
    program, *arguments = shlex.split(command.removeprefix("$ "))
    assert program == "unitsync"
    done = CliRunner().invoke(app, arguments)
    assert code == done.exit_code, f"{command}\n{done.output}"
    return done.output


def test_every_command_about_backfills_runs(place: Path) -> None:
    for command in UNDO.splitlines():
        told = run(command, code=1 if " undo " in command else 0)
    assert "10 updated, 1 moved" in told

    for command in (*SOME.splitlines(), *DRY.splitlines(), *RESEND.splitlines()):
        told = run(command)
    assert "2 updated" in told
    for command in AS_SENT.splitlines():
        run(command)

    config = (place / "unitsync.yaml").read_text()
    run("unitsync sync --direct")
    config = config.replace(GUARDRAILS, "guardrails: {max_missing: 10%, max_updates: 1%")
    (place / "unitsync.yaml").write_text(config.replace("at_least: 20", "at_least: 1"))
    first, held, allow, again, done = ALLOW.splitlines()
    night = run_id(place)
    assert "max_updates" in run(first.replace("RUN", night), code=1)
    run(held, code=1)
    run(allow.replace("SCOPE", FACILITIES))
    run(again.replace("RUN", night))
    assert "held" not in run(done)


def run_id(place: Path) -> str:
    with Store.open_for_reading(place / "unitsync.db") as store:
        return store.runs(1)[0]["run_id"]
