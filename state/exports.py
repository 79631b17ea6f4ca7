"""Everything that a run did and found, as plain tables, row by row: nothing is cut.

Reads only. Rows come as the database yields them, so that half a million cost no memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table by name, with its columns and its rows, which can be read once."""

    name: str
    columns: tuple[str, ...]
    rows: Iterator[Row]


_QUERIES = {
    "changes": """
        SELECT pipeline, scope, row, entity, key, name, group_key AS "group", action, outcome,
            words, status, vendor_request_id, remote_id, before, after
        FROM changes_as_told WHERE run_id = ? ORDER BY pipeline, scope, change_id
    """,
    "rejections": """
        SELECT pipeline, scope, row, key, field, rule, value, message
        FROM rejections WHERE run_id = ? ORDER BY pipeline, row, rejection_id
    """,
    "guardrails": """
        SELECT pipeline, scope, guard, message
        FROM tripped WHERE run_id = ? ORDER BY pipeline, tripped_id
    """,
    "requests": """
        SELECT pipeline, scope, method, path, purpose, state, sent_at, answered_at, status, words,
            vendor_request_id
        FROM requests WHERE run_id = ? ORDER BY request_id
    """,
}
_STANDINGS = """
    SELECT pipeline, scope, row, entity, key, name, remote_id, standing, words, fields
    FROM standings WHERE run_id = ? ORDER BY pipeline, scope, standing_id
"""
_SIDES = ("source", "known", "live", "moved", "policy")


def tables(db: sqlite3.Connection, run_id: str) -> Iterator[Table]:
    """The tables of a run, one after the other."""
    for name, query in _QUERIES.items():
        cursor = db.execute(query, (run_id,))
        yield Table(name, tuple(column[0] for column in cursor.description), iter(cursor))
    cursor = db.execute(_STANDINGS, (run_id,))
    columns = tuple(column[0] for column in cursor.description)[:-1]
    yield Table("standings", (*columns, "field", *_SIDES), _by_field(cursor))


def _by_field(cursor: sqlite3.Cursor) -> Iterator[Row]:
    """One row per field that does not agree, and one for a unit without any."""
    for *row, fields in cursor:
        sides = json.loads(fields)
        for name, one in sides.items():
            yield (*row, name, *(one[side] for side in _SIDES))
        if not sides:
            yield (*row, None, *(None for _ in _SIDES))
