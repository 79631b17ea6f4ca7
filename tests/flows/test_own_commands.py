"""A command in a message can be copied as it stands, whatever configuration was named."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
import typer.main
from rich.text import Text
from typer.testing import CliRunner

from flows.cli import app
from flows.own_commands import COMMANDS, completed, started_with
from flows.terminal import HarmlessConsole
from tests.bench import CREDENTIALS, Bench

ELSEWHERE = Path("a folder/other.yaml")


def printed(line: str | Text) -> str:
    file = io.StringIO()
    HarmlessConsole(file=file, width=60, highlight=False).print(line, soft_wrap=True)
    return file.getvalue()


def test_every_command_that_takes_a_configuration_is_known_by_name() -> None:
    commands = typer.main.get_group(app).commands
    groups = {name: one for name, one in commands.items() if hasattr(one, "commands")}
    inner = {
        f"{name} {sub}": one
        for name, group in groups.items()
        for sub, one in group.commands.items()
    }
    every = {name: one for name, one in commands.items() if name not in groups} | inner
    configured = {name for name, one in every.items() if "config" in {p.name for p in one.params}}

    assert configured <= set(COMMANDS)


@pytest.mark.parametrize(
    ("said", "copied"),
    [
        ("run: unitsync check", "run: unitsync check --config 'a folder/other.yaml'"),
        (
            "let it through: unitsync allow r1 S1 --reason '…'",
            "let it through: unitsync allow --config 'a folder/other.yaml' r1 S1 --reason '…'",
        ),
        (
            "`unitsync state restore` puts it back",
            "`unitsync state restore --config 'a folder/other.yaml'` puts it back",
        ),
        ("`unitsync demo` and unitsync itself", "`unitsync demo` and unitsync itself"),
        ("unitsync plan --config x.yaml", "unitsync plan --config x.yaml"),
    ],
)
def test_a_command_in_a_message_names_the_configuration_that_was_asked_for(
    said: str, copied: str
) -> None:
    started_with(ELSEWHERE)

    assert completed(said) == copied
    assert printed(said) == f"{copied}\n"
    assert printed(Text(said, style="red")) == f"{copied}\n"


def test_what_check_says_can_be_copied_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bench = Bench(tmp_path)
    bench.edit("unitsync.yaml", "    missing: report", "\tmissing: report")
    bench.config.rename(tmp_path / "mine.yaml")

    told = CliRunner().invoke(app, ["check", "storage", "-c", "mine.yaml"]).stdout

    assert "Correct it and run: unitsync check --config mine.yaml" in told


def test_without_another_configuration_nothing_is_added() -> None:
    started_with(None)

    assert printed("run: unitsync check") == "run: unitsync check\n"


@pytest.mark.parametrize("before", [True, False])
def test_a_configuration_may_be_named_before_the_command_or_after_it(
    before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bench = Bench(tmp_path)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    bench.config.rename(tmp_path / "mine.yaml")
    words = ["-c", "mine.yaml", "runs"] if before else ["runs", "-c", "mine.yaml"]

    assert "`unitsync plan --config mine.yaml`" in CliRunner().invoke(app, words).stdout


def test_a_run_of_old_is_told_with_commands_for_the_configuration_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    bench.edit("unitsync.yaml", "max_rate_change: 30%", "max_rate_change: 1%")
    for night in (1, 2):
        bench.bring(night)
        bench.night("storage")
    arguments = ["runs", "last", "--config", str(bench.config)]

    told = CliRunner().invoke(app, arguments).stdout
    needs = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)["needs"]

    commands = [need["command"] for need in needs]
    assert commands
    for command in commands:
        assert re.search(rf"unitsync \w+ --config {re.escape(str(bench.config))}", command)
        assert f"$ {command}" in told
