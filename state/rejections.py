"""The rows that did not pass validation, kept with their reason for the report and for `why`."""

from __future__ import annotations

import sqlite3
from typing import Any

import pandas as pd

from state.encoding import storable

_COLUMNS = ("row", "scope", "key", "field", "rule", "value", "message")


def add(db: sqlite3.Connection, pipeline: str, run_id: str, problems: pd.DataFrame) -> None:
    """Keep one line per problem of a frame with the columns row, scope, key, field, rule, value
    and message. A source may hold text that no database takes, and must still be reported."""
    lines = zip(*(problems[column].tolist() for column in _COLUMNS), strict=True)
    db.executemany(
        f"INSERT INTO rejections (run_id, pipeline, {', '.join(_COLUMNS)})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((run_id, pipeline, _number(line[0]), *map(_text, line[1:])) for line in lines),
    )


def _number(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return storable(value)
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else storable(str(value))
