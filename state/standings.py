"""What a reconciliation found: how many units stand how, and each that is not in step.

Written once, by the run that read both sides, and never altered.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from state.encoding import storable, to_json
from transforms.plan import Entity
from transforms.standing import FieldStanding, Standing, StandingName

_COLUMNS = "scope, entity, key, name, remote_id, standing, row, words, fields"


@dataclass(frozen=True, slots=True)
class StandingTally:
    """How many units or groups of a scope stand so."""

    scope: str
    entity: Entity
    standing: StandingName
    count: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The serials of the runs that last tried to read a scope, and last could."""

    tried: int
    read: int | None


def add(
    db: sqlite3.Connection,
    pipeline: str,
    run_id: str,
    scope: str,
    counts: Mapping[tuple[Entity, StandingName], int],
    standings: Iterable[Standing],
) -> None:
    """Write down what was found in one scope; `counts` has those in step, too."""
    db.executemany(
        "INSERT INTO standing_tallies (run_id, pipeline, scope, entity, standing, count)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        ((run_id, pipeline, scope, *kind, count) for kind, count in counts.items()),
    )
    db.executemany(
        f"INSERT INTO standings (run_id, pipeline, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((run_id, pipeline, *_row(standing)) for standing in standings),
    )


def tallies(db: sqlite3.Connection, run_id: str, pipeline: str) -> list[StandingTally]:
    """How many stand how, scope by scope; the scopes that were read are those that are here."""
    rows = db.execute(
        "SELECT scope, entity, standing, count FROM standing_tallies"
        " WHERE run_id = ? AND pipeline = ? ORDER BY scope, entity DESC, standing",
        (run_id, pipeline),
    )
    return [StandingTally(*row) for row in rows]


def of_run(db: sqlite3.Connection, run_id: str, pipeline: str) -> Iterator[Standing]:
    """Everything that was not in step, scope by scope, in the order in which it was found."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM standings WHERE run_id = ? AND pipeline = ?"
        " ORDER BY scope, standing_id",
        (run_id, pipeline),
    )
    for row in rows:
        sides = {name: FieldStanding(**side) for name, side in json.loads(row[-1]).items()}
        yield Standing(*(*row[:-1], sides))


def add_reading(
    db: sqlite3.Connection, pipeline: str, run_id: str, scope: str, error: str | None
) -> None:
    """Write down that a scope was read, or why it could not be."""
    db.execute(
        "INSERT INTO readings (run_id, pipeline, scope, error) VALUES (?, ?, ?, ?)",
        (run_id, pipeline, scope, None if error is None else storable(error)),
    )


def last_tried(db: sqlite3.Connection, pipeline: str) -> dict[str, Reading]:
    """When each scope was last tried to be read by a reconciliation, and last read."""
    rows = db.execute(
        "SELECT scope, max(serial), max(iif(error IS NULL, serial, NULL)) FROM readings"
        " JOIN runs USING (run_id) WHERE pipeline = ? GROUP BY scope",
        (pipeline,),
    )
    return {scope: Reading(tried, read) for scope, tried, read in rows}


def _row(standing: Standing) -> tuple[str | int | None, ...]:
    return (
        standing.scope,
        standing.entity,
        standing.key,
        storable(standing.name),
        standing.remote_id,
        standing.standing,
        standing.row,
        storable(standing.words),
        to_json({name: asdict(sides) for name, sides in standing.fields.items()}),
    )
