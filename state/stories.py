"""What happened to a unit in the nights before a run, for whoever reads of it in that run.

Promises to tell each night as its own report did, so that what is told of a run never changes.
Reads only.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

# A unit within its pipeline: scope and key.
Place = tuple[str, str]

_BEFORE = """
    WITH asked AS (
        SELECT json_extract(value, '$[0]') AS scope, json_extract(value, '$[1]') AS key
        FROM json_each(:places)),
    placed AS (
        SELECT change.scope, change.key, started_at, action, outcome, words,
            row_number() OVER (PARTITION BY change.scope, change.key ORDER BY serial DESC) AS place
        FROM asked CROSS JOIN changes_as_told AS change
            ON change.key = asked.key AND change.scope = asked.scope
        JOIN runs USING (run_id)
        WHERE change.pipeline = :pipeline AND entity = 'unit'
            AND serial < (SELECT serial FROM runs WHERE run_id = :run_id))
    SELECT scope, key, started_at, action, outcome, words
    FROM placed WHERE place <= :most ORDER BY scope, key, place
"""


@dataclass(frozen=True, slots=True)
class Episode:
    """One night in which something was to change of a unit, and how it ended."""

    at: str
    action: str
    outcome: str
    words: str


def before(
    db: sqlite3.Connection, run_id: str, pipeline: str, places: Iterable[Place], most: int
) -> dict[Place, list[Episode]]:
    """The last nights of these units before the run, the latest first."""
    asked = json.dumps(sorted(set(places)))
    given = {"places": asked, "pipeline": pipeline, "run_id": run_id, "most": most}
    told: dict[Place, list[Episode]] = {}
    for scope, key, *episode in db.execute(_BEFORE, given):
        told.setdefault((scope, key), []).append(Episode(*episode))
    return told
