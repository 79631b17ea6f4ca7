"""What is drawn on a report: the runs before a run, and how rates moved in it. Reads only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that came to its end, with the summary that it left."""

    run_id: str
    started_at: str
    status: str
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RateMove:
    """A rate that the API took, before and after."""

    pipeline: str
    scope: str
    key: str
    name: str
    before: float
    after: float

    @property
    def share(self) -> float:
        """How much it moved: 0.1 is ten per cent up."""
        return self.after / self.before - 1


_BEFORE = """
    SELECT run_id, started_at, status, summary FROM runs
    WHERE kind = (SELECT kind FROM runs WHERE run_id = :run_id) AND summary IS NOT NULL
        AND serial < (SELECT serial FROM runs WHERE run_id = :run_id)
    ORDER BY serial DESC LIMIT :most
"""
_SUMMARIES = """
    SELECT summary FROM runs
    WHERE summary IS NOT NULL AND serial < (SELECT serial FROM runs WHERE run_id = ?)
    ORDER BY serial DESC
"""
_RATES = """
    SELECT pipeline, scope, key, name, json_extract(before, '$.standard_rate') AS old,
        json_extract(after, '$.standard_rate') AS new
    FROM changes_as_told WHERE run_id = ? AND entity = 'unit' AND outcome = 'applied'
        AND typeof(old) IN ('integer', 'real') AND typeof(new) IN ('integer', 'real')
        AND old > 0 AND old <> new
"""


def before(db: sqlite3.Connection, run_id: str, most: int) -> list[PastRun]:
    """The last runs of the same kind before this one, oldest first."""
    rows = db.execute(_BEFORE, {"run_id": run_id, "most": most}).fetchall()
    return [
        PastRun(run_id, started_at, status, json.loads(summary))
        for run_id, started_at, status, summary in reversed(rows)
    ]


def summaries_before(db: sqlite3.Connection, run_id: str) -> Iterator[dict[str, Any]]:
    """The summaries of the runs of any kind before this one, the last one first."""
    for (summary,) in db.execute(_SUMMARIES, (run_id,)):
        yield json.loads(summary)


def rates(db: sqlite3.Connection, run_id: str) -> list[RateMove]:
    """Every rate that moved in the run, the biggest moves first."""
    moves = [RateMove(*row) for row in db.execute(_RATES, (run_id,))]
    return sorted(moves, key=lambda move: (-abs(move.share), move.scope, move.key))
