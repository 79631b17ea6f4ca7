"""What a person let through: where, of which run, why, until when, and which run used it.

Promises that an allowance is used by one run at most, and that one that was used or has expired
lets nothing through any more. Both are kept, for whoever asks later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from state import tripped
from state.encoding import storable, to_text
from state.errors import LedgerConflict


@dataclass(frozen=True, slots=True)
class Allowance:
    """One scope's part of what a person let through; `run_id` is the run that had held it.

    Times are UTC text, ready for JSON.
    """

    id: int
    pipeline: str
    scope: str
    run_id: str
    reason: str
    who: str
    expires_at: str


_COLUMNS = "allowance_id, pipeline, scope, run_id, reason, who, expires_at"

# What a person let through in a run whose guardrails spoke of a unit, told with that run.
OF_UNIT = f"""
    WITH guarded AS ({tripped.OF_UNIT})
    SELECT run_id, serial, run_kind, at, 'allowance' AS what, reason, who, expires_at, used_by_run
    FROM allowances JOIN (SELECT DISTINCT run_id, serial, run_kind, at FROM guarded) USING (run_id)
    WHERE pipeline = :pipeline AND scope = :scope ORDER BY allowance_id
"""


def grant(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    run_id: str,
    reason: str,
    who: str,
    expires_at: datetime,
) -> None:
    """Remember that a person lets through what the run held in the scope."""
    db.execute(
        "INSERT INTO allowances (pipeline, scope, run_id, reason, who, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (pipeline, scope, run_id, storable(reason), storable(who), to_text(expires_at)),
    )


def active(db: sqlite3.Connection, pipeline: str, scope: str, now: datetime) -> list[Allowance]:
    """Those of a scope that no run has used and that have not expired."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM allowances WHERE pipeline = ? AND scope = ?"
        " AND used_by_run IS NULL AND expires_at > ? ORDER BY allowance_id",
        (pipeline, scope, to_text(now)),
    )
    return [Allowance(*row) for row in rows]


def use(db: sqlite3.Connection, allowances: Iterable[int], run_id: str) -> None:
    """The run has pushed what they let through: from now on they let nothing through."""
    for allowance in allowances:
        cursor = db.execute(
            "UPDATE allowances SET used_by_run = ? WHERE allowance_id = ? AND used_by_run IS NULL",
            (run_id, allowance),
        )
        if cursor.rowcount != 1:
            raise LedgerConflict(f"allowance {allowance} is not there to be used, or was used")


def used_by(db: sqlite3.Connection, run_id: str) -> list[Allowance]:
    """Those that a run used."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM allowances WHERE used_by_run = ? ORDER BY allowance_id", (run_id,)
    )
    return [Allowance(*row) for row in rows]
