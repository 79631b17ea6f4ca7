"""`unitsync backfill`: what can be asked, what is refused, and that a large push is asked about."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from flows.cli import app
from state.lock import RunLock

FACILITY = "11111111-1111-4111-8111-111111111111"
DEARER = "120.00"


@pytest.fixture
def typed(desk, environment, monkeypatch):
    """Types `unitsync backfill …` at the desk, without Prefect."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for module in ("flows.commands.backfill", "flows.engine"):
        monkeypatch.setattr(f"{module}.World", desk.world)

    def backfill(*arguments, answer=None):
        given = ["backfill", *arguments, "--direct", "--config", str(desk.config)]
        return CliRunner().invoke(app, given, input=answer)

    return backfill


def inventory(unit, count=2, **changed):
    return [unit(number, **changed) for number in range(1, count + 1)]


def rates(desk):
    return {unit["standard_rate"] for unit in desk.live().values()}


def test_it_says_what_it_will_cost_and_then_what_became_of_it(desk, unit, typed):
    desk.sync(*inventory(unit))
    desk.export(*inventory(unit, rate=DEARER))

    done = typed("--unit", "u2", "--json")

    assert 0 == done.exit_code, done.output
    document = json.loads(done.stdout)
    assert ("backfill", "ok") == (document["kind"], document["status"])
    assert 1 == document["pipelines"][0]["counts"]["updated"]
    assert "storage: selected 1 of 2 rows: --unit u2" in done.stderr
    assert "storage: 1 change in 1 request." in done.stderr
    assert {100.0, 120.0} == rates(desk)


def test_a_dry_run_shows_every_change_and_sends_nothing(desk, unit, typed):
    desk.sync(*inventory(unit))
    desk.export(*inventory(unit, rate=DEARER))
    writes, runs = desk.writes(), desk.rows_of("SELECT * FROM runs")

    shown = typed("storage", "--unit", "A2", "--dry-run")

    assert 0 == shown.exit_code, shown.output
    assert "~ unit A2 (u2)  standard_rate: 100 → 120" in shown.stdout
    assert "selected 1 of 2 rows: --unit A2" in shown.stdout
    assert (writes, runs) == (desk.writes(), desk.rows_of("SELECT * FROM runs"))


def test_units_can_be_named_in_a_file(desk, unit, typed):
    desk.sync(*inventory(unit, 3))
    desk.export(*inventory(unit, 3, rate=DEARER))
    names = desk.folder / "units.txt"
    names.write_bytes(b"\xef\xbb\xbfu1\r\n\r\n A2 \r\n")

    done = typed("--unit-file", str(names), "--json")

    assert 2 == json.loads(done.stdout)["pipelines"][0]["counts"]["updated"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say who: pipelines, or --scope"),
        (["--unit", "A22"], 'no unit of the source is called "A22" (did you mean "A2"?)'),
        (["--only-failed"], "nobody is selected: --only-failed has 0 rows"),
        (["--only-rejected", "--unit", "u1"], "but none answers to all of it"),
        (["--from-run", "nope"], "there is no run 'nope'"),
        (["--changed-since", "1/2/26"], "--changed-since 1/2/26: write a day as 2026-01-31"),
        (
            ["--changed-since", "2026-02-01", "--changed-until", "2026-01-31"],
            "no day lies between 2026-02-01 (since) and 2026-01-31 (until)",
        ),
        (["--changed-until", "2026-01-31"], "no column says when a row was changed"),
        (["--unit-file", "nobody.txt"], "nobody.txt cannot be read: No such file or directory"),
        (["--unit", "u1", "--requests-per-second", "0"], "write a number above 0"),
        (["--unit", "u1", "--requests-per-second", "nan"], "write a number above 0"),
        (["stroage"], 'did you mean "storage"?'),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_touched(desk, unit, typed, arguments, said):
    desk.sync(*inventory(unit))
    desk.export(*inventory(unit, rate=DEARER))
    writes, runs = desk.writes(), desk.rows_of("SELECT * FROM runs")

    refused = typed(*arguments)

    assert 2 == refused.exit_code, refused.output
    assert said in refused.stderr
    assert (writes, runs) == (desk.writes(), desk.rows_of("SELECT * FROM runs"))


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\n \n", "names nobody"), (b"\xff\xfe\x00", "is no text in UTF-8")],
)
def test_a_file_that_names_nobody_is_refused(desk, unit, typed, content, said):
    desk.export(*inventory(unit))
    names = desk.folder / "units.txt"
    names.write_bytes(content)

    refused = typed("--unit-file", str(names))

    assert (2, True) == (refused.exit_code, said in refused.stderr)


def test_a_large_push_needs_a_yes(desk, unit, typed, monkeypatch):
    monkeypatch.setattr("flows.commands.backfill.LARGE", 1)
    desk.sync(*inventory(unit))
    desk.export(*inventory(unit, rate=DEARER))

    refused = typed("storage")

    assert 2 == refused.exit_code
    assert "3 changes are more than 1, so nothing was sent; if they are meant, add --yes" in (
        refused.stderr
    )
    assert {100.0} == rates(desk)
    assert 0 == typed("storage", "--yes").exit_code
    assert {120.0} == rates(desk)


@pytest.mark.parametrize(
    ("answer", "code", "rate"), [("\n", 2, 100.0), ("", 2, 100.0), ("y\n", 0, 120.0)]
)
def test_on_a_terminal_a_large_push_is_asked_about(
    desk, unit, typed, monkeypatch, answer, code, rate
):
    monkeypatch.setattr("flows.commands.backfill.LARGE", 1)
    monkeypatch.setattr("flows.commands.backfill.on_terminal", lambda: True)
    desk.sync(*inventory(unit))
    desk.export(*inventory(unit, rate=DEARER))

    asked = typed("storage", answer=answer)

    assert code == asked.exit_code, asked.output
    assert {rate} == rates(desk)


def test_the_rate_of_one_run_is_kept(desk, unit, typed):
    desk.configure("requests_per_second: null", "requests_per_second: null\n      batch_size: 1")
    desk.sync(*inventory(unit, 5))
    desk.export(*inventory(unit, 5, rate=DEARER))
    started = desk.clock.monotonic()

    typed("storage", "--requests-per-second", "0.5", "--yes")

    assert desk.clock.monotonic() - started >= 2 * 5


def test_the_report_tells_of_the_selected_only(desk, unit, typed):
    desk.sync(*inventory(unit))
    desk.export(*inventory(unit, rate=DEARER))

    done = typed("--unit", "u2", "--json")

    page = (
        (desk.folder / "reports")
        .joinpath(json.loads(done.stdout)["report"].rpartition("/")[2])
        .read_text("utf-8")
    )
    assert "The only selected unit agrees" in page
    assert "selected 1 of 2 rows: --unit u2" in page


def test_another_run_bars_it_and_nothing_is_lost(desk, unit, typed):
    desk.sync(*inventory(unit))
    with RunLock(desk.folder / "unitsync.db", "unitsync sync", now=desk.clock.now()):
        barred = typed("--unit", "u2")

    assert (4, True) == (barred.exit_code, "Another run holds" in barred.stderr)
