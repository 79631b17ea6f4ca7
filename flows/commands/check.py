"""`unitsync check`: proves configuration, source, mapping and credentials. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table
from rich.text import Text

from flows.checklist import Checklist, examine, exit_code_of
from flows.console import answering, out, print_json
from flows.settings import load_shared
from flows.world import World
from transforms.canonical import nest
from transforms.plan import Payload
from transforms.secrets import MARK

_MARKS = {"ok": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("·", "dim")}
HIDDEN = "•••"


def run(config: Path, pipelines: Sequence[str], *, as_json: bool) -> int:
    """Checks the named pipelines, or all; one that fails does not hinder the others."""

    def work() -> int:
        names = pipelines or load_shared(config).names
        checklists = []
        for name in names:
            checklist = examine(config, name, World())
            checklists.append(checklist)
            if not as_json:
                _show(checklist)
        if as_json:
            print_json(_document(checklists))
        return exit_code_of(checklists)

    return answering("check", as_json, work)


def _document(checklists: Sequence[Checklist]) -> dict[str, object]:
    return {
        "kind": "check",
        "status": "error" if exit_code_of(checklists) else "ok",
        "pipelines": [
            {
                "pipeline": checklist.pipeline,
                "status": checklist.status,
                "checks": [asdict(check) for check in checklist.checks],
            }
            for checklist in checklists
        ],
    }


def _show(checklist: Checklist) -> None:
    out.print(Text(checklist.pipeline, style="bold"))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for check in checklist.checks:
        mark, style = _MARKS[check.status]
        seconds = "" if check.status == "skipped" else f"{check.seconds:.2f} s"
        told = Text(check.message or check.status, style="" if check.status == "ok" else style)
        table.add_row(Text(f"  {mark}", style), check.check, told, Text(seconds, "dim"))
    out.print(table)
    if checklist.sample:
        out.print(Text("  the first units, as they would be sent (secrets hidden):", style="dim"))
    for payload in checklist.sample:
        out.print(Text(f"    {_told(payload)}"), soft_wrap=True)


def _told(payload: Payload) -> str:
    hidden = {
        name: HIDDEN if str(value).startswith(MARK) else value for name, value in payload.items()
    }
    return json.dumps(nest(hidden), ensure_ascii=False)
