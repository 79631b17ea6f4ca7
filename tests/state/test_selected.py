"""The units to which something happened: failed, rejected, or told of by a run."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from transforms.plan import Result

PLACE = {("facility", "1")}


def refuse(night: Any, *lines: tuple[str | None, str | None]) -> None:
    frame = pd.DataFrame(lines, columns=["scope", "key"]).assign(
        row=2, field="width", rule="above_zero", value="0", message="no"
    )
    night.store.add_rejections("storage", night.run_id, frame)


def end(night: Any, status: str = "ok") -> None:
    told = {"pipelines": [{"pipeline": "storage", "status": status}]}
    night.store.finish_run(night.run_id, status, told)


def again(night: Any, run_id: str, kind: str = "sync") -> None:
    night.run_id = run_id
    night.store.begin_run(run_id, kind, ["storage"])


@pytest.mark.parametrize(
    ("outcome", "places"), [("failed", PLACE), ("held", set()), ("applied", set())]
)
def test_failed_is_whose_last_change_did_not_come_through(
    night: Any, make: Any, outcome: Any, places: Any
) -> None:
    change = make.create("1")
    night.plan(change, make.create("10x10", entity="group"))
    result = make.applied(change) if outcome == "applied" else Result(change, outcome, "words")
    night.record(result)

    assert night.store.places("storage", "failed") == places
    assert night.store.places("apartments", "failed") == set()


def test_only_the_last_change_counts(night: Any, make: Any) -> None:
    night.plan(make.create("1"))
    night.record(Result(make.create("1"), "failed", "no"))
    end(night)
    again(night, "run-2")
    night.plan(make.create("1"))
    night.record(make.applied(make.create("1")))

    assert night.store.places("storage", "failed") == set()


def test_what_a_dead_run_never_sent_did_not_come_through(night: Any, make: Any) -> None:
    night.plan(make.create("1"))
    again(night, "run-2")

    assert night.outcomes("run-1") == {"1": "abandoned"}
    assert night.store.places("storage", "failed") == PLACE


def test_rejected_is_whose_row_the_last_full_run_refused(night: Any) -> None:
    refuse(night, ("facility", "1"), (None, "2"), ("facility", None))
    end(night)
    again(night, "run-2", "backfill")
    end(night)
    again(night, "run-3")
    end(night, "error")

    assert night.store.places("storage", "rejected") == {*PLACE, ("", "2")}
    again(night, "run-4")
    end(night)
    assert night.store.places("storage", "rejected") == set()


def test_in_a_run_are_those_whom_it_changed_or_refused(night: Any, make: Any) -> None:
    night.plan(make.create("1"), make.create("10x10", entity="group"))
    refuse(night, ("facility", "2"))

    assert night.store.places("storage", "in run", "run-1") == {*PLACE, ("facility", "2")}
    assert night.store.places("storage", "in run", "run-2") == set()
