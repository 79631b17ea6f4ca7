"""The verdict on a run: one sentence that tells a person in ten seconds how the night went.

Promises that the sentence is never kinder than the run's status: only a run that needs nobody is
called in step. Changes of units and of groups count alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flows.report_standings import detail, headline
from flows.report_text import counted, listed, number
from flows.summary import PipelineSummary, RunSummary
from state.run_details import Tally

Tone = Literal["ok", "attention", "error"]

# In the order in which a person wants to know; what the state says of a change that has no outcome
# all means the same to a reader.
OUTCOMES = ("failed", "held", "unknown", "without an outcome")
_QUIET: Mapping[str, str] = {
    "ok": "Nothing had changed since the last run.",
    "error": "What is known stays as it was, and the next run tries again.",
}


@dataclass(frozen=True)
class Verdict:
    """How the night went: a sentence, and what else there is to say in a line."""

    tone: Tone
    headline: str
    detail: str


def outcome_of(outcome: str) -> str:
    """The outcome as a reader knows it."""
    return outcome if outcome in ("applied", *OUTCOMES) else OUTCOMES[-1]


def needing(tallies: Iterable[Tally]) -> int:
    """How many changes a person must look at."""
    return sum(tally.count for tally in tallies if tally.outcome != "applied")


def agreeing(summary: PipelineSummary) -> int:
    """Units on which source and API agree now."""
    counts = summary.counts
    return sum(counts[name] for name in ("unchanged", "created", "updated", "moved"))


def changed(summary: PipelineSummary) -> int:
    """Units that the API took a change of."""
    return sum(summary.counts[name] for name in ("created", "updated", "moved", "retired"))


def verdict(summary: RunSummary, tallies: Sequence[Tally]) -> Verdict:
    """The verdict on a run with these changes."""
    headline, tone = _headline(summary, tallies)
    if summary.stopped_by is not None:
        headline, tone = f"Stopped before its end. {headline}", _at_least_attention(tone)
    return Verdict(tone, headline, " ".join(filter(None, (*_turns(summary), _detail(summary)))))


def _turns(summary: RunSummary) -> Iterator[str]:
    """Which run it goes on from, and which from it, where one gave way to a sync."""
    if summary.goes_on_from is not None:
        yield f"It goes on from run {summary.goes_on_from}, which gave way to a sync."
    if summary.goes_on_as is not None:
        yield f"It gave way to a sync; run {summary.goes_on_as} goes on with what was not sent."


def _headline(summary: RunSummary, tallies: Sequence[Tally]) -> tuple[str, Tone]:
    broken = [p.pipeline for p in summary.pipelines if p.status == "broken"]
    if broken:
        return f"The numbers of {listed(broken)} do not add up: a promise was broken", "error"
    stuck = [p.pipeline for p in summary.pipelines if p.status == "error"]
    if stuck:
        return f"{_capital(listed(stuck))} could not be brought in step", "error"
    if summary.kind == "reconcile":
        return headline(summary), "ok" if summary.status == "ok" else "attention"
    if needing(tallies):
        return _needs(tallies), "attention"
    if summary.status != "ok":
        return "Nothing failed, but a person should look at what is noted below", "attention"
    return _in_step(summary), "ok"


def _needs(tallies: Sequence[Tally]) -> str:
    """`12 units and 1 group need a person: 4 failed, 9 held`."""
    entities, outcomes = Counter[str](), Counter[str]()
    for tally in tallies:
        if tally.outcome != "applied":
            entities[tally.entity] += tally.count
            outcomes[outcome_of(tally.outcome)] += tally.count
    who = listed(counted(entities[name], name) for name in ("unit", "group") if entities[name])
    verb = "needs" if entities.total() == 1 else "need"
    why = ", ".join(f"{number(outcomes[name])} {name}" for name in OUTCOMES if outcomes[name])
    return f"{who} {verb} a person: {why}"


def _in_step(summary: RunSummary) -> str:
    agree = sum(map(agreeing, summary.pipelines))
    valid = "valid " if any(p.counts["rejected"] for p in summary.pipelines) else ""
    valid = f"selected {valid}" if summary.kind == "backfill" else valid
    match agree:
        case 0:
            return "There were no units to bring in step"
        case 1:
            return f"The only {valid}unit agrees"
    return f"All {number(agree)} {valid}units agree"


def _detail(summary: RunSummary) -> str:
    if summary.kind == "reconcile":
        notices = (f"{notice}." for p in summary.pipelines for notice in p.notices)
        return " ".join(filter(None, (detail(summary), *notices)))
    totals = Counter[str]()
    for pipeline in summary.pipelines:
        totals.update(pipeline.counts)
    agree = sum(map(agreeing, summary.pipelines))
    valid = totals["extracted"] - totals["rejected"]
    groups = totals["groups_created"] + totals["groups_updated"]
    told = [
        f"{number(agree)} of {counted(valid, 'unit')} agree with the source." * (agree < valid),
        _said(sum(map(changed, summary.pipelines)), "unit", "was changed", "were changed"),
        _said(groups, "group", "was changed", "were changed"),
        _said(totals["rejected"], "source row", "was rejected", "were rejected"),
        _said(totals["missing"], "known unit", "is missing", "are missing"),
    ]
    return " ".join(filter(None, told)) or _QUIET.get(summary.status, "")


def _said(count: int, noun: str, one: str, several: str) -> str:
    return f"{counted(count, noun)} {one if count == 1 else several}." if count else ""


def _at_least_attention(tone: Tone) -> Tone:
    return "attention" if tone == "ok" else tone


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
