"""The disk of a simulated night: real files and a real SQLite, a boundary around every step."""

from __future__ import annotations

import errno
import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from state.disk import Disk
from tests.simulation.boundary import Boundary

# What changes the file; reading it leaves nothing for a crash to separate.
WRITING = {"BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE", "VACUUM", "CREATE"}


def full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def database_error(verb: str) -> sqlite3.Error:
    """As SQLite answers: somebody holds the lock, the disk is full, or it does not answer."""
    message, name = {
        "BEGIN": ("database is locked", "SQLITE_BUSY"),
        "COMMIT": ("database or disk is full", "SQLITE_FULL"),
    }.get(verb, ("disk I/O error", "SQLITE_IOERR"))
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, name), name
    return error


class Connection(sqlite3.Connection):
    """A connection that says what it is about to do, and what it has done."""

    boundary: Boundary
    rival: Rival

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return self._around(sql, partial(super().execute, sql, parameters))

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        return self._around(sql, partial(super().executemany, sql, parameters))

    def _around(self, sql: str, step: partial[sqlite3.Cursor]) -> sqlite3.Cursor:
        verb = sql.split(maxsplit=1)[0].upper()
        if verb == "ROLLBACK" and self.boundary.dead:
            self.boundary.point("ROLLBACK")
        if sql.startswith("PRAGMA busy_timeout"):
            # Whoever holds the lock cannot let go while we wait: there is only one thread.
            return super().execute("PRAGMA busy_timeout = 0")
        if verb not in WRITING:
            return step()
        self.boundary.point(f"before {verb}", partial(database_error, verb))
        if self.in_transaction and verb in ("INSERT", "UPDATE", "DELETE"):
            self.boundary.on_write()
        try:
            done = step()
        except sqlite3.OperationalError:
            self.rival.gives_up()
            raise
        self.boundary.point(f"after {verb}")
        return done


class Rival:
    """A second writer, real, who holds the lock longer than anybody waits: until we have given up
    once, or for the rest of the night."""

    def __init__(self, state: Path, boundary: Boundary) -> None:
        self._state = state
        self._for_ever = boundary.mode == "another writer for ever"
        self._connection: sqlite3.Connection | None = None
        boundary.on_rival = self.writes

    def writes(self) -> None:
        self._connection = sqlite3.connect(self._state, timeout=0, isolation_level=None)
        self._connection.execute("BEGIN IMMEDIATE")

    def gives_up(self) -> None:
        """The first of our attempts has failed."""
        if not self._for_ever:
            self.leaves()

    def leaves(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class SimulatedDisk(Disk):
    """The disk of this machine, with a boundary before and after each of its steps."""

    def __init__(self, boundary: Boundary, rival: Rival) -> None:
        self.boundary = boundary
        self.rival = rival

    def connect(self, uri: str) -> sqlite3.Connection:
        self.boundary.point("before connect")
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, factory=Connection
        )
        connection.boundary, connection.rival = self.boundary, self.rival
        return connection

    def create(self, path: Path) -> int:
        self.boundary.point("before create", full)
        descriptor = super().create(path)
        self.boundary.point("after create")
        return descriptor

    def rename(self, draft: Path, path: Path) -> None:
        self.boundary.point("before rename", full)
        super().rename(draft, path)
        self.boundary.point("after rename")

    def sync(self, path: Path) -> None:
        self.boundary.point("before fsync", full)
        # Files on /dev/shm need no fsync, and power loss is an older image of them.


# What a crash does not take back: SQLite makes the first anew, the others are not the state's.
KEPT = ("-shm", ".lock", ".html", ".csv")


class Image:
    """The state with its companions as they were at one instant: what a dead process leaves."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and not path.name.endswith(KEPT)
        }

    def restore(self, folder: Path) -> None:
        """Put it back in the place of whatever is there now."""
        for path in folder.rglob("*"):
            if path.is_file() and not path.name.endswith(KEPT):
                path.unlink()
        for name, content in self._files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            place.chmod(0o600)
