"""Stricter habits, off by default: what is held although nothing forbids it.

They compare a plan with a scope as it is live right now, so each costs a reading of the scopes that
would be updated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from transforms.canonical import reads_as
from transforms.plan import Change, Live, LiveUnit
from transforms.schema import TargetSchema

# What may change on a vacant unit only (contracts S20).
TENANT_FIELDS = ("rentable", "standard_rate", "unit_group")


def occupied(changes: Iterable[Change], live: Live) -> dict[str, str]:
    """By unit key, why a change that touches a tenant is held (contracts S20)."""
    return {
        change.key: f"the unit is {unit.status or 'of no known status'} and not vacant, so "
        f"{' and '.join(touched)} may not change (target.vacant_only)"
        for change, unit in _updates(changes, live)
        if unit.status != "vacant"
        and (touched := [name for name in TENANT_FIELDS if name in change.after])
    }


def drifted(changes: Iterable[Change], live: Live, schema: TargetSchema) -> dict[str, str]:
    """By unit key, why a change of what somebody else has changed is held (contracts S24)."""
    return {
        change.key: f"{' and '.join(moved)} was changed at the vendor since it was last confirmed "
        "(target.undrifted_only)"
        for change, unit in _updates(changes, live)
        if (moved := list(_moved(change, unit, schema)))
    }


def _updates(changes: Iterable[Change], live: Live) -> Iterator[tuple[Change, LiveUnit]]:
    units = {unit.remote_id: unit for unit in live.units}
    for change in changes:
        unit = units.get(change.remote_id or "")
        if change.entity == "unit" and change.action in ("update", "move") and unit is not None:
            yield change, unit


def _moved(change: Change, unit: LiveUnit, schema: TargetSchema) -> Iterator[str]:
    for name, confirmed in change.before.items():
        field = schema.fields.get(name)
        if field and field.readable and not reads_as(unit.payload.get(name), confirmed):
            yield name
