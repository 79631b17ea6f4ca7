"""`unitsync runs`: the history of runs, newest first; or one of them, with what needs a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from flows.console import answering, out, print_json
from flows.naming import run_named
from flows.needs import Need
from flows.own_commands import completed
from flows.past_run import PastRun
from flows.report_text import counted, span
from flows.settings import load_shared
from flows.tallies import tallied
from state.runs import RunRecord
from state.store import Store

_STYLES = {"ok": "green", "attention": "yellow", "running": "cyan"}
_COLUMNS = ("run", "kind", "started", "took", "status", "pipeline", "outcome")


def run(config: Path, limit: int, named: str | None = None, *, as_json: bool) -> int:
    """Shows the last `limit` runs, or the one that is named."""

    def work() -> int:
        return _all(config, limit, as_json) if named is None else _one(config, named, as_json)

    return answering("runs", as_json, work)


def _all(config: Path, limit: int, as_json: bool) -> int:
    settings = load_shared(config)
    with Store.open_for_reading(settings.state) as store:
        runs = [PastRun.of(record, store) for record in store.runs(limit)]
    if as_json:
        print_json({"runs": [one.document() for one in runs]})
    elif not runs:
        out.print("No run yet. `unitsync plan` shows what the first sync would do.")
    else:
        out.print(_table(runs, ZoneInfo(settings.schedule.timezone)))
    return 0


def _one(config: Path, named: str, as_json: bool) -> int:
    settings = load_shared(config)
    with Store.open_for_reading(settings.state) as store:
        run_id = run_named(store, named)
        runs = [PastRun.of(record, store) for record in [store.run(run_id)] if record is not None]
        needs = [need for one in runs for need in one.needs(store)]
    if as_json:
        (one,) = runs
        print_json({**one.document(), "needs": [_completed(need) for need in needs]})
        return 0
    out.print(_table(runs, ZoneInfo(settings.schedule.timezone)))
    _show_needs(needs)
    return 0


def _completed(need: Need) -> dict[str, Any]:
    return asdict(need) | {"command": completed(need.command)}


def _show_needs(needs: Sequence[Need]) -> None:
    out.print()
    if not needs:
        out.print("Nothing in it needed a person.", style="dim")
    for need in needs:
        line = Text(f"{need.pipeline}: " if need.pipeline else "", style="bold")
        out.print(line.append(need.what, "not bold"), soft_wrap=True)
        out.print(Text(f"  $ {need.command}", style="dim"), soft_wrap=True)


def _table(runs: Iterable[PastRun], zone: ZoneInfo) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for name in _COLUMNS:
        table.add_column(name, overflow="fold")
    for one in runs:
        first = _run(one, zone)
        for pipeline, told in [*_pipelines(one), *_allowances(one)]:
            table.add_row(*first, Text(pipeline), Text(told))
            first = [Text()] * len(first)
    return table


def _run(one: PastRun, zone: ZoneInfo) -> list[Text]:
    started = datetime.fromisoformat(one.record["started_at"]).astimezone(zone)
    return [
        Text(one.record["run_id"]),
        Text(one.record["kind"]),
        Text(f"{started:%Y-%m-%d %H:%M %Z}"),
        Text(_took(one.record)),
        Text(one.status, style=_STYLES.get(one.status, "red")),
    ]


def _took(record: RunRecord) -> str:
    if (finished := record["finished_at"]) is None:
        return ""
    took = datetime.fromisoformat(finished) - datetime.fromisoformat(record["started_at"])
    return span(took.total_seconds())


def _pipelines(one: PastRun) -> Iterator[tuple[str, str]]:
    if one.record["summary"] is None:
        yield ", ".join(one.record["pipelines"]), _unended(one)
        return
    for summary in one.record["summary"]["pipelines"]:
        told = (_told(summary), one.to_do(summary["pipeline"]))
        yield summary["pipeline"], "; ".join(filter(None, told))


def _unended(one: PastRun) -> str:
    if one.unended is None:
        return "not ended; if its process is gone, the next run says so"
    return f"its process ended before it did; {one.unended}"


def _told(summary: Mapping[str, Any]) -> str:
    """`102 unchanged, 11 updated; 7 requests`; of a reconciliation, how everything stands."""
    counts = summary.get("standings") or summary["counts"]
    told = tallied(counts)
    requests = counted(summary["requests"], "request")
    return f"{told}; {requests}" if told else requests


def _allowances(one: PastRun) -> Iterator[tuple[str, str]]:
    for used in one.used:
        yield used.pipeline, f"{used.scope} was let through by {used.who}: {used.reason}"
