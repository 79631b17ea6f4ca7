"""`unitsync check`: proves configuration, source, mapping and credentials. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from flows.checklist import Checklist, examine, exit_code_of
from flows.console import answering, out, print_json
from flows.own_commands import completed
from flows.report_text import counted, shown
from flows.sample import Sample
from flows.settings import load_shared
from flows.watching import watching
from flows.world import World
from transforms.plan import Payload

_MARKS = {"ok": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("·", "dim")}
_NOT_TRIED = "not tried"


def run(config: Path, pipelines: Sequence[str], *, as_json: bool) -> int:
    """Checks the named pipelines, or all; one that fails does not hinder the others."""

    def work() -> int:
        names = pipelines or load_shared(config).names
        checklists = []
        for name in names:
            with watching() as watcher:
                checklist = examine(config, name, World(), watcher)
            checklists.append(checklist)
            if not as_json:
                _show(checklist)
        if as_json:
            print_json(_document(checklists))
        elif not exit_code_of(checklists):
            out.print("Nothing was written. `unitsync plan` shows what a sync would do.")
        return exit_code_of(checklists)

    return answering("check", as_json, work)


def _document(checklists: Sequence[Checklist]) -> dict[str, object]:
    return {
        "kind": "check",
        "status": "error" if exit_code_of(checklists) else "ok",
        "pipelines": [_pipeline(checklist) for checklist in checklists],
    }


def _pipeline(checklist: Checklist) -> dict[str, Any]:
    return {
        "pipeline": checklist.pipeline,
        "status": checklist.status,
        "checks": [asdict(check) for check in checklist.checks],
        "sample": checklist.sample.document() if checklist.sample else None,
    }


def _show(checklist: Checklist) -> None:
    out.print(Text(checklist.pipeline, style="bold"))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True, justify="right")
    for check in checklist.checks:
        mark, style = _MARKS[check.status]
        seconds = "" if check.status == "skipped" else f"{check.seconds:.2f} s"
        told = _told(completed(check.message) or _NOT_TRIED, "" if check.status == "ok" else style)
        table.add_row(Text(f"  {mark}", style), check.check, told, Text(seconds, "dim"))
    out.print(table)
    if checklist.sample:
        _show_sample(checklist.sample)


def _told(message: str, style: str) -> Text:
    """What a check found; what it remarks beside that stands below, for a person to look at."""
    first, *others = message.split("\n")
    return Text(first, style).append("".join(f"\n{line}" for line in others), style or "yellow")


def _show_sample(sample: Sample) -> None:
    out.print(Text("  the first units, as they would be sent (secrets hidden):", style="dim"))
    for scope, units in sample.units.items():
        out.print(Text(f"  {scope}", style="bold"))
        out.print(_side_by_side(units))
    if sample.more:
        out.print(Text(f"  and {counted(sample.more, 'more scope')}", style="dim"))


def _side_by_side(units: Sequence[Payload]) -> Table:
    """A field a line, a unit a column: what is odd in one catches the eye."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    for _ in units:
        table.add_column(overflow="fold")
    for name in dict.fromkeys(name for unit in units for name in unit):
        values = (Text(shown(unit[name]) if name in unit else "") for unit in units)
        table.add_row(f"    {name}", *values)
    return table
