"""`unitsync runs`: the history of runs, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from flows.console import answering, out, print_json
from flows.report_text import counted, span
from flows.settings import load_shared
from flows.tallies import tallied
from state.allowances import Allowance
from state.runs import RunRecord
from state.store import Store

_STYLES = {"ok": "green", "attention": "yellow", "running": "cyan"}
_COLUMNS = ("run", "kind", "started", "took", "status", "pipeline", "outcome")


def run(config: Path, limit: int, *, as_json: bool) -> int:
    """Shows the last `limit` runs."""
    return answering("runs", as_json, lambda: _show(config, limit, as_json))


def _show(config: Path, limit: int, as_json: bool) -> int:
    settings = load_shared(config)
    with Store.open_for_reading(settings.state) as store:
        runs = store.runs(limit)
        used = {record["run_id"]: store.allowances_used_by(record["run_id"]) for record in runs}
    if as_json:
        print_json({"runs": [_document(record, used[record["run_id"]]) for record in runs]})
        return 0
    if not runs:
        out.print("No run yet. `unitsync plan` shows what the first sync would do.")
        return 0
    out.print(_table(runs, used, ZoneInfo(settings.schedule.timezone)))
    return 0


def _table(
    runs: Iterable[RunRecord], used: Mapping[str, Iterable[Allowance]], zone: ZoneInfo
) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for name in _COLUMNS:
        table.add_column(name, overflow="fold")
    for record in runs:
        first = _run(record, zone)
        for pipeline, told in [*_pipelines(record), *_allowances(used[record["run_id"]])]:
            table.add_row(*first, Text(pipeline), Text(told))
            first = [Text()] * len(first)
    return table


def _run(record: RunRecord, zone: ZoneInfo) -> list[Text]:
    started = datetime.fromisoformat(record["started_at"]).astimezone(zone)
    return [
        Text(record["run_id"]),
        Text(record["kind"]),
        Text(f"{started:%Y-%m-%d %H:%M %Z}"),
        Text(_took(record)),
        Text(record["status"], style=_STYLES.get(record["status"], "red")),
    ]


def _took(record: RunRecord) -> str:
    if (finished := record["finished_at"]) is None:
        return ""
    took = datetime.fromisoformat(finished) - datetime.fromisoformat(record["started_at"])
    return span(took.total_seconds())


def _pipelines(record: RunRecord) -> Iterator[tuple[str, str]]:
    if record["summary"] is None:
        yield ", ".join(record["pipelines"]), _unended(record)
        return
    for summary in record["summary"]["pipelines"]:
        yield summary["pipeline"], _told(summary)


def _unended(record: RunRecord) -> str:
    if record["status"] == "running":
        return "not ended; if its process is gone, the next run says so"
    return "its process ended before it did; the next run looked at what it left"


def _told(summary: Mapping[str, Any]) -> str:
    """`102 unchanged, 11 updated; 7 requests`; of a reconciliation, how everything stands."""
    counts = summary.get("standings") or summary["counts"]
    told = tallied(counts)
    requests = counted(summary["requests"], "request")
    return f"{told}; {requests}" if told else requests


def _allowances(used: Iterable[Allowance]) -> Iterator[tuple[str, str]]:
    for one in used:
        yield one.pipeline, f"{one.scope} was let through by {one.who}: {one.reason}"


def _document(record: RunRecord, used: Iterable[Allowance]) -> dict[str, Any]:
    return {**record, "allowances": [asdict(allowance) for allowance in used]}
