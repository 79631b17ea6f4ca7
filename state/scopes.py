"""The scopes: is a scope in step, in doubt, and what did the last accepted extract of it hold.

Promises that a scope is never called settled while a request to it has no answer or a change of it
has an unknown outcome: the next run then reads it first.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from state.encoding import to_json, to_moment, to_text
from transforms.plan import AcceptedExtract

# What `scopes.in_flight` says where an older copy of the state was put back: no run left the scope
# open, but what the API holds may be newer than what is known, which is the same doubt.
RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class ScopeRecord:
    """What is known of a scope as a whole.

    `digest` is None unless every unit is known to be in step. `in_flight` names the run that left
    the scope in doubt (or `restored`): read it before planning. `missing` counts the units that
    the last accepted extract did not hold.
    """

    scope: str
    digest: str | None
    in_flight: str | None
    accepted_rows: int | None
    missing: int
    synced_at: datetime | None

    @property
    def restored(self) -> bool:
        """Whether an older state was put back since, so that the API may know better."""
        return self.in_flight == RESTORED

    @property
    def first_synced(self) -> bool:
        """Whether a sync of this scope has ever been settled; before that, read and adopt."""
        return self.synced_at is not None


def records(db: sqlite3.Connection, pipeline: str) -> dict[str, ScopeRecord]:
    """Every scope that the state has met, in one query."""
    rows = db.execute(
        "SELECT scope, digest, in_flight, accepted_rows, missing, synced_at FROM scopes"
        " WHERE pipeline = ? ORDER BY scope",
        (pipeline,),
    )
    return {
        scope: ScopeRecord(scope, digest, in_flight, accepted_rows, missing, to_moment(synced_at))
        for scope, digest, in_flight, accepted_rows, missing, synced_at in rows
    }


def ensure(db: sqlite3.Connection, pipeline: str, scope: str) -> None:
    """Have a row for the scope."""
    db.execute(
        "INSERT INTO scopes (pipeline, scope) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (pipeline, scope),
    )


def mark_in_flight(db: sqlite3.Connection, pipeline: str, scope: str, run_id: str) -> None:
    """Something is about to be sent: from now on the scope is in doubt and not in step."""
    ensure(db, pipeline, scope)
    db.execute(
        "UPDATE scopes SET in_flight = ?, digest = NULL WHERE pipeline = ? AND scope = ?",
        (run_id, pipeline, scope),
    )


def mark_out_of_step(db: sqlite3.Connection, pipeline: str, scope: str) -> None:
    """What is known of the scope changed, so its digest says nothing any more."""
    ensure(db, pipeline, scope)
    db.execute(
        "UPDATE scopes SET digest = NULL WHERE pipeline = ? AND scope = ?", (pipeline, scope)
    )


def accept_extract(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    run_id: str,
    rows: int,
    keys: Iterable[str],
    columns: Sequence[str],
    now: datetime,
) -> None:
    """Remember an extract that passed the guardrails."""
    ensure(db, pipeline, scope)
    db.execute(
        "UPDATE scopes SET accepted_run = ?, accepted_at = ?, accepted_rows = ?,"
        " accepted_columns = ?, accepted_keys = ? WHERE pipeline = ? AND scope = ?",
        (
            run_id,
            to_text(now),
            rows,
            to_json(list(columns)),
            to_json(sorted(keys)),
            pipeline,
            scope,
        ),
    )


def accepted_extract(db: sqlite3.Connection, pipeline: str, scope: str) -> AcceptedExtract | None:
    """The last accepted extract, or None before the first."""
    row = db.execute(
        "SELECT accepted_rows, accepted_keys, accepted_columns FROM scopes"
        " WHERE pipeline = ? AND scope = ? AND accepted_rows IS NOT NULL",
        (pipeline, scope),
    ).fetchone()
    if row is None:
        return None
    return AcceptedExtract(row[0], frozenset(json.loads(row[1])), tuple(json.loads(row[2])))


def settle(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    run_id: str,
    digest: str | None,
    missing: int,
    now: datetime,
) -> bool:
    """The run is done with the scope. False: it stays in doubt, because something in it is."""
    ensure(db, pipeline, scope)
    doubtful = in_doubt(db, pipeline, scope)
    db.execute(
        "UPDATE scopes SET digest = ?, in_flight = ?, missing = ?, synced_run = ?, synced_at = ?"
        " WHERE pipeline = ? AND scope = ?",
        (
            None if doubtful else digest,
            run_id if doubtful else None,
            missing,
            run_id,
            to_text(now),
            pipeline,
            scope,
        ),
    )
    return not doubtful


def in_doubt(db: sqlite3.Connection, pipeline: str, scope: str) -> bool:
    """Whether a request to the scope is open: without an answer, or with an unknown outcome."""
    row = db.execute(
        "SELECT EXISTS (SELECT 1 FROM requests"
        " WHERE pipeline = ? AND scope = ? AND state = 'sent')",
        (pipeline, scope),
    ).fetchone()
    return bool(row[0])
