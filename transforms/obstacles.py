"""What a complete reading shows to stand in the way of a planned change, so that a person decides.

A storEDGE unit that represents a live group of somebody else's cannot leave it while others stay
there (contracts B.6), and neither those others nor the reference of that group are ours to change.
A Travtus unit that is sent with an identifier that is gone and with another address is a second
home (contracts A.3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from transforms.change import GROUP_FIELD
from transforms.plan import Change, Live
from transforms.schema import TargetSchema
from transforms.travtus import ADDRESS_FIELDS
from transforms.twins import labels


def readdressed(changes: Iterable[Change]) -> list[Change]:
    """The known homes that get another address: is the identifier gone, it makes a second one."""
    return [
        change
        for change in changes
        if change.held is None and change.action == "update"
        if not change.after.keys().isdisjoint(ADDRESS_FIELDS)
    ]


def obstacles(
    changes: Collection[Change],
    live: Live,
    units: Collection[str],
    groups: Collection[str],
    schema: TargetSchema,
) -> dict[str, str]:
    """By unit key, why its change is held; `units` and `groups` are the ids of those that are
    ours."""
    return _made_anew(changes, live, units, schema) | _bound(changes, live, groups)


def _made_anew(
    changes: Iterable[Change], live: Live, units: Collection[str], schema: TargetSchema
) -> dict[str, str]:
    shown = {unit.remote_id for unit in live.units}
    strangers = {
        label: unit.remote_id
        for unit in live.units
        if unit.remote_id not in units
        for label in labels(unit.name, unit.payload, schema)
    }
    gone = [change for change in readdressed(changes) if change.remote_id not in shown]
    return {
        change.key: _anew(change, strangers[label])
        for change in gone
        for label in labels(change.name, {**change.whole, **change.before}, schema)
        if label in strangers
    }


def _anew(change: Change, stranger: str) -> str:
    return (
        f"its identifier {change.remote_id!r} is not live any more, and live unit {stranger!r} "
        "looks like it, so that its new address would make a second home; if they are one, "
        f"`unitsync reconcile --confirm {change.key}={stranger}` says so, else remove {stranger!r} "
        "at the vendor"
    )


def _bound(changes: Iterable[Change], live: Live, groups: Collection[str]) -> dict[str, str]:
    moves = {
        change.remote_id: change.key
        for change in changes
        if change.entity == "unit" and change.held is None and GROUP_FIELD in change.after
    }
    kept = {unit.group_id for unit in live.units if unit.remote_id not in moves}
    represented = {
        group.payload.get("reference_unit_id"): group
        for group in live.groups
        if group.remote_id in kept and group.remote_id not in groups
    }
    return {
        key: f"it is the reference unit of the live group {group.name!r} ({group.remote_id}), "
        "which is not kept in step here and has other units, so it cannot leave; at the vendor, "
        "give that group another reference unit, or move its other units away"
        for remote_id, key in moves.items()
        if remote_id is not None and (group := represented.get(remote_id)) is not None
    }
