"""The history of one unit on a terminal: every night's row, checks, plan, request and answer.

Promises that lock codes and their hashes are never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from flows.console import out
from flows.report_text import shown
from state.history import Event, UnitHistory

# Of an event, in UTC as the state keeps them.
_TIMES = ("at", "until_at", "expires_at")


def show_history(history: UnitHistory, as_of: str | None, zone: ZoneInfo) -> None:
    """One unit: what is known of it, and what happened, oldest first, by the clocks of `zone`."""
    place = f"{history.pipeline} · {history.scope or 'no scope'} · {_named(history)}"
    out.print(Text(place, style="bold"))
    out.print(Text(f"  {_known(history, as_of)}", style="dim"), soft_wrap=True)
    events = [_by_the_clocks_of(zone, event) for event in history.events]
    for run, night in groupby(events, key=lambda event: str(event["run_id"])):
        _show_night(run, list(night))


def show_several(unit: str, histories: Sequence[UnitHistory], as_of: str | None) -> None:
    """The units that are all called so, for a person to choose from."""
    out.print(Text(f"{len(histories)} units are or were called {unit}:"), soft_wrap=True)
    for history in histories:
        place = f"  {history.pipeline} · {history.scope or 'no scope'} · {_named(history)}"
        line = Text(place, style="bold").append(
            f"  {_told_briefly(history, as_of)}", "not bold dim"
        )
        out.print(line, soft_wrap=True)
    out.print(Text("Ask again with the key or the id of one, or with --scope.", style="dim"))


def _show_night(run: str, events: Sequence[Event]) -> None:
    first = events[0]
    out.print(Text(f"  {first['at']}  {first['run_kind']} {run}", style="cyan"), soft_wrap=True)
    # What a guardrail says of a change that it holds stands with that change.
    held = {event["words"] for event in events if event["what"] == "change"}
    for event in events:
        if event["what"] == "guard" and event["message"] in held:
            continue
        for number, line in enumerate(_TOLD[event["what"]](event)):
            out.print(Text(f"    {line}", style="dim" if number else ""), soft_wrap=True)


def _named(history: UnitHistory) -> str:
    if history.key is None:
        return f"a live unit that no key is linked to ({history.remote_id})"
    names = [event["name"] for event in history.events if event.get("name")]
    last = names[-1] if names else history.key
    return f"unit {last} ({history.key})" if last != history.key else f"unit {history.key}"


def _told_briefly(history: UnitHistory, as_of: str | None) -> str:
    unit = history.known
    return _known(history, as_of) if unit is None else f"known as {unit.remote_id}"


def _by_the_clocks_of(zone: ZoneInfo, event: Event) -> Event:
    return event | {name: _minute(event[name], zone) for name in _TIMES if name in event}


def _minute(at: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M %Z}"


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


def _found(event: Event) -> Iterator[str]:
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


def _guard(event: Event) -> Iterator[str]:
    yield f"in the words of the guardrail: {event['message']}"


def _allowance(event: Event) -> Iterator[str]:
    used = f"used by run {event['used_by_run']}" if event["used_by_run"] else "not used"
    yield f"let through by {event['who']} until {event['expires_at']}, {used}: {event['reason']}"


def _quiet(event: Event) -> Iterator[str]:
    yield f"nothing to do: no row differed from what is known{_and_after(event)}"


def _still_missing(event: Event) -> Iterator[str]:
    yield f"still missing{_and_after(event)}"


def _and_after(event: Event) -> str:
    if event["runs"] == 1:
        return ""
    return f"; so in {event['runs']} runs, up to {event['until_run']} of {event['until_at']}"


_TOLD: Mapping[str, Callable[[Event], Iterator[str]]] = {
    "rejection": _rejection,
    "missing": _missing,
    "no longer missing": _found,
    "linked": _link,
    "unlinked": _link,
    "standing": _standing,
    "guard": _guard,
    "allowance": _allowance,
    "change": _change,
    "quiet": _quiet,
    "still missing": _still_missing,
}
