"""What was known of each unit when an earlier run ended.

A row is what was known of a unit before the run `serial` first altered it; one without a remote id
says that nothing was. What is known now stands in `units` alone, so a unit that never moved has one
small row and no copy.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from state.encoding import to_json
from transforms.plan import KnownUnit

_AT = "pipeline = :pipeline AND scope = :scope"
_BELIEF = "remote_id, name, group_key, retired, payload"
_KEEP = f"""
    INSERT OR IGNORE INTO past_units (pipeline, scope, key, serial, {_BELIEF})
    SELECT pipeline, scope, key, (SELECT serial FROM meta), {_BELIEF} FROM units
    WHERE {_AT} AND key IN (SELECT value FROM json_each(:keys))
"""
_NOBODY = """
    INSERT OR IGNORE INTO past_units (pipeline, scope, key, serial)
    SELECT :pipeline, :scope, value, (SELECT serial FROM meta) FROM json_each(:keys)
"""
_AS_OF = f"""
    SELECT {_BELIEF} FROM (
        SELECT 0 AS now, serial, {_BELIEF} FROM past_units
        WHERE {_AT} AND key = :key AND serial > :serial
        UNION ALL SELECT 1, 0, {_BELIEF} FROM units WHERE {_AT} AND key = :key)
    ORDER BY now, serial LIMIT 1
"""


class NotKept(Exception):
    """What was known then was not kept: the state was written by an older version."""


def keep(db: sqlite3.Connection, pipeline: str, scope: str, keys: Iterable[str]) -> None:
    """Call before what is known of these units is altered, added or dropped."""
    given = {"pipeline": pipeline, "scope": scope, "keys": to_json(list(keys))}
    db.execute(_KEEP, given)
    db.execute(_NOBODY, given)


def as_of(
    db: sqlite3.Connection, pipeline: str, scope: str, key: str, serial: int
) -> KnownUnit | None:
    """What was known of a unit at the end of the run `serial`; None where nothing was."""
    if serial < int(db.execute("SELECT serial FROM past_begins").fetchone()[0]):
        raise NotKept
    given = {"pipeline": pipeline, "scope": scope, "key": key, "serial": serial}
    row = db.execute(_AS_OF, given).fetchone()
    if row is None or row[0] is None:
        return None
    remote_id, name, group, retired, payload = row
    return KnownUnit(key, remote_id, name, group, json.loads(payload), "", bool(retired))
