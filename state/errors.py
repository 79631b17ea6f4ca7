"""What can be wrong with the state, as one small tree.

    StateError                  the state cannot be used; nothing was written
    ├── StateIsMissing          it existed before and is gone or empty
    ├── StateIsForeign          the file is not this state
    ├── StateIsNewer            a newer unitsync wrote it
    ├── StateIsCorrupt          damaged: SQLite or our own seals say so
    ├── StateIsLocked           another run, or another program, holds it
    └── StateIsUnwritable       disk full, read-only, no permission, no folder
    LedgerConflict              a caller tried to break a promise: a bug, not a state of the disk

Every message is written for a person: what is wrong, that nothing was touched, what to do next.
No message holds a payload. `outcome` says what became of the work, `retry` when to try again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Literal

Retry = Literal["now", "next run", "never"]

# The primary result codes that SQLite answers with (the low byte of `sqlite_errorcode`).
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNWRITABLE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}


class StateError(Exception):
    """The state cannot be used. Whatever was being written was not written."""

    outcome: ClassVar[Literal["not sent", "unknown"]] = "not sent"
    retry: ClassVar[Retry] = "never"


class StateIsMissing(StateError):
    """The state existed before, and is gone or empty. It is never silently created anew."""


class StateIsForeign(StateError):
    """The file is an SQLite database, but not this state."""


class StateIsNewer(StateError):
    """A newer version of unitsync wrote the file."""


class StateIsCorrupt(StateError):
    """The file is damaged: SQLite cannot read it, or a row does not match its seal."""


class StateIsLocked(StateError):
    """Another run, or another program, holds the state.

    `gives_way`: whether that run ends early for one that asks; None where nobody can tell yet.
    """

    retry = "next run"
    gives_way: bool | None = False


class StateIsUnwritable(StateError):
    """The disk is full, the file read-only, or its folder missing."""

    retry = "next run"


class LedgerConflict(RuntimeError):
    """Recording this would break a promise (a second outcome, a request that nobody planned).

    It is not a `StateError`: the file is sound and the transaction was rolled back, but the
    caller is wrong, and the run must end as a bug does.
    """


class BrokenSeal(Exception):
    """A row does not match its seal. `explained` turns it into a `StateIsCorrupt`."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the file at `path` into this module's words."""
    try:
        yield
    except BrokenSeal as error:
        raise corrupt(path, str(error)) from error
    except sqlite3.DatabaseError as error:
        explanation = _explanation(path, error)
        if explanation is None:
            raise
        raise explanation from error


def _explanation(path: Path, error: sqlite3.DatabaseError) -> StateError | None:
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    # Text that is no UTF-8 any more: sqlite3 raises this one by itself, without a code.
    undecodable = code is None and "decode" in str(error)
    if primary == sqlite3.SQLITE_NOTADB:
        return StateIsCorrupt(
            f"{path.name} is no state ({error}). Nothing was written. Correct `state:` in"
            " the configuration, if it names a file of something else; if it was the state, go back"
            " to a good copy with `unitsync state restore`."
        )
    if primary in _CORRUPT or undecodable:
        return corrupt(path, str(error))
    if primary in _BUSY:
        return StateIsLocked(
            f"{path.name} is being written by another program ({error}). Close it and run again."
        )
    if primary in _UNWRITABLE:
        return StateIsUnwritable(
            f"{path.name} cannot be written or read ({error}). Look at the free space and the"
            f" permissions of {path.parent}, then run again: nothing confirmed was lost."
        )
    return None


def corrupt(path: Path, what: str) -> StateIsCorrupt:
    """The error for a damaged file, with the way back."""
    return StateIsCorrupt(
        f"{path.name} is damaged ({what}). Nothing was written. Look closer with"
        f" `unitsync state verify`; go back to a good copy with `unitsync state restore`."
    )
