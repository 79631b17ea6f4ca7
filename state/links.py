"""Links: which remote object a key stands for, where a reading of the API decided it.

A create links by itself (its answer names the remote object). Everything else that ties a key to a
remote object, or unties it, passes here and is remembered for `unitsync why`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from state import known, scopes
from transforms.plan import KnownGroup, KnownUnit

_REMEMBER = (
    "INSERT INTO links (run_id, pipeline, scope, key, action, remote_id, name)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def link(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    run_id: str,
    units: Sequence[KnownUnit],
    groups: Sequence[KnownGroup],
) -> None:
    """Know these units and groups exactly as a reading found them."""
    scopes.mark_out_of_step(db, pipeline, scope)
    before = known.units(db, pipeline, scope, [unit.key for unit in units])
    known.put_units(db, pipeline, scope, units)
    known.put_groups(db, pipeline, scope, groups)
    new = [
        unit
        for unit in units
        if unit.key not in before or before[unit.key].remote_id != unit.remote_id
    ]
    _remember(db, pipeline, scope, run_id, "linked", new)


def unlink(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    run_id: str,
    units: Iterable[str],
    groups: Collection[str],
) -> None:
    """The API said, and a reading showed, that these are gone: know nothing of them any more.

    The units of a group that is gone are in no group.
    """
    scopes.mark_out_of_step(db, pipeline, scope)
    gone = known.units(db, pipeline, scope, units)
    known.drop_units(db, pipeline, scope, gone)
    known.drop_groups(db, pipeline, scope, groups)
    _remember(db, pipeline, scope, run_id, "unlinked", gone.values())


def regroup(db: sqlite3.Connection, pipeline: str, scope: str, keys: Mapping[str, str]) -> None:
    """Know these groups by other keys, given by the old ones, and their units with them."""
    scopes.mark_out_of_step(db, pipeline, scope)
    groups = known.groups(db, pipeline, scope)
    units = known.members(db, pipeline, scope, keys.keys())
    known.drop_groups(db, pipeline, scope, keys.keys())
    known.put_groups(
        db, pipeline, scope, [replace(groups[old], key=new) for old, new in keys.items()]
    )
    known.put_units(
        db, pipeline, scope, [replace(unit, group=keys[unit.group or ""]) for unit in units]
    )


def refresh_digests(
    db: sqlite3.Connection, pipeline: str, scope: str, digests: Mapping[str, str]
) -> None:
    """The fingerprints of units whose payload did not change (the mapping's version did)."""
    scopes.mark_out_of_step(db, pipeline, scope)
    known.put_digests(db, pipeline, scope, digests)


def _remember(
    db: sqlite3.Connection,
    pipeline: str,
    scope: str,
    run_id: str,
    action: str,
    units: Iterable[KnownUnit],
) -> None:
    db.executemany(
        _REMEMBER,
        [(run_id, pipeline, scope, unit.key, action, unit.remote_id, unit.name) for unit in units],
    )
