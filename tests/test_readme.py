"""The README is true: its commands run, its links lead somewhere, its promises have their tests."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from connectors.clock import SystemClock
from connectors.sandbox import SandboxServer, demo_sandbox
from flows.cli import app
from flows.commands.demo import bring
from tests.bench import CREDENTIALS
from tests.flow_runs import with_prefect

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
PROMISES = 10


def commands(block: str) -> list[list[str]]:
    lines = [line for line in block.splitlines() if line.strip()]
    assert all(line.startswith("$ ") for line in lines)
    return [shlex.split(line.removeprefix("$ ")) for line in lines]


def run(command: list[str], **environ: str) -> None:
    """The command as a person would run it, in the folder where we are; it must end well."""
    program, *arguments = command
    assert program == "unitsync"
    with with_prefect():
        done = CliRunner().invoke(app, arguments, env=environ)

    assert done.exit_code == 0, f"{shlex.join(command)}\n{done.output}"


def test_the_two_commands_are_targets_that_make_knows() -> None:
    assert commands(BLOCKS[0]) == [["make", "demo"], ["make", "test"]]
    for command in commands(BLOCKS[0]):
        subprocess.run([*command, "--dry-run"], cwd=ROOT, check=True, capture_output=True)


def test_the_commands_to_look_around_run_after_a_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in commands(BLOCKS[1]):
        run(command)


def test_the_commands_for_an_inventory_of_ones_own_run_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bring(2, tmp_path)
    text = (ROOT / "examples" / "unitsync.yaml").read_text("utf-8")
    with SandboxServer(demo_sandbox(clock=SystemClock())) as sandbox:
        text = re.sub(r"https://api\.(storedgefms|travtus)\.com", sandbox.url, text)
        (tmp_path / "unitsync.yaml").write_text(text)
        for command in commands(BLOCKS[2]):
            run(command, **CREDENTIALS)


def test_every_block_of_commands_is_run_by_one_of_these_tests() -> None:
    assert len(BLOCKS) == 3


def test_every_command_is_in_the_table() -> None:
    table = set(re.findall(r"^\| `unitsync (\w+)` \|", README, re.MULTILINE))

    assert table == set(typer.main.get_group(app).commands)


def test_every_promise_is_held_by_the_test_that_it_links_to() -> None:
    section = README[README.index("## Promises") : README.index("**The limit.**")]
    promises = re.findall(r"^\d+\. .*?(?=^\d+\. |\Z)", section, re.MULTILINE | re.DOTALL)

    assert len(promises) == PROMISES
    for promise in promises:
        holders = re.findall(r"\[`(test_\w+)`\]\((\S+?\.py)\)", promise)
        assert holders, promise
        for name, path in holders:
            assert f"def {name}(" in (ROOT / path).read_text("utf-8"), promise


def test_the_picture_is_what_unitsync_plan_really_says(tmp_path: Path) -> None:
    drawn = tmp_path / "plan.svg"
    subprocess.run(
        [sys.executable, str(ROOT / "docs" / "picture.py"), str(drawn)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )

    current = (ROOT / "docs" / "plan.svg").read_bytes() == drawn.read_bytes()
    assert current, "the picture is out of date: make docs"
