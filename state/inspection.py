"""What a file at the state's place is, and why it may have to be refused.

Only looks. A zero-length file is, to SQLite, a valid new database; so is the file of a process
killed while it created the state. Both are a first night only where nothing says that a state
has been here before.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from state import schema
from state.errors import (
    StateIsCorrupt,
    StateIsForeign,
    StateIsMissing,
    StateIsNewer,
    StateIsUnwritable,
    corrupt,
)
from state.marker import Marker, beside, marker_path


def refuse_odd_place(path: Path) -> None:
    """A folder or a device cannot be the state."""
    if path.exists() and not path.is_file():
        raise StateIsUnwritable(
            f"{path} is not a file. Correct `state:` in the configuration; nothing was written."
        )


def is_absent(path: Path) -> bool:
    """Whether there is nothing at all in the file. It is never opened for this: closing a file
    gives up the locks that SQLite holds on it in the same process."""
    return not path.exists() or path.stat().st_size == 0


def refuse_lost(path: Path, *, existed: bool) -> None:
    """A state that was here before is never replaced by an empty one."""
    if not existed:
        return
    what = "is empty" if path.exists() else "is gone"
    raise StateIsMissing(
        f"The state {path.name} {what}, but it has been used before. Nothing was written. Put it"
        " back with `unitsync state restore`. To begin anew on purpose, move"
        f" {marker_path(path).name} away as well: the next sync then adopts what the API holds."
    )


def schema_version(connection: sqlite3.Connection, path: Path) -> int | None:
    """The schema version of our file, or None for a database in which nothing was ever made."""
    application_id = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if application_id == 0 and tables == 0:
        return None
    if application_id != schema.APPLICATION_ID:
        raise StateIsForeign(
            f"{path.name} is an SQLite database, but not a state of unitsync. Nothing was written."
            " Correct `state:` in the configuration, or move the file away."
        )
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > schema.SCHEMA_VERSION:
        raise StateIsNewer(
            f"{path.name} was written by a newer unitsync (schema {version}; this one knows"
            f" {schema.SCHEMA_VERSION}). Nothing was written. Upgrade unitsync, or restore a backup"
            " that was taken before the upgrade."
        )
    return version


def refuse_damaged(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite's own check of the structure (0.13 s for 160 MB). Seals are checked when loaded.

    Where a killed run left a log, it may be one that does not belong to the file: the pages of both
    are then one database to SQLite, and only its full check sees that they contradict each other.
    """
    check = "integrity_check" if _has_log(path) else "quick_check"
    finding = connection.execute(f"PRAGMA {check}(1)").fetchone()[0]
    if finding != "ok":
        raise corrupt(path, str(finding).replace("\n", " "))


def refuse_other_state(
    connection: sqlite3.Connection, path: Path, remembered: Marker | None
) -> None:
    """The file, and the log beside it, must be those that the marker remembers."""
    refuse_other_lineage(connection, path, remembered)
    older = remembered and identity(connection, path).serial < remembered.serial
    if older and _has_log(path):
        log = beside(path, "-wal").name
        raise StateIsCorrupt(
            f"{log} is the log of an earlier night, and would damage {path.name}. Nothing was"
            f" written. Move {log} away and run again, or go back to a good copy with"
            " `unitsync state restore`."
        )


def refuse_other_lineage(
    connection: sqlite3.Connection, path: Path, remembered: Marker | None
) -> None:
    """The file must be the state that the marker remembers."""
    if remembered is None or identity(connection, path).lineage == remembered.lineage:
        return
    raise StateIsForeign(
        f"{path.name} is a state of unitsync, but another one than {marker_path(path).name}"
        " remembers. Nothing was written. Put the right file back, or, if this one is meant,"
        f" delete {marker_path(path).name} and run again."
    )


def _has_log(path: Path) -> bool:
    """Whether a run that was killed left its last commits beside the file."""
    log = beside(path, "-wal")
    return log.exists() and log.stat().st_size > 0


def identity(connection: sqlite3.Connection, path: Path) -> Marker:
    """Which state it is, and how many runs it has seen."""
    row = connection.execute("SELECT lineage, serial FROM meta").fetchone()
    if row is None:
        raise corrupt(path, "it does not say which state it is")
    return Marker(lineage=str(row[0]), serial=int(row[1]))


def write_identity(connection: sqlite3.Connection, marker: Marker) -> None:
    """Say which state it is, once."""
    connection.execute(
        "INSERT INTO meta (id, lineage, serial) VALUES (1, ?, ?)", (marker.lineage, marker.serial)
    )
