"""The two pictures of a report: the trend of the last runs, and how rates moved tonight.

Promises that a picture shows nothing that the table behind it does not say, and that a page made
again later shows the same runs: those before its own, and its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from flows.report_text import counted
from flows.summary import RunSummary
from state.archive import Archive
from state.trends import RateMove

RUNS = 30
# From where a move of a rate is worth a name of its own on the page.
OUTLIERS = 5
_EDGES = (-inf, -0.2, -0.1, -0.05, 0, 0.05, 0.1, 0.2, inf)
# What stands between the columns of rates, and what a column is called in the table.
MARKS = ("-20%", "-10%", "-5%", "0%", "+5%", "+10%", "+20%")
_LABELS = (
    f"down by more than {MARKS[0][1:]}",
    *(f"{low} to {high}" for low, high in pairwise(MARKS)),
    f"up by {MARKS[-1][1:]} or more",
)
# The height in per cent below which a part could not be seen.
_THINNEST = 2
_KINDS = ("applied", "held", "failed", "unknown")
# Of a reconciliation, what somebody else did; it changes nothing itself.
_FOUND = ("drifted", "conflict", "gone")
_APPLIED = ("created", "updated", "moved", "retired")


@dataclass(frozen=True)
class Column:
    """One column of a chart: its parts by kind, and where they stand, in per cent of the height."""

    label: str
    title: str
    parts: tuple[tuple[str, int], ...]
    rects: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Charts:
    """What is drawn; either may be empty. `outliers` are the rates that moved most."""

    trend: tuple[Column, ...]
    rates: tuple[Column, ...]
    moved: int
    outliers: tuple[RateMove, ...]
    marks: tuple[str, ...] = MARKS


def charts_of(summary: RunSummary, store: Archive) -> Charts:
    """The pictures of a run."""
    moves = store.rates(summary.run_id)
    return Charts(
        trend=_trend(summary, store),
        rates=_rates(moves),
        moved=len(moves),
        outliers=tuple(moves[:OUTLIERS]),
    )


def _trend(summary: RunSummary, store: Archive) -> tuple[Column, ...]:
    """Nothing where this is the first run, or none changed anything."""
    zone = ZoneInfo(summary.timezone)
    past = [
        (datetime.fromisoformat(run.started_at), run.status, run.summary.get("pipelines", ()))
        for run in store.runs_before(summary.run_id, RUNS - 1)
    ]
    documents = [pipeline.document() for pipeline in summary.pipelines]
    runs = [*past, (summary.at, summary.status, documents)]
    count = _found if summary.kind == "reconcile" else _outcomes
    counted = [
        (f"{at.astimezone(zone):%d %b}", status, count(pipelines)) for at, status, pipelines in runs
    ]
    if not past or not any(counts.total() for _, _, counts in counted):
        return ()
    kinds = _FOUND if summary.kind == "reconcile" else _KINDS
    columns = ((label, f"{label}: {status}", counts) for label, status, counts in counted)
    return _columns(columns, kinds)


def _outcomes(pipelines: Iterable[Mapping[str, Any]]) -> Counter[str]:
    totals = Counter[str]()
    for pipeline in pipelines:
        counts = pipeline.get("counts", {})
        totals["applied"] += sum(counts.get(name, 0) for name in _APPLIED)
        totals.update({name: counts.get(name, 0) for name in _KINDS[1:]})
    return totals


def _found(pipelines: Iterable[Mapping[str, Any]]) -> Counter[str]:
    totals = Counter[str]()
    for pipeline in pipelines:
        for name, count in (pipeline.get("standings") or {}).items():
            totals[name.partition(" ")[2]] += count
    return Counter({name: totals[name] for name in _FOUND})


def _rates(moves: Sequence[RateMove]) -> tuple[Column, ...]:
    if not moves:
        return ()
    shares = [move.share for move in moves]
    bins = [sum(low <= share < high for share in shares) for low, high in pairwise(_EDGES)]
    columns = (
        (label, f"{label}: {counted(count, 'rate')}", Counter(applied=count))
        for label, count in zip(_LABELS, bins, strict=True)
    )
    return _columns(columns, _KINDS)


def _columns(
    given: Iterable[tuple[str, str, Counter[str]]], kinds: Sequence[str]
) -> tuple[Column, ...]:
    columns = list(given)
    highest = max(counts.total() for _, _, counts in columns) or 1
    return tuple(
        Column(
            label,
            title,
            tuple((kind, counts[kind]) for kind in kinds),
            tuple(_stacked(counts, highest, kinds)),
        )
        for label, title, counts in columns
    )


def _stacked(
    counts: Mapping[str, int], highest: int, kinds: Sequence[str]
) -> Iterator[tuple[str, float, float]]:
    """Each part from below: its kind, its upper edge and its height. The three that failed among
    thousands must be seen."""
    thin = _THINNEST * sum(0 < 100 * counts[kind] / highest < _THINNEST for kind in kinds)
    top = 100.0
    for kind in kinds:
        if count := counts[kind]:
            height = max((100 - thin) * count / highest, _THINNEST)
            top -= height
            yield kind, round(top, 2), round(height, 2)
