"""The verdict is one sentence, and never kinder than the run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flows.report_verdict import verdict
from flows.summary import COUNTS, PipelineSummary, RunSummary, Status
from state.run_details import Tally


def run(status: Status = "ok", name: str = "storage", **counts: int) -> RunSummary:
    """A run of one pipeline."""
    every = {**dict.fromkeys(COUNTS, 0), **counts}
    return RunSummary("run", "sync", (PipelineSummary(name, status, every, 0, 0.0),))


def tally(outcome: str, count: int = 1, entity: str = "unit") -> Tally:
    """Updates that ended so."""
    return Tally("scope", entity, "update", outcome, count)


@pytest.mark.parametrize(
    ("counts", "headline", "detail"),
    [
        (
            {"extracted": 2364, "unchanged": 2364},
            "All 2,364 units agree",
            "Nothing had changed since the last run.",
        ),
        (
            {"extracted": 2364, "unchanged": 2300, "created": 40, "updated": 20, "moved": 4},
            "All 2,364 units agree",
            "64 units were changed.",
        ),
        (
            {"extracted": 10, "unchanged": 7, "rejected": 3},
            "All 7 valid units agree",
            "3 source rows were rejected.",
        ),
        (
            {"extracted": 1, "updated": 1, "groups_created": 1, "missing": 1},
            "The only unit agrees",
            "1 unit was changed. 1 group was changed. 1 known unit is missing.",
        ),
        (
            {},
            "There were no units to bring in step",
            "Nothing had changed since the last run.",
        ),
    ],
)
def test_a_night_that_needs_nobody_is_said_to_be_in_step(
    counts: dict[str, int], headline: str, detail: str
) -> None:
    """With how many units agree, and what was done for it."""
    told = verdict(run("ok", "storage", **counts), [tally("applied", 64)])

    assert (told.tone, told.headline, told.detail) == ("ok", headline, detail)


@pytest.mark.parametrize(
    ("tallies", "headline"),
    [
        ([tally("failed", 3), tally("held", 9)], "12 units need a person: 3 failed, 9 held"),
        ([tally("unknown")], "1 unit needs a person: 1 unknown"),
        (
            [tally("held", 2), tally("failed", 1, "group")],
            "2 units and 1 group need a person: 1 failed, 2 held",
        ),
        (
            [tally("planned"), tally("sent"), tally("abandoned")],
            "3 units need a person: 3 without an outcome",
        ),
    ],
)
def test_what_needs_a_person_is_counted_by_outcome(tallies: list[Tally], headline: str) -> None:
    """Whatever has no outcome yet counts as one of them."""
    told = verdict(run("attention", extracted=50, unchanged=38), [*tallies, tally("applied", 5)])

    assert (told.tone, told.headline) == ("attention", headline)
    assert told.detail == "38 of 50 units agree with the source."


@pytest.mark.parametrize(
    ("summary", "tone", "headline"),
    [
        (
            run("attention", extracted=5, unchanged=5),
            "attention",
            "Nothing failed, but a person should look at what is noted below",
        ),
        (run("error"), "error", "Storage could not be brought in step"),
        (run("broken"), "error", "The numbers of storage do not add up: a promise was broken"),
    ],
)
def test_a_status_that_is_not_ok_is_never_called_in_step(
    summary: RunSummary, tone: str, headline: str
) -> None:
    """Even where no change failed."""
    told = verdict(summary, [])

    assert (told.tone, told.headline) == (tone, headline)


def test_the_worst_pipeline_gives_the_verdict() -> None:
    """One that could not run outweighs failures elsewhere; those are in the detail."""
    fine = run("attention", extracted=9, unchanged=7).pipelines
    stuck = run("error", "apartments").pipelines
    told = verdict(RunSummary("run", "sync", fine + stuck), [tally("failed", 2)])

    assert told.headline == "Apartments could not be brought in step"
    assert told.detail == "7 of 9 units agree with the source."


@pytest.mark.parametrize(("status", "tone"), [("ok", "attention"), ("error", "error")])
def test_a_run_that_was_stopped_says_so(status: Any, tone: str) -> None:
    """Stopped by hand, a run is not wholly in order, however far it came."""
    told = verdict(replace(run(status, extracted=1, unchanged=1), stopped_by=2), [])

    assert told.headline.startswith("Stopped before its end. ")
    assert told.tone == tone
