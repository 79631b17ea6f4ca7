"""Allowances: used by one run at most, within their time, and for what a run really held."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from state.errors import LedgerConflict
from state.schema import SCHEMA_VERSION
from state.store import Store
from transforms.allowance import NOTHING, Concern, Tripped

VERSION_1 = Path(__file__).parent / "version_1.sql"
FACILITY = "11111111-1111-4111-8111-111111111111"


def tripped(*keys: str, scope: str = "facility", **concern: Any) -> Tripped:
    changes = tuple(("unit", key) for key in keys)
    return Tripped("max_updates", scope, f"too many in {scope}", Concern(changes, **concern))


@pytest.fixture
def held(night: Any, make: Any) -> Any:
    """A night in which a guardrail held two updates, and something else held a third."""
    updates = [make.change(key, "update", after={"rate": 9.5, "ids": ["b"]}) for key in "123"]
    night.plan(*(replace(change, held="wait") for change in updates), make.create("4"))
    night.store.add_tripped("storage", night.run_id, [tripped("1", "2", rejected={"": 2})])
    night.settle_scope(digest=None)
    return night


def allow(night: Any, *, hours: float = 1) -> None:
    night.store.allow(
        night.store.held_scopes(night.run_id),
        night.run_id,
        "we moved",
        "ann@desk",
        datetime(2026, 1, 5, 2, tzinfo=UTC) + timedelta(hours=hours),
    )


def test_what_a_run_held_is_told_by_scope_with_its_changes_counted(held: Any) -> None:
    (scope,) = held.store.held_scopes("run-1")

    assert (scope.pipeline, scope.scope, scope.guards) == ("storage", "facility", ("max_updates",))
    assert scope.changes == {("unit", "update"): 2}
    assert scope.judged_by == "run-1"


def test_of_how_many_units_it_held_is_known_until_a_later_run_settles(
    night: Any, next_night: Any
) -> None:
    add = night.store.add_tripped
    add("storage", night.run_id, [tripped(known=30), tripped(known=20), tripped()])
    add("storage", night.run_id, [tripped(scope="other", known=3)])
    for _ in range(2):
        assert night.store.held_of("storage", "facility") == {"max_updates": 20}
        night.settle_scope(digest=None)

    later = next_night()
    later.settle_scope(digest=None)

    assert later.store.held_of("storage", "facility") == {}
    assert later.store.held_of("storage", "other") == {"max_updates": 3}


def test_a_run_that_held_nothing_by_a_guardrail_has_no_scope_to_tell(night: Any, make: Any) -> None:
    night.plan(replace(make.create("1"), held="ambiguous"))

    assert night.store.held_scopes("run-1") == []


def test_a_later_run_that_settled_the_scope_has_judged_it_anew(
    held: Any, next_night: Callable[..., Any]
) -> None:
    following = next_night()
    assert following.store.held_scopes("run-1")[0].judged_by == "run-1"

    following.settle_scope()

    assert following.store.held_scopes("run-1")[0].judged_by == "run-2"


def test_a_later_run_that_held_and_died_has_judged_it_anew(
    held: Any, next_night: Callable[..., Any]
) -> None:
    following = next_night()
    following.store.add_tripped("storage", "run-2", [tripped("1")])

    assert following.store.held_scopes("run-1")[0].judged_by == "run-2"


def test_nothing_is_allowed_until_somebody_allows_it(held: Any) -> None:
    assert held.store.allowed("storage", "facility") == ((), NOTHING)


def test_exactly_what_a_guardrail_held_is_allowed_as_it_was(held: Any, make: Any) -> None:
    allow(held)

    ids, allowed = held.store.allowed("storage", "facility")

    assert ids == (1,)
    assert allowed.changes.keys() == {("unit", "1"), ("unit", "2")}
    assert allowed.lets(make.change("1", "update", after={"rate": 9.5, "ids": ["b"]}))
    assert not allowed.lets(make.change("1", "update", after={"rate": 9.6, "ids": ["b"]}))
    assert allowed.rejected_of({"": 3}) == 2


def test_another_scope_or_pipeline_is_not_allowed(held: Any) -> None:
    allow(held)

    assert held.store.allowed("storage", "elsewhere") == ((), NOTHING)
    assert held.store.allowed("apartments", "facility") == ((), NOTHING)


def test_an_allowance_that_has_expired_allows_nothing(held: Any, clock: Any) -> None:
    allow(held, hours=1)
    clock.at += timedelta(hours=1)

    assert held.store.allowed("storage", "facility") == ((), NOTHING)


def test_an_allowance_is_used_once_and_kept(held: Any, next_night: Callable[..., Any]) -> None:
    allow(held)
    following = next_night()

    following.store.use_allowances((1,), "run-2")

    assert following.store.allowed("storage", "facility") == ((), NOTHING)
    (used,) = following.store.allowances_used_by("run-2")
    assert (used.run_id, used.who, used.reason) == ("run-1", "ann@desk", "we moved")
    assert following.store.allowances_used_by("run-1") == []
    with pytest.raises(LedgerConflict, match="was used"):
        following.store.use_allowances((1,), "run-2")


def test_what_two_allowances_of_a_scope_say_counts_together(
    held: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    allow(held)
    following = next_night()
    following.plan(replace(make.create("9"), held="wait"))
    following.store.add_tripped("storage", "run-2", [tripped("9", missing=("7",))])
    allow(following)

    ids, allowed = following.store.allowed("storage", "facility")

    assert ids == (1, 2)
    assert allowed.changes.keys() == {("unit", "1"), ("unit", "2"), ("unit", "9")}
    assert allowed.missing == {"7"}


def test_half_a_character_of_a_damaged_source_is_kept_and_comes_back(night: Any) -> None:
    night.store.add_tripped("storage", "run-1", [tripped(missing=("A\ud800",))])
    allow(night)

    _, allowed = night.store.allowed("storage", "facility")

    assert allowed.missing == {"A\ud800"}


# A state of before there was a table for it


@pytest.fixture
def older(path: Path) -> Path:
    """A state of schema version 1, whose second run held two retirements."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text("utf-8"))
    return path


def test_a_state_of_version_1_is_brought_up_to_date_with_all_it_knew(
    older: Path, open_store: Callable[..., Store], look: Callable[..., Any]
) -> None:
    store = open_store()

    assert look(older, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert len(store.known_index("storage", FACILITY)) == 4
    extract = store.accepted_extract("storage", FACILITY)
    assert extract is not None
    assert (extract.rows, extract.columns) == (4, ())
    assert [run["status"] for run in store.runs()] == ["attention", "ok"]


def test_a_state_of_version_1_takes_what_was_held_from_now_on(
    older: Path, open_store: Callable[..., Store]
) -> None:
    store = open_store()
    assert store.held_scopes(store.runs()[0]["run_id"]) == []

    store.begin_run("run-new", "sync", ["storage"])
    store.add_tripped("storage", "run-new", [tripped(scope=FACILITY)])

    assert [one.scope for one in store.held_scopes("run-new")] == [FACILITY]


def test_a_state_of_version_1_is_read_and_left_as_it_is(older: Path) -> None:
    before = older.read_bytes()

    with Store.open_for_reading(older) as store:
        assert store.held_scopes("run-new") == []

    assert older.read_bytes() == before
