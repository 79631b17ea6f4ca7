"""`unitsync allow`: what the guardrails of a run held goes through, once."""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.text import Text

from flows.allow import AllowRefused, Decision, LetThrough, allow
from flows.console import answering, out, print_json
from flows.report_text import counted
from flows.settings import load_shared
from flows.world import World
from state.tripped import HeldScope
from transforms.plan import Action, Entity

_UNITS: Mapping[str, str] = {"m": "minutes", "h": "hours", "d": "days"}
# A week later, nobody remembers what the decision was about.
_LONGEST = timedelta(days=7)


def run(
    config: Path,
    named: str,
    scopes: Sequence[str],
    *,
    reason: str,
    duration: str,
    as_json: bool,
    world: World | None = None,
) -> int:
    """Lets through what the run held in these scopes."""

    def work() -> int:
        decision = Decision(named, scopes, _worded(reason), _who(), _duration(duration))
        done = allow(load_shared(config).state, world or World(), decision)
        if as_json:
            print_json(_document(decision, done))
        else:
            _show(done)
        return 0

    return answering("allow", as_json, work)


def _worded(reason: str) -> str:
    words = " ".join(reason.split())
    if not words:
        raise AllowRefused("--reason is blank; say why it may go through, for whoever asks later")
    return words


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,6})\s*([mhd])", text.strip())
    duration = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta()
    if not timedelta() < duration <= _LONGEST:
        raise AllowRefused(
            f"--for {text!r} is no duration that is allowed; write 30m, 6h or 2d, and "
            f"{_LONGEST.days}d at most"
        )
    return duration


def _who() -> str:
    """The person as this machine knows them; in a container, an account may have no name."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def _document(decision: Decision, done: LetThrough) -> dict[str, Any]:
    return {
        "kind": "allow",
        "run_id": done.run_id,
        "who": decision.who,
        "reason": decision.reason,
        "expires_at": done.expires_at.astimezone(UTC).isoformat(),
        "scopes": [
            {
                "pipeline": held.pipeline,
                "scope": held.scope,
                "guardrails": list(held.guards),
                "changes": [
                    {"entity": entity, "action": action, "count": count}
                    for (entity, action), count in _units_first(held)
                ],
            }
            for held in done.scopes
        ],
    }


def _show(done: LetThrough) -> None:
    out.print(
        Text(f"Let through, once, until {_moment(done.expires_at)}, as run {done.run_id} held it:"),
        soft_wrap=True,
    )
    for held in done.scopes:
        line = Text(f"  {held.pipeline} · {held.scope}: ")
        line.append(", ".join(_told(held)) or "no change, but the extract as it is")
        line.append(f"  ({', '.join(held.guards)})", "dim")
        out.print(line, soft_wrap=True)
    out.print("`unitsync plan` shows what goes now; `unitsync sync`, or the next night, sends it.")


def _told(held: HeldScope) -> Iterator[str]:
    """`12 units to update`."""
    for (entity, action), count in _units_first(held):
        yield f"{counted(count, entity)} to {action}"


def _units_first(held: HeldScope) -> list[tuple[tuple[Entity, Action], int]]:
    return sorted(held.changes.items(), reverse=True)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
