"""What happened to a unit in the nights before a run, for whoever reads of it in that run.

Promises to tell each night as its own report did, so that what is told of a run never changes.
Reads only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

# A unit within its pipeline: scope and key.
Place = tuple[str, str]

# Changes are numbered in the order of the runs, and the index on keys has them in that order, so of
# a unit that failed in a thousand nights only the last few are read (500 such: 0.02 s, measured).
_BEFORE = """
    SELECT started_at, action, outcome, words FROM changes_as_told JOIN runs USING (run_id)
    WHERE key = :key AND scope = :scope AND pipeline = :pipeline AND entity = 'unit'
        AND serial < (SELECT serial FROM runs WHERE run_id = :run_id)
    ORDER BY change_id DESC LIMIT :most
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
    given = {"pipeline": pipeline, "run_id": run_id, "most": most}
    return {
        (scope, key): [
            Episode(*row) for row in db.execute(_BEFORE, {**given, "scope": scope, "key": key})
        ]
        for scope, key in set(places)
    }
