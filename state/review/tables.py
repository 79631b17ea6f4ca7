"""The copy of the state that a person may look around in.

Promises that it holds only what `tables.sql` names, no keyed hash of a lock code in any form, and
no row that is damaged; that its file and its folder are its owner's alone; and that the state
itself is not touched, whatever becomes of the copy.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from state import known
from state.backup import snapshot
from state.disk import LOCAL_DISK
from state.errors import StateIsMissing, corrupt, explained
from state.marker import marker_path
from state.opening import open_to_read
from transforms.secrets import blanked

NAME = "unitsync"


def make(state: Path, folder: Path) -> Path:
    """The copy, in a private folder that the caller deletes. Raises StateError where the state is
    lost, foreign, newer or damaged, or where there is none yet."""
    state = state.resolve()
    _refuse_none(state)
    # It bears the name of the state, for a person reads what is said of it.
    whole = folder / "whole" / state.name
    whole.parent.mkdir(0o700)
    snapshot(state, whole)
    copy = folder / f"{NAME}.db"
    os.close(LOCAL_DISK.create(copy))
    with closing(open_to_read(whole).connection) as db, explained(copy):
        _refuse_damaged(db, state)
        _fill(db, copy, state)
    whole.unlink()
    marker_path(whole).unlink()
    whole.parent.rmdir()
    return copy


def _refuse_none(state: Path) -> None:
    opened = open_to_read(state)  # refuses what is lost or not ours
    opened.connection.close()
    if not opened.found.lineage:
        raise StateIsMissing(
            f"There is no state in {state} yet, so there is nothing to review. The first"
            " `unitsync sync` makes it."
        )


def _refuse_damaged(db: sqlite3.Connection, state: Path) -> None:
    for entity, pipeline, scope, key, holds in known.sealed_rows(db):
        if not holds:
            raise corrupt(state, f"{entity} {key} of {scope} ({pipeline}) does not match its seal")


def _fill(db: sqlite3.Connection, copy: Path, state: Path) -> None:
    db.rollback()
    db.execute("PRAGMA query_only = OFF")
    # Datasette switches these on; what a value did to `blanked` is told below, in words.
    sqlite3.enable_callback_tracebacks(False)
    db.create_function("blanked", 1, blanked, deterministic=True)
    db.execute("ATTACH ? AS review", (str(copy),))
    db.execute("PRAGMA review.journal_mode = OFF")
    try:
        db.executescript(f"BEGIN;\n{_sql()}\nCOMMIT")
    except sqlite3.OperationalError as error:
        # The statements are good, so it is a value that they stumble over: no JSON, or no UTF-8.
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise corrupt(state, str(error)) from error
        raise


def _sql() -> str:
    return (files(__package__) / "tables.sql").read_text("utf-8")
