"""The demo, lived through: what it says happened, and what it does to the folder."""

from __future__ import annotations

import csv
import io
from contextlib import redirect_stderr
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.commands import demo, plan
from flows.console import out
from state.store import Store
from tests.flow_runs import with_prefect


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "unitsync-demo"


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    with out.capture() as captured, redirect_stderr(io.StringIO()) as errors:
        code = demo.run(folder, prefect=False)

    assert code == 0, captured.get() + errors.getvalue()
    return captured.get()


def test_says_which_rows_were_rejected_and_why(told: str) -> None:
    rejected = [line.strip() for line in told.splitlines() if "rejected row" in line]

    assert "rejected row 15 (100014): standard_rate is empty; a value is required." in rejected
    assert "rejected row 45 (100043): iDoorType is “9”; allowed are “0”, “1”, “2”." in rejected
    assert len(rejected) == 8 + 4


def test_says_what_the_second_night_changed(told: str) -> None:
    second = told[told.index("Night 2") :]

    assert "update A105 (100005): name A005 → A105" in second
    assert "move A003 (100003): unit_group 10x10 Interior → 10x10 Interior Climate" in second
    assert "update A001 (100001): standard_rate 50 → 55" in second
    assert "create B031 (109001)" in second
    assert "1 missing" in second


def test_ends_in_step_with_both_vendors(told: str) -> None:
    assert "A third night would send nothing" in told


def test_says_where_the_report_is_and_it_is_there(told: str) -> None:
    place = next(line for line in told.splitlines() if line.startswith("The report of night 2: "))

    assert Path(place.partition(": ")[2]).is_file()


def test_never_shows_a_lock_code(told: str) -> None:
    assert "combination_lock_number ••• → •••" in told
    assert [code for code in _lock_codes() if code in told] == []


def test_a_unit_whose_row_is_rejected_on_the_second_night_stays_known(
    told: str, folder: Path
) -> None:
    """Unit 101037 has the rate "call us" on night 2, and is neither missing nor gone."""
    assert "rejected row 98 (101037)" in told
    with Store.open_for_reading(folder / "unitsync.db") as store:
        [history] = store.history("101037")

    assert history.known is not None
    assert history.known.payload["standard_rate"] == 105


def test_the_folder_can_be_planned_in_afterwards_without_any_variable(
    told: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STOREDGE_ACCESS_ID", raising=False)
    code = plan.run(
        folder / "unitsync.yaml", [], out=None, details=False, detailed_exitcode=True, as_json=False
    )

    assert code == 0
    assert "Nothing to do" in capsys.readouterr().out


def test_a_second_demo_starts_afresh_and_spares_what_it_did_not_make(
    told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = folder / "notes.txt"
    notes.write_text("mine")
    (folder / "apartments.csv").write_text("edited")

    code = demo.run(folder, prefect=False)

    assert code == 0
    assert "116 created" in capsys.readouterr().out
    assert notes.read_text() == "mine"


def test_a_folder_that_no_demo_made_is_refused_and_left_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "unitsync.yaml"
    config.write_text("pipelines: {}")

    code = demo.run(tmp_path, prefect=False)

    assert code == 2
    assert "holds files that no demo made; choose another with --folder" in _words(capsys)
    assert config.read_text() == "pipelines: {}"
    assert list(tmp_path.iterdir()) == [config]


def test_a_folder_that_is_a_file_is_refused_in_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")

    code = demo.run(tmp_path / "taken", prefect=False)

    assert code == 2
    assert "choose another with --folder" in _words(capsys)


def test_the_nights_can_be_prefect_flow_runs_and_the_terminal_stays_clean(tmp_path: Path) -> None:
    with with_prefect():
        done = CliRunner().invoke(app, ["demo", "--prefect", "--folder", str(tmp_path / "demo")])

    assert done.exit_code == 0, done.output
    assert "116 created" in done.stdout
    assert "A third night would send nothing" in done.stdout
    assert "Traceback" not in done.stderr


def _words(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def _lock_codes() -> set[str]:
    codes = set()
    for night in (1, 2):
        text = (files("examples") / f"storage_units_night{night}.csv").read_text("utf-8")
        codes |= {row["sLockCode"] for row in csv.DictReader(io.StringIO(text))}
    return codes - {""}
