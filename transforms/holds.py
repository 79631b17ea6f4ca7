"""What is held drags along what leans on it, until nothing more is held.

A held change keeps the name and the address that it bears. A unit does not go into a group that is
not made, a group is not made for units that do not come, and no group takes a reference unit, or
its attributes, from a unit whose own change waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from transforms.collisions import (
    Bearers,
    Claim,
    address_claim,
    address_members,
    hold_collisions,
    name_claim,
)
from transforms.group import ATTRIBUTES, REFERENCE
from transforms.plan import Change, Entity

INTO_GROUPS = ("create", "move")


def hold_dependants(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The same changes, groups first, with all held that cannot go without what is held."""
    if all(change.held is None for change in changes):
        return tuple(changes)
    groups, units = _of(changes, "group"), _of(changes, "unit")
    addresses = address_claim(_members_spoken_of(units))
    held = -1
    while held != (held := sum(change.held is not None for change in (*groups, *units))):
        groups = _hold_unpeopled(_hold_kept(groups, name_claim()), units)
        units = _hold_kept(_hold_kept(units, name_claim()), addresses)
        units = _hold_groupless(units, groups)
    return (*_without_waiting_references(groups, units), *units)


def _of(changes: Sequence[Change], entity: Entity) -> list[Change]:
    return [change for change in changes if change.entity == entity]


def _members_spoken_of(units: list[Change]) -> frozenset[str]:
    """What the source says of addresses; a known record may say more, which no new one does."""
    creates = [unit for unit in units if unit.action == "create"]
    return address_members(name for unit in creates or units for name in unit.whole)


def _hold_kept(changes: list[Change], claim: Claim) -> list[Change]:
    """Holds what wants a label that a held change keeps, and so on along a chain of them."""

    def bearers() -> Bearers:
        for change in changes:
            if (label := claim.borne(change)) is not None:
                yield label, change.key

    return hold_collisions(changes, claim, bearers)


def _hold_groupless(units: list[Change], groups: list[Change]) -> list[Change]:
    """Holds the units of a group that is not made tonight."""
    unmade = {group.key: group.held for group in groups if group.held and group.action == "create"}
    return [
        replace(unit, held=f"its group cannot be created: {unmade[unit.group]}")
        if unit.held is None and unit.action in INTO_GROUPS and unit.group in unmade
        else unit
        for unit in units
    ]


def _hold_unpeopled(groups: list[Change], units: list[Change]) -> list[Change]:
    """Holds a new group all of whose units are held; one without any change stands by itself."""
    coming = {unit.group for unit in units if unit.held is None and unit.action in INTO_GROUPS}
    waiting = {unit.group for unit in units if unit.held is not None and unit.action in INTO_GROUPS}
    return [
        replace(group, held="all of its units are held, so it would stay empty")
        if group.held is None and group.action == "create" and group.key in waiting - coming
        else group
        for group in groups
    ]


def _without_waiting_references(groups: list[Change], units: list[Change]) -> list[Change]:
    """Group changes without the part that must wait for its reference unit."""
    waiting = {unit.key: unit for unit in units if unit.held is not None}
    parted = [
        _parted(group) if group.held is None and _waits(group, waiting) else group
        for group in groups
    ]
    return [group for group in parted if group.after]


def _waits(group: Change, waiting: dict[str, Change]) -> bool:
    unit = waiting.get(str(group.whole.get(REFERENCE)))
    if unit is None:
        return False
    return unit.action in INTO_GROUPS or not set(unit.after).isdisjoint(
        group.whole.get(ATTRIBUTES, ())
    )


def _parted(group: Change) -> Change:
    rest = {name: v for name, v in group.after.items() if name not in (REFERENCE, ATTRIBUTES)}
    before = {name: value for name, value in group.before.items() if name in rest}
    return replace(group, before=before, after=rest)
