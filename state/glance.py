"""The state at one look, for what must answer at once: the first screen, and completion in a shell.

Promises that a look changes no byte, leaves no file behind and loads nothing large; and that a file
that cannot be read is a StateError. Where there is no state yet, there is nothing to see.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from state import runs
from state.disk import LOCAL_DISK, reading_mode
from state.errors import corrupt, explained
from state.runs import RunRecord

_T = TypeVar("_T")


def last_runs(state: Path, limit: int) -> list[RunRecord]:
    """The last runs, newest first."""
    return _seen(state, lambda db: runs.latest(db, limit)) or []


def scopes(state: Path, beginning: str, limit: int) -> list[str]:
    """The scopes that begin so, in the order of their names."""
    question = (
        "SELECT DISTINCT scope FROM scopes WHERE substr(scope, 1, length(?1)) = ?1"
        " ORDER BY scope LIMIT ?2"
    )
    found = _seen(state, lambda db: db.execute(question, (beginning, limit)).fetchall())
    return [scope for (scope,) in found or ()]


def _seen(state: Path, look: Callable[[sqlite3.Connection], _T]) -> _T | None:
    if not state.is_file() or not state.stat().st_size:
        return None
    try:
        with explained(state), closing(_connection(state)) as db:
            return look(db)
    except sqlite3.DatabaseError as error:  # another program's database, or a newer one
        raise corrupt(state, str(error)) from error


def _connection(state: Path) -> sqlite3.Connection:
    path = state.absolute()
    db = LOCAL_DISK.connect(f"{path.as_uri()}?mode={reading_mode(path)}")
    db.execute("PRAGMA query_only = ON")
    return db
