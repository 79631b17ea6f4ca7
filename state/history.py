"""Everything that ever happened to one unit, for the person who asks why.

A unit is found by its key, by any name that it has or had, or by the id that the API gave it. What
happened is told in the order of the runs, up to a run if one is named. Reads only.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from state import absences, known, past
from transforms.plan import KnownUnit

Event = dict[str, Any]

_IDENTITIES = """
    SELECT pipeline, scope, key FROM units WHERE key = :unit OR name = :unit
    UNION SELECT pipeline, scope, key FROM changes
        WHERE entity = 'unit' AND (key = :unit OR name = :unit)
    UNION SELECT pipeline, scope, key FROM links WHERE key = :unit OR name = :unit
    UNION SELECT pipeline, scope, key FROM standings WHERE entity = 'unit' AND key = :unit
    UNION SELECT pipeline, coalesce(scope, ''), key FROM rejections WHERE key = :unit
    ORDER BY pipeline, scope, key
"""
_BY_ID = """
    SELECT pipeline, scope, key FROM units WHERE remote_id = :unit
    UNION SELECT pipeline, scope, key FROM changes WHERE entity = 'unit' AND remote_id = :unit
    UNION SELECT pipeline, scope, key FROM links WHERE remote_id = :unit
    ORDER BY pipeline, scope, key
"""
_CHANGES = """
    SELECT run_id, serial, kind AS run_kind, started_at AS at, 'change' AS what, change_id,
        name, action, changes.outcome AS outcome, before, after, row, held, changes.words AS words,
        changes.status AS status, changes.vendor_request_id AS vendor_request_id,
        told.outcome AS told_outcome, told.words AS told_words, told.status AS told_status,
        told.vendor_request_id AS told_vendor_request_id
    FROM changes JOIN runs USING (run_id) LEFT JOIN told USING (change_id)
    WHERE key = :key AND pipeline = :pipeline AND scope = :scope AND entity = 'unit'
"""
# What a reading decides of a change.
_SETTLED = ("outcome", "words", "status", "vendor_request_id")
_REQUESTS = """
    SELECT request_id, method, path, purpose, state, sent_at, answered_at, status, words,
        vendor_request_id, settled_by,
        (SELECT serial FROM runs WHERE run_id = settled_by) AS settled_serial
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
_STANDINGS = """
    SELECT run_id, serial, kind AS run_kind, started_at AS at, 'standing' AS what,
        standing, row, words, fields
    FROM standings JOIN runs USING (run_id)
    WHERE key = :key AND pipeline = :pipeline AND scope = :scope AND entity = 'unit'
    ORDER BY standing_id
"""
_NAMES = """
    SELECT key FROM units UNION SELECT name FROM units
    UNION SELECT key FROM changes WHERE entity = 'unit'
    UNION SELECT name FROM changes WHERE entity = 'unit'
"""


@dataclass(frozen=True, slots=True)
class UnitHistory:
    """One unit of one scope: what is known, and its events in the order of the runs.

    An event is ready for JSON. `what` is `rejection`, `missing`, `no longer missing`,
    `linked`, `unlinked`, `standing` or `change`; a change carries its requests. `kept` is False
    where what was known at the time that was asked for was not kept.
    """

    pipeline: str
    scope: str
    key: str
    known: KnownUnit | None
    events: tuple[Event, ...]
    kept: bool = True


def of_unit(db: sqlite3.Connection, unit: str, as_of: int | None = None) -> list[UnitHistory]:
    """The history of every unit with this key, name or id, up to the run of the serial `as_of`;
    more than one where scopes share it."""
    named = {"unit": unit}
    identities = db.execute(_IDENTITIES, named).fetchall() or db.execute(_BY_ID, named).fetchall()
    return [_history(db, pipeline, scope, key, as_of) for pipeline, scope, key in identities]


def names(db: sqlite3.Connection) -> list[str]:
    """Every key and name of a unit, past and present."""
    return [name for (name,) in db.execute(_NAMES)]


def _history(
    db: sqlite3.Connection, pipeline: str, scope: str, key: str, as_of: int | None
) -> UnitHistory:
    where = {"pipeline": pipeline, "scope": scope, "key": key}
    # Within a run first what the source said, then what was found, then what was done.
    events = [
        *_rows(db, _REJECTIONS, where),
        *_rows(db, absences.BEGINNINGS, {**where, "what": "missing"}),
        *_rows(db, absences.ENDS, {**where, "what": "no longer missing"}),
        *_rows(db, _LINKS, where),
        *(_with_sides(standing) for standing in _rows(db, _STANDINGS, where)),
        *(_with_requests(db, change, as_of) for change in _rows(db, _CHANGES, where)),
    ]
    told = [event for event in events if as_of is None or int(event["serial"]) <= as_of]
    try:
        unit = _known(db, pipeline, scope, key, as_of)
    except past.NotKept:
        unit, kept = None, False
    else:
        kept = True
    return UnitHistory(
        pipeline=pipeline,
        scope=scope,
        key=key,
        known=unit,
        events=tuple(sorted(told, key=lambda event: int(event["serial"]))),
        kept=kept,
    )


def _known(
    db: sqlite3.Connection, pipeline: str, scope: str, key: str, as_of: int | None
) -> KnownUnit | None:
    if as_of is None:
        return known.units(db, pipeline, scope, [key]).get(key)
    return past.as_of(db, pipeline, scope, key, as_of)


def _with_sides(standing: Event) -> Event:
    standing["fields"] = json.loads(standing["fields"])
    return standing


def _with_requests(db: sqlite3.Connection, change: Event, as_of: int | None) -> Event:
    """The change as it stood at the time: what a later run settled was still told as in doubt."""
    requests = list(_rows(db, _REQUESTS, (change.pop("change_id"),)))
    settled = [request.pop("settled_serial") for request in requests]
    later = [as_of is not None and serial is not None and serial > as_of for serial in settled]
    for request, is_later in zip(requests, later, strict=True):
        if is_later:
            request |= {"state": "sent", "settled_by": None}
    told = {name: change.pop(f"told_{name}") for name in _SETTLED}
    if any(later) and told["outcome"] is not None:
        change |= told
    sides = {side: json.loads(change[side]) for side in ("before", "after")}
    return {**change, **sides, "requests": requests}


def _rows(
    db: sqlite3.Connection, query: str, parameters: dict[str, str] | tuple[int, ...]
) -> Iterator[Event]:
    cursor = db.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        yield dict(zip(names, row, strict=True))
