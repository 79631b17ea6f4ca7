"""The runs whose process died, until a run that ended has told of them.

Promises that none is forgotten: where the run that was to tell of it died itself, the next tells
of both. What a dead run left behind is counted as it was left, also when it is settled by now.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Death:
    """A run that never came to its end: where it ran, and what it left. `host` and `pid` are None
    where an older version ran.

    `requests` had been sent and were not answered, to these `scopes`; `unsent` changes were planned
    and never sent.
    """

    run_id: str
    kind: str
    started_at: datetime
    host: str | None
    pid: int | None
    requests: int
    scopes: tuple[str, ...]
    unsent: int


_UNTOLD = """
    SELECT run_id, kind, started_at, host, pid FROM runs
    WHERE status = 'died' AND told_by IS NULL ORDER BY serial
"""
# A request that another run settled was open when this one died.
_LEFT_OPEN = """
    SELECT scope FROM requests WHERE run_id = ?1
        AND (state = 'sent' OR (state = 'settled' AND settled_by IS NOT ?1))
"""
# A change that went out and did not land is abandoned too, once a reading has shown that.
_UNSENT = """
    SELECT count(*) FROM changes
    WHERE run_id = ? AND outcome IN ('abandoned', 'planned') AND request_id IS NULL
"""
_UNENDED = """
    SELECT run_id, kind, started_at, host, pid FROM runs
    WHERE run_id = ? AND status IN ('running', 'died')
"""


def untold(db: sqlite3.Connection) -> list[Death]:
    """Those of whom nobody has told yet, oldest first."""
    return [_death(db, *row) for row in db.execute(_UNTOLD).fetchall()]


def unended(db: sqlite3.Connection, run_id: str) -> Death | None:
    """What a run has left by now that died, or may have; None for one that came to its end."""
    row = db.execute(_UNENDED, (run_id,)).fetchone()
    return None if row is None else _death(db, *row)


def told(db: sqlite3.Connection, run_id: str) -> None:
    """The run came to its end, and told of all that are dead."""
    db.execute("UPDATE runs SET told_by = ? WHERE status = 'died' AND told_by IS NULL", (run_id,))


def _death(
    db: sqlite3.Connection,
    run_id: str,
    kind: str,
    started_at: str,
    host: str | None,
    pid: int | None,
) -> Death:
    scopes = [scope for (scope,) in db.execute(_LEFT_OPEN, (run_id,))]
    return Death(
        run_id=run_id,
        kind=kind,
        started_at=datetime.fromisoformat(started_at),
        host=host,
        pid=pid,
        requests=len(scopes),
        scopes=tuple(sorted(set(scopes))),
        unsent=int(db.execute(_UNSENT, (run_id,)).fetchone()[0]),
    )
