"""Everything that ever happened to one unit, for the person who asks why.

A unit is found by its key, or by any name that it has or had. Reads only.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from state import known
from transforms.plan import KnownUnit

Event = dict[str, Any]

_IDENTITIES = """
    SELECT pipeline, scope, key FROM units WHERE key = :unit OR name = :unit
    UNION SELECT pipeline, scope, key FROM changes
        WHERE entity = 'unit' AND (key = :unit OR name = :unit)
    UNION SELECT pipeline, scope, key FROM links WHERE key = :unit OR name = :unit
    UNION SELECT pipeline, coalesce(scope, ''), key FROM rejections WHERE key = :unit
    ORDER BY pipeline, scope, key
"""
_CHANGES = """
    SELECT run_id, serial, kind AS run_kind, started_at AS at, 'change' AS what, change_id,
        name, action, outcome, before, after, row, held, words, changes.status AS status,
        vendor_request_id
    FROM changes JOIN runs USING (run_id)
    WHERE key = :key AND pipeline = :pipeline AND scope = :scope AND entity = 'unit'
"""
_REQUESTS = """
    SELECT request_id, method, path, purpose, state, sent_at, answered_at, status, words,
        vendor_request_id, settled_by
    FROM request_changes JOIN requests USING (request_id)
    WHERE change_id = ? ORDER BY request_id
"""
_REJECTIONS = """
    SELECT run_id, serial, kind AS run_kind, started_at AS at, 'rejection' AS what,
        row, field, rule, value, message
    FROM rejections JOIN runs USING (run_id)
    WHERE key = :key AND pipeline = :pipeline AND coalesce(scope, '') = :scope ORDER BY rejection_id
"""
_LINKS = """
    SELECT run_id, serial, kind AS run_kind, started_at AS at, action AS what, remote_id, name
    FROM links JOIN runs USING (run_id)
    WHERE key = :key AND pipeline = :pipeline AND scope = :scope ORDER BY link_id
"""


@dataclass(frozen=True, slots=True)
class UnitHistory:
    """One unit of one scope: what is known now, and its events in the order of the runs.

    An event is ready for JSON. `what` is `rejection`, `linked`, `unlinked` or `change`; a change
    carries its requests.
    """

    pipeline: str
    scope: str
    key: str
    known: KnownUnit | None
    events: tuple[Event, ...]


def of_unit(db: sqlite3.Connection, unit: str) -> list[UnitHistory]:
    """The history of every unit with this key or name; more than one where scopes share it."""
    identities = db.execute(_IDENTITIES, {"unit": unit}).fetchall()
    return [_history(db, *identity) for identity in identities]


def _history(db: sqlite3.Connection, pipeline: str, scope: str, key: str) -> UnitHistory:
    where = {"pipeline": pipeline, "scope": scope, "key": key}
    events = [
        *_rows(db, _REJECTIONS, where),
        *_rows(db, _LINKS, where),
        *(_with_requests(db, change) for change in _rows(db, _CHANGES, where)),
    ]
    return UnitHistory(
        pipeline=pipeline,
        scope=scope,
        key=key,
        known=known.units(db, pipeline, scope, [key]).get(key),
        # Stable: within a run first what the source said, then what was found, then what was done.
        events=tuple(sorted(events, key=lambda event: int(event["serial"]))),
    )


def _with_requests(db: sqlite3.Connection, change: Event) -> Event:
    change_id = change.pop("change_id")
    change["before"] = json.loads(change["before"])
    change["after"] = json.loads(change["after"])
    change["requests"] = list(_rows(db, _REQUESTS, (change_id,)))
    return change


def _rows(
    db: sqlite3.Connection, query: str, parameters: dict[str, str] | tuple[int, ...]
) -> Iterator[Event]:
    cursor = db.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        yield dict(zip(names, row, strict=True))
