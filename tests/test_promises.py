"""The ten promises of the README, each held end to end: from a source file to the vendor."""

from __future__ import annotations

import csv
import io
import re
from importlib.resources import files
from pathlib import Path

import pytest

from connectors.sandbox import FacilitySettings, Fault
from flows.commands import plan as plan_command
from flows.commands import runs, why
from state.store import Store
from tests.bench import CREDENTIALS, HARBOR, MILL, Bench
from transforms.plan import Change

# How many units of a scope are valid on night 1.
VALID = {HARBOR: 58, "COMM-001": 38}
# The facility of the sandbox that does not know the unit type of Harbor's one parking space, A025.
WITHOUT_PARKING = FacilitySettings(
    unit_types=frozenset(
        {
            "f7687db9-654a-4018-8d27-bd0f3bfd25a0",
            "0c9b7f1e-6b1a-4d8e-9a57-2f4c1e7d3b01",
            "5d2e8a64-93f7-4c0b-8e1d-6a7b9c0d1e02",
            "a41f6c3d-27b8-4e95-b0c2-8d9e0f1a2b03",
        }
    )
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def planned(bench: Bench, *pipelines: str) -> list[Change]:
    nights = bench.plan(*pipelines)
    return [change for night in nights for scope in night.scopes for change in scope.plan.changes]


def counts(bench: Bench, pipeline: str = "storage") -> dict[str, int]:
    summary = bench.night(pipeline)
    return dict(summary.pipelines[0].counts)


def known(store: Store, scope: str) -> set[str]:
    return set(store.known_index("storage", scope)["key"])


def test_known_means_confirmed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, WITHOUT_PARKING)
    first = counts(bench)

    assert (first["created"], first["failed"]) == (115, 1)
    with bench.store() as store:
        assert "100025" not in known(store, HARBOR)
        assert len(known(store, HARBOR)) == 57
    assert [(c.action, c.key) for c in planned(bench, "storage") if c.entity == "unit"] == [
        ("create", "100025")
    ]


@pytest.mark.parametrize("pipeline", ["storage", "apartments"])
def test_nothing_disappears(tmp_path: Path, pipeline: str) -> None:
    bench = Bench(tmp_path, WITHOUT_PARKING)
    for night in (1, 2):
        bench.bring(night)
        c = counts(bench, pipeline)
        done = c["created"] + c["updated"] + c["moved"]

        assert c["extracted"] == (
            c["rejected"] + c["unchanged"] + done + c["failed"] + c["held"] + c["unknown"]
        )


def test_invalid_is_not_absent(bench: Bench) -> None:
    bench.edit("unitsync.yaml", "missing: report", "missing: retire")
    bench.night("storage")
    bench.bring(2)
    second = counts(bench)

    # B030 is gone from the source; B007 of Mill Road is there, with a rate that nobody can read.
    assert second["retired"] == 1
    assert bench.units(HARBOR)["B030"]["rentable"] is False
    assert bench.units(MILL)["B007"]["rentable"] is True
    with bench.store() as store:
        assert store.known_units("storage", MILL, ["101037"])["101037"].payload["rentable"] is True


def test_partial_is_not_complete(bench: Bench) -> None:
    bench.edit("unitsync.yaml", "missing: report", "missing: retire")
    bench.night("storage")
    source = bench.folder / "storage_units.csv"
    source.write_bytes(source.read_bytes()[:-400])
    writes = bench.sandbox.counts()["writes"]
    second = counts(bench)

    assert (second["missing"], second["retired"]) == (0, 0)
    assert bench.sandbox.counts()["writes"] == writes


@pytest.mark.parametrize(
    ("pipeline", "endpoint", "scope"),
    [
        ("storage", "POST unit_groups", HARBOR),
        ("storage", "POST units/bulk_create", HARBOR),
        ("apartments", "POST units/multiple", "COMM-001"),
    ],
)
def test_nothing_twice(bench: Bench, pipeline: str, endpoint: str, scope: str) -> None:
    """The connection breaks after the vendor did its work, so that nobody knows that it did."""
    bench.sandbox.order_fault(Fault(kind="drop_after", endpoint=endpoint, scope=scope, count=1))
    bench.night(pipeline)
    bench.night(pipeline)

    assert bench.sandbox.open_faults() == []
    assert len(bench.sandbox.units(scope)) == len(bench.units(scope)) == VALID[scope]
    groups = [group["name"] for group in bench.sandbox.groups(HARBOR)]
    assert len(groups) == len(set(groups))
    assert planned(bench, pipeline) == []


def test_a_preview_writes_nothing(bench: Bench) -> None:
    bench.night()
    bench.bring(2)
    before, writes = contents(bench.folder), bench.sandbox.counts()["writes"]

    assert len(planned(bench)) > 0
    assert contents(bench.folder) == before
    assert bench.sandbox.counts()["writes"] == writes


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_run_is_empty(bench: Bench) -> None:
    for night in (1, 2):
        bench.bring(night)
        bench.night()
        assert planned(bench) == []
        received = len(bench.sandbox.requests())
        again = bench.night()

        assert again.status == "ok"
        assert len(bench.sandbox.requests()) == received


def test_unreadable_is_not_empty(bench: Bench) -> None:
    """storEDGE answers bad credentials with a well-formed empty list."""
    bench.environ["STOREDGE_SECRET_KEY"] = "x" * 40
    summary = bench.night("storage")

    assert summary.exit_code == 4
    assert bench.sandbox.counts()["writes"] == 0
    with bench.store() as store:
        assert known(store, HARBOR) == set()


def test_secrets_stay_secret(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    bench.night()
    bench.bring(2)
    preview = {"details": True, "detailed_exitcode": False, "as_json": False}
    plan_command.run(bench.config, [], out=bench.folder / "plan.json", **preview)
    bench.night()
    why.run(bench.config, "100009", as_of=None, as_json=False)
    runs.run(bench.config, 5, as_json=True)
    said = "".join(capsys.readouterr()).encode()
    written = {p: c for p, c in contents(bench.folder).items() if p.suffix not in (".csv", ".yaml")}

    assert {".db", ".html", ".json"} <= {path.suffix for path in written}
    for secret in [*lock_codes(), *CREDENTIALS.values()]:
        word = re.compile(rb"\b" + re.escape(secret.encode()) + rb"\b")
        assert not word.search(said)
        assert [path for path, content in written.items() if word.search(content)] == []
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def lock_codes() -> set[str]:
    nights = [
        (files("examples") / f"storage_units_night{n}.csv").read_text("utf-8") for n in (1, 2)
    ]
    rows = [row for night in nights for row in csv.DictReader(io.StringIO(night))]
    return {row["sLockCode"] for row in rows} - {""}


def test_every_answer_is_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path, WITHOUT_PARKING)
    bench.night("storage")
    with bench.store() as store:
        [history] = store.history("100025")
    [change] = [event for event in history.events if event["what"] == "change"]

    assert change["outcome"] == "failed"
    assert change["status"] in {400, 422}
    assert "unit_type" in change["words"]
    assert [request["status"] for request in change["requests"]] == [change["status"]]
