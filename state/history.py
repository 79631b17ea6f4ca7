"""Everything that ever happened to one unit, for the person who asks why.

What happened to a unit (`state.identities` says who is meant) is told in the order of the runs, up
to a run if one is named. Reads only.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from state import absences, allowances, identities, known, past, quiet, tripped
from state.identities import Identity
from transforms.plan import KnownUnit

Event = dict[str, Any]

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
    WHERE pipeline = :pipeline AND scope = :scope AND entity = 'unit'
        AND (key = :key OR (:key IS NULL AND key IS NULL AND remote_id = :remote_id))
    ORDER BY standing_id
"""


@dataclass(frozen=True, slots=True)
class UnitHistory:
    """One unit of one scope: what is known, and its events in the order of the runs.

    An event is ready for JSON. `what` is `rejection`, `missing`, `no longer missing`, `linked`,
    `unlinked`, `standing`, `guard` (one tripped, over this unit among others), `allowance` (what it
    held was let through) or `change`, which carries its requests; or, for all runs in a row of
    which there is none of these, `quiet` or `still missing`. `key`, `remote_id` and `standing` are
    those of its `state.identities.Identity`. `kept` is False where what was known at the time that
    was asked for was not kept.
    """

    pipeline: str
    scope: str
    key: str | None
    remote_id: str | None
    standing: bool
    known: KnownUnit | None
    events: tuple[Event, ...]
    kept: bool = True


def of_unit(db: sqlite3.Connection, unit: str, as_of: int | None = None) -> list[UnitHistory]:
    """The history of every unit with this key, name or id, up to the run of the serial `as_of`;
    more than one where it moved, or where scopes share it."""
    return [_history(db, identity, as_of) for identity in identities.found(db, unit)]


def _history(db: sqlite3.Connection, identity: Identity, as_of: int | None) -> UnitHistory:
    last = sys.maxsize if as_of is None else as_of
    events = [event for event in _events(db, identity, as_of) if int(event["serial"]) <= last]
    told = {event["run_id"] for event in events}
    events += quiet.stretches(db, asdict(identity), last, told)
    try:
        unit = _known(db, identity, as_of)
    except past.NotKept:
        unit, kept = None, False
    else:
        kept = True
    return UnitHistory(
        pipeline=identity.pipeline,
        scope=identity.scope,
        key=identity.key,
        remote_id=identity.remote_id,
        standing=identity.standing,
        known=unit,
        events=tuple(sorted(events, key=lambda event: int(event["serial"]))),
        kept=kept,
    )


def _events(db: sqlite3.Connection, identity: Identity, as_of: int | None) -> Iterator[Event]:
    """Within a run first what the source said, then what was found, then what was done."""
    where = asdict(identity)
    yield from _rows(db, _REJECTIONS, where)
    yield from _rows(db, absences.BEGINNINGS, {**where, "what": "missing"})
    yield from _rows(db, absences.ENDS, {**where, "what": "no longer missing"})
    yield from _rows(db, _LINKS, where)
    yield from map(_with_sides, _rows(db, _STANDINGS, where))
    yield from _rows(db, tripped.OF_UNIT, where)
    yield from _rows(db, allowances.OF_UNIT, where)
    for change in _rows(db, _CHANGES, where):
        yield _with_requests(db, change, as_of)


def _known(db: sqlite3.Connection, identity: Identity, as_of: int | None) -> KnownUnit | None:
    pipeline, scope, key = identity.pipeline, identity.scope, identity.key
    if key is None:
        return None
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
    db: sqlite3.Connection, query: str, parameters: dict[str, Any] | tuple[int, ...]
) -> Iterator[Event]:
    cursor = db.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        yield dict(zip(names, row, strict=True))
