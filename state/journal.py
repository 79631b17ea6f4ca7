"""The journal: every request, written before the wire and closed after the answer.

Promises that a request which left the house is in the file first, that its answer, the outcomes it
decided and what it made known become true in one transaction, and that a request without an answer
stays visible until a reading of the API settles it.

A request is open, its row `sent`, as long as it has no answer or a change in it is `unknown`.

A crash leaves: before `sent` commits, nothing, and nothing was sent; after it, a row `sent`, whose
effect nobody knows, and a scope in flight; after `answered` commits, everything.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from state import changes, runs, scopes
from state.acknowledgement import acknowledge
from state.changes import CHANGE_COLUMNS, OPEN, UNSETTLED
from state.encoding import to_text
from state.errors import LedgerConflict
from transforms.plan import Change, Result

# A change may travel in several requests, one after the other; only the last one can be in doubt.
_IN_DOUBT = "outcome IN ('sent', 'unknown')"
_LAST_IN = (
    "request_id = :request_id AND change_id IN"
    " (SELECT change_id FROM request_changes WHERE request_id = :request_id)"
)


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request whose effect is not known, with those of its changes that await an outcome."""

    id: int
    run_id: str
    method: str
    path: str
    purpose: str
    sent_at: datetime
    words: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Origin:
    run_id: str
    pipeline: str
    scope: str


def sent(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    run_id: str,
    method: str,
    path: str,
    purpose: str,
    identities: Iterable[tuple[str, str]],
    now: datetime,
) -> int:
    """Write down a request that is about to be sent; the scope is in flight from now on."""
    change_ids = changes.identify(db, pipeline, scope, run_id, identities)
    scopes.mark_in_flight(db, pipeline, scope, run_id)
    row = db.execute(
        "INSERT INTO requests (run_id, pipeline, scope, method, path, purpose, sent_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING request_id",
        (run_id, pipeline, scope, method, path, purpose, to_text(now)),
    ).fetchone()
    request_id = int(row[0])
    carried = [(request_id, change_id) for change_id in change_ids]
    db.executemany("INSERT INTO request_changes (request_id, change_id) VALUES (?, ?)", carried)
    db.executemany(
        "UPDATE changes SET outcome = 'sent', request_id = ? WHERE change_id = ?", carried
    )
    return request_id


def answered(
    db: sqlite3.Connection,
    request_id: int,
    status: int | None,
    words: str,
    vendor_request_id: str | None,
    results: Sequence[Result],
    now: datetime,
) -> None:
    """Record an answer and everything that it decided.

    A change that an answer left undecided is planned again in the same run. Without a status there
    was no answer: what `results` does not decide stays sent, and the request unanswered.
    """
    origin = _open_origin(db, request_id)
    _record(db, origin, results, awaiting=OPEN, on_the_way="planned")
    if status is not None:
        _release(db, request_id, ("sent",), results, "planned")
    stays_open = _in_doubt(db, request_id) or (status is None and not results)
    db.execute(
        "UPDATE requests SET state = ?, answered_at = ?, status = ?, words = ?,"
        " vendor_request_id = ? WHERE request_id = ?",
        (
            "sent" if stays_open else "answered",
            None if status is None else to_text(now),
            status,
            words,
            vendor_request_id,
            request_id,
        ),
    )


def learn(db: sqlite3.Connection, request_id: int, results: Sequence[Result]) -> None:
    """Record what a reading showed of an open request, which stays open.

    A change on the way can be sent on in the same run. Where its run is over it stays in doubt:
    nobody would ever send it.
    """
    origin = _open_origin(db, request_id)
    on_the_way = "planned" if _is_under_way(db, origin) else "unknown"
    _record(db, origin, results, awaiting=UNSETTLED, on_the_way=on_the_way)


