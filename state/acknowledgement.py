"""What the API acknowledged becomes known, and nothing else does.

Promises that a field is known only if the answer of an applied change confirmed it, that a field
which can no longer be vouched for is forgotten, and that forgetting also takes the fingerprint
away: otherwise a source that goes back to its old value would look unchanged while the API is not.
A unit whose group is forgotten is known in none, so that wherever it belongs it is moved there.
A unit or group that the API says it does not have stays linked, with nothing known of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from state import known, scopes
from state.errors import LedgerConflict
from transforms.change import GROUP_FIELD
from transforms.plan import Change, Entity, KnownGroup, KnownUnit, Result


def acknowledge(
    db: sqlite3.Connection, pipeline: str, scope: str, results: Sequence[Result]
) -> None:
    """Merge results into what is known. Results that confirm and forget nothing touch nothing."""
    units = _touching("unit", results)
    groups = _touching("group", results)
    doubted = {identity for result in results for identity in result.doubted}
    strayed = {key for result in results for key in result.strayed}
    if not units and not groups and not doubted and not strayed:
        return
    scopes.mark_out_of_step(db, pipeline, scope)
    _acknowledge_units(db, pipeline, scope, units)
    _acknowledge_groups(db, pipeline, scope, groups)
    _doubt(db, pipeline, scope, doubted)
    _take_out_of_groups(db, pipeline, scope, strayed)


def _touching(entity: Entity, results: Sequence[Result]) -> list[Result]:
    return [
        result
        for result in results
        if result.change.entity == entity
        and (result.outcome == "applied" or _is_step(result) or result.forget)
    ]


def _is_step(result: Result) -> bool:
    """Confirmed on the way to an outcome: a temporary name, an adopted unit, a group just made."""
    return result.outcome is None and bool(result.known)


def _acknowledge_units(
    db: sqlite3.Connection, pipeline: str, scope: str, results: Sequence[Result]
) -> None:
    current = known.units(db, pipeline, scope, [result.change.key for result in results])
    after = [_unit_after(result, current.get(result.change.key)) for result in results]
    known.put_units(db, pipeline, scope, [unit for unit in after if unit is not None])


def _acknowledge_groups(
    db: sqlite3.Connection, pipeline: str, scope: str, results: Sequence[Result]
) -> None:
    if not results:
        return
    current = known.groups(db, pipeline, scope)
    after = [_group_after(result, current.get(result.change.key)) for result in results]
    known.put_groups(db, pipeline, scope, [group for group in after if group is not None])


def _doubt(
    db: sqlite3.Connection, pipeline: str, scope: str, doubted: Collection[tuple[Entity, str]]
) -> None:
    keys = {key for entity, key in doubted if entity == "unit"}
    units = known.units(db, pipeline, scope, keys).values()
    known.put_units(db, pipeline, scope, [replace(unit, payload={}, digest="") for unit in units])
    groups = [g for g in known.groups(db, pipeline, scope).values() if ("group", g.key) in doubted]
    known.put_groups(db, pipeline, scope, [replace(group, payload={}) for group in groups])


def _take_out_of_groups(
    db: sqlite3.Connection, pipeline: str, scope: str, keys: Collection[str]
) -> None:
    units = known.units(db, pipeline, scope, keys).values()
    known.put_units(db, pipeline, scope, [replace(unit, group=None, digest="") for unit in units])


def _unit_after(result: Result, current: KnownUnit | None) -> KnownUnit | None:
    change = result.change
    if result.outcome != "applied" and not _is_step(result):
        return None if current is None else _without(result, current)
    _refuse_unknown(change, current)
    if _is_step(result):
        return _unit_on_the_way(result, current)
    return KnownUnit(
        key=change.key,
        remote_id=_remote_id(result, current),
        name=change.name,
        group=None if GROUP_FIELD in result.forget else _group_of(change, current),
        payload=_merged(result, current),
        digest="" if result.forget else change.digest,
        retired=change.action == "retire",
    )


def _unit_on_the_way(result: Result, current: KnownUnit | None) -> KnownUnit:
    """Known as far as it was confirmed; without a fingerprint, so that it is compared again."""
    named = current.name if current else result.change.name
    return KnownUnit(
        key=result.change.key,
        remote_id=_remote_id(result, current),
        name=str(result.known.get("name", named)),
        group=current.group if current else None,
        payload=_merged(result, current),
        digest="",
        retired=current.retired if current else False,
    )


def _without(result: Result, current: KnownUnit) -> KnownUnit:
    """Not applied, but no longer vouched for: the fields go, everything else stays."""
    return KnownUnit(
        key=current.key,
        remote_id=current.remote_id,
        name=current.name,
        group=None if GROUP_FIELD in result.forget else current.group,
        payload=_remaining(current.payload, result.forget),
        digest="",
        retired=current.retired,
    )


def _group_after(result: Result, current: KnownGroup | None) -> KnownGroup | None:
    change = result.change
    if result.outcome != "applied" and not _is_step(result):
        if current is None:
            return None
        payload = _remaining(current.payload, result.forget)
        return KnownGroup(current.key, current.remote_id, current.name, payload)
    _refuse_unknown(change, current)
    payload = _merged(result, current)
    name = str(payload.get("name", change.name))
    return KnownGroup(change.key, _remote_id(result, current), name, payload)


def _refuse_unknown(change: Change, current: KnownUnit | KnownGroup | None) -> None:
    if current is None and change.action != "create":
        raise LedgerConflict(
            f"{change.entity} {change.key} of {change.scope} is not known, so a change of it"
            " cannot have been applied"
        )


def _remote_id(result: Result, current: KnownUnit | KnownGroup | None) -> str:
    remote_id = result.remote_id or result.change.remote_id
    if remote_id is None and current is not None:
        return current.remote_id
    if not remote_id:
        raise LedgerConflict(f"{result.change.key} was applied without a remote id")
    return remote_id


def _group_of(change: Change, current: KnownUnit | None) -> str | None:
    """Only a create or a move can take a unit out of every group."""
    if change.group is None and current is not None and change.action in ("update", "retire"):
        return current.group
    return change.group


def _merged(result: Result, current: KnownUnit | KnownGroup | None) -> dict[str, Any]:
    before = {} if current is None else current.payload
    return _remaining({**before, **result.known}, result.forget)


def _remaining(payload: Any, forget: tuple[str, ...]) -> dict[str, Any]:
    return {field: value for field, value in payload.items() if field not in forget}
