"""History: everything that ever happened to one unit, found by its key and by any of its names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from transforms.plan import Result

COLUMNS = ["row", "scope", "key", "field", "rule", "value", "message"]


@pytest.fixture
def three_nights(night: Any, make: Any, next_night: Callable[..., Any]) -> Any:
    """Created as A1, renamed to B1 by a request that failed first, then rejected."""
    create = make.create("1")
    night.plan(create)
    night.answer(night.send(create), make.applied(create))

    second = next_night("run-2")
    rename = make.change("1", "update", name="B1", before={"name": "A1"}, after={"name": "B1"})
    second.plan(rename)
    second.answer(second.send(rename))
    second.answer(second.send(rename), make.applied(rename))

    third = next_night("run-3")
    problem = (7, "facility", "1", "width", "above_zero", "-1", "width must be above 0")
    third.store.add_rejections("storage", "run-3", pd.DataFrame([problem], columns=COLUMNS))
    return third


@pytest.mark.parametrize("asked", ["1", "A1", "B1"])
def test_a_unit_is_found_by_its_key_and_by_any_name_it_had(three_nights: Any, asked: str) -> None:
    (history,) = three_nights.store.history(asked)

    assert (history.pipeline, history.scope, history.key) == ("storage", "facility", "1")
    assert history.known.name == "B1"
    assert [(event["run_id"], event["what"]) for event in history.events] == [
        ("run-1", "change"),
        ("run-2", "change"),
        ("run-3", "rejection"),
    ]


def test_a_change_is_told_with_its_fields_outcome_and_every_request(three_nights: Any) -> None:
    (history,) = three_nights.store.history("1")

    change = history.events[1]
    assert (change["action"], change["outcome"]) == ("update", "applied")
    assert (change["before"], change["after"]) == ({"name": "A1"}, {"name": "B1"})
    assert [request["state"] for request in change["requests"]] == ["answered", "answered"]
    assert change["requests"][0]["path"] == "/units"


def test_a_rejection_is_told_with_its_row_and_reason(three_nights: Any) -> None:
    (history,) = three_nights.store.history("1")

    rejection = history.events[2]
    assert (rejection["row"], rejection["field"], rejection["rule"]) == (7, "width", "above_zero")
    assert rejection["message"] == "width must be above 0"


def test_events_are_ready_for_json(three_nights: Any) -> None:
    (history,) = three_nights.store.history("1")

    assert json.loads(json.dumps(history.events)) == list(history.events)


def test_a_unit_that_never_was_has_no_history(three_nights: Any) -> None:
    assert three_nights.store.history("Z9") == []


def test_a_unit_that_was_only_ever_rejected_or_held_has_one(night: Any, make: Any) -> None:
    held = make.create("1")
    night.plan(held)
    night.record(Result(held, "held", "21 of 100 units"))
    problem = (7, None, "2", "scope", "required", None, "the facility is missing")
    night.store.add_rejections("storage", "run-1", pd.DataFrame([problem], columns=COLUMNS))

    (first,) = night.store.history("1")
    (second,) = night.store.history("2")

    assert (first.known, first.events[0]["words"]) == (None, "21 of 100 units")
    assert (second.scope, second.events[0]["message"]) == ("", "the facility is missing")


def test_one_name_in_two_scopes_is_two_histories(night: Any, make: Any) -> None:
    night.link(make.unit("1"))
    night.store.link("storage", "elsewhere", "run-1", [make.unit("9", name="A1")], [])

    assert [(found.scope, found.key) for found in night.store.history("A1")] == [
        ("elsewhere", "9"),
        ("facility", "1"),
    ]


def test_a_group_of_the_same_name_is_not_the_unit(night: Any, make: Any) -> None:
    night.plan(make.create("1", entity="group"))

    assert night.store.history("1") == []


def test_a_unit_is_found_by_the_id_that_the_api_gave_it(three_nights: Any) -> None:
    remote_id = three_nights.store.history("1")[0].known.remote_id

    assert ["1"] == [found.key for found in three_nights.store.history(remote_id)]


def test_as_of_a_run_nothing_of_later_runs_is_told(three_nights: Any) -> None:
    (then,) = three_nights.store.history("1", as_of=1)

    assert "A1" == then.known.name
    assert ["run-1"] == [event["run_id"] for event in then.events]


def test_an_absence_is_told_when_it_begins_and_ends(
    three_nights: Any, next_night: Callable[..., Any]
) -> None:
    three_nights.settle_scope(missing=("1",))
    next_night("run-4").settle_scope(missing=("1",))
    night = next_night("run-5")
    night.settle_scope(seen=("1",))

    (history,) = night.store.history("1")
    told = [(event["run_id"], event["what"]) for event in history.events[3:]]
    assert [("run-3", "missing"), ("run-5", "no longer missing")] == told
    missing = {run: len(night.store.absences(run, "storage")) for run in ("run-2", "run-4")}
    assert {"run-2": 0, "run-4": 1} == missing
    assert [] == night.store.absences("run-5", "storage")


def test_an_absence_goes_on_while_nobody_says_otherwise(
    three_nights: Any, next_night: Callable[..., Any]
) -> None:
    three_nights.settle_scope(missing=("1",))
    next_night("run-4").settle_scope()
    night = next_night("run-5")
    night.settle_scope(missing=("1",))

    (absence,) = night.store.absences("run-5", "storage")
    assert night.store.run("run-3")["started_at"] == absence.since


def test_who_is_not_known_any_more_is_not_missing(
    three_nights: Any, next_night: Callable[..., Any]
) -> None:
    three_nights.settle_scope(missing=("1",))
    night = next_night("run-4")
    night.store.unlink("storage", "facility", "run-4", ["1"], [])
    night.settle_scope()

    assert [] == night.store.absences("run-4", "storage")


def test_who_is_taken_off_the_market_is_not_missing(
    three_nights: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    three_nights.settle_scope(missing=("1",))
    night = next_night("run-4")
    night.link(make.unit("1", retired=True))
    night.settle_scope()

    assert [] == night.store.absences("run-4", "storage")


def test_what_a_later_run_settled_was_unknown_at_the_time(
    night: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    create = make.create("1")
    night.plan(create)
    request = night.send(create)
    night.answer(request, Result(create, "unknown", "no answer came"), status=None)
    night.store.finish_run("run-1", "attention", {})
    night = next_night("run-2")
    night.store.settle_request(request, [make.applied(create)])

    (then,), (now,) = night.store.history("1", as_of=1), night.store.history("1")

    assert ("unknown", None) == (then.events[0]["outcome"], then.known)
    assert then.events[0]["requests"][0]["settled_by"] is None
    assert ("applied", "run-2") == (
        now.events[0]["outcome"],
        now.events[0]["requests"][0]["settled_by"],
    )


def test_what_was_sent_when_the_process_died_was_in_doubt_at_the_time(
    night: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    create = make.create("1")
    night.plan(create)
    request = night.send(create)
    night = next_night("run-2")
    night.store.settle_request(request, [make.applied(create)])

    (then,), (now,) = night.store.history("1", as_of=1), night.store.history("1")

    assert ("sent", None) == (then.events[0]["outcome"], then.events[0]["status"])
    assert "sent" == then.events[0]["requests"][0]["state"]
    assert ("applied", 200) == (now.events[0]["outcome"], now.events[0]["status"])


def test_what_was_answered_is_so_although_others_of_its_request_were_in_doubt(
    night: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    one, other = make.create("1"), make.create("2")
    night.plan(one, other)
    request = night.send(one, other)
    night.answer(request, make.applied(one), Result(other, "unknown", "not mentioned"))
    night.store.finish_run("run-1", "attention", {})
    night = next_night("run-2")
    night.store.settle_request(request, [make.applied(other)])

    outcomes = [night.store.history(key, as_of=1)[0].events[0]["outcome"] for key in ("1", "2")]

    assert ["applied", "unknown"] == outcomes
