"""The journal: in the file before the wire, closed in one transaction, never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from state.errors import LedgerConflict
from transforms.plan import Result

Look = Callable[..., list[tuple[Any, ...]]]


def waiting(night: Any) -> list[tuple[int, list[str]]]:
    requests = night.store.unanswered("storage", "facility")
    return [(request.id, [change.key for change in request.changes]) for request in requests]


def test_a_sent_request_is_committed_when_the_call_returns(
    night: Any, make: Any, path: Path, look: Look
) -> None:
    change = make.create("1")
    night.plan(change)

    request_id = night.send(change)

    assert look(
        path, "SELECT request_id, run_id, scope, method, path, purpose, state FROM requests"
    )
    assert look(path, "SELECT change_id, outcome, request_id FROM changes") == [
        (1, "sent", request_id)
    ]
    assert look(path, "SELECT in_flight FROM scopes") == [("run-1",)]


def test_what_nobody_planned_is_not_sent(night: Any, make: Any, path: Path, look: Look) -> None:
    night.plan(make.create("1"))

    with pytest.raises(LedgerConflict, match="unit 2 of facility is not planned"):
        night.send(make.create("1"), make.create("2"))

    assert look(path, "SELECT * FROM requests") == []
    assert night.outcomes() == {"1": "planned"}


def test_a_change_is_not_sent_again_while_its_request_has_no_answer(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)
    night.send(change)

    with pytest.raises(LedgerConflict):
        night.send(change)


def test_an_answer_keeps_the_words_of_the_api(
    night: Any, make: Any, path: Path, look: Look
) -> None:
    change = make.create("1")
    night.plan(change)
    request_id = night.send(change)

    failed = Result(change, "failed", "Name has already been taken", 422, "req-9")
    night.store.request_answered(request_id, 422, "Validation failed", "req-9", [failed])

    assert look(path, "SELECT state, status, words, vendor_request_id FROM requests") == [
        ("answered", 422, "Validation failed", "req-9")
    ]
    assert look(path, "SELECT outcome, status, words, vendor_request_id FROM changes") == [
        ("failed", 422, "Name has already been taken", "req-9")
    ]
    assert waiting(night) == []


def test_an_answer_is_recorded_whole_or_not_at_all(
    night: Any, make: Any, path: Path, look: Look
) -> None:
    good, bad = make.create("1"), make.create("2")
    night.plan(good, bad)
    request_id = night.send(good, bad)

    with pytest.raises(LedgerConflict):
        night.answer(request_id, make.applied(good), make.applied(bad, remote_id=None))

    assert night.outcomes() == {"1": "sent", "2": "sent"}
    assert night.known("1", "2") == {}
    assert look(path, "SELECT state FROM requests") == [("sent",)]
    assert waiting(night) == [(request_id, ["1", "2"])]


def test_a_request_is_answered_once(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)
    request_id = night.send(change)
    night.answer(request_id, make.applied(change))

    with pytest.raises(LedgerConflict, match="answered already"):
        night.answer(request_id, make.applied(change))
    with pytest.raises(LedgerConflict, match="answered already"):
        night.store.settle_request(request_id, [])
    with pytest.raises(LedgerConflict, match="not in the journal"):
        night.answer(request_id + 1)


def test_what_an_answer_left_undecided_can_be_sent_again_and_only_then(
    night: Any, make: Any
) -> None:
    offender, other = make.create("1"), make.create("2")
    night.plan(offender, other)

    night.answer(night.send(offender, other), Result(offender, "failed", "taken"), status=422)
    assert night.outcomes() == {"1": "failed", "2": "planned"}

    night.answer(night.send(other), make.applied(other))
    assert night.outcomes() == {"1": "failed", "2": "applied"}


def test_a_swap_through_a_temporary_name_takes_two_requests_for_one_change(
    night: Any, make: Any
) -> None:
    change = make.create("1")
    night.plan(change)

    night.answer(night.send(change, path="/temporary"))
    last = night.send(change, path="/final")

    assert waiting(night) == [(last, ["1"])]
    night.answer(last, make.applied(change))
    assert waiting(night) == []


def test_no_answer_leaves_the_request_unanswered_with_its_words(
    night: Any, make: Any, path: Path, look: Look
) -> None:
    change = make.create("1")
    night.plan(change)
    request_id = night.send(change)

    night.store.request_answered(request_id, None, "ReadTimeout after 30 s", None, [])

    assert waiting(night) == [(request_id, ["1"])]
    assert night.store.unanswered("storage", "facility")[0].words == "ReadTimeout after 30 s"
    assert look(path, "SELECT state, answered_at FROM requests") == [("sent", None)]


def test_a_request_that_was_certainly_not_sent_is_closed_by_its_outcomes(
    night: Any, make: Any, path: Path, look: Look
) -> None:
    change = make.create("1")
    night.plan(change)

    night.answer(night.send(change), Result(change, "failed", "connection refused"), status=None)

    assert look(path, "SELECT state FROM requests") == [("answered",)]
    assert waiting(night) == []


def test_an_unknown_outcome_is_looked_at_first_in_the_next_run(
    night: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    sure, doubtful = make.create("1", width=5.5), make.create("2")
    night.plan(sure, doubtful)
    request_id = night.send(sure, doubtful)
    night.answer(request_id, make.applied(sure), Result(doubtful, "unknown", "500"), status=500)
    night.store.finish_run("run-1", "attention", {})

    following = next_night()

    (request,) = following.store.unanswered("storage", "facility")
    assert (request.id, request.run_id, request.changes) == (request_id, "run-1", (doubtful,))
    assert following.outcomes("run-1") == {"1": "applied", "2": "unknown"}


def test_a_change_comes_back_from_the_journal_as_it_was_planned(night: Any, make: Any) -> None:
    change = make.change(
        "1", "move", before={"width": 10}, after={"tax_rates": ["ü"]}, group="g", row=17
    )
    night.plan(change)
    night.send(change)

    (request,) = night.store.unanswered("storage", "facility")
    assert request.changes == (change,)
    assert (request.method, request.path, request.purpose) == ("POST", "/units", "create units")
    assert request.sent_at == datetime(2026, 1, 5, 2, 0, 3, tzinfo=UTC)


def test_unanswered_requests_come_oldest_first_and_of_one_scope_only(night: Any, make: Any) -> None:
    first, second, elsewhere = make.create("1"), make.create("2"), make.create("3")
    night.plan(first, second)
    requests = [night.send(first), night.send(second)]
    make.scope = "elsewhere"
    elsewhere = make.create("3")
    night.plan(elsewhere)
    night.store.request_sent(
        "storage", "elsewhere", "run-1", "POST", "/units", "create", [elsewhere.identity]
    )

    assert waiting(night) == [(requests[0], ["1"]), (requests[1], ["2"])]


def test_reading_settles_a_request_of_the_same_run_and_the_rest_is_sent_again(
    night: Any, make: Any, path: Path, look: Look
) -> None:
    landed, lost = make.create("1"), make.create("2")
    night.plan(landed, lost)
    request_id = night.send(landed, lost)

    night.store.settle_request(request_id, [make.applied(landed, words="found by name")])

    assert night.outcomes() == {"1": "applied", "2": "planned"}
    assert list(night.known("1", "2")) == ["1"]
    assert look(path, "SELECT state, settled_by FROM requests") == [("settled", "run-1")]
    night.answer(night.send(lost), make.applied(lost))
    assert waiting(night) == []


def test_reading_settles_a_request_of_a_dead_run_and_the_rest_is_planned_anew(
    night: Any, make: Any, next_night: Callable[..., Any], path: Path, look: Look
) -> None:
    landed, lost = make.create("1"), make.create("2")
    night.plan(landed, lost)
    request_id = night.send(landed, lost)
    following = next_night()
    assert waiting(following) == [(request_id, ["1", "2"])]

    following.store.settle_request(request_id, [make.applied(landed)])

    assert following.outcomes("run-1") == {"1": "applied", "2": "abandoned"}
    assert list(following.known("1", "2")) == ["1"]
    assert look(path, "SELECT state, settled_by FROM requests") == [("settled", "run-2")]
    assert waiting(following) == []
    assert following.settle_scope()


def test_what_reading_could_not_decide_stays_in_doubt_until_it_can(
    night: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    change = make.create("1")
    night.plan(change)
    request_id = night.send(change)

    night.store.settle_request(request_id, [Result(change, "unknown", "not there after 3 reads")])
    assert night.outcomes() == {"1": "unknown"}
    assert waiting(night) == [(request_id, ["1"])]
    assert not night.settle_scope()

    following = next_night()
    following.store.settle_request(request_id, [make.applied(change)])
    assert following.outcomes("run-1") == {"1": "applied"}
    assert waiting(following) == []
    with pytest.raises(LedgerConflict, match="settled already"):
        following.store.settle_request(request_id, [])


def test_a_settled_unknown_may_turn_out_to_have_failed(
    night: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    change = make.create("1")
    night.plan(change)
    request_id = night.send(change)
    night.answer(request_id, Result(change, "unknown"), status=500)
    following = next_night()

    following.store.settle_request(request_id, [Result(change, "failed", "it never arrived")])

    assert following.outcomes("run-1") == {"1": "failed"}
    assert following.known("1") == {}


def test_a_request_whose_changes_were_decided_otherwise_is_still_closed_by_reading(
    night: Any, make: Any
) -> None:
    change = make.create("1")
    night.plan(change)
    first = night.send(change)
    second = night.store.request_sent(
        "storage", "facility", "run-1", "PATCH", "/unit_groups", "re-assert", []
    )
    night.answer(first, make.applied(change))

    assert waiting(night) == [(second, [])]
    night.store.settle_request(second, [])
    assert waiting(night) == []


def test_a_request_with_an_unknown_result_stays_open_until_it_is_settled(
    night: Any, make: Any, path: Path, look: Look
) -> None:
    change = make.create("1")
    night.plan(change)
    request_id = night.send(change)
    night.store.request_answered(
        request_id, 500, "server error", "req-5", [Result(change, "unknown", "server error", 500)]
    )
    assert look(path, "SELECT state, status, words FROM requests") == [
        ("sent", 500, "server error")
    ]

    night.store.learn(request_id, [make.applied(change)])
    assert waiting(night) == [(request_id, [])]
    assert night.outcomes() == {"1": "applied"}

    night.store.settle_request(request_id, [])
    assert waiting(night) == []


def test_a_step_on_the_way_is_known_and_the_change_is_sent_on(night: Any, make: Any) -> None:
    """A unit found in the place of an unknown create, with other values than were sent."""
    change = make.create("1", width=12)
    night.plan(change)
    request_id = night.send(change)
    night.answer(request_id, Result(change, "unknown"), status=500)

    found = Result(change, None, "adopted", remote_id="remote-1", known={"name": "A1", "width": 10})
    night.store.learn(request_id, [found])
    night.store.settle_request(request_id, [])

    assert night.outcomes() == {"1": "planned"}
    assert night.known("1")["1"].payload == {"name": "A1", "width": 10}
    night.answer(night.send(change), make.applied(change))
    assert night.known("1")["1"].payload == {"name": "A1", "width": 12}


def test_a_step_of_a_dead_run_is_never_left_planned(
    night: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    """Nobody would send it: its run is over."""
    change = make.create("1")
    night.plan(change)
    request_id = night.send(change)
    following = next_night()
    step = Result(change, None, "adopted", remote_id="remote-1", known={"name": "A1"})

    following.store.learn(request_id, [step])
    assert following.outcomes("run-1") == {"1": "unknown"}
    assert waiting(following) == [(request_id, ["1"])]

    following.store.settle_request(request_id, [step])
    assert following.outcomes("run-1") == {"1": "abandoned"}
    assert waiting(following) == []


def test_nothing_is_learned_of_a_request_that_is_closed(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)
    request_id = night.send(change)
    night.answer(request_id, make.applied(change))

    with pytest.raises(LedgerConflict, match="answered already"):
        night.store.learn(request_id, [make.applied(change)])


def test_what_is_still_unknown_is_never_sent_again_in_its_run(night: Any, make: Any) -> None:
    lost, doubtful = make.create("1"), make.create("2")
    night.plan(lost, doubtful)
    request_id = night.send(lost, doubtful)

    night.store.settle_request(request_id, [Result(doubtful, "unknown", "not there yet")])

    assert night.outcomes() == {"1": "planned", "2": "unknown"}
    with pytest.raises(LedgerConflict):
        night.send(doubtful)


def test_two_doubts_about_one_change_are_impossible(night: Any, make: Any) -> None:
    """Only the last request that carried a change can be open because of it."""
    change = make.create("1")
    night.plan(change)
    first = night.send(change)
    night.store.settle_request(first, [])
    second = night.send(change)

    assert waiting(night) == [(second, ["1"])]
