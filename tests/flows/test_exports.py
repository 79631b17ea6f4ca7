"""The report of a run again, and everything of it as tables: identical, complete, harmless."""

from __future__ import annotations

import csv
import gc
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from flows import exports
from flows.commands.report import run as report
from flows.reconcile import reconcile
from flows.report import render
from flows.summary import RunSummary
from state.exports import Table
from state.store import Store

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    " +1+1",
    "\u202eevil",
    "＝1+1",
    "x" * 10_000,
)


@pytest.fixture
def command(desk, monkeypatch, environment):
    """`unitsync report`, as its shell calls it; the file that it wrote."""
    monkeypatch.chdir(desk.folder)

    def run(named="last", kind="html"):
        to = desk.folder / f"exported.{kind}"
        code = report(desk.config, named, kind=kind, to=to, show=False)
        return code, to

    return run


def rows_of(path: Path, table: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        text = archive.read(f"{table}.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_report_is_made_again_identical_after_the_world_has_changed(desk, unit, command):
    desk.export(unit(1), unit(2), unit(3, width="wide"))
    first = desk.sync()
    written = (desk.folder / "reports").glob("*.html")
    [page] = [path.read_text() for path in written]
    desk.sync(unit(1, rate="120.00"), unit(3))
    reconcile(desk.settings(), desk.world())
    desk.configure("reports: reports", "reports: reports\nschedule: {timezone: Asia/Tokyo}")

    code, path = command(first.run_id)

    assert 0 == code
    assert page == path.read_text()


def test_the_missing_units_of_a_run_are_those_that_it_missed_itself(desk, unit, command):
    desk.sync(unit(1), unit(2), unit(3))
    missed = desk.sync(unit(1), unit(2))
    later = desk.sync(unit(1), unit(2), unit(3))

    told = rows_of(command(missed.run_id, "csv")[1], "missing")

    assert [("u3", missed.run_id)] == [(row["key"], row["since_run"]) for row in told]
    assert [] == rows_of(command(later.run_id, "csv")[1], "missing")


def test_an_export_of_one_pipeline_has_the_missing_units_of_no_other(desk, unit, command):
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1))
    with Store.open(desk.settings().state, clock=desk.clock.now, new_id=lambda: "unused") as store:
        store.begin_run("run-other", "sync", ["apartments"])
        store.finish_run("run-other", "ok", {"pipelines": []})

    assert [] == rows_of(command("run-other", "csv")[1], "missing")


def test_a_reconciliation_is_told_again_as_well(desk, unit, command):
    desk.sync(unit(1), unit(2))
    [one] = [u["id"] for u in desk.sandbox.units() if u["name"] == "A1"]
    desk.sandbox.edit("storedge", "unit", one, {"standard_rate": 77.0})
    summary = reconcile(desk.settings(), desk.world())
    written = (desk.folder / summary.report).read_text()

    _, path = command()

    assert written == path.read_text()
    assert "changed at the vendor" in written


@pytest.mark.parametrize("named", ["nope", ""])
def test_a_run_that_there_is_not_or_that_is_not_one_is_refused(desk, unit, command, named, capsys):
    desk.sync(unit(1))
    desk.sync(unit(1))

    code, path = command(named)

    assert 2 == code
    assert not path.exists()
    assert "run" in capsys.readouterr().err


def test_a_format_that_there_is_not_is_refused(desk, unit, command, capsys):
    desk.sync(unit(1))

    assert 2 == command(kind="pdf")[0]
    assert "html, csv, xlsx, json" in capsys.readouterr().err


def test_every_change_and_every_rejection_is_in_the_tables(desk, unit, command):
    desk.sync(*[unit(number) for number in range(1, 60)], unit(60, width="wide"))

    _, path = command(kind="csv")

    assert 59 == len([row for row in rows_of(path, "changes") if row["entity"] == "unit"])
    [rejected] = rows_of(path, "rejections")
    assert ("u60", "width", "wide") == (rejected["key"], rejected["field"], rejected["value"])
    assert rows_of(path, "requests")
    assert 0o600 == path.stat().st_mode & 0o777


