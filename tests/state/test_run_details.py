"""What a run did is told within limits: the counts are whole, and no scope is crowded out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from state.run_details import Limits, RunDetails, Tally
from state.store import Store
from transforms.plan import Change, Result

WIDE = Limits(per_scope=100, changes=100, per_reason=100, reasons=100)


def held(night: Any, reason: str, *changes: Change) -> None:
    """The changes are planned and held for one reason, scope by scope."""
    night.plan(*changes)
    for scope in sorted({change.scope for change in changes}):
        results = [Result(change, "held", reason) for change in changes if change.scope == scope]
        night.store.record_results(night.pipeline, scope, night.run_id, results)


def details(night: Any, limits: Limits = WIDE) -> RunDetails:
    """What the store says of the night."""
    told: RunDetails = night.store.run_details(night.run_id, night.pipeline, limits)
    return told


def test_a_tally_counts_every_change_by_kind_and_outcome(night: Any, make: Any) -> None:
    """However few of them are told."""
    night.plan(*(make.create(str(key)) for key in range(5)), make.create("g", entity="group"))
    night.record(Result(make.create("0"), "failed", "not sent"))
    told = details(night, replace(WIDE, per_scope=2))

    assert told.tallies == (
        Tally("facility", "unit", "create", "failed", 1),
        Tally("facility", "unit", "create", "planned", 4),
        Tally("facility", "group", "create", "planned", 1),
    )
    assert [change.key for change in told.changes] == ["0", "1"]


def test_a_change_is_told_as_it_was_planned_and_as_it_ended(night: Any, make: Any) -> None:
    """With row, fields, words, status and the vendor's request id."""
    change = make.change("7", "update", before={"floor": 1}, after={"floor": 2}, row=8, group="g")
    night.link(make.unit("7"))
    night.plan(change)
    request = night.send(change)
    refused = Result(change, "failed", "floor is invalid", 422, request_id="req-9")
    night.answer(request, refused, status=422)
    (line,) = details(night).unfinished

    assert (line.row, line.key, line.name, line.group) == (8, "7", "A7", "g")
    assert (line.before, line.after) == ({"floor": 1}, {"floor": 2})
    assert (line.outcome, line.words, line.status) == ("failed", "floor is invalid", 422)
    assert (line.vendor_request_id, line.alike, line.one_scope) == ("req-9", 1, True)


def test_where_the_limit_cuts_every_scope_keeps_its_first_changes(night: Any, make: Any) -> None:
    """A scope with many changes does not crowd out the others."""
    small = replace(make, scope="small")
    night.plan(*(make.create(str(key)) for key in range(9)), small.create("s1"), small.create("s2"))
    told = details(night, replace(WIDE, changes=4)).changes

    assert [(line.scope, line.key) for line in told] == [
        ("facility", "0"),
        ("facility", "1"),
        ("small", "s1"),
        ("small", "s2"),
    ]


def test_changes_that_ended_alike_stand_together_the_most_frequent_first(
    night: Any, make: Any
) -> None:
    """Each knows how many it stands for, and whether they are all of one scope."""
    held(night, "a name is taken", make.create("1"))
    other = replace(make, scope="other")
    held(night, "too many", make.create("2"), make.create("3"), other.create("4"))
    told = details(night, replace(WIDE, per_reason=2)).unfinished

    assert [(line.words, line.key, line.alike, line.one_scope) for line in told] == [
        ("too many", "2", 3, False),
        ("too many", "3", 3, False),
        ("a name is taken", "1", 1, True),
    ]


def test_applied_changes_are_not_unfinished(night: Any, make: Any) -> None:
    """They need nobody."""
    change = make.create("1")
    night.plan(change)
    night.answer(night.send(change), make.applied(change))

    assert details(night).unfinished == ()
    assert [line.outcome for line in details(night).changes] == ["applied"]


def test_rejections_stand_by_rule_and_are_counted_in_all(night: Any) -> None:
    """Within a rule by row."""
    lines = [(row, "f", str(row), "width", "above_zero", "0", "bad") for row in (9, 4, 6)]
    lines.append((5, "f", "", "", "required", "", "no key"))
    columns = ["row", "scope", "key", "field", "rule", "value", "message"]
    night.store.add_rejections(night.pipeline, night.run_id, pd.DataFrame(lines, columns=columns))
    told = details(night, replace(WIDE, per_reason=2))

    assert [(line.rule, line.row, line.alike) for line in told.rejections] == [
        ("above_zero", 4, 3),
        ("above_zero", 6, 3),
        ("required", 5, 1),
    ]
    assert told.rejection_count == 4


def test_another_run_or_pipeline_is_not_told(
    night: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    """Details are of one run and one pipeline."""
    night.plan(make.create("1"))
    night.store.finish_run(night.run_id, "ok", {})
    following = next_night()
    nothing = RunDetails((), (), (), (), 0)

    assert details(following) == nothing
    assert night.store.run_details(night.run_id, "other", WIDE) == nothing


def test_a_store_that_only_reads_tells_it_too(night: Any, make: Any) -> None:
    """A report can be made again later."""
    night.plan(make.create("1"))

    with Store.open_for_reading(night.path) as store:
        assert store.run_details(night.run_id, night.pipeline, WIDE) == details(night)
