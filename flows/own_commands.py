"""The commands that messages tell a person to type: they work as they stand.

A message says `unitsync check`, wherever it was written: in the state, by a guardrail of last
night, in an error. With which configuration this process was started only the process knows, so
`--config` is added where words leave it, and kept nowhere.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The commands that have the option; one that a message completes already is left alone.
COMMANDS = (
    "allow",
    "backfill",
    "check",
    "names",
    "plan",
    "reconcile",
    "report",
    "review",
    "runs",
    "serve",
    "state backup",
    "state restore",
    "state verify",
    "sync",
    "undo",
    "why",
)
_COMMAND = re.compile(rf"\bunitsync (?:{'|'.join(COMMANDS)})\b(?![^`\n]*--config)")


@dataclass(slots=True)
class _Started:
    """With what this process was started."""

    option: str = ""


_started = _Started()


def started_with(config: Path | None) -> None:
    """Remembers the configuration that the commands of all messages name; None: the usual one."""
    _started.option = f" --config {shlex.quote(str(config))}" if config else ""


def defaults(config: Path) -> dict[str, Any]:
    """The option for whichever command comes: `unitsync --config elsewhere.yaml check`."""
    named: dict[str, Any] = {"state": {}}
    for command in COMMANDS:
        group, _, name = command.rpartition(" ")
        (named[group] if group else named)[name] = {"config": str(config)}
    return named


def option() -> str:
    """What is added to a command: ` --config elsewhere.yaml`, or nothing."""
    return _started.option


def ends(text: str) -> Iterator[int]:
    """Where in a text the option belongs."""
    if _started.option:
        yield from (found.end() for found in _COMMAND.finditer(text))


def completed(text: str) -> str:
    """The text with its commands as they are to be typed."""
    return _COMMAND.sub(lambda found: found[0] + _started.option, text) if _started.option else text
