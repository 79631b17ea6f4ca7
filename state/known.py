"""The known side: units and groups as the API last confirmed them.

Promises that no row is believed that does not match its seal, that one remote object belongs to one
key, and that a whole scope can be compared without parsing a single payload. Who may write here:
an answered request, a settled one, and a reading that adopted (`links`). Nothing else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from state import past
from state.encoding import seal, to_json
from state.errors import BrokenSeal, LedgerConflict
from transforms.plan import KnownGroup, KnownUnit

INDEX_COLUMNS = ("key", "remote_id", "name", "group_key", "digest", "retired")

_UNIT = "pipeline, scope, key, remote_id, name, group_key, digest, retired, payload"
_GROUP = "pipeline, scope, key, remote_id, name, payload"
_AT = "pipeline = ? AND scope = ?"
# One parameter for any number of keys, so that no limit of SQLite's is ever met.
_IN_LIST = "IN (SELECT value FROM json_each(?))"

UnitRow = tuple[str, str, str, str, str, str | None, str, int, str]
GroupRow = tuple[str, str, str, str, str, str]


def index(db: sqlite3.Connection, pipeline: str, scope: str) -> pd.DataFrame:
    """Every known unit of a scope without its payload, by key (`INDEX_COLUMNS`)."""
    rows = db.execute(
        f"SELECT {', '.join(INDEX_COLUMNS)} FROM units WHERE {_AT} ORDER BY key", (pipeline, scope)
    ).fetchall()
    return pd.DataFrame(
        {
            name: pd.array(
                [row[place] for row in rows], dtype="bool" if name == "retired" else "str"
            )
            for place, name in enumerate(INDEX_COLUMNS)
        }
    )


def counts(db: sqlite3.Connection, pipeline: str) -> dict[str, int]:
    """How many units that are not retired each scope is known to hold."""
    rows = db.execute(
        "SELECT scope, count(*) FROM units WHERE pipeline = ? AND retired = 0"
        " GROUP BY scope ORDER BY scope",
        (pipeline,),
    )
    return dict(rows.fetchall())


def units(
    db: sqlite3.Connection, pipeline: str, scope: str, keys: Iterable[str]
) -> dict[str, KnownUnit]:
    """The known units among `keys`, payloads parsed and seals checked."""
    rows = db.execute(
        f"SELECT {_UNIT}, row_hash FROM units WHERE {_AT} AND key {_IN_LIST} ORDER BY key",
        (pipeline, scope, to_json(list(keys))),
    )
    return {unit.key: unit for unit in (_unit(row) for row in rows)}


def groups(db: sqlite3.Connection, pipeline: str, scope: str) -> dict[str, KnownGroup]:
    """The known groups of a scope."""
    rows = db.execute(
        f"SELECT {_GROUP}, row_hash FROM groups WHERE {_AT} ORDER BY key", (pipeline, scope)
    )
    return {group.key: group for group in (_group(row) for row in rows)}


def members(
    db: sqlite3.Connection, pipeline: str, scope: str, groups: Collection[str]
) -> list[KnownUnit]:
    """The known units of these groups."""
    rows = db.execute(
        f"SELECT key FROM units WHERE {_AT} AND group_key {_IN_LIST}",
        (pipeline, scope, to_json(list(groups))),
    )
    return list(units(db, pipeline, scope, [key for (key,) in rows.fetchall()]).values())


def key_scopes(db: sqlite3.Connection, pipeline: str, keys: Iterable[str]) -> dict[str, str]:
    """In which scope each of `keys` is known, where it is."""
    rows = db.execute(
        f"SELECT key, scope FROM units WHERE pipeline = ? AND key {_IN_LIST} ORDER BY key, scope",
        (pipeline, to_json(list(keys))),
    )
    return dict(rows.fetchall())


def put_units(
    db: sqlite3.Connection, pipeline: str, scope: str, known: Sequence[KnownUnit]
) -> None:
    """Replace what is known of these units."""
    drop_units(db, pipeline, scope, [unit.key for unit in known])
    _refuse_taken(db, "units", pipeline, scope, known)
    rows = [_unit_row(pipeline, scope, unit) for unit in known]
    db.executemany(
        f"INSERT INTO units ({_UNIT}, row_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*row, seal(row)) for row in rows],
    )


def put_digests(
    db: sqlite3.Connection, pipeline: str, scope: str, digests: Mapping[str, str]
) -> None:
    """Replace the fingerprints of known units, and nothing else about them."""
    rows = db.execute(
        f"SELECT {_UNIT}, row_hash FROM units WHERE {_AT} AND key {_IN_LIST}",
        (pipeline, scope, to_json(list(digests))),
    ).fetchall()
    updates = []
    for row in rows:
        _refuse_broken_seal(row)
        key, digest = row[2], digests[row[2]]
        updates.append((digest, seal((*row[:6], digest, *row[7:-1])), pipeline, scope, key))
    db.executemany(f"UPDATE units SET digest = ?, row_hash = ? WHERE {_AT} AND key = ?", updates)


def put_groups(
    db: sqlite3.Connection, pipeline: str, scope: str, known: Sequence[KnownGroup]
) -> None:
    """Replace what is known of these groups."""
    db.executemany(
        f"DELETE FROM groups WHERE {_AT} AND key = ?",
        [(pipeline, scope, group.key) for group in known],
    )
    _refuse_taken(db, "groups", pipeline, scope, known)
    rows = [_group_row(pipeline, scope, group) for group in known]
    db.executemany(
        f"INSERT INTO groups ({_GROUP}, row_hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(*row, seal(row)) for row in rows],
    )


def drop_units(db: sqlite3.Connection, pipeline: str, scope: str, keys: Iterable[str]) -> None:
    """Know nothing of these units any more."""
    dropped = list(keys)
    past.keep(db, pipeline, scope, dropped)
    db.executemany(
        f"DELETE FROM units WHERE {_AT} AND key = ?", [(pipeline, scope, key) for key in dropped]
    )


def drop_groups(db: sqlite3.Connection, pipeline: str, scope: str, keys: Collection[str]) -> None:
    """Know nothing of these groups any more; who was in them is in none."""
    alone = [replace(unit, group=None, digest="") for unit in members(db, pipeline, scope, keys)]
    put_units(db, pipeline, scope, alone)
    db.executemany(
        f"DELETE FROM groups WHERE {_AT} AND key = ?", [(pipeline, scope, key) for key in keys]
    )


def sealed_rows(db: sqlite3.Connection) -> Iterable[tuple[str, str, str, str, bool]]:
    """Every unit and group as (entity, pipeline, scope, key, whether its seal holds)."""
    for entity, table, columns in (("unit", "units", _UNIT), ("group", "groups", _GROUP)):
        for row in db.execute(f"SELECT {columns}, row_hash FROM {table}"):
            yield entity, row[0], row[1], row[2], seal(row[:-1]) == row[-1]


def _refuse_taken(
    db: sqlite3.Connection,
    table: str,
    pipeline: str,
    scope: str,
    known: Sequence[KnownUnit] | Sequence[KnownGroup],
) -> None:
    """One remote object belongs to one key: two keys would overwrite each other every night."""
    remote_ids = [entry.remote_id for entry in known]
    taken = db.execute(
        f"SELECT key, remote_id FROM {table} WHERE {_AT} AND remote_id {_IN_LIST}",
        (pipeline, scope, to_json(remote_ids)),
    ).fetchone()
    if taken is not None:
        raise LedgerConflict(f"remote id {taken[1]} of {scope} already belongs to key {taken[0]}")
    if len(set(remote_ids)) != len(remote_ids):
        raise LedgerConflict(f"one remote id of {scope} was given to two keys")


def _unit_row(pipeline: str, scope: str, unit: KnownUnit) -> UnitRow:
    return (
        pipeline,
        scope,
        unit.key,
        unit.remote_id,
        unit.name,
        unit.group,
        unit.digest,
        int(unit.retired),
        to_json(unit.payload),
    )


def _group_row(pipeline: str, scope: str, group: KnownGroup) -> GroupRow:
    return pipeline, scope, group.key, group.remote_id, group.name, to_json(group.payload)


def _unit(row: tuple[*UnitRow, str]) -> KnownUnit:
    _refuse_broken_seal(row)
    _, _, key, remote_id, name, group, digest, retired, payload, _ = row
    return KnownUnit(key, remote_id, name, group, json.loads(payload), digest, bool(retired))


def _group(row: tuple[*GroupRow, str]) -> KnownGroup:
    _refuse_broken_seal(row)
    _, _, key, remote_id, name, payload, _ = row
    return KnownGroup(key, remote_id, name, json.loads(payload))


def _refuse_broken_seal(row: tuple[str | int | None, ...]) -> None:
    if seal(row[:-1]) != row[-1]:
        raise BrokenSeal(f"{row[2]} of {row[1]} does not match its seal")
