"""Quiet runs: stretches in which a known unit gave nothing to write, told once each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

OK = {"pipelines": [{"pipeline": "storage", "status": "ok"}]}
ERROR = {"pipelines": [{"pipeline": "storage", "status": "error"}]}
OTHER = {"pipelines": [{"pipeline": "apartments", "status": "ok"}]}


@pytest.fixture
def runs(night: Any, make: Any) -> Callable[..., None]:
    """A unit becomes known in the first run; more runs follow, each with its summary, or without
    one where it died."""
    night.link(make.unit("1"))
    night.store.finish_run("run-1", "ok", OK)

    def follow(*summaries: dict[str, Any] | None, first: int = 2) -> None:
        for number, summary in enumerate(summaries, start=first):
            night.store.begin_run(f"run-{number}", "sync", ["storage"])
            if summary is not None:
                night.store.finish_run(f"run-{number}", "ok", summary)

    return follow


def quiet(night: Any, as_of: int | None = None) -> list[tuple[str, str, str, int]]:
    (history,) = night.store.history("1", as_of)
    return [
        (event["what"], event["run_id"], event["until_run"], event["runs"])
        for event in history.events
        if "runs" in event
    ]


def test_quiet_runs_in_a_row_are_one_stretch_up_to_the_run_that_is_asked_for(
    night: Any, runs: Any
) -> None:
    runs(OK, OK, OK)

    assert [("quiet", "run-2", "run-4", 3)] == quiet(night)
    assert [("quiet", "run-2", "run-3", 2)] == quiet(night, as_of=3)


def test_a_run_that_died_or_could_not_run_or_was_about_others_is_not_called_quiet(
    night: Any, runs: Any
) -> None:
    runs(None, ERROR, OTHER)

    assert [] == quiet(night)


def test_a_stretch_ends_with_a_run_of_which_more_is_told(night: Any, runs: Any, make: Any) -> None:
    runs(OK)
    night.store.begin_run("run-3", "sync", ["storage"])
    night.store.link("storage", "facility", "run-3", [make.unit("1", remote_id="other")], [])
    night.store.finish_run("run-3", "ok", OK)
    runs(OK, first=4)

    assert [("quiet", "run-2", "run-2", 1), ("quiet", "run-4", "run-4", 1)] == quiet(night)


def test_a_missing_unit_is_still_missing_and_not_quiet(night: Any, runs: Any) -> None:
    night.store.begin_run("run-2", "sync", ["storage"])
    night.store.settle_scope("storage", "facility", "run-2", None, ["1"], [])
    night.store.finish_run("run-2", "ok", OK)
    runs(OK, OK, first=3)

    assert [("still missing", "run-3", "run-4", 2)] == quiet(night)


def test_before_it_was_known_and_after_it_was_let_go_no_run_is_quiet(night: Any, runs: Any) -> None:
    night.store.begin_run("run-2", "sync", ["storage"])
    night.store.unlink("storage", "facility", "run-2", ["1"], [])
    night.store.finish_run("run-2", "ok", OK)
    runs(OK, OK, first=3)

    assert [] == quiet(night)


def test_nothing_is_made_up_of_runs_before_the_past_was_kept(night: Any, runs: Any) -> None:
    runs(OK, OK)
    with closing(sqlite3.connect(night.path)) as db, db:
        db.execute("UPDATE past_begins SET serial = 3")
    db.close()

    assert [("quiet", "run-3", "run-3", 1)] == quiet(night)
