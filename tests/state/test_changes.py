"""Changes: written once per run, and given exactly one outcome."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from state.errors import LedgerConflict
from transforms.plan import Result


def test_a_planned_change_has_no_outcome_yet(night: Any, make: Any) -> None:
    night.plan(make.create("1"), make.create("10x10", entity="group"))

    assert night.outcomes() == {"1": "planned", "10x10": "planned"}


def test_a_change_is_planned_once_per_run(night: Any, make: Any) -> None:
    night.plan(make.create("1"))

    with pytest.raises(sqlite3.IntegrityError):
        night.plan(make.create("2"), make.create("1"))

    assert night.outcomes() == {"1": "planned"}


def test_a_unit_and_a_group_may_share_a_key(night: Any, make: Any) -> None:
    night.plan(make.create("1"), make.create("1", entity="group"))

    assert night.store.outcome_counts("run-1") == {("storage", "facility"): {"planned": 2}}


@pytest.mark.parametrize("outcome", ["held", "failed", "applied"])
def test_an_outcome_without_a_request_is_recorded_with_its_words(
    night: Any, make: Any, look: Any, outcome: Any
) -> None:
    change = make.create("1")
    night.plan(change)

    night.record(
        Result(change, outcome, "21 of 100 units", 403, request_id="r-7", remote_id="remote-1")
    )

    rows = look(night.path, "SELECT outcome, words, status, vendor_request_id FROM changes")
    assert rows == [(outcome, "21 of 100 units", 403, "r-7")]


def test_no_change_gets_a_second_outcome(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)
    night.record(Result(change, "held"))

    with pytest.raises(LedgerConflict, match="does not await an outcome"):
        night.record(Result(change, "failed"))
    with pytest.raises(LedgerConflict, match="is not planned"):
        night.send(change)

    assert night.outcomes() == {"1": "held"}


def test_a_change_that_nobody_planned_gets_no_outcome_and_spoils_the_whole_step(
    night: Any, make: Any
) -> None:
    planned, stranger = make.create("1"), make.create("2")
    night.plan(planned)

    with pytest.raises(LedgerConflict):
        night.record(Result(planned, "held"), Result(stranger, "held"))

    assert night.outcomes() == {"1": "planned"}


def test_one_change_is_not_given_two_outcomes_at_once(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)

    with pytest.raises(LedgerConflict, match="two outcomes at once"):
        night.record(Result(change, "held"), Result(change, "failed"))


def test_a_result_of_another_scope_is_refused(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)

    with pytest.raises(LedgerConflict, match="another scope"):
        night.store.record_results("storage", "elsewhere", "run-1", [Result(change, "held")])


def test_nothing_is_unknown_that_was_never_sent(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)

    with pytest.raises(LedgerConflict, match="nothing was sent"):
        night.record(Result(change, "unknown"))


def test_a_change_in_a_request_awaits_its_answer_and_nothing_else(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)
    night.send(change)

    with pytest.raises(LedgerConflict):
        night.record(Result(change, "failed"))

    assert night.outcomes() == {"1": "sent"}


def test_what_the_api_refused_to_make_is_remembered_as_it_was_sent(night: Any, make: Any) -> None:
    refused, unsent, made = make.create("1"), make.create("2"), make.create("3")
    update = make.change("4", "update", after={"width": 12})
    night.plan(refused, unsent, made, update)
    night.link(make.unit("4"))

    request = night.send(refused, made, update)
    night.answer(
        request,
        Result(refused, "failed", "Forbidden", 403),
        make.applied(made, known={"name": "A3"}),
        Result(update, "failed", "Forbidden", 403),
    )
    night.record(Result(unsent, "failed", "not sent"))

    assert night.store.refused_creates("storage", "facility", "run-1") == [refused]
    assert night.store.refused_creates("storage", "facility", "run-2") == []


def test_planned_is_applied_failed_held_and_unknown_together(night: Any, make: Any) -> None:
    changes = [make.create(key) for key in "abcdef"]
    night.plan(*changes)
    applied, failed, unknown, held, _left, sent = changes
    night.record(Result(held, "held"))
    night.answer(
        night.send(applied, failed, unknown),
        make.applied(applied),
        Result(failed, "failed", "name taken", 422),
        Result(unknown, "unknown"),
    )
    night.send(sent)

    counts = night.store.outcome_counts("run-1")[("storage", "facility")]
    assert counts == {"applied": 1, "failed": 1, "held": 1, "planned": 1, "sent": 1, "unknown": 1}
    assert sum(counts.values()) == len(changes)


def test_the_counts_of_one_run_are_not_those_of_another(
    night: Any, make: Any, next_night: Any
) -> None:
    night.plan(make.create("1"))

    following = next_night()

    assert following.store.outcome_counts("run-2") == {}
