"""`unitsync check`: every failure is named where it is, and nothing is written anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import SystemClock
from connectors.sandbox import Fault, SandboxServer, demo_sandbox
from flows.checklist import CHECKS, Checklist, examine, exit_code_of
from flows.commands import check
from tests.bench import CREDENTIALS, HARBOR, Bench


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
        "columns": ("ok", "all there, for 16 fields of the API"),
        "rows": (
            "ok",
            "116 valid, in 2 scopes; rejected: 1 above_zero, 1 no_comma, 1 required, 1 values",
        ),
        "access": ("ok", f"{HARBOR} can be read: 0 units, 0 groups"),
    }


def test_an_empty_group_of_travtus_can_be_read(bench: Bench) -> None:
    checklist = examined(bench, "apartments")

    assert checklist.exit_code == 0
    assert told(checklist)["access"] == ("ok", "COMM-001 can be read: 0 units, 0 groups")


def test_three_units_are_shown_as_they_would_be_sent_with_their_lock_codes_hashed(
    bench: Bench,
) -> None:
    bench.edit("storage_units.csv", "1,Corner unit,", "1,Corner unit,90210")
    sample = examined(bench, "storage").sample

    assert [unit["name"] for unit in sample] == ["A001", "A002", "A003"]
    assert sample[0]["standard_rate"] == 50
    assert sample[0]["combination_lock_number"].startswith("hmac:")
    assert "90210" not in repr(sample)


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
    assert statuses(checklist) == ["failed", *["skipped"] * 4]
    assert [check.check for check in checklist.checks] == list(CHECKS)


def test_a_column_that_the_source_lacks_is_a_configuration_error_with_its_name(
    bench: Bench,
) -> None:
    bench.edit("storage_units.csv", "dcStdRate", "dcRate")
    checklist = examined(bench, "storage")

    assert checklist.exit_code == 2
    assert statuses(checklist) == ["ok", "ok", "failed", "skipped", "skipped"]
    assert 'has no column "dcStdRate"' in told(checklist)["columns"][1]


@pytest.mark.parametrize("content", [b"", b"SiteID,UnitID\n", b"\x00\xff\xfe\x01" * 40])
def test_a_source_that_cannot_be_read_exits_with_4(bench: Bench, content: bytes) -> None:
    (bench.folder / "storage_units.csv").write_bytes(content)
    checklist = examined(bench, "storage")

    assert checklist.exit_code == 4
    assert statuses(checklist) == ["ok", "failed", "skipped", "skipped", "skipped"]


def test_a_source_that_is_not_there_exits_with_4_and_names_it(bench: Bench) -> None:
    (bench.folder / "apartments.csv").unlink()
    checklist = examined(bench, "apartments")

    assert checklist.exit_code == 4
    assert "apartments.csv" in told(checklist)["source"][1]


def test_a_source_without_a_single_valid_row_is_for_a_person_to_look_at(bench: Bench) -> None:
    bench.edit("unitsync.yaml", "width: dcWidth", "width: sUnitName")
    checklist = examined(bench, "storage")

    assert checklist.exit_code == 1
    assert told(checklist)["rows"][1].startswith("no row is valid: 120 number")
    assert statuses(checklist)[-1] == "skipped"


@pytest.mark.parametrize("name", ["STOREDGE_SECRET_KEY", "TRAVTUS_CLIENT_SECRET"])
def test_wrong_credentials_exit_with_4_and_are_not_shown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "wrong-secret-wrong-secret-wrong-secret-x")
    checklist = examined(bench, "storage" if name.startswith("STOREDGE") else "apartments")

    assert checklist.exit_code == 4
    assert statuses(checklist) == ["ok", "ok", "ok", "ok", "failed"]
    assert "wrong-secret" not in repr(checklist)


def test_an_api_that_does_not_answer_exits_with_4(bench: Bench) -> None:
    bench.sandbox.order_fault(Fault(kind="drop_before", count=None))
    checklist = examined(bench, "storage")

    assert checklist.exit_code == 4
    assert statuses(checklist)[-1] == "failed"


def test_each_check_says_how_long_it_took(bench: Bench) -> None:
    bench.sandbox.order_fault(Fault(kind="delay", vendor="storedge", seconds=7))
    checklist = examined(bench, "storage")

    assert [check.seconds for check in checklist.checks] == [0, 0, 0, 0, 7]


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
    assert '"combination_lock_number": "•••"' in seen
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