def test_standings_are_in_the_tables_field_by_field(desk, unit, command):
    desk.sync(unit(1), unit(2))
    [one] = [u["id"] for u in desk.sandbox.units() if u["name"] == "A1"]
    desk.sandbox.edit("storedge", "unit", one, {"standard_rate": 77.0})
    reconcile(desk.settings(), desk.world())

    _, path = command(kind="json")

    document = json.loads(path.read_text())
    assert "reconcile" == document["run"]["kind"]
    [line] = document["standings"]
    assert ("A1", "drifted", "standard_rate", 100, 100, 77) == tuple(
        line[name] for name in ("name", "standing", "field", "source", "known", "live")
    )


def test_no_cell_acts_as_a_formula(desk, unit, command):
    units = [unit(number, name=name) for number, name in enumerate(HOSTILE, start=1)]
    desk.sync(*units)

    _, zipped = command(kind="csv")
    _, book = command(kind="xlsx")

    names = [row["name"] for row in rows_of(zipped, "changes") if row["entity"] == "unit"]
    assert len(HOSTILE) == len(names)
    assert not [name for name in names if name.strip()[:1] in ("=", "+", "＝")]
    sheet = openpyxl.load_workbook(book)["changes"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {"n", "s", "inlineStr"} >= {cell.data_type for cell in cells}
    assert "=cmd|' /C calc'!A0" in [cell.value for cell in cells]


def test_numbers_stay_numbers_and_lock_codes_are_never_shown(desk, unit, command):
    desk.sync(unit(1, lock="marked-lock-code"))

    _, zipped = command(kind="csv")
    _, book = command(kind="xlsx")
    _, document = command(kind="json")

    [change] = [row for row in rows_of(zipped, "changes") if row["entity"] == "unit"]
    assert '"standard_rate":100' in change["after"]
    everything = change["after"] + document.read_text()
    everything += str([c.value for row in openpyxl.load_workbook(book)["changes"] for c in row])
    assert "hmac:" not in everything
    assert "marked-lock-code" not in everything


def test_a_table_that_is_longer_than_a_sheet_goes_on_in_the_next(desk, unit, command, monkeypatch):
    monkeypatch.setattr(exports, "SHEET_ROWS", 5)
    desk.sync(*[unit(number) for number in range(1, 8)])

    _, book = command(kind="xlsx")

    opened = openpyxl.load_workbook(book)
    sheets = [name for name in opened.sheetnames if name.startswith("changes")]
    assert ["changes", "changes 2"] == sheets
    assert 8 == sum(opened[name].max_row - 1 for name in sheets)


def test_a_page_says_what_the_summary_said_though_it_is_made_from_the_state_alone(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.fault("status", "GET units", status=403, count=99)
    summary = reconcile(desk.settings(), desk.world())

    with Store.open_for_reading(desk.folder / "unitsync.db") as store:
        kept = RunSummary.of(store.run(summary.run_id))
        page = "".join(render(kept, store))

    assert summary == kept
    assert summary.pipelines[0].notes[0][:40] in page


def test_in_json_what_was_before_and_after_can_be_read_without_reading_it_twice(
    desk, unit, command
):
    desk.sync(unit(1))
    desk.sync(unit(1, rate="120.00"))

    _, path = command(kind="json")

    [change] = [one for one in json.loads(path.read_text())["changes"] if one["entity"] == "unit"]
    assert ({"standard_rate": 100}, {"standard_rate": 120}) == (change["before"], change["after"])


def test_before_the_first_run_it_says_so(desk, unit, command, capsys):
    desk.export(unit(1))

    assert 2 == command()[0]
    assert "there is no run yet" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["html", "csv", "xlsx", "json"])
def test_a_disk_that_cannot_take_it_is_told_in_one_sentence_and_no_draft_is_left(
    desk, unit, command, capsys, kind
):
    desk.sync(unit(1))
    (desk.folder / f"exported.{kind}").mkdir()
    before = sorted(desk.folder.iterdir())

    code, path = command(kind=kind)

    assert 4 == code
    told = " ".join(capsys.readouterr().err.split())
    assert told == (
        f"the report cannot be written to {path}: Is a directory; name another file with --out"
    )
    assert before == sorted(desk.folder.iterdir())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_a_full_disk_is_one_error_and_nothing_is_said_later(kind):
    table = Table("changes", ("words",), iter([("a word",)]))

    with pytest.raises(OSError, match="No space left on device"):
        exports.EXPORTS[kind][1](RunSummary("run-1", "sync"), [table], Path("/dev/full"))

    gc.collect()  # what is left of an archive would complain now
