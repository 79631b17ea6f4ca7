"""The marker beside the state: `<state>.lineage`, which remembers that the state existed.

SQLite opens a zero-length file as a valid new database, so a lost state looks exactly like a
first night. The marker tells them apart, and it tells a restored backup from the newest state:
it holds the lineage (which state) and the serial (how many runs it has seen).

It is replaced whole or not at all, and always after the database committed, so it is never ahead
of what was durable. It never holds anything about units.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from state.disk import LOCAL_DISK, Disk
from state.errors import StateIsCorrupt, StateIsUnwritable


@dataclass(frozen=True, slots=True)
class Marker:
    """Which state belongs here, and how far it had come."""

    lineage: str
    serial: int


def marker_path(state: Path) -> Path:
    """Where the marker of a state lies."""
    return beside(state, ".lineage")


def beside(state: Path, suffix: str) -> Path:
    """The companion file of a state: `unitsync.db` and `.lock` give `unitsync.db.lock`."""
    return state.with_name(state.name + suffix)


def read_marker(state: Path) -> Marker | None:
    """The marker, or None where no state has ever been."""
    path = marker_path(state)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path) from error
    try:
        content = json.loads(text)
        return Marker(lineage=str(content["lineage"]), serial=int(content["serial"]))
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged(path) from error


def write_marker(state: Path, marker: Marker, disk: Disk = LOCAL_DISK) -> None:
    """Replace the marker, durably."""
    text = json.dumps({"lineage": marker.lineage, "serial": marker.serial}) + "\n"
    path = marker_path(state)
    try:
        disk.write_whole(path, [text])
    except OSError as error:
        raise StateIsUnwritable(
            f"{path.name} cannot be written ({error.strerror}). The state itself is sound: look at"
            f" the free space and the permissions of {path.parent}, then run again."
        ) from error


def _damaged(path: Path) -> StateIsCorrupt:
    return StateIsCorrupt(
        f"{path.name} cannot be read, so it is not certain that the state beside it is the right"
        f" one. Nothing was written. If it is, delete {path.name} and run again."
    )
