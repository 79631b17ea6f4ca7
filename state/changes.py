"""The changes of a run: what was planned, and the one outcome of each.

Promises conservation: a change is written once per run, and moves from `planned` (or `sent`) to one
outcome and never to a second. Only `unknown` may still become something else, when a reading of the
API settles it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from state.encoding import to_json
from state.errors import LedgerConflict
from transforms.plan import Change, Entity, Result

# Outcomes that still await one.
OPEN = ("planned", "sent")
UNSETTLED = (*OPEN, "unknown")

CHANGE_COLUMNS = (
    "entity, scope, key, name, action, before, after, remote_id, group_key, digest, row, held"
)

_PLAN = f"""
    INSERT INTO changes (run_id, pipeline, {CHANGE_COLUMNS})
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_RECORD = """
    UPDATE changes SET outcome = ?, words = ?, status = ?, vendor_request_id = ?,
        remote_id = coalesce(?, remote_id)
    WHERE run_id = ? AND pipeline = ? AND scope = ? AND entity = ? AND key = ?
        AND outcome IN (SELECT value FROM json_each(?))
"""


def plan(db: sqlite3.Connection, pipeline: str, run_id: str, changes: Iterable[Change]) -> None:
    """Write a run's changes down, before any of them is sent."""
    db.executemany(_PLAN, ((run_id, pipeline, *_row(change)) for change in changes))


def identify(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    run_id: str,
    identities: Iterable[tuple[str, str]],
) -> list[int]:
    """The ids of planned changes; one that is not there, or not open, must not be sent."""
    found = []
    for entity, key in identities:
        row = db.execute(
            "SELECT change_id FROM changes WHERE run_id = ? AND pipeline = ? AND scope = ?"
            " AND entity = ? AND key = ? AND outcome = 'planned'",
            (run_id, pipeline, scope, entity, key),
        ).fetchone()
        if row is None:
            raise LedgerConflict(f"{entity} {key} of {scope} is not planned, so it is not sent")
        found.append(int(row[0]))
    return found


def record(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    run_id: str,
    results: Sequence[Result],
    *,
    awaiting: Sequence[str],
    on_the_way: str = "planned",
) -> None:
    """Give each change its outcome; after a step on the way (None) it is `on_the_way`.

    A change that does not await an outcome is a bug of the caller.
    """
    _refuse_repeated(scope, results)
    states = to_json(list(awaiting))
    for result in results:
        change = result.change
        cursor = db.execute(
            _RECORD,
            (
                result.outcome or on_the_way,
                result.words,
                result.status,
                result.request_id,
                result.remote_id,
                run_id,
                pipeline,
                scope,
                change.entity,
                change.key,
                states,
            ),
        )
        if cursor.rowcount != 1:
            raise LedgerConflict(
                f"{change.entity} {change.key} of {scope} does not await an outcome in run {run_id}"
            )


def record_unsent(
    db: sqlite3.Connection, pipeline: str, scope: str, run_id: str, results: Sequence[Result]
) -> None:
    """Outcomes without a request. Unknown is none of them: nothing could ever settle it."""
    if any(result.outcome == "unknown" for result in results):
        raise LedgerConflict(f"an outcome of {scope} is unknown, but nothing was sent")
    record(db, pipeline, scope, run_id, results, awaiting=("planned",))


def troubles(
    db: sqlite3.Connection, pipeline: str, scope: str
) -> dict[tuple[Entity, str], tuple[Literal["failed", "held", "unknown"], str]]:
    """The units and groups whose last change did not come through: how it ended, in which words."""
    rows = db.execute(
        "SELECT entity, key, outcome, words FROM changes WHERE change_id IN ("
        " SELECT max(change_id) FROM changes WHERE pipeline = ? AND scope = ? GROUP BY entity, key)"
        " AND outcome IN ('failed', 'held', 'unknown')",
        (pipeline, scope),
    )
    return {(entity, key): (outcome, words) for entity, key, outcome, words in rows}


def refused_creates(db: sqlite3.Connection, pipeline: str, scope: str, run_id: str) -> list[Change]:
    """What a run was to make and the API refused, as it was sent then."""
    rows = db.execute(
        f"SELECT {CHANGE_COLUMNS} FROM changes WHERE run_id = ? AND pipeline = ? AND scope = ?"
        " AND action = 'create' AND outcome = 'failed' AND status IS NOT NULL ORDER BY change_id",
        (run_id, pipeline, scope),
    )
    return [as_change(row) for row in rows]


def outcome_counts(db: sqlite3.Connection, run_id: str) -> dict[tuple[str, str], dict[str, int]]:
    """(pipeline, scope) -> outcome -> how many: the proof that nothing disappeared."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    rows = db.execute(
        "SELECT pipeline, scope, outcome, count(*) FROM changes WHERE run_id = ?"
        " GROUP BY pipeline, scope, outcome ORDER BY pipeline, scope, outcome",
        (run_id,),
    )
    for pipeline, scope, outcome, count in rows:
        counts.setdefault((pipeline, scope), {})[outcome] = count
    return counts


def as_change(row: Sequence[Any]) -> Change:
    """The change that `CHANGE_COLUMNS` hold."""
    entity, scope, key, name, action, before, after, remote_id, group, digest, number, held = row
    return Change(
        entity=entity,
        scope=scope,
        key=key,
        name=name,
        action=action,
        before=json.loads(before),
        after=json.loads(after),
        remote_id=remote_id,
        group=group,
        digest=digest,
        row=number,
        held=held,
    )


def _row(change: Change) -> tuple[Any, ...]:
    return (
        change.entity,
        change.scope,
        change.key,
        change.name,
        change.action,
        to_json(change.before),
        to_json(change.after),
        change.remote_id,
        change.group,
        change.digest,
        change.row,
        change.held,
    )


def _refuse_repeated(scope: str, results: Sequence[Result]) -> None:
    if any(result.change.scope != scope for result in results):
        raise LedgerConflict(f"a result of another scope was recorded for {scope}")
    if len({result.change.identity for result in results}) != len(results):
        raise LedgerConflict(f"one change of {scope} was given two outcomes at once")
