"""A run whose process died, in a sentence for the person who reads of the run after it."""

from __future__ import annotations

import os
import socket
from zoneinfo import ZoneInfo

from flows.report_text import counted, listed
from state.deaths import Death

# As many scopes as one still reads in a sentence.
_NAMED = 5


def told(death: Death, timezone: str) -> str:
    """Which run it was, where it ran, what it left, and what becomes of that."""
    at = death.started_at.astimezone(ZoneInfo(timezone))
    where = f"process {death.pid} on {death.host}" if death.host else "it is not known where"
    return (
        f"the {death.kind} of {at.day} {at:%B %Y, %H:%M %Z} (run {death.run_id}, {where}) died "
        f"before its end; {left_by(death)}"
    )


def is_gone(death: Death) -> bool:
    """Whether the process of a run that has not ended is certainly none any more. One on another
    machine may be there, and a number can have been given again: those are not gone."""
    if death.pid is None or death.host != socket.gethostname():
        return False
    try:
        os.kill(death.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def left_by(death: Death) -> str:
    """What a dead run left, and what becomes of it."""
    left = []
    if death.requests:
        sent = counted(death.requests, "request")
        left.append(f"{sent} without an answer in {_named(death.scopes)}")
    if death.unsent:
        left.append(f"{counted(death.unsent, 'change')} unsent")
    if not left:
        return "it left nothing to be put right"
    after = "; a sync reads what was in flight before it sends anything there"
    return f"it left {listed(left)}{after if death.requests else ', which a sync plans anew'}"


def _named(scopes: tuple[str, ...]) -> str:
    named = list(scopes[:_NAMED])
    more = len(scopes) - len(named)
    return listed([*named, f"{more} more"] if more else named)
