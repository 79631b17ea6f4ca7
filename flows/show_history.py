"""The history of one unit on a terminal: every night's row, checks, plan, request and answer.

Promises that lock codes and their hashes are never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from flows.console import out
from flows.report_text import shown
from state.history import Event, UnitHistory


def show_history(history: UnitHistory, as_of: str | None, zone: ZoneInfo) -> None:
    """One unit: what is known of it, and what happened, the oldest first, in the time of `zone`."""
    place = f"{history.pipeline} · {history.scope or 'no scope'} · unit {_called(history)}"
    out.print(Text(place, style="bold"))
    out.print(Text(f"  {_known(history, as_of)}", style="dim"), soft_wrap=True)
    run = None
    for event in history.events:
        if event["run_id"] != run:
            run = event["run_id"]
            at = datetime.fromisoformat(event["at"]).astimezone(zone)
            night = f"  {at:%Y-%m-%d %H:%M %Z}  {event['run_kind']} {run}"
            out.print(Text(night, style="cyan"), soft_wrap=True)
        for number, line in enumerate(_TOLD[event["what"]](event)):
            out.print(Text(f"    {line}", style="dim" if number else ""), soft_wrap=True)


def _called(history: UnitHistory) -> str:
    """Its key, and the last name that it had."""
    names = [event["name"] for event in history.events if event.get("name")]
    return f"{names[-1]} ({history.key})" if names and names[-1] != history.key else history.key


def _known(history: UnitHistory, as_of: str | None) -> str:
    then = f"as of run {as_of}" if as_of else "now"
    if not history.kept:
        return f"{then}: what was known was not kept, for an older version wrote the state"
    if history.known is None:
        return f"{then}: nothing is known of it"
    unit = history.known
    group = f" in group {unit.group}" if unit.group else ""
    market = ", taken off the market" if unit.retired else ""
    fields = ", ".join(f"{name}: {shown(value)}" for name, value in unit.payload.items())
    return (
        f"{then}: known as {unit.remote_id}{group}{market}: {fields or 'no field is vouched for'}"
    )


def _rejection(event: Event) -> Iterator[str]:
    yield f"row {event['row']} rejected: {event['message']} ({event['rule']})"


def _missing(event: Event) -> Iterator[str]:
    yield "missing: no row of the source speaks of it from here on"


def _seen(event: Event) -> Iterator[str]:
    yield "no longer missing"


def _link(event: Event) -> Iterator[str]:
    found = "to" if event["what"] == "linked" else "from"
    yield f"{event['what']} {found} {event['remote_id']} ({event['name']})"


def _standing(event: Event) -> Iterator[str]:
    words = f": {event['words']}" if event["words"] else ""
    yield f"found {event['standing']}{words}"
    for name, one in event["fields"].items():
        sides = ", ".join(f"{side} {shown(one[side])}" for side in ("source", "known", "live"))
        yield f"{name}: {sides} ({one['moved']})"


def _change(event: Event) -> Iterator[str]:
    row = f"row {event['row']}: " if event["row"] is not None else ""
    yield f"{row}{event['action']} {event['outcome']}: {_fields(event)}"
    if event["words"]:
        yield f"in the words of {_speaker(event)}: {event['words']}"
    for request in event["requests"]:
        yield from _request(request)


def _speaker(event: Event) -> str:
    return "the guardrail" if event["outcome"] == "held" else "the API"


def _fields(event: Event) -> str:
    before: Mapping[str, Any] = event["before"]
    return ", ".join(
        f"{name}: {shown(before[name])} → {shown(value)}"
        if name in before
        else f"{name}: {shown(value)}"
        for name, value in event["after"].items()
    )


def _request(request: Event) -> Iterator[str]:
    answer = request["status"] or "no answer"
    words = f" {request['words']}" if request["words"] else ""
    named = f" (request {request['vendor_request_id']})" if request["vendor_request_id"] else ""
    yield f"{request['method']} {request['path']} to {request['purpose']}: {answer}{words}{named}"
    if request["settled_by"]:
        yield f"read back by run {request['settled_by']}, which settled it"


_TOLD: Mapping[str, Callable[[Event], Iterator[str]]] = {
    "rejection": _rejection,
    "missing": _missing,
    "seen again": _seen,
    "linked": _link,
    "unlinked": _link,
    "standing": _standing,
    "change": _change,
}
