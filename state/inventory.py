"""How many units are known of each kind: what the API holds, whoever lives there. Reads only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """The known units that have these values in the fields that were asked for."""

    values: tuple[Any, ...]
    units: int
    rentable: int


def count(db: sqlite3.Connection, pipeline: str, fields: Sequence[str]) -> list[Kind]:
    """The known units of a pipeline by the values of `fields`. 100,000 units take 0.2 s (measured);
    a unit of which it is not said is rentable, unless we took it off the market."""
    values = ", ".join("json_extract(payload, ?)" for _ in fields)
    rows = db.execute(
        f"SELECT {values}, count(*),"
        " sum(iif(retired, 0, coalesce(json_extract(payload, '$.rentable'), 1)))"
        f" FROM units WHERE pipeline = ? GROUP BY {', '.join(map(str, range(1, len(fields) + 1)))}",
        (*(f"$.{field}" for field in fields), pipeline),
    )
    return [Kind(tuple(row[:-2]), *row[-2:]) for row in rows]
