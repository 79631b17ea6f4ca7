"""Runs: ordered by a counter, buried when their process died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from state.errors import LedgerConflict
from state.store import Store


def test_a_run_is_told_with_its_pipelines_times_and_summary(store: Store) -> None:
    store.begin_run("run-1", "sync", ["storage", "apartments"])
    store.finish_run("run-1", "attention", {"failed": 2})

    assert store.run("run-1") == {
        "run_id": "run-1",
        "serial": 1,
        "kind": "sync",
        "pipelines": ["storage", "apartments"],
        "status": "attention",
        "started_at": "2026-01-05T02:00:01.000000+00:00",
        "finished_at": "2026-01-05T02:00:02.000000+00:00",
        "summary": {"failed": 2},
    }


def test_a_run_that_never_was_is_none(store: Store) -> None:
    assert store.run("run-9") is None


def test_runs_are_found_by_the_beginning_of_their_id_and_nothing_is_a_pattern(
    store: Store,
) -> None:
    for run_id in ("3f-1", "3f-2", "3%-1"):
        store.begin_run(run_id, "sync", [])
        store.finish_run(run_id, "ok", {})

    assert store.run_ids("3f") == ["3f-2", "3f-1"]
    assert store.run_ids("3%") == ["3%-1"]
    assert store.run_ids("f") == []
    assert store.run_ids("") == ["3%-1", "3f-2", "3f-1"]


def test_runs_come_newest_first_whatever_the_clock_says(store: Store, clock: Any) -> None:
    for number in (1, 2, 3):
        store.begin_run(f"run-{number}", "sync", [])
        store.finish_run(f"run-{number}", "ok", {})
        clock.at -= timedelta(days=1)

    assert [run["run_id"] for run in store.runs(limit=2)] == ["run-3", "run-2"]


def test_each_run_makes_the_serial_grow_by_one(store: Store) -> None:
    store.begin_run("run-1", "sync", [])
    assert store.serial == 1

    store.finish_run("run-1", "ok", {})
    assert store.serial == 1

    store.begin_run("run-2", "sync", [])
    assert store.serial == 2


def test_the_marker_follows_each_run_from_its_beginning(store: Store, path: Path) -> None:
    marker = path.with_name("unitsync.db.lineage")

    store.begin_run("run-1", "sync", [])

    assert marker.read_text() == '{"lineage": "lineage-1", "serial": 1}\n'


def test_a_run_finishes_once(store: Store) -> None:
    store.begin_run("run-1", "sync", [])
    store.finish_run("run-1", "ok", {})

    with pytest.raises(LedgerConflict, match="not running"):
        store.finish_run("run-1", "ok", {})


def test_a_run_whose_process_died_is_dead_to_the_next(
    night: Any, next_night: Callable[..., Any]
) -> None:
    following = next_night()

    dead = following.store.run("run-1")
    assert (dead["status"], dead["finished_at"]) == ("died", None)
    assert following.store.run("run-2")["status"] == "running"


def test_what_a_dead_run_never_sent_is_abandoned_and_what_it_sent_stays_in_doubt(
    night: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    changes = {key: make.create(key) for key in ("done", "sent", "never")}
    night.plan(*changes.values())
    night.answer(night.send(changes["done"]), make.applied(changes["done"]))
    night.send(changes["sent"])

    following = next_night()

    assert following.outcomes("run-1") == {"done": "applied", "sent": "sent", "never": "abandoned"}
    assert following.in_flight() == "run-1"


def test_what_an_interrupted_run_did_not_come_to_is_abandoned(night: Any, make: Any) -> None:
    night.plan(make.create("1"))

    night.store.finish_run("run-1", "interrupted", {})

    assert night.outcomes() == {"1": "abandoned"}


def test_after_an_older_copy_every_scope_is_read_again(
    night: Any, path: Path, next_night: Callable[..., Any], open_store: Callable[..., Store]
) -> None:
    night.settle_scope()
    night.store.close()
    older = path.read_bytes()
    next_night("run-2").store.close()
    path.write_bytes(older)

    restored = open_store()
    assert restored.scope_records("storage")["facility"].in_flight is None
    restored.begin_run("run-3", "sync", ["storage"])

    record = restored.scope_records("storage")["facility"]
    assert (record.in_flight, record.digest) == ("restored", None)
    assert restored.settle_scope("storage", "facility", "run-3", "again", (), ())

    restored.begin_run("run-4", "sync", ["storage"])
    assert restored.scope_records("storage")["facility"].in_flight is None
