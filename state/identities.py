"""Who is meant: the units that a key, a name that one ever had, or the API's id stands for.

An identity is one unit of one scope, by its key; what is live without a key is one by its id. A
unit that moved from scope to scope is found in all of them, whichever name it is asked for by.
Reads only.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """One unit of one scope.

    `key` is None, and `remote_id` is not, for a live unit that no key was ever linked to.
    `standing` says that it is known, on the market and not missing, as far as the state knows: two
    that stand are two units, although they may be called alike.
    """

    pipeline: str
    scope: str
    key: str | None
    remote_id: str | None
    standing: bool


_NAMED = """
    SELECT pipeline, scope, key, NULL FROM units WHERE key = :unit OR name = :unit
    UNION SELECT pipeline, scope, key, NULL FROM changes
        WHERE entity = 'unit' AND (key = :unit OR name = :unit)
    UNION SELECT pipeline, scope, key, NULL FROM links WHERE key = :unit OR name = :unit
    UNION SELECT pipeline, scope, key, NULL FROM standings WHERE entity = 'unit' AND key = :unit
    UNION SELECT pipeline, coalesce(scope, ''), key, NULL FROM rejections WHERE key = :unit
"""
_BY_ID = """
    SELECT pipeline, scope, key, NULL FROM units WHERE remote_id = :unit
    UNION SELECT pipeline, scope, key, NULL FROM changes
        WHERE entity = 'unit' AND remote_id = :unit
    UNION SELECT pipeline, scope, key, NULL FROM links WHERE remote_id = :unit
"""
# What only the API had when it was reconciled, and nobody has linked since.
_STRANGERS = """
    SELECT DISTINCT pipeline, scope, NULL, remote_id FROM standings
    WHERE entity = 'unit' AND key IS NULL AND (name = :unit OR remote_id = :unit)
        AND NOT EXISTS (SELECT 1 FROM links WHERE links.pipeline = standings.pipeline
            AND links.scope = standings.scope AND links.remote_id = standings.remote_id)
"""
_STANDING = """
    SELECT EXISTS (
        SELECT 1 FROM units WHERE (pipeline, scope, key) = (:pipeline, :scope, :key)
            AND retired = 0 AND NOT EXISTS (
                SELECT 1 FROM absences
                WHERE (pipeline, scope, key) = (:pipeline, :scope, :key) AND until IS NULL))
"""
_NAMES = """
    SELECT key FROM units UNION SELECT name FROM units
    UNION SELECT key FROM changes WHERE entity = 'unit'
    UNION SELECT name FROM changes WHERE entity = 'unit'
    UNION SELECT key FROM rejections WHERE key <> ''
"""


def found(db: sqlite3.Connection, unit: str) -> list[Identity]:
    """Every unit that is, or ever was, called so; in which scopes it was, too."""
    named = _queried(db, _NAMED, unit) or _queried(db, _BY_ID, unit)
    keys = {(one.pipeline, one.key) for one in named if one.key is not None}
    moved = {place for pipeline, key in keys for place in _places(db, pipeline, key)}
    return sorted({*named, *moved, *_queried(db, _STRANGERS, unit)}, key=_order)


def names(db: sqlite3.Connection) -> list[str]:
    """Every key and name of a unit, past and present."""
    return [name for (name,) in db.execute(_NAMES)]


def _places(db: sqlite3.Connection, pipeline: str, key: str) -> list[Identity]:
    """The scopes of a key, if one unit can have been in all of them."""
    called = _queried(db, _NAMED, key)
    places = [one for one in called if (one.pipeline, one.key) == (pipeline, key)]
    return places if sum(place.standing for place in places) <= 1 else []


def _queried(db: sqlite3.Connection, query: str, unit: str) -> list[Identity]:
    rows = db.execute(query, {"unit": unit}).fetchall()
    return [
        Identity(pipeline, scope, key, remote_id, _stands(db, pipeline, scope, key))
        for pipeline, scope, key, remote_id in rows
    ]


def _stands(db: sqlite3.Connection, pipeline: str, scope: str, key: str | None) -> bool:
    where = {"pipeline": pipeline, "scope": scope, "key": key}
    return bool(db.execute(_STANDING, where).fetchone()[0])


def _order(identity: Identity) -> tuple[str, str, str, str]:
    return identity.pipeline, identity.scope, identity.key or "", identity.remote_id or ""
