"""What a reconciliation found, on the page: whoever needs a person first, field by field.

Promises that every unit and group that was read is counted, and that a list which is cut says how
much more there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.report_text import counted, listed, number
from flows.summary import PipelineSummary, RunSummary
from state.archive import Archive
from state.standings import StandingTally
from state.stories import Place
from transforms.standing import STANDINGS, FieldStanding, Standing, StandingName

# More than a person reads; a page of so many still opens at once on a phone.
MOST = 1_000
MOVES = ("pending", "drifted", "conflict")
# What a person has to look at, as the headline says it.
_WORRIES = {
    "conflict": "changed on both sides",
    "drifted": "changed at the vendor",
    "gone": "not live any more",
    "failed": "refused by the API",
    "unknown": "without an answer",
    "held": "held",
}
_PENDING: Mapping[StandingName, str] = {
    "held": "it waits for a person",
    "failed": "the next sync tries again",
    "unknown": "the next sync looks first",
}
_DECIDE = "you decide: accept or overwrite it, under drift in the configuration"
_NEXT = {"accept": "it stays", "overwrite": "the next sync sets it back", "report": _DECIDE}


@dataclass(frozen=True)
class StandingsPage:
    """One pipeline: how many stand how, scope by scope, and those that are not in step; `more` of
    them are not shown. `columns` are the standings that anybody has. `fields` counts by field who
    moved it, in the order of `MOVES`."""

    summary: PipelineSummary
    columns: tuple[str, ...]
    scopes: tuple[tuple[str, str, tuple[int, ...]], ...]
    fields: tuple[tuple[str, tuple[int, ...]], ...]
    shown: tuple[Standing, ...]
    more: int

    @property
    def needing(self) -> list[Place]:
        """The units that need a person, of those that are shown."""
        return [
            (one.scope, one.key)
            for one in self.shown
            if one.needs_person and one.entity == "unit" and one.key is not None
        ]

    @property
    def read(self) -> int:
        """How many scopes were read."""
        return len({scope for scope, _, _ in self.scopes})


def standings_of(summary: PipelineSummary, run_id: str, store: Archive) -> StandingsPage | None:
    """What the run found in one pipeline, if it was a reconciliation that could read it."""
    if summary.standings is None:
        return None
    found = store.standings(run_id, summary.pipeline)
    found.sort(key=lambda one: (not one.needs_person, STANDINGS.index(one.standing), one.scope))
    tallies = store.standing_tallies(run_id, summary.pipeline)
    columns = tuple(name for name in STANDINGS if any(t.standing == name for t in tallies))
    return StandingsPage(
        summary,
        columns,
        tuple(_scopes(tallies, columns)),
        tuple(_fields(found)),
        tuple(found[:MOST]),
        max(0, len(found) - MOST),
    )


def _scopes(
    tallies: Sequence[StandingTally], columns: Sequence[str]
) -> list[tuple[str, str, tuple[int, ...]]]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for tally in tallies:
        counts.setdefault((tally.scope, tally.entity), Counter())[tally.standing] = tally.count
    return [
        (scope, f"{entity}s", tuple(found[name] for name in columns))
        for (scope, entity), found in counts.items()
    ]


def _fields(found: Iterable[Standing]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The fields that differ, the most frequent first."""
    moved: dict[str, Counter[str]] = {}
    for standing in found:
        for name, one in standing.fields.items():
            moved.setdefault(name, Counter())[one.moved] += 1
    for name, counts in sorted(moved.items(), key=lambda pair: (-pair[1].total(), pair[0])):
        yield name, tuple(counts[move] for move in MOVES)


def then(one: FieldStanding, standing: StandingName) -> str:
    """What happens next about a field of a unit that stands so."""
    if one.moved == "pending":
        return _PENDING.get(standing, "the next sync sends it")
    if one.moved == "conflict":
        return "the next sync sends ours, unless a guardrail holds it"
    return _NEXT[one.policy]


def headline(summary: RunSummary) -> str:
    """`2 units and 1 group changed on both sides, 1 unit held`, or that all agree."""
    totals = totals_of(summary)
    return _worries(totals) or f"Nothing drifted: {_in_step(totals)}"


def detail(summary: RunSummary) -> str:
    """Beside what worries, where all the units stand, so that the numbers add up."""
    totals = totals_of(summary)
    told = _in_step(totals)
    return f"{told[:1].upper()}{told[1:]}." if _worries(totals) else ""


def totals_of(summary: RunSummary) -> Counter[str]:
    """How many units and groups stand how, in all pipelines."""
    totals = Counter[str]()
    for pipeline in summary.pipelines:
        totals.update(pipeline.standings or {})
    return totals


def _worries(totals: Mapping[str, int]) -> str:
    return ", ".join(filter(None, (_said(totals, name) for name in _WORRIES)))


def _in_step(totals: Mapping[str, int]) -> str:
    """`all 97 units that were read are in step`, or how many are and what the others are."""
    units = {name: count for name in STANDINGS if (count := totals[f"unit {name}"])}
    agree, read = units.pop("in step", 0), sum(units.values())
    if not agree and not read:
        return "there was no unit to compare"
    if not units:
        return f"all {counted(agree, 'unit')} that were read are in step"
    others = ", ".join(f"{number(count)} {said(name)}" for name, count in units.items())
    return f"{number(agree)} of {counted(agree + read, 'unit')} are in step ({others})"


def said(standing: str) -> str:
    """A standing as one says it of units."""
    return "in conflict" if standing == "conflict" else standing


def _said(totals: Mapping[str, int], standing: str) -> str:
    counts = {entity: totals[f"{entity} {standing}"] for entity in ("unit", "group")}
    things = listed(counted(count, entity) for entity, count in counts.items() if count)
    return f"{things} {_WORRIES[standing]}" if things else ""
