"""What stands on the report page: everything that the template shows, worked out beforehand.

Promises that a page stays readable on a phone however large the night was: each list is cut at a
limit, and says how much more there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from flows.report_charts import Charts, charts_of
from flows.report_inventory import Inventory, inventory_of
from flows.report_ledger import Ledger, ledgers
from flows.report_missing import MissingScope, missing_of
from flows.report_reasons import (
    Reason,
    Rule,
    ShownChange,
    reasons_of,
    rules_of,
    shown_change,
    without_repeated_command,
)
from flows.report_standings import StandingsPage, said, standings_of, totals_of
from flows.report_story import Story, stories_of
from flows.report_text import counted, number, span
from flows.report_verdict import (
    OUTCOMES,
    Verdict,
    agreeing,
    changed,
    needing,
    outcome_of,
    verdict,
)
from flows.summary import PipelineSummary, RunSummary
from state.allowances import Allowance
from state.archive import Archive
from state.run_details import Limits, RunDetails, Tally
from state.stories import Place

# 500 changes of a scope are more than a person reads, and a page of 5,000 still opens at once on a
# phone. Reasons cost more: 50,000 of them, all different, would take the page 4 s instead of 1.
LIMITS = Limits(per_scope=500, changes=5_000, per_reason=100, reasons=500)
_ACTIONS = {"create": "created", "update": "updated", "move": "moved", "retire": "retired"}


@dataclass(frozen=True)
class ScopePage:
    """The changes of one scope: `told` says what was done; `more` changes are not shown."""

    scope: str
    told: str
    open_counts: tuple[tuple[str, int], ...]
    changes: tuple[ShownChange, ...]
    more: int


@dataclass(frozen=True)
class PipelinePage:
    """One pipeline on the page. `allowances` are what a person had let through for the run. `story`
    is that of a unit which needs a person."""

    summary: PipelineSummary
    ledgers: tuple[Ledger, ...]
    notes: tuple[str, ...]
    needing: int
    reasons: tuple[Reason, ...]
    reasons_more: int
    scopes: tuple[ScopePage, ...]
    rules: tuple[Rule, ...]
    rules_more: int
    missing: tuple[MissingScope, ...]
    retires: bool
    allowances: tuple[Allowance, ...]
    standings: StandingsPage | None
    inventory: Inventory | None
    story: Callable[[Place], Story]

    @property
    def pushed(self) -> str:
        """How the push compared with its forecast; empty where nothing was to be pushed."""
        push = self.summary.push
        if not push.get("expected"):
            return ""
        more = push["sent"] - push["expected"]
        told = f"The plan expected {counted(push['expected'], 'request')} to push it; "
        if not more:
            return told + "as many were sent."
        why = "retries, readings, a token" if more > 0 else "the push ended early"
        return told + f"{number(push['sent'])} were sent ({why})."

    @property
    def took(self) -> str:
        """How long it took."""
        return span(self.summary.seconds)


@dataclass(frozen=True)
class Page:
    """The whole page. `deaths` tell of runs that died before this one."""

    run_id: str
    kind: str
    at: str
    verdict: Verdict
    figures: tuple[tuple[str, int, str], ...]
    pipelines: tuple[PipelinePage, ...]
    charts: Charts
    deaths: tuple[str, ...]

    @property
    def searchable(self) -> bool:
        """Whether there is anything to be searched on the page."""
        return any(map(self.any, ("scopes", "standings", "rules")))

    def any(self, part: str) -> bool:
        """Whether a pipeline has something to show in this part."""
        return any(getattr(pipeline, part) for pipeline in self.pipelines)


def page_of(summary: RunSummary, store: Archive) -> Page:
    """The page of a run, from its summary and from what the state keeps of it."""
    details = [
        store.run_details(summary.run_id, pipeline.pipeline, LIMITS)
        for pipeline in summary.pipelines
    ]
    tallies = [tally for detail in details for tally in detail.tallies]
    return Page(
        run_id=summary.run_id,
        kind=summary.kind,
        at=_moment(summary.at.astimezone(ZoneInfo(summary.timezone))),
        verdict=verdict(summary, tallies),
        figures=_found(summary) if summary.kind == "reconcile" else _figures(summary, tallies),
        pipelines=tuple(
            _pipeline(summary, pipeline, detail, store)
            for pipeline, detail in zip(summary.pipelines, details, strict=True)
        ),
        charts=charts_of(summary, store),
        deaths=summary.deaths,
    )


def _moment(at: datetime) -> str:
    return f"{at:%A}, {at.day} {at:%B %Y}, {at:%H:%M %Z}"


def _figures(summary: RunSummary, tallies: Sequence[Tally]) -> tuple[tuple[str, int, str], ...]:
    pipelines = summary.pipelines
    return (
        ("units agree", sum(map(agreeing, pipelines)), "unchanged"),
        ("units changed", sum(map(changed, pipelines)), "applied"),
        ("need a person", needing(tallies), "failed"),
        ("rows rejected", sum(p.counts["rejected"] for p in pipelines), "rejected"),
        ("units missing", sum(p.counts["missing"] for p in pipelines), "held"),
    )


def _found(summary: RunSummary) -> tuple[tuple[str, int, str], ...]:
    totals = totals_of(summary)
    return tuple(
        (f"units {said(standing)}", totals[f"unit {standing}"], kind)
        for standing, kind in (
            ("in step", "unchanged"),
            ("pending", "applied"),
            ("drifted", "held"),
            ("conflict", "failed"),
            ("gone", "failed"),
        )
    )


def _pipeline(
    run: RunSummary, summary: PipelineSummary, details: RunDetails, store: Archive
) -> PipelinePage:
    standings = standings_of(summary, run.run_id, store)
    places = [(line.scope, line.key) for line in details.unfinished if line.entity == "unit"]
    places += standings.needing if standings else []
    reasons = tuple(reasons_of(details.unfinished))
    rules = tuple(rules_of(details.rejections))
    needs = needing(details.tallies)
    said = {reason.words for reason in reasons}
    notes = tuple(dict.fromkeys(n for n in (*summary.notes, *details.tripped) if n not in said))
    return PipelinePage(
        summary=summary,
        ledgers=() if standings else ledgers(summary, details.tallies),
        notes=notes,
        needing=needs,
        reasons=tuple(without_repeated_command(reason, notes) for reason in reasons),
        reasons_more=needs - sum(reason.total for reason in reasons),
        scopes=tuple(_scopes(details)),
        rules=rules,
        rules_more=details.rejection_count - sum(rule.total for rule in rules),
        missing=() if standings else missing_of(run, summary, store),
        retires=any(tally.action == "retire" for tally in details.tallies),
        allowances=details.allowances,
        standings=standings,
        inventory=inventory_of(summary),
        story=stories_of(run, summary.pipeline, places, store),
    )


def _scopes(details: RunDetails) -> Iterator[ScopePage]:
    """The scopes with changes, in the order of their names."""
    told = {
        scope: tuple(map(shown_change, grouped))
        for scope, grouped in groupby(details.changes, key=lambda line: line.scope)
    }
    for scope, grouped in groupby(details.tallies, key=lambda tally: tally.scope):
        tallies, changes = list(grouped), told.get(scope, ())
        more = sum(tally.count for tally in tallies) - len(changes)
        yield ScopePage(scope, _applied(tallies), _open(tallies), changes, more)


def _applied(tallies: Iterable[Tally]) -> str:
    """`12 units created, 1 group updated`."""
    return ", ".join(
        f"{counted(tally.count, tally.entity)} {_ACTIONS[tally.action]}"
        for tally in tallies
        if tally.outcome == "applied"
    )


def _open(tallies: Iterable[Tally]) -> tuple[tuple[str, int], ...]:
    counts = Counter[str]()
    for tally in tallies:
        counts[outcome_of(tally.outcome)] += tally.count
    return tuple((name, counts[name]) for name in OUTCOMES if counts[name])
