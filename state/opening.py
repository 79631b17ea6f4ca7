"""Opening the file: what is ours, what is new, and what must be refused.

Promises that a lost, damaged, foreign or newer state is refused before anything is written to it,
and is never silently replaced by an empty one; that every file created here is private; and that
opening for reading leaves no file behind and changes no byte.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from state import inspection, schema
from state.disk import LOCAL_DISK, PRIVATE, Disk, reading_mode
from state.errors import StateIsUnwritable, explained
from state.marker import Marker, read_marker, write_marker
from state.transactions import immediate

# The run lock keeps other runs away; this is for a person with a database browser.
_BUSY_TIMEOUT_MS = 5_000
_NO_STATE = Marker(lineage="", serial=0)


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection to a state that was found good, which one it is, and what the marker said."""

    connection: sqlite3.Connection
    found: Marker
    remembered: Marker | None

    @property
    def restored_from_older(self) -> bool:
        """Whether the marker has seen later runs: somebody put an older copy back."""
        return self.remembered is not None and self.found.serial < self.remembered.serial


def open_to_write(
    path: Path, *, new_id: Callable[[], str], expect_existing: bool, disk: Disk = LOCAL_DISK
) -> Opened:
    """Open the state at `path`, creating it on a first night only."""
    remembered = read_marker(path)
    existed = remembered is not None or expect_existing
    inspection.refuse_odd_place(path)
    if inspection.is_absent(path):
        inspection.refuse_lost(path, existed=existed)
        _create_file(path, disk)
    version = _inspected(path, remembered, disk, existed=existed)
    with connected(path, "rw", disk) as connection:
        path.chmod(PRIVATE)
        _make_durable(connection)
        _bring_up_to_date(connection, version, new_id)
        found = inspection.identity(connection, path)
        if remembered is None:
            write_marker(path, found, disk)
    return Opened(connection, found, remembered)


def _inspected(path: Path, remembered: Marker | None, disk: Disk, *, existed: bool) -> int | None:
    """The schema version of a file that may be written to; a look folds no `-wal` into it."""
    with connected_to_read(path, disk) as connection:
        version = inspection.schema_version(connection, path)
        if version is None:
            inspection.refuse_lost(path, existed=existed)
        else:
            inspection.refuse_other_state(connection, path, remembered)
            inspection.refuse_damaged(connection, path)
        connection.close()
    return version


def open_to_read(path: Path) -> Opened:
    """A snapshot of the state at `path`; an empty one, on no disk, where there is none yet."""
    remembered = read_marker(path)
    inspection.refuse_odd_place(path)
    if inspection.is_absent(path):
        inspection.refuse_lost(path, existed=remembered is not None)
        return Opened(_empty(), _NO_STATE, None)
    with connected_to_read(path) as connection:
        version = inspection.schema_version(connection, path)
        if version is None:
            inspection.refuse_lost(path, existed=remembered is not None)
            connection.close()
            return Opened(_empty(), _NO_STATE, None)
        inspection.refuse_other_state(connection, path, remembered)
        found = inspection.identity(connection, path)
        if version < schema.SCHEMA_VERSION:
            return Opened(_migrated_copy(connection), found, remembered)
    return Opened(connection, found, remembered)


@contextmanager
def connected_to_read(path: Path, disk: Disk = LOCAL_DISK) -> Iterator[sqlite3.Connection]:
    """A connection that sees one moment and writes nothing; closed again if the block fails."""
    with connected(path, reading_mode(path), disk) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        yield connection


@contextmanager
def connected(
    path: Path, mode: Literal["ro", "rw"], disk: Disk = LOCAL_DISK
) -> Iterator[sqlite3.Connection]:
    """A connection; closed again if the block fails, and left open if it does not."""
    with explained(path):
        connection = disk.connect(f"{path.as_uri()}?mode={mode}")
        try:
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
            yield connection
        except BaseException:
            connection.close()
            raise


def _create_file(path: Path, disk: Disk) -> None:
    """An empty private file; SQLite gives `-wal` and `-shm` the same mode."""
    try:
        os.close(disk.create(path))
    except OSError as error:
        raise StateIsUnwritable(
            f"{path} cannot be created ({error.strerror}). Make its folder, or correct `state:` in"
            " the configuration, and run again."
        ) from error


def _make_durable(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _bring_up_to_date(
    connection: sqlite3.Connection, version: int | None, new_id: Callable[[], str]
) -> None:
    if version == schema.SCHEMA_VERSION:
        return
    with immediate(connection):
        schema.migrate(connection)
        if version is None:
            inspection.write_identity(connection, Marker(lineage=new_id(), serial=0))


def _empty() -> sqlite3.Connection:
    connection = LOCAL_DISK.connect(":memory:")
    with immediate(connection):
        schema.migrate(connection)
        inspection.write_identity(connection, _NO_STATE)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _migrated_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    """An older file, read by a newer unitsync: migrated in memory, left alone on the disk."""
    copy = LOCAL_DISK.connect(":memory:")
    connection.backup(copy)
    connection.close()
    with immediate(copy):
        schema.migrate(copy)
    copy.execute("PRAGMA query_only = ON")
    return copy
