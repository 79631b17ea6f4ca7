"""`unitsync` alone says where one is and what to do next, at once, whatever it finds."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.overview import DEMO, Overview, overview
from tests.bench import Bench

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def told(bench: Bench) -> Overview:
    return overview(bench.config, NOW)


def commands(found: Overview) -> list[str]:
    return [step.command for step in found.steps]


def test_where_nothing_is_the_next_step_is_an_export_or_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = overview(Path("unitsync.yaml"), NOW)

    assert found.told == ("There is no unitsync.yaml here.",)
    assert commands(found) == ["unitsync init FILE", "unitsync demo"]


def test_where_a_demo_ran_it_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    DEMO.parent.mkdir()
    DEMO.touch()

    assert commands(overview(Path("unitsync.yaml"), NOW))[1] == f"unitsync --config {DEMO}"


def test_a_configuration_that_is_no_yaml_is_told_with_its_line(bench: Bench) -> None:
    bench.config.write_text("state: x.db\n\tpipelines:\n")
    found = told(bench)

    assert "unitsync.yaml:2:1" in found.needs[0]
    assert commands(found) == ["unitsync check"]


def test_before_the_first_run_comes_check_and_then_plan(bench: Bench) -> None:
    found = told(bench)

    assert found.told == (f"{bench.config}: storage, apartments", "No run yet.")
    assert commands(found) == ["unitsync check", "unitsync plan"]


def test_after_a_good_night_it_says_how_it_went_and_when_the_next_is_due(bench: Bench) -> None:
    bench.edit("storage_units.csv", "A002,Interior Climate", "A002,Interior Climate")
    bench.night("apartments")
    found = told(bench)

    assert found.needs == ()
    assert found.told[1].endswith(": ok")
    assert found.told[2] == "  apartments: ok, 76 created"
    assert found.told[3:] == (
        "Next sync by schedule: Sat 28 Nov 2026 02:00 EST",
        "Next reconcile by schedule: Sun 29 Nov 2026 05:00 EST",
    )
    assert commands(found) == ["unitsync plan", "unitsync report --open"]


def test_what_needs_a_person_comes_with_where_to_read_on(bench: Bench) -> None:
    bench.edit("unitsync.yaml", "max_rate_change: 30%", "max_rate_change: 1%")
    for night in (1, 2):
        bench.bring(night)
        bench.night("storage")
    found = told(bench)

    assert found.needs[0] == "storage: 9 held"
    assert "unitsync allow" in "".join(found.needs)
    assert commands(found)[0] == "unitsync runs last"


def test_a_state_that_is_gone_is_no_first_night(bench: Bench) -> None:
    bench.night("apartments")
    (bench.folder / "unitsync.db").unlink()
    found = told(bench)

    assert "is gone, but it has been used before" in found.needs[0]
    assert commands(found) == ["unitsync state restore FILE"]


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\x00" + bytes(84)])
def test_a_state_that_cannot_be_read_is_told_and_nothing_is_written(
    bench: Bench, content: bytes
) -> None:
    state = bench.folder / "unitsync.db"
    state.write_bytes(content)
    before = sorted(bench.folder.iterdir())

    assert "unitsync.db" in told(bench).needs[0]
    assert (state.read_bytes(), sorted(bench.folder.iterdir())) == (content, before)


@pytest.mark.parametrize(
    "line",
    ["schedule: {sync: soon, timezone: Nowhere}", "schedule: nightly", "schedule: {sync: 5}"],
)
def test_a_schedule_that_is_none_is_left_to_check(bench: Bench, line: str) -> None:
    old = next(one for one in bench.config.read_text().splitlines() if one.startswith("schedule:"))
    bench.night("apartments")
    bench.edit("unitsync.yaml", old, line)

    assert len(told(bench).told) == 3


def test_it_always_ends_well_and_the_help_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    alone = CliRunner().invoke(app, [])

    assert (alone.exit_code, alone.stdout.splitlines()[-1]) == (0, "All commands: unitsync --help")
    assert CliRunner().invoke(app, ["--help"]).stdout.startswith("Usage: ")


def test_neither_it_nor_a_completion_waits_for_what_is_large() -> None:
    large = "pandas", "prefect", "httpx", "pydantic", "sqlalchemy"
    program = (
        "import sys; import flows.cli, flows.commands.overview, flows.completion; "
        f"sys.exit([name for name in {large} if name in sys.modules] or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
