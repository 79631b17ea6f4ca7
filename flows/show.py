"""Plans and summaries on a terminal, for the person who reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from flows.console import err, out
from flows.planning import PlannedScope
from flows.report_text import counted, shown
from flows.summary import RunSummary
from flows.sync import Night
from flows.tallies import tallied
from transforms.plan import Change
from transforms.standing import STANDINGS

BIGGEST = 5
RATE = "standard_rate"
_MARKS = {"create": "+", "update": "~", "move": "→", "retire": "-"}
_STYLES = {
    "create": "green",
    "update": "yellow",
    "move": "cyan",
    "retire": "red",
    "held": "red",
    "rejected": "red",
}
_COLUMNS = (
    "create",
    "update",
    "move",
    "retire",
    "held",
    "group create",
    "group update",
    "same",
    "rejected",
    "missing",
)


def show_summary(summary: RunSummary) -> None:
    """What became of a run: one line a pipeline, and what needs a person. On standard error."""
    for pipeline in summary.pipelines:
        counts = {} if pipeline.standings else pipeline.counts
        told = tallied(counts)
        style = "green" if pipeline.status == "ok" else "red"
        line = Text(f"{pipeline.pipeline}: ", style="bold")
        line.append(pipeline.status, style)
        line.append(f"  {told}" if told else "")
        line.append(f"  ({pipeline.requests} requests, {pipeline.seconds:.1f} s)", "dim")
        err.print(line, soft_wrap=True)
        for found in _standings(pipeline.standings or {}):
            err.print(f"  {found}", soft_wrap=True)
        for note in pipeline.notes:
            err.print(f"  {note}", markup=False, soft_wrap=True, style="red")
        for notice in pipeline.notices:
            err.print(f"  {notice}", markup=False, soft_wrap=True, style="dim")
    if summary.goes_on_from is not None:
        err.print(f"it goes on from run {summary.goes_on_from}, which gave way to a sync")
    for told in (*summary.deaths, *summary.notices):
        err.print(told, markup=False, soft_wrap=True, style="yellow")
    if summary.report:
        err.print(f"report: {summary.report}", markup=False, soft_wrap=True)
    else:
        err.print("no report could be written; see whether its folder can", style="red")


def _standings(standings: Mapping[str, int]) -> Iterator[str]:
    """`units: 101 in step, 2 drifted`, and the same of groups."""
    for entity in ("unit", "group"):
        counts = {
            name.removeprefix(f"{entity} "): count
            for name, count in standings.items()
            if name.startswith(f"{entity} ")
        }
        if told := [f"{counts[name]:,} {name}" for name in STANDINGS if name in counts]:
            yield f"{entity}s: {', '.join(told)}"


def show_plan(night: Night, *, details: bool) -> None:
    """What a sync would do with one pipeline. On standard output."""
    out.print(Text(night.job.name, style="bold"))
    out.print(_table([row for planned in night.scopes for row in _scope_rows(planned)]))
    for planned in night.scopes:
        notes = [tripped.message for tripped in planned.tripped]
        notes += [twin.message for twin in planned.twins]
        for note in (*notes, planned.unreadable):
            if note:
                out.print(f"  {note}", markup=False, style="red", soft_wrap=True)
    changes = [change for planned in night.scopes for change in planned.plan.changes]
    if details:
        _show_changes("every change", changes)
    else:
        _show_changes("the biggest rate changes", _biggest(changes), only=RATE)
    for line in (*night.notices, forecast_of(night)):
        out.print(Text(line, style="dim"), soft_wrap=True)


def _table(rows: Sequence[tuple[Text, Mapping[str, int]]]) -> Table:
    """One line a scope and one a group in which something moves; empty columns are left out."""
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("scope / group", no_wrap=True)
    shown_columns = [name for name in _COLUMNS if any(counts.get(name) for _, counts in rows)]
    for name in shown_columns:
        table.add_column(name, justify="right")
    for label, counts in rows:
        cells = (
            Text(str(counts[name]) if counts.get(name) else "", style=_STYLES.get(name, ""))
            for name in shown_columns
        )
        table.add_row(label, *cells)
    return table


def _scope_rows(planned: PlannedScope) -> Iterable[tuple[Text, Mapping[str, int]]]:
    plan, units = planned.plan, planned.plan.of("unit")
    made = Counter(f"group {change.action}" for change in plan.of("group"))
    totals = {"same": plan.unchanged, "rejected": plan.rejected, "missing": plan.missing_count}
    yield Text(plan.scope), _numbers(units) | made | totals
    names = {change.key: change.name for change in plan.of("group")}
    for group in sorted({change.group for change in units if change.group}):
        members = [change for change in units if change.group == group]
        yield Text(f"  {names.get(group, group)}", style="dim"), _numbers(members)


def _numbers(changes: Sequence[Change]) -> Counter[str]:
    return Counter("held" if change.held else change.action for change in changes)


def _show_changes(title: str, changes: Sequence[Change], only: str | None = None) -> None:
    if not changes:
        return
    out.print(Text(f"{title}:", style="dim"))
    for change in changes:
        line = Text(f"  {_MARKS[change.action]} ", style=_STYLES[change.action])
        line.append(f"{change.entity} {change.name}", "bold")
        line.append(f" ({change.key})" if change.key != change.name else "", "dim")
        if change.action != "create":
            line.append("  " + ", ".join(field_changes(change, only)))
        if change.held:
            line.append(f"  held: {change.held}", "red")
        out.print(line, soft_wrap=True)


def field_changes(change: Change, only: str | None = None) -> Iterable[str]:
    """Each field, before and after, or only this one."""
    for name, value in change.after.items():
        if only not in (None, name):
            continue
        yield f"{name}: {shown(change.before.get(name))} → {shown(value)}"


def _biggest(changes: Iterable[Change]) -> list[Change]:
    rates = [
        change
        for change in changes
        if RATE in change.before
        and RATE in change.after
        and change.before[RATE] != change.after[RATE]
    ]
    rates.sort(key=lambda c: -abs(c.after[RATE] - c.before[RATE]))
    return rates[:BIGGEST]


def forecast_of(night: Night) -> str:
    """What a push of the plan would take, in a sentence."""
    changes = sum(len(planned.plan.changes) for planned in night.scopes)
    if not changes:
        return "Nothing to do: the API agrees with the source."
    target = night.job.target
    sendable = ([c for c in planned.plan.changes if not c.held] for planned in night.scopes)
    requests = sum(target.forecast(scope) for scope in sendable)
    rate = target.requests_per_second
    at_rate = f", about {_duration(requests / rate)} at {rate:g} a second" if rate else ""
    return f"{counted(changes, 'change')} in {counted(requests, 'request')}{at_rate}."


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{max(1, round(seconds))} s"
