"""`unitsync check`: every failure is named where it is, and nothing is written anywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from connectors.clock import SystemClock
from connectors.sandbox import Fault, SandboxServer, demo_sandbox
from flows import spreading
from flows.checklist import CHECKS, Checklist, examine, exit_code_of
from flows.commands import check
from flows.sample import SCOPES
from tests.bench import CREDENTIALS, HARBOR, MILL, Bench

ALLOWED = "allowed are “0”, “1”, “2”."
CORRECT = "Correct the export, or the mapping in"
NO_COMMA = "a comma is not allowed, because storEDGE may make several units of it."
NO_PAGES = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": None}
EMPTY = f"nothing is there yet in {HARBOR} and {MILL}; a wrong id looks the same"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return Bench(tmp_path)


def examined(bench: Bench, pipeline: str) -> Checklist:
    return examine(bench.config, pipeline, bench.world)


def told(checklist: Checklist) -> dict[str, tuple[str, str]]:
    return {check.check: (check.status, check.message) for check in checklist.checks}


def statuses(checklist: Checklist) -> list[str]:
    return [check.status for check in checklist.checks]


def test_a_pipeline_that_can_run_passes_every_check_and_says_what_it_saw(bench: Bench) -> None:
    checks = told(examined(bench, "storage"))

    assert checks == {
        "configuration": ("ok", str(bench.config)),
        "source": ("ok", "121 rows in storage_units.csv"),
        "mapping": ("ok", "all there, for 16 fields of the API"),
        "validation": ("ok", checks["validation"][1]),
        "credentials": ("ok", "accepted by https://api.storedgefms.com"),
        "access": ("ok", f"2 scopes can be read; 0 units and 0 groups there now\n{EMPTY}"),
        "permissions": (
            "ok",
            "state and reports can be written; whether units may be, only the first sync can show",
        ),
    }


def test_a_rejected_row_is_told_with_its_column_its_cause_and_the_line_of_its_mapping(
    bench: Bench,
) -> None:
    valid, *rejected = told(examined(bench, "storage"))["validation"][1].split("\n")

    assert valid == "116 valid rows, in 2 scopes"
    assert [line.partition(": ")[2] for line in rejected] == [
        f"{told} {bench.config}:{line} ({field}){end}"
        for told, line, field, end in (
            (
                f"row 15, dcStdRate: standard_rate is empty; a value is required. {CORRECT}",
                38,
                "standard_rate",
                ".",
            ),
            (
                f"row 45, iDoorType: iDoorType is “9”; {ALLOWED} Add it to the values in",
                36,
                "door_type",
                ", or correct the export.",
            ),
            (f"row 72, dcWidth: width is “0”; it must be above 0. {CORRECT}", 31, "width", "."),
            (f"row 103, sUnitName: name is “B011, B011a”; {NO_COMMA} {CORRECT}", 30, "name", "."),
        )
    ]


def test_a_thousand_rows_that_are_wrong_alike_are_one_line(bench: Bench) -> None:
    bench.edit("unitsync.yaml", "width: dcWidth", "width: sUnitName")
    lines = told(examined(bench, "storage"))["validation"][1].split("\n")

    assert lines[0] == "no row is valid, in 2 scopes"
    assert lines[1].startswith("rejected: row 2, sUnitName: sUnitName is “A001”; a number")
    assert "(and 119 more rows)" in lines[1]


def test_an_empty_group_of_travtus_can_be_read(bench: Bench) -> None:
    checklist = examined(bench, "apartments")

    assert checklist.exit_code == 0
    assert told(checklist)["access"][1] == (
        "2 scopes can be read; 0 units there now\n"
        "nothing is there yet in COMM-001 and COMM-002; a wrong id looks the same"
    )


def test_three_units_are_shown_as_they_would_be_sent_with_their_lock_codes_hashed(
    bench: Bench,
) -> None:
    bench.edit("storage_units.csv", "1,Corner unit,", "1,Corner unit,90210")
    sample = examined(bench, "storage").sample

    assert sample is not None
    assert [unit["name"] for unit in sample.units[HARBOR]] == ["A001", "A002", "A003"]
    assert sample.units[HARBOR][0]["standard_rate"] == 50
    assert sample.units[HARBOR][0]["combination_lock_number"] == "•••"
    assert list(sample.units) == [HARBOR, MILL]
    assert "90210" not in repr(sample)


def test_of_many_scopes_only_some_are_shown_but_each_is_read(bench: Bench) -> None:
    path = bench.folder / "apartments.csv"
    header, *rows = path.read_text("utf-8").splitlines()
    unit = next(row for row in rows if row.startswith("COMM-001,"))
    more = [unit.replace("COMM-001", f"COMM-{number}") for number in range(100, 112)]
    path.write_text("\n".join([header, *more, ""]), "utf-8")
    checklist = examined(bench, "apartments")

    assert checklist.sample is not None
    assert (len(checklist.sample.units), checklist.sample.more) == (SCOPES, 12 - SCOPES)
    assert told(checklist)["access"][1].startswith("12 scopes can be read")


def test_a_scope_that_is_not_ours_is_named_with_its_column_and_hinders_no_other(
    bench: Bench,
) -> None:
    bench.sandbox.order_fault(Fault(kind="status", status=403, scope=MILL, count=None))
    checklist = examined(bench, "storage")

    first, second = told(checklist)["access"][1].split("\n")
    assert checklist.exit_code == 4
    assert told(checklist)["credentials"][0] == "ok"
    assert first == "1 of 2 scopes cannot be read"
    assert second.startswith(f"{MILL}: ")
    assert 'correct the id in column "SiteID"' in second


def test_a_state_that_could_not_be_written_is_told_although_the_source_is_not_there(
    bench: Bench,
) -> None:
    bench.edit("unitsync.yaml", "state: unitsync.db", "state: nowhere/unitsync.db")
    (bench.folder / "storage_units.csv").unlink()
    checklist = examined(bench, "storage")

    assert statuses(checklist) == ["ok", "failed", *["skipped"] * 4, "failed"]
    assert told(checklist)["permissions"][1] == (
        f"the folder {bench.folder / 'nowhere'} does not exist; make it, or correct "
        f"{bench.config}:9 (state)"
    )


def test_nothing_is_written_neither_to_the_api_nor_to_the_folder(bench: Bench) -> None:
    before = sorted(bench.folder.rglob("*"))

    examined(bench, "storage")
    examined(bench, "apartments")

    assert bench.sandbox.counts()["writes"] == 0
    assert bench.sandbox.counts()["reads"] > 0
    assert sorted(bench.folder.rglob("*")) == before


def test_a_missing_variable_is_a_configuration_error_and_the_rest_is_skipped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STOREDGE_ACCESS_ID")
    checklist = examined(bench, "storage")

    assert checklist.exit_code == 2
    assert "STOREDGE_ACCESS_ID" in told(checklist)["configuration"][1]
    assert statuses(checklist) == ["failed", *["skipped"] * 6]
    assert [check.check for check in checklist.checks] == list(CHECKS)


def on_dask(bench: Bench, address: str) -> Bench:
    bench.edit(
        "unitsync.yaml",
        "reports: reports/",
        f'reports: reports/\nexecution: {{engine: dask, address: "{address}"}}',
    )
    return bench


def cluster(workers: int) -> LocalCluster:
    return LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=False, protocol="tcp://", **NO_PAGES
    )


def test_workers_are_counted_where_dask_pushes(bench: Bench) -> None:
    with cluster(2) as dask:
        address = dask.scheduler_address
        checklist = examined(on_dask(bench, address), "storage")

    workers = ("ok", f"2 workers at {address}, with the same unitsync as here")
    assert workers == told(checklist)["workers"]
    assert [*CHECKS, "workers"] == [check.check for check in checklist.checks]
    assert 0 == checklist.exit_code


def test_a_scheduler_without_workers_is_told_whatever_else_is_wrong(bench: Bench) -> None:
    (bench.folder / "reports").touch()
    with cluster(0) as dask:
        checklist = examined(on_dask(bench, dask.scheduler_address), "storage")

    checks = told(checklist)
    assert "failed" == checks["permissions"][0] == checks["workers"][0]
    assert "has no worker" in checks["workers"][1]
    assert 4 == checklist.exit_code


def test_workers_that_this_machine_cannot_reach_are_a_matter_of_an_extra(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "find_spec", lambda name: None)
    checklist = examined(on_dask(bench, "tcp://127.0.0.1:1"), "storage")

    assert 2 == checklist.exit_code
    assert "pip install 'unitsync[dask]'" in told(checklist)["workers"][1]


def test_a_column_that_the_source_lacks_is_a_configuration_error_with_its_name(
    bench: Bench,
) -> None:
    bench.edit("storage_units.csv", "dcStdRate", "dcRate")
    checklist = examined(bench, "storage")

    assert checklist.exit_code == 2
    assert statuses(checklist) == ["ok", "ok", "failed", *["skipped"] * 3, "ok"]
    assert 'has no column "dcStdRate"' in told(checklist)["mapping"][1]


@pytest.mark.parametrize("content", [b"", b"SiteID,UnitID\n", b"\x00\xff\xfe\x01" * 40])
def test_a_source_that_cannot_be_read_exits_with_4(bench: Bench, content: bytes) -> None:
    (bench.folder / "storage_units.csv").write_bytes(content)
    checklist = examined(bench, "storage")

    assert checklist.exit_code == 4
    assert statuses(checklist) == ["ok", "failed", *["skipped"] * 4, "ok"]


def test_a_source_that_is_not_there_exits_with_4_and_names_it(bench: Bench) -> None:
    (bench.folder / "apartments.csv").unlink()
    checklist = examined(bench, "apartments")

    assert checklist.exit_code == 4
    assert "apartments.csv" in told(checklist)["source"][1]


def test_more_rejected_rows_than_the_guardrail_takes_fail_the_check_and_the_rest_is_still_tried(
    bench: Bench,
) -> None:
    bench.edit("unitsync.yaml", "1: roll_up, 2: swing", "1: roll_up")
    checklist = examined(bench, "storage")

    assert checklist.exit_code == 1
    assert statuses(checklist) == ["ok", "ok", "ok", "failed", "ok", "ok", "ok"]
    assert checklist.sample is not None


def test_a_source_without_a_single_valid_row_is_for_a_person_to_look_at(bench: Bench) -> None:
    bench.edit("unitsync.yaml", "width: dcWidth", "width: sUnitName")
    checklist = examined(bench, "storage")

    assert checklist.exit_code == 1
    assert statuses(checklist) == ["ok", "ok", "ok", "failed", "skipped", "skipped", "ok"]


@pytest.mark.parametrize("name", ["STOREDGE_SECRET_KEY", "TRAVTUS_CLIENT_SECRET"])
def test_wrong_credentials_exit_with_4_and_are_not_shown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "wrong-secret-wrong-secret-wrong-secret-x")
    checklist = examined(bench, "storage" if name.startswith("STOREDGE") else "apartments")

    assert checklist.exit_code == 4
    assert statuses(checklist) == ["ok", "ok", "ok", "ok", "failed", "skipped", "ok"]
    assert "wrong-secret" not in repr(checklist)


def test_an_api_that_does_not_answer_exits_with_4(bench: Bench) -> None:
    bench.sandbox.order_fault(Fault(kind="drop_before", count=None))
    checklist = examined(bench, "storage")

    assert checklist.exit_code == 4
    assert told(checklist)["credentials"][0] == "failed"
    assert "if it stays so, ask the vendor" in told(checklist)["credentials"][1]


def test_each_check_says_how_long_it_took(bench: Bench) -> None:
    bench.sandbox.order_fault(Fault(kind="delay", vendor="travtus", seconds=7))
    checklist = examined(bench, "apartments")

    assert [round(check.seconds) for check in checklist.checks] == [0, 0, 0, 0, 7, 0, 0]


def test_the_most_serious_pipeline_decides_the_exit_code(bench: Bench) -> None:
    (bench.folder / "apartments.csv").unlink()

    assert exit_code_of([examined(bench, "storage"), examined(bench, "apartments")]) == 4
    assert exit_code_of([examined(bench, "storage")]) == 0


def run_json(
    config: Path, pipelines: list[str], capsys: pytest.CaptureFixture[str]
) -> tuple[int, Any]:
    code = check.run(config, pipelines, as_json=True)
    return code, json.loads(capsys.readouterr().out)


def test_json_is_one_document_and_one_broken_pipeline_does_not_hinder_the_other(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    (bench.folder / "storage_units.csv").unlink()
    with SandboxServer(demo_sandbox(clock=SystemClock())) as server:
        bench.edit("unitsync.yaml", "https://api.travtus.com", server.url)
        code, document = run_json(bench.config, [], capsys)

    assert code == 4
    assert list(document) == ["kind", "status", "pipelines"]
    assert (document["kind"], document["status"]) == ("check", "error")
    storage, apartments = document["pipelines"]
    assert (storage["pipeline"], storage["status"]) == ("storage", "error")
    assert (apartments["pipeline"], apartments["status"]) == ("apartments", "ok")
    assert [check["check"] for check in apartments["checks"]] == list(CHECKS)
    assert set(apartments["checks"][0]) == {"check", "status", "message", "seconds"}
    assert storage["sample"] is None
    assert apartments["sample"]["scopes"] == 2
    assert apartments["sample"]["units"]["COMM-001"][0]["address"]["city"] == "Springfield"


def test_a_person_sees_a_mark_per_check_and_dots_for_a_lock_code(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.edit("storage_units.csv", "1,Corner unit,", "1,Corner unit,90210")
    with SandboxServer(demo_sandbox(clock=SystemClock())) as server:
        bench.edit("unitsync.yaml", "https://api.storedgefms.com", server.url)
        code = check.run(bench.config, ["storage"], as_json=False)
    seen = capsys.readouterr().out

    assert code == 0
    assert seen.count("✓") == len(CHECKS)
    assert re.search(r"combination_lock_number +•••", seen)
    assert "90210" not in seen
    assert "hmac:" not in seen


def test_an_unknown_pipeline_is_a_usage_error(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = run_json(bench.config, ["storge"], capsys)

    assert code == 2
    assert 'did you mean "storage"?' in document["pipelines"][0]["checks"][0]["message"]


def test_a_missing_configuration_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = run_json(tmp_path / "unitsync.yaml", [], capsys)

    assert code == 2
    assert (document["kind"], document["status"]) == ("check", "error")
