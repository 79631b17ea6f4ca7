"""Which known units were missing from their source, from which run on and until which.

A row is one absence of a unit; `until` is the serial of the run in which the source spoke of it
again, or in which it was taken off the market or not known any more. An extract that is not proven
complete, or that nobody could read, ends none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from state.encoding import to_json

_AT = "pipeline = :pipeline AND scope = :scope"
_END = f"""
    UPDATE absences SET until = (SELECT serial FROM meta)
    WHERE {_AT} AND until IS NULL AND (key IN (SELECT value FROM json_each(:seen))
        OR key NOT IN (SELECT key FROM units WHERE {_AT} AND retired = 0))
"""
_BEGIN = f"""
    INSERT INTO absences (pipeline, scope, key, name, since)
    SELECT pipeline, scope, key, name, (SELECT serial FROM meta) FROM units
    WHERE {_AT} AND key IN (SELECT value FROM json_each(:keys))
        AND key NOT IN (SELECT key FROM absences WHERE {_AT} AND until IS NULL)
"""
_DURING = """
    SELECT scope, key, name, runs.started_at FROM absences JOIN runs ON runs.serial = since
    WHERE pipeline = :pipeline AND since <= :serial AND (until IS NULL OR until > :serial)
    ORDER BY scope, since DESC, key
"""
_OF_UNIT = """
    SELECT runs.run_id, runs.serial, runs.kind AS run_kind, runs.started_at AS at, :what AS what
    FROM absences JOIN runs ON runs.serial = absences.{bound}
    WHERE pipeline = :pipeline AND scope = :scope AND key = :key
"""
BEGINNINGS = _OF_UNIT.format(bound="since")
ENDS = _OF_UNIT.format(bound="until")


@dataclass(frozen=True, slots=True)
class Absence:
    """A known unit that was missing in a run, and when it was first missed."""

    scope: str
    key: str
    name: str
    since: str


def note(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    missing: Iterable[str],
    seen: Iterable[str],
) -> None:
    """These units of the scope are missing now; of those that are `seen` the source speaks."""
    given = {"pipeline": pipeline, "scope": scope}
    db.execute(_END, {**given, "seen": to_json(list(seen))})
    db.execute(_BEGIN, {**given, "keys": to_json(list(missing))})


def during(db: sqlite3.Connection, run_id: str, pipeline: str) -> list[Absence]:
    """The units that were missing in a run, those of the latest first within their scope."""
    serial = db.execute("SELECT serial FROM runs WHERE run_id = ?", (run_id,)).fetchone()[0]
    given = {"pipeline": pipeline, "serial": serial}
    return [Absence(*row) for row in db.execute(_DURING, given)]
