"""What a run left to do that no later run has brought to an end.

A change counts while it is the last of its unit or group and its scope is not in step; so what the
source has taken back since counts no more once a night found the scope in step. Reads only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unfinished:
    """How many changes of a pipeline ended so, and wait for a later run or for a person."""

    pipeline: str
    outcome: str
    count: int


_OF_RUN = """
    SELECT pipeline, outcome, count(*) FROM changes LEFT JOIN scopes USING (pipeline, scope)
    WHERE run_id = ? AND outcome <> 'applied' AND scopes.digest IS NULL AND NOT EXISTS (
        SELECT 1 FROM changes AS later WHERE later.key = changes.key
            AND (later.pipeline, later.scope, later.entity)
                = (changes.pipeline, changes.scope, changes.entity)
            AND later.change_id > changes.change_id)
    GROUP BY pipeline, outcome ORDER BY pipeline, count(*) DESC, outcome
"""


def of_run(db: sqlite3.Connection, run_id: str) -> Iterator[Unfinished]:
    """What is still to do of what the run planned, by pipeline and outcome."""
    for row in db.execute(_OF_RUN, (run_id,)):
        yield Unfinished(*row)
