"""Unfinished: what a run left to do, until a later run has brought it to an end."""

from __future__ import annotations

from typing import Any

from transforms.plan import Result


def left(night: Any, run_id: str = "run-1") -> list[tuple[str, int]]:
    return [(one.outcome, one.count) for one in night.store.unfinished(run_id)]


def test_what_came_through_is_done_and_what_did_not_is_counted_by_outcome(
    night: Any, make: Any
) -> None:
    done, failed, held, unsent = (make.create(key) for key in "1234")
    night.plan(done, failed, held, unsent)
    night.answer(night.send(done), make.applied(done))
    night.record(Result(failed, "failed", "no"), Result(held, "held", "wait"))

    assert [("failed", 1), ("held", 1), ("planned", 1)] == left(night)


def test_a_later_change_of_the_same_unit_takes_over(night: Any, make: Any, next_night: Any) -> None:
    failed = make.create("1")
    night.plan(failed, make.create("1", entity="group"))
    night.record(Result(failed, "failed", "no"))

    later = next_night()
    later.plan(make.create("1"))

    assert [("abandoned", 1)] == left(later), "the group of the same key is not taken over"
    assert [("planned", 1)] == left(later, "run-2")


def test_nothing_is_left_in_a_scope_that_is_in_step(night: Any, make: Any) -> None:
    failed = make.create("1")
    night.plan(failed)
    night.record(Result(failed, "failed", "no"))
    assert [("failed", 1)] == left(night)

    night.settle_scope("in step")

    assert [] == left(night)
