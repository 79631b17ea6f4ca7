"""What does not add up is a failure of its own, whatever else went well."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from flows.planning import PlannedScope
from flows.pushing import PushedScope
from flows.summary import Balance, PipelineSummary, RunSummary, summarize
from transforms.diff import ScopePlan
from transforms.plan import Change, Result

MADE = Change("unit", "F1", "u1", "A1", "create", {}, {"name": "A1"})
CONFIRMED = Result(MADE, "applied", remote_id="id-1")


def balanced(extracted: int, results: Sequence[Result]) -> PipelineSummary:
    """The night of one scope: a row was rejected, a unit is unchanged, and one is to be made."""
    plan = ScopePlan("F1", (MADE,), 1, (), 3, 1, {}, frozenset({"u1", "u2"}), 1, "")
    pushed = PushedScope("F1", {result.change.identity: result for result in results})
    return summarize(
        "storage",
        Balance(extracted, collapsed=0, rejected=1),
        [PlannedScope(plan)],
        [pushed],
        requests=1,
        seconds=0.1,
    )


def test_a_night_that_adds_up_is_a_success() -> None:
    summary = balanced(3, [CONFIRMED])

    assert ("ok", ()) == (summary.status, summary.notes)


@pytest.mark.parametrize(
    ("extracted", "results", "said"),
    [
        (4, [CONFIRMED], "4 rows were extracted, but 3 are accounted for"),
        (2, [CONFIRMED], "2 rows were extracted, but 3 are accounted for"),
        (3, [], "1 planned changes have no outcome, among them 'u1'"),
    ],
    ids=["a row is nowhere", "a row is in two places", "a change has no outcome"],
)
def test_what_does_not_add_up_is_a_broken_promise(
    extracted: int, results: list[Result], said: str
) -> None:
    summary = balanced(extracted, results)

    assert ("broken", (said,)) == (summary.status, summary.notes)
    assert 5 == RunSummary("run-1", "sync", (summary,)).exit_code
