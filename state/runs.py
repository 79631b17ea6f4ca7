"""The runs: which there were, in which order, and how each one ended.

Promises that runs are ordered by a counter and never by a clock, and that a run whose process died
is seen as dead by the next one: what it had planned but never sent is `abandoned` (and so planned
again), what it had sent stays in doubt until it is settled.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from state import deaths
from state.encoding import to_json, to_text
from state.errors import LedgerConflict
from state.scopes import RESTORED

_ABANDON = "UPDATE changes SET outcome = 'abandoned' WHERE outcome = 'planned' AND run_id = ?"
# Only these can still become something else: see `state.changes`.
_TELL = """
    INSERT INTO told (change_id, outcome, words, status, vendor_request_id)
    SELECT change_id, outcome, words, status, vendor_request_id FROM changes
    WHERE run_id = ? AND outcome IN ('sent', 'unknown')
"""
_COLUMNS = "run_id, serial, kind, pipelines, status, started_at, finished_at, summary"


class RunRecord(TypedDict):
    """A run as it is told: times as UTC text, ready for JSON."""

    run_id: str
    serial: int
    kind: str
    pipelines: list[str]
    status: str
    started_at: str
    finished_at: str | None
    summary: dict[str, Any] | None


def begin(
    db: sqlite3.Connection,
    run_id: str,
    kind: str,
    pipelines: Sequence[str],
    remembered_serial: int,
    now: datetime,
) -> int:
    """Record a run as running and the dead ones as dead; returns the new serial.

    `remembered_serial` is what the marker says. Where it is ahead, an older copy of the state was
    put back: no serial is given twice, and no scope is believed before it is read again.
    """
    _bury_the_dead(db)
    serial = int(db.execute("SELECT serial FROM meta").fetchone()[0])
    if serial < remembered_serial:
        _distrust_scopes(db)
    serial = max(serial, remembered_serial) + 1
    db.execute("UPDATE meta SET serial = ?", (serial,))
    db.execute(
        "INSERT INTO runs (run_id, serial, kind, pipelines, status, started_at, host, pid)"
        " VALUES (?, ?, ?, ?, 'running', ?, ?, ?)",
        (
            run_id,
            serial,
            kind,
            to_json(list(pipelines)),
            to_text(now),
            socket.gethostname(),
            os.getpid(),
        ),
    )
    return serial


def finish(
    db: sqlite3.Connection, run_id: str, status: str, summary: Mapping[str, Any], now: datetime
) -> None:
    """Record how a run ended, and that it told of the dead; what it never came to is abandoned, and
    what is in doubt is kept as it was told."""
    cursor = db.execute(
        "UPDATE runs SET status = ?, finished_at = ?, summary = ?"
        " WHERE run_id = ? AND status = 'running'",
        (status, to_text(now), to_json(summary), run_id),
    )
    if cursor.rowcount != 1:
        raise LedgerConflict(f"run {run_id} is not running, so it cannot be finished")
    db.execute(_ABANDON, (run_id,))
    db.execute(_TELL, (run_id,))
    deaths.told(db, run_id)


def latest(db: sqlite3.Connection, limit: int) -> list[RunRecord]:
    """The last runs, newest first."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM runs ORDER BY serial DESC LIMIT ?", (limit,))
    return [_record(row) for row in rows]


def find(db: sqlite3.Connection, run_id: str) -> RunRecord | None:
    """One run, or None where there was none of that id."""
    row = db.execute(f"SELECT {_COLUMNS} FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return None if row is None else _record(row)


def ids(db: sqlite3.Connection, prefix: str) -> list[str]:
    """The ids that begin so, newest first."""
    rows = db.execute(
        "SELECT run_id FROM runs WHERE substr(run_id, 1, length(?1)) = ?1 ORDER BY serial DESC",
        (prefix,),
    )
    return [run_id for (run_id,) in rows]


def running(db: sqlite3.Connection) -> str | None:
    """The run that is under way. There is at most one: the lock says so."""
    row = db.execute("SELECT run_id FROM runs WHERE status = 'running'").fetchone()
    return None if row is None else str(row[0])


def _bury_the_dead(db: sqlite3.Connection) -> None:
    dead = db.execute("SELECT run_id FROM runs WHERE status = 'running'").fetchall()
    db.executemany("UPDATE runs SET status = 'died' WHERE run_id = ?", dead)
    db.executemany(_ABANDON, dead)
    db.executemany(_TELL, dead)


def _distrust_scopes(db: sqlite3.Connection) -> None:
    db.execute("UPDATE scopes SET digest = NULL, in_flight = ?", (RESTORED,))


def _record(row: tuple[Any, ...]) -> RunRecord:
    run_id, serial, kind, pipelines, status, started_at, finished_at, summary = row
    return RunRecord(
        run_id=run_id,
        serial=serial,
        kind=kind,
        pipelines=json.loads(pipelines),
        status=status,
        started_at=started_at,
        finished_at=finished_at,
        summary=None if summary is None else json.loads(summary),
    )
