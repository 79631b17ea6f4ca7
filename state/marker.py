"""The marker beside the state: `<state>.lineage`, which remembers that the state existed.

SQLite opens a zero-length file as a valid new database, so a lost state looks exactly like a
first night. The marker tells them apart, and it tells a restored backup from the newest state:
it holds the lineage (which state) and the serial (how many runs it has seen).

It is replaced whole or not at all, and always after the database committed, so it is never ahead
of what was durable. It never holds anything about units.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from state.errors import StateIsCorrupt, StateIsUnwritable

PRIVATE = 0o600


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


def write_marker(state: Path, marker: Marker) -> None:
    """Replace the marker, durably."""
    text = json.dumps({"lineage": marker.lineage, "serial": marker.serial}) + "\n"
    path = marker_path(state)
    draft = beside(path, ".new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StateIsUnwritable(
            f"{path.name} cannot be written ({error.strerror}). The state itself is sound: look at"
            f" the free space and the permissions of {path.parent}, then run again."
        ) from error


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged(path: Path) -> StateIsCorrupt:
    return StateIsCorrupt(
        f"{path.name} cannot be read, so it is not certain that the state beside it is the right"
        f" one. Nothing was written. If it is, delete {path.name} and run again."
    )
