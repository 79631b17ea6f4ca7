"""The units that somebody selects by what happened to them, for a backfill. Reads only.

A place is a scope and a key; the scope is "" where a rejected row named none.
"""

from __future__ import annotations

import sqlite3
from typing import Literal

Happened = Literal["failed", "rejected", "in run", "came through"]

# Whatever kept the last change from coming through; what is held waits for a person instead.
_FAILED = """
    SELECT scope, key FROM changes WHERE outcome NOT IN ('applied', 'held') AND change_id IN (
        SELECT max(change_id) FROM changes WHERE pipeline = :pipeline AND entity = 'unit'
        GROUP BY scope, key)
"""
# A backfill looks at a few rows only, so that it says nothing about the others.
_REJECTED = """
    SELECT DISTINCT coalesce(scope, ''), key FROM rejections
    WHERE pipeline = :pipeline AND coalesce(key, '') <> '' AND run_id = (
        SELECT run_id FROM runs WHERE kind <> 'backfill' AND EXISTS (
            SELECT 1 FROM json_each(summary, '$.pipelines') AS one
            WHERE json_extract(one.value, '$.pipeline') = :pipeline
                AND json_extract(one.value, '$.status') IN ('ok', 'attention'))
        ORDER BY serial DESC LIMIT 1)
"""
_IN_RUN = """
    SELECT scope, key FROM changes
        WHERE run_id = :run_id AND pipeline = :pipeline AND entity = 'unit'
    UNION SELECT scope, key FROM standings WHERE run_id = :run_id AND pipeline = :pipeline
        AND entity = 'unit' AND key IS NOT NULL
    UNION SELECT coalesce(scope, ''), key FROM rejections
        WHERE run_id = :run_id AND pipeline = :pipeline AND coalesce(key, '') <> ''
"""
_CAME_THROUGH = """
    SELECT scope, key FROM changes WHERE run_id = :run_id AND pipeline = :pipeline
        AND entity = 'unit' AND outcome = 'applied'
"""
_QUERIES: dict[Happened, str] = {
    "failed": _FAILED,
    "rejected": _REJECTED,
    "in run": _IN_RUN,
    "came through": _CAME_THROUGH,
}


def places(
    db: sqlite3.Connection, pipeline: str, happened: Happened, run_id: str
) -> set[tuple[str, str]]:
    """Where the units stand whose last change did not come through, whose row was rejected when
    the whole source was last looked at, of which the run of `run_id` told, or whose change came
    through in it."""
    rows = db.execute(_QUERIES[happened], {"pipeline": pipeline, "run_id": run_id})
    return {(scope, key) for scope, key in rows}
