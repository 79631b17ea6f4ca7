"""`unitsync runs`: the history of runs, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from flows.console import answering, out, print_json
from flows.settings import load_shared
from state.allowances import Allowance
from state.runs import RunRecord
from state.store import Store


def run(config: Path, limit: int, *, as_json: bool) -> int:
    """Shows the last `limit` runs."""
    return answering("runs", as_json, lambda: _show(config, limit, as_json))


def _show(config: Path, limit: int, as_json: bool) -> int:
    with Store.open_for_reading(load_shared(config).state) as store:
        runs = store.runs(limit)
        used = {record["run_id"]: store.allowances_used_by(record["run_id"]) for record in runs}
    if as_json:
        print_json({"runs": [_document(record, used[record["run_id"]]) for record in runs]})
        return 0
    if not runs:
        out.print("No run yet. `unitsync plan` shows what the first sync would do.")
        return 0
    table = Table(box=None, header_style="bold")
    for name in ("run", "kind", "started", "status", "pipeline", "outcome"):
        table.add_column(name, overflow="fold")
    for record in runs:
        summaries = (record["summary"] or {}).get("pipelines") or [{}]
        for number, summary in enumerate(summaries):
            first = (record["run_id"], record["kind"], record["started_at"], record["status"])
            told = (summary.get("pipeline", ""), _told(summary.get("counts", {})))
            table.add_row(*(str(cell) if number == 0 else "" for cell in first), *told)
        for allowance in used[record["run_id"]]:
            table.add_row("", "", "", "", allowance.pipeline, Text(_let_through(allowance)))
    out.print(table)
    return 0


def _document(record: RunRecord, used: Iterable[Allowance]) -> dict[str, Any]:
    return {**record, "allowances": [asdict(allowance) for allowance in used]}


def _let_through(allowance: Allowance) -> str:
    return f"{allowance.scope} was let through by {allowance.who}: {allowance.reason}"


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number)
