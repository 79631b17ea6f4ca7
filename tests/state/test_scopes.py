"""Scopes: never called settled while anything in them is in doubt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from transforms.plan import AcceptedExtract, Result


def record_of(night: Any) -> Any:
    return night.store.scope_records("storage")["facility"]


def test_a_scope_never_met_has_no_record(night: Any) -> None:
    assert night.store.scope_records("storage") == {}


def test_a_scope_that_was_only_accepted_still_awaits_its_first_sync(night: Any) -> None:
    night.store.accept_extract("storage", "facility", "run-1", 3, ["a", "b", "c"])

    record = record_of(night)
    assert (record.accepted_rows, record.first_synced, record.digest) == (3, False, None)


def test_a_settled_scope_is_in_step_and_out_of_flight(night: Any) -> None:
    assert night.settle_scope(digest="in step", missing=("k1", "k2"))

    record = record_of(night)
    assert (record.digest, record.in_flight, record.missing) == ("in step", None, 2)
    assert record.first_synced
    assert record.synced_at == datetime(2026, 1, 5, 2, 0, 2, tzinfo=UTC)


def test_scopes_of_other_pipelines_are_not_told(night: Any) -> None:
    night.settle_scope()

    assert night.store.scope_records("apartments") == {}


def test_sending_puts_the_scope_in_flight_and_out_of_step(night: Any, make: Any) -> None:
    change = make.create("1")
    night.settle_scope()
    night.plan(change)

    night.send(change)

    record = record_of(night)
    assert (record.in_flight, record.digest) == ("run-1", None)


def test_a_scope_with_an_unanswered_request_stays_in_flight(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)
    request_id = night.send(change)

    assert not night.settle_scope()
    assert (record_of(night).in_flight, record_of(night).digest) == ("run-1", None)

    night.answer(request_id, make.applied(change))
    assert night.settle_scope()
    assert (record_of(night).in_flight, record_of(night).digest) == (None, "in step")


def test_a_scope_with_an_unknown_outcome_stays_in_flight(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)
    night.answer(night.send(change), Result(change, "unknown", "server error"), status=500)

    assert not night.settle_scope()
    assert record_of(night).in_flight == "run-1"


def sent_again(night: Any, change: Any, status: int | None, purpose: str = "create units") -> None:
    """A request without an outcome, a reading that did not show it, and the same once more."""
    first = night.send(change)
    night.answer(first, Result(change, "unknown", "no answer"), status=status)
    night.store.settle_request(first, [])
    night.answer(night.send(change, purpose=purpose), applied(change))


def applied(change: Any) -> Result:
    known = change.after
    return Result(change, "applied", remote_id=f"remote-{change.key}", known=known)


@pytest.mark.parametrize("status", [None, 201, 408, 500, 504])
def test_a_create_that_was_sent_again_is_looked_at_once_more(
    night: Any, next_night: Any, make: Any, status: int | None
) -> None:
    change = make.create("1")
    night.plan(change)
    sent_again(night, change, status)

    assert not night.settle_scope()
    assert (record_of(night).in_flight, record_of(night).digest) == ("run-1", None)
    assert next_night().settle_scope()


@pytest.mark.parametrize("status", [400, 404, 422, 499])
def test_a_refusal_cannot_come_about_later(night: Any, make: Any, status: int) -> None:
    change = make.create("1")
    night.plan(change)
    sent_again(night, change, status)

    assert night.settle_scope()


def test_an_update_that_was_sent_again_makes_nothing_twice(night: Any, make: Any) -> None:
    night.link(make.unit("1"))
    change = make.change("1", "update", after={"width": 12})
    night.plan(change)
    sent_again(night, change, None)

    assert night.settle_scope()


def test_a_create_that_a_reading_showed_and_an_update_completes_is_no_doubt(
    night: Any, make: Any
) -> None:
    change = make.create("1")
    night.plan(change)
    sent_again(night, change, None, purpose="update units")

    assert night.settle_scope()


def test_a_create_that_a_dead_run_sent_and_this_one_sends_again_is_looked_at_once_more(
    night: Any, next_night: Any, make: Any
) -> None:
    change = make.create("1")
    night.plan(change)
    lost = night.send(change)
    following = next_night()
    following.store.settle_request(lost, [Result(change, "failed", "it was not processed")])
    following.plan(change)
    following.answer(following.send(change), applied(change))

    assert not following.settle_scope()
    assert record_of(following).in_flight == "run-2"
    assert next_night("run-3").settle_scope()


def test_a_create_that_was_sent_again_elsewhere_is_no_doubt_here(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)
    sent_again(night, change, None)

    assert night.store.settle_scope("storage", "elsewhere", "run-1", "in step", (), ())


def test_a_scope_stays_to_be_looked_at_where_somebody_asks_for_it(night: Any) -> None:
    assert not night.store.settle_scope("storage", "facility", "run-1", "in step", (), (), True)

    assert (record_of(night).in_flight, record_of(night).digest) == ("run-1", None)


def test_doubt_in_one_scope_does_not_hold_another(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)
    night.send(change)

    assert night.store.settle_scope("storage", "elsewhere", "run-1", "in step", (), ())
    assert night.store.settle_scope("apartments", "facility", "run-1", "in step", (), ())


def test_an_accepted_extract_is_what_the_next_one_is_judged_by(night: Any) -> None:
    store = night.store
    assert store.accepted_extract("storage", "facility") is None

    store.accept_extract("storage", "facility", "run-1", 3, ["b", "a"], ["UnitID", "sUnitName"])

    rows, keys, columns = store.accepted_extract("storage", "facility")
    assert (rows, keys, columns) == (3, {"a", "b"}, ("UnitID", "sUnitName"))


def test_a_later_extract_replaces_the_accepted_one_and_settling_keeps_it(night: Any) -> None:
    store = night.store
    store.accept_extract("storage", "facility", "run-1", 3, ["a", "b", "c"])
    store.accept_extract("storage", "facility", "run-1", 1, ["ä"])

    night.settle_scope()

    assert store.accepted_extract("storage", "facility") == AcceptedExtract(1, frozenset("ä"), ())


def test_a_part_leaves_what_is_said_of_the_whole(night: Any, look: Any) -> None:
    night.link()
    night.settle_scope("in step", missing=["9"])
    before = look(night.path, "SELECT * FROM scopes")

    assert night.store.settle_part("storage", "facility", "run-2", look_again=False)
    assert look(night.path, "SELECT * FROM scopes") == before


def test_a_part_in_doubt_leaves_the_scope_in_flight(night: Any, make: Any) -> None:
    night.plan(make.create("1"))
    night.send(make.create("1"))

    assert not night.store.settle_part("storage", "facility", "run-1", look_again=False)
    assert night.in_flight() == "run-1"


def test_a_part_that_is_to_be_looked_at_again_is_not_in_step(night: Any) -> None:
    night.settle_scope("in step")

    assert not night.store.settle_part("storage", "facility", "run-1", look_again=True)
    assert night.store.scope_records("storage")["facility"].digest is None
