"""`unitsync why`: everything that ever happened to one unit, oldest first."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.text import Text

from flows.console import answering, err, out, print_json
from flows.settings import load_shared
from flows.show import shown
from state.history import UnitHistory
from state.store import Store

# A script can tell "no such unit" from a usage error.
NOT_FOUND = 1


def run(config: Path, unit: str, *, as_json: bool) -> int:
    """Shows the history of the unit with this source key or name."""

    def work() -> int:
        with Store.open_for_reading(load_shared(config).state) as store:
            histories = store.history(unit)
        if as_json:
            print_json({"unit": unit, "histories": [asdict(history) for history in histories]})
        elif not histories:
            err.print(
                f"no unit has the key or the name {unit!r}, now or in any run",
                markup=False,
                style="red",
            )
        else:
            for history in histories:
                _show(history)
        return 0 if histories else NOT_FOUND

    return answering("why", as_json, work)


def _show(history: UnitHistory) -> None:
    out.print(Text(f"{history.pipeline} · {history.scope} · unit {history.key}", style="bold"))
    if history.known:
        fields = ", ".join(f"{name}: {shown(v)}" for name, v in history.known.payload.items())
        vendor = Text(f"  known as {history.known.remote_id}: {fields}", style="dim")
        out.print(vendor, soft_wrap=True)
    for event in history.events:
        line = Text(f"  {event['at'][:19]}  ")
        line.append(_told(event))
        out.print(line, soft_wrap=True)
        for request in event.get("requests", []):
            answer = request["status"] or "no answer"
            told = f"      {request['method']} {request['path']}: {answer} {request['words']}"
            out.print(Text(told.rstrip(), style="dim"), soft_wrap=True)


def _told(event: dict[str, Any]) -> str:
    if event["what"] == "rejection":
        return f"row {event['row']} rejected: {event['field']}: {event['message']}"
    if event["what"] != "change":
        return f"{event['what']} to {event['remote_id']} ({event['name']})"
    before = event["before"]
    fields = ", ".join(
        f"{name}: {shown(before[name])} → {shown(value)}"
        if name in before
        else f"{name}: {shown(value)}"
        for name, value in event["after"].items()
    )
    words = f" — {event['words']}" if event["words"] else ""
    return f"{event['action']} {event['outcome']}{words}: {fields}"
