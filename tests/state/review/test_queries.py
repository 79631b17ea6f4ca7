"""The queries of a review where they could be wrong: gaps between nights, what was settled since,
and units that came, went and were renamed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest

from flows.summary import COUNTS
from state.review.metadata import metadata
from state.review.tables import make as copy_of
from state.store import Store
from transforms.plan import Change, KnownUnit, Result

QUERIES = metadata()["databases"]["unitsync"]["queries"]
RUNS = ("run-1", "run-2")
NO_COUNTS = dict.fromkeys(COUNTS, 0)


@dataclass
class Nights:
    """Runs of one pipeline, each begun, lived through and finished in one call."""

    store: Store
    path: Path
    make: Any
    scope: str = "facility"
    numbers: Any = field(default_factory=lambda: count(1))

    def live(
        self,
        *applied: Change,
        failed: tuple[Change, ...] = (),
        linked: tuple[KnownUnit, ...] = (),
        unlinked: tuple[str, ...] = (),
        rejected: tuple[str, ...] = (),
        kind: str = "sync",
        extracted: int = 10,
    ) -> str:
        run_id = f"run-{next(self.numbers)}"
        store, scope = self.store, self.scope
        store.begin_run(run_id, kind, ["storage"])
        store.unlink("storage", scope, run_id, unlinked, ())
        store.link("storage", scope, run_id, linked, ())
        store.plan_changes("storage", run_id, [*applied, *failed])
        results = [self.make.applied(change) for change in applied]
        results += [Result(change, "failed", "no", 422) for change in failed]
        store.record_results("storage", scope, run_id, results)
        store.add_rejections("storage", run_id, self._rejections(rejected))
        if extracted:
            store.settle_scope("storage", scope, run_id, None, (), ())
        told = {
            "pipeline": "storage",
            "status": "ok",
            "counts": {**NO_COUNTS, "extracted": extracted},
            "requests": 1,
            "seconds": 0.5,
            "notes": [],
        }
        store.finish_run(run_id, "ok", {"pipelines": [told]})
        return run_id

    def _copy(self, folder: str) -> sqlite3.Connection:
        return sqlite3.connect(copy_of(self.path, Path(folder)))

    def _rejections(self, keys: tuple[str, ...]) -> pd.DataFrame:
        line = {"row": 2, "scope": self.scope, "field": "width", "rule": "number", "value": "wide"}
        lines = [line | {"key": key, "message": f"{key} is wide"} for key in keys]
        return pd.DataFrame(lines, columns=[*line, "key", "message"])

    def answer(self, query: str, **given: str) -> list[dict[str, Any]]:
        with TemporaryDirectory() as folder, closing(self._copy(folder)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(QUERIES[query]["sql"], given)]


@pytest.fixture
def nights(store: Store, path: Path, make: Any) -> Nights:
    return Nights(store, path, make)


@pytest.fixture
def rate(make: Any) -> Callable[..., Change]:
    """An update of the rate of a unit."""

    def change(key: str, before: Any, after: Any) -> Change:
        return make.change(
            key, "update", before={"standard_rate": before}, after={"standard_rate": after}
        )

    return change


def keys(rows: list[dict[str, Any]]) -> list[str]:
    return [row["key"] for row in rows]


def test_what_failed_in_the_last_sync_fails_now(nights: Nights, rate: Any, make: Any) -> None:
    nights.live(linked=(make.unit("1"), make.unit("2")))
    nights.live(failed=(rate("1", 100, 110), rate("2", 100, 110)))
    nights.live(rate("2", 100, 110), failed=(rate("1", 100, 110),))

    [row] = nights.answer("failed_now")

    assert ("1", "no", 422, "run-3") == (row["key"], row["words"], row["status"], row["run_id"])


def test_what_a_later_sync_no_longer_plans_does_not_fail_now(nights: Nights, rate: Any) -> None:
    nights.live(failed=(rate("1", 100, 110),))
    nights.live()

    assert [] == nights.answer("failed_now")


@pytest.mark.parametrize("later", [{"kind": "reconcile"}, {"extracted": 0}])
def test_a_run_that_plans_nothing_settles_no_failure(
    nights: Nights, rate: Any, later: dict[str, Any]
) -> None:
    nights.live(failed=(rate("1", 100, 110),))
    nights.live(**later)

    assert ["1"] == keys(nights.answer("failed_now"))


def test_a_change_that_a_killed_run_never_sent_hides_no_failure(nights: Nights, rate: Any) -> None:
    nights.live(failed=(rate("1", 100, 110),))
    nights.store.begin_run("killed", "sync", ["storage"])
    nights.store.plan_changes("storage", "killed", [rate("1", 100, 110)])
    nights.store.begin_run("next", "sync", ["storage"])

    assert ["1"] == keys(nights.answer("failed_now"))


def test_three_nights_in_a_row_are_told_with_whether_it_goes_on(nights: Nights) -> None:
    nights.live(rejected=("over", "twice"))
    nights.live(rejected=("over", "twice"))
    nights.live(rejected=("over", "on", "gap"))
    nights.live(rejected=("on", "twice"))
    nights.live(rejected=("on", "gap", "twice"))

    rows = nights.answer("rejected_in_a_row")

    assert [("on", 3, "yes", "run-3", "run-5"), ("over", 3, "no", "run-1", "run-3")] == [
        (row["key"], row["nights"], row["goes_on"], row["first_run"], row["last_run"])
        for row in rows
    ]
    assert ("on is wide", 2, "facility") == (
        rows[0]["last_messages"],
        rows[0]["last_row"],
        rows[0]["scope"],
    )


def test_a_run_that_read_no_source_breaks_no_row_of_nights(
    nights: Nights, rate: Any, make: Any
) -> None:
    nights.live(linked=(make.unit("1"),))
    for number in range(3):
        nights.live(rate("1", number, number + 1), rejected=("2",))
        nights.live(extracted=0)
        nights.live(kind="reconcile")

    assert ["2"] == keys(nights.answer("rejected_in_a_row"))
    assert ["1"] == keys(nights.answer("perpetual_differences"))


def test_a_perpetual_difference_is_of_one_field_that_the_api_took(
    nights: Nights, rate: Any, make: Any
) -> None:
    def floor(key: str) -> Change:
        return make.change(key, "update", before={"floor": 1}, after={"floor": 2})

    nights.live(linked=(make.unit("1"), make.unit("2"), make.unit("3")))
    nights.live(rate("1", 1, 2), rate("2", 1, 2), failed=(rate("3", 1, 2),))
    nights.live(rate("1", 1, 2), floor("2"), failed=(rate("3", 1, 2),))
    nights.live(rate("1", 1, 2), rate("2", 1, 2), failed=(rate("3", 1, 2),))
    nights.live()

    [row] = nights.answer("perpetual_differences")

    assert ("1", "standard_rate", 3, "no", 1, 2) == (
        *(row[name] for name in ("key", "field", "nights", "goes_on", "last_before", "last_after")),
    )


def test_a_rate_counts_when_it_moved_by_more_than_a_fifth(
    nights: Nights, rate: Any, make: Any
) -> None:
    names = ("exact", "up", "down", "new", "free", "refused")
    nights.live(linked=tuple(make.unit(name) for name in names))
    nights.live(
        *(rate("exact", 100, 120), rate("up", 100, 120.5), rate("down", 100, 79)),
        *(rate("new", None, 100), rate("free", 0, 10)),
        failed=(rate("refused", 100, 200),),
    )

    rows = nights.answer("rate_changes")

    assert [("refused", 100, "failed"), ("down", -21, "applied"), ("up", 20.5, "applied")] == [
        (row["key"], row["percent"], row["outcome"]) for row in rows
    ]


def test_the_units_of_a_facility_are_those_of_then(nights: Nights, make: Any) -> None:
    adopted = make.unit("1", name="A1", payload={"name": "A1", "standard_rate": 100})
    nights.live(linked=(adopted,))
    nights.live(make.create("2", standard_rate=50))
    rename = make.change("1", "update", before={"name": "A1"}, after={"name": "B1"}, name="B1")
    move = make.change(
        "2",
        "move",
        before={"unit_group": "10x10", "standard_rate": 50},
        after={"unit_group": "5x5", "standard_rate": 60},
        group="5x5",
    )
    nights.live(rename, move)

    def as_of(run: str) -> list[tuple[Any, ...]]:
        rows = nights.answer("units_as_of", scope="facility", run=run)
        return [(row["key"], row["name"], row["group_key"], row["standard_rate"]) for row in rows]

    assert [("1", "A1", "10x10", 100)] == as_of("run-1")
    assert [("1", "A1", "10x10", 100), ("2", "A2", "10x10", 50)] == as_of("run-2")
    assert [("1", "B1", "10x10", 100), ("2", "A2", "5x5", 60)] == as_of("run-3")
    assert as_of("run-3") == as_of("last") == as_of("")


def test_a_unit_that_is_gone_since_was_there_then(nights: Nights, make: Any, rate: Any) -> None:
    nights.live(make.create("1", standard_rate=50))
    nights.live(rate("1", 50, 60))
    nights.live(rate("1", 60, 70))
    nights.live(unlinked=("1",))
    nights.live(make.create("1", standard_rate=90))

    rates: Mapping[str, list[Any]] = {
        f"run-{number}": [
            row["standard_rate"]
            for row in nights.answer("units_as_of", scope="facility", run=f"run-{number}")
        ]
        for number in range(1, 6)
    }

    assert {"run-1": [50], "run-2": [60], "run-3": [70], "run-4": [], "run-5": [90]} == rates


def test_every_field_of_then_is_told(nights: Nights, make: Any) -> None:
    unit = make.unit("1", payload={"name": "A1", "rentable": True, "tax_rates": ["a"]})
    nights.live(linked=(unit,))
    nights.live(make.change("1", "update", before={"rentable": True}, after={"rentable": False}))

    [row] = nights.answer("units_as_of", scope="facility", run="run-1")

    assert {"name": "A1", "rentable": True, "tax_rates": ["a"]} == json.loads(row["fields"])
    assert ("run-1", 1) == (row["as_of_run"], row["rentable"])


@pytest.mark.parametrize(("scope", "run"), [("", "last"), ("elsewhere", ""), ("facility", "nope")])
def test_without_a_facility_or_run_that_is_there_no_unit_is_told(
    nights: Nights, make: Any, scope: str, run: str
) -> None:
    nights.live(linked=(make.unit("1"),))

    assert [] == nights.answer("units_as_of", scope=scope, run=run)


def test_of_a_run_before_the_past_was_kept_nothing_is_told(nights: Nights, make: Any) -> None:
    nights.live(linked=(make.unit("1"),))
    nights.live()
    with closing(sqlite3.connect(nights.path)) as db:
        db.execute("UPDATE past_begins SET serial = 2")
        db.commit()

    told = {run: len(nights.answer("units_as_of", scope="facility", run=run)) for run in RUNS}

    assert {"run-1": 0, "run-2": 1} == told