def settle(
    db: sqlite3.Connection, request_id: int, results: Sequence[Result], now: datetime
) -> None:
    """Close a request by what a reading of the API showed.

    A change that `results` does not name did not land: it is planned again in the same run, and
    abandoned (so planned by the next plan) where its run is over. One that `results` calls unknown
    is not sent again: it keeps the request open.
    """
    origin = _open_origin(db, request_id)
    released = "planned" if _is_under_way(db, origin) else "abandoned"
    _record(db, origin, results, awaiting=UNSETTLED, on_the_way=released)
    _release(db, request_id, ("sent", "unknown"), results, released)
    db.execute(
        "UPDATE requests SET state = ?, settled_by = ?,"
        " answered_at = coalesce(answered_at, ?) WHERE request_id = ?",
        (
            "sent" if _in_doubt(db, request_id) else "settled",
            runs.running(db),
            to_text(now),
            request_id,
        ),
    )


def unanswered(db: sqlite3.Connection, pipeline: str, scope: str) -> list[SentRequest]:
    """The open requests to a scope, oldest first: look at these first."""
    rows = db.execute(
        "SELECT request_id, run_id, method, path, purpose, sent_at, words FROM requests"
        " WHERE pipeline = ? AND scope = ? AND state = 'sent' ORDER BY request_id",
        (pipeline, scope),
    ).fetchall()
    return [_sent_request(db, row) for row in rows]


def _sent_request(db: sqlite3.Connection, row: Sequence[Any]) -> SentRequest:
    request_id, run_id, method, path, purpose, sent_at, words = row
    rows = db.execute(
        f"SELECT {CHANGE_COLUMNS} FROM changes WHERE {_LAST_IN} AND {_IN_DOUBT} ORDER BY change_id",
        {"request_id": request_id},
    )
    return SentRequest(
        id=request_id,
        run_id=run_id,
        method=method,
        path=path,
        purpose=purpose,
        sent_at=datetime.fromisoformat(sent_at),
        words=words,
        changes=tuple(changes.as_change(change) for change in rows),
    )


def _open_origin(db: sqlite3.Connection, request_id: int) -> _Origin:
    row = db.execute(
        "SELECT run_id, pipeline, scope, state FROM requests WHERE request_id = ?", (request_id,)
    ).fetchone()
    if row is None:
        raise LedgerConflict(f"request {request_id} is not in the journal")
    if row[3] != "sent":
        raise LedgerConflict(f"request {request_id} is {row[3]} already")
    return _Origin(*row[:3])


def _is_under_way(db: sqlite3.Connection, origin: _Origin) -> bool:
    return origin.run_id == runs.running(db)


def _record(
    db: sqlite3.Connection,
    origin: _Origin,
    results: Sequence[Result],
    *,
    awaiting: Sequence[str],
    on_the_way: str,
) -> None:
    changes.record(
        db,
        origin.pipeline,
        origin.scope,
        origin.run_id,
        results,
        awaiting=awaiting,
        on_the_way=on_the_way,
    )
    acknowledge(db, origin.pipeline, origin.scope, results)


def _release(
    db: sqlite3.Connection,
    request_id: int,
    undecided: Sequence[str],
    results: Sequence[Result],
    outcome: str,
) -> None:
    """Let go of what the request carried and `results` does not name."""
    named = {result.change.identity for result in results}
    carried = db.execute(
        f"SELECT change_id, entity, key, outcome FROM changes WHERE {_LAST_IN}",
        {"request_id": request_id},
    ).fetchall()
    db.executemany(
        "UPDATE changes SET outcome = ? WHERE change_id = ?",
        [
            (outcome, change_id)
            for change_id, entity, key, current in carried
            if current in undecided and (entity, key) not in named
        ],
    )


def _in_doubt(db: sqlite3.Connection, request_id: int) -> bool:
    row = db.execute(
        f"SELECT EXISTS (SELECT 1 FROM changes WHERE {_LAST_IN} AND {_IN_DOUBT})",
        {"request_id": request_id},
    ).fetchone()
    return bool(row[0])
