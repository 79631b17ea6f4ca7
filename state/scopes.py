"""The scopes: is a scope in step, in doubt, and what did the last accepted extract of it hold.

Promises that a scope is never called settled while a request to it has no answer, a change of it
has an unknown outcome, or a create may come about twice: the next run then reads it first.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from state import absences
from state.encoding import to_json, to_moment, to_text
from transforms.plan import AcceptedExtract

# What `scopes.in_flight` says where an older copy of the state was put back: no run left the scope
# open, but what the API holds may be newer than what is known, which is the same doubt.
RESTORED = "restored"

# A create that a reading did not show was sent again. The vendor may still finish the first
# request, too late for any reading of that run; a refusal leaves no such doubt, but 408 is a
# time-out. It starts from the run's own changes, so that every step is one look into an index.
_SENT_AGAIN = """
    SELECT EXISTS (
        SELECT 1 FROM changes AS created
        CROSS JOIN request_changes AS carried ON carried.change_id = created.change_id
        CROSS JOIN requests AS again ON again.request_id = carried.request_id
        CROSS JOIN changes AS before ON before.key = created.key
            AND (before.pipeline, before.scope, before.entity, before.action)
                = (created.pipeline, created.scope, created.entity, created.action)
        CROSS JOIN request_changes AS had ON had.change_id = before.change_id
        CROSS JOIN requests AS lost ON lost.request_id = had.request_id
        WHERE created.run_id = ? AND created.pipeline = ? AND created.scope = ?
            AND created.action = 'create' AND lost.settled_by = created.run_id
            AND lost.request_id < again.request_id AND lost.purpose = again.purpose
            AND (coalesce(lost.status, 0) NOT BETWEEN 400 AND 499 OR lost.status = 408))
"""


@dataclass(frozen=True, slots=True)
class ScopeRecord:
    """What is known of a scope as a whole.

    `digest` is None unless every unit is known to be in step. `in_flight` names the run that left
    the scope in doubt (or `restored`): read it before planning. `missing` counts the units that
    the last accepted extract did not hold. `strangers` says that live units were seen there to
    which no key is linked, so that what is to be created may be among them.
    """

    scope: str
    digest: str | None
    in_flight: str | None
    accepted_rows: int | None
    missing: int
    synced_at: datetime | None
    strangers: bool

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
    found = db.execute(
        "SELECT scope, digest, in_flight, accepted_rows, missing, synced_at, strangers FROM scopes"
        " WHERE pipeline = ? ORDER BY scope",
        (pipeline,),
    )
    return {
        scope: ScopeRecord(scope, digest, in_flight, rows, missing, to_moment(at), bool(strangers))
        for scope, digest, in_flight, rows, missing, at, strangers in found
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


def note_strangers(db: sqlite3.Connection, pipeline: str, scope: str, *, seen: bool) -> None:
    """Whether a reading showed live units of the scope to which no key is linked."""
    ensure(db, pipeline, scope)
    db.execute(
        "UPDATE scopes SET strangers = ? WHERE pipeline = ? AND scope = ?", (seen, pipeline, scope)
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


def accepted_columns(db: sqlite3.Connection, pipeline: str) -> set[str]:
    """The columns that the last accepted extracts of the pipeline's scopes had."""
    rows = db.execute(
        "SELECT DISTINCT accepted_columns FROM scopes"
        " WHERE pipeline = ? AND accepted_columns IS NOT NULL",
        (pipeline,),
    )
    return {column for (columns,) in rows for column in json.loads(columns)}


def settle(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    run_id: str,
    digest: str | None,
    missing: Collection[str],
    seen: Iterable[str],
    look_again: bool,
    now: datetime,
) -> bool:
    """The run is done with the scope. False: it stays in doubt, because something in it is, or
    because the caller wants to `look_again`."""
    ensure(db, pipeline, scope)
    doubtful = (
        look_again or in_doubt(db, pipeline, scope) or _sent_again(db, pipeline, scope, run_id)
    )
    db.execute(
        "UPDATE scopes SET digest = ?, in_flight = ?, missing = ?, synced_run = ?, synced_at = ?"
        " WHERE pipeline = ? AND scope = ?",
        (
            None if doubtful else digest,
            run_id if doubtful else None,
            len(missing),
            run_id,
            to_text(now),
            pipeline,
            scope,
        ),
    )
    absences.note(db, pipeline, scope, missing, seen)
    return not doubtful


def settle_part(
    db: sqlite3.Connection, pipeline: str, scope: str, run_id: str, *, look_again: bool
) -> bool:
    """The run is done with some units of the scope; what is said of all of it stays. False as for
    `settle`."""
    doubtful = (
        look_again or in_doubt(db, pipeline, scope) or _sent_again(db, pipeline, scope, run_id)
    )
    db.execute(
        "UPDATE scopes SET in_flight = iif(:doubtful, :run_id, NULL),"
        " digest = iif(:doubtful, NULL, digest) WHERE pipeline = :pipeline AND scope = :scope",
        {"doubtful": doubtful, "run_id": run_id, "pipeline": pipeline, "scope": scope},
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


def _sent_again(db: sqlite3.Connection, pipeline: str, scope: str, run_id: str) -> bool:
    """Whether the run sent a create a second time after the first request had had no outcome."""
    return bool(db.execute(_SENT_AGAIN, (run_id, pipeline, scope)).fetchone()[0])
