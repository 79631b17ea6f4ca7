"""What one storEDGE facility holds: its units and unit groups, indexed by id and by name.

Nothing is judged here; callers have checked what they store. With custom unit groups off the
facility groups its units by itself, by size, price, type, amenities and floor (contracts B.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from connectors.sandbox.storedge_rules import folded

ConflictItems = Literal["text", "object"]


@dataclass(frozen=True, slots=True)
class StoredgeHabits:
    """What the contracts leave open about the vendor, decided one way or the other.

    `partial_writes` keeps the valid items of a refused request (S1, S2); `conflict_items` is the
    form of `name_assignments` and `reference_unit_assignments` (S3); `read_excluded` is the
    permission that `exclude_from_api` needs (seed 003). Without `unique_names` several units may
    bear one name (S5: that they may not is suggested and never stated).
    """

    partial_writes: bool = False
    conflict_items: ConflictItems = "text"
    read_excluded: bool = True
    unique_names: bool = True


@dataclass(frozen=True, slots=True)
class FacilitySettings:
    """How a facility is set up. Ids that are None are not checked: any id is taken as known."""

    custom_unit_groups: bool = True
    tiered_pricing: bool = False
    unit_types: frozenset[str] | None = None
    unit_amenities: frozenset[str] | None = None
    tax_rates: frozenset[str] | None = None
    tiers: frozenset[str] | None = None


@dataclass(slots=True)
class Unit:
    """A unit with everything that was written to it, also what is never returned."""

    id: str
    name: str
    width: float
    length: float
    height: float
    door_height: float
    door_width: float
    door_type: str
    access_type: str
    walk_thru_order: int
    unit_type: str
    standard_rate: float = 0.0
    floor: int | None = None
    rentable: bool = True
    combination_lock_number: str | None = None
    overlock_lock_number: str | None = None
    attribute_description: str | None = None
    tax_rates: tuple[str, ...] = ()
    unit_amenities: tuple[str, ...] = ()
    unit_group_id: str | None = None
    tier: str | None = None
    rank: int | None = None
    exclude_from_api: bool = False
    allow_future_move_ins_limit: int | None = None
    custom_field_values_attributes: tuple[dict[str, Any], ...] = ()
    status: str = "vacant"
    damaged: bool = False
    deleted: bool = False

    def written(self) -> dict[str, Any]:
        """All of it by name (`dataclasses.asdict` copies every value, ten times as slowly)."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def size(self) -> str:
        """The dimensions as one text."""
        return f"{self.width:g}x{self.length:g}x{self.height:g}"

    @property
    def area(self) -> float:
        """The floor space."""
        return self.width * self.length


@dataclass(slots=True)
class Group:
    """A unit group. `memo` holds what was copied from the reference unit when that was set."""

    number: int
    uuid: str
    name: str
    created_at: datetime
    updated_at: datetime
    group_key: str | None = None
    reference_unit_id: str | None = None
    fully_enclosed: bool | None = None
    memo: dict[str, Any] = field(default_factory=dict)


class Facility:
    """The units and groups of one facility, in the order of their creation."""

    def __init__(
        self,
        facility_id: str,
        number: int,
        settings: FacilitySettings,
        new_group: Callable[[str], Group],
        group_key: Callable[[Unit], str],
    ) -> None:
        self.id = facility_id
        self.number = number
        self.settings = settings
        self.units: dict[str, Unit] = {}
        self.groups: dict[str, Group] = {}
        self._members: dict[str, dict[str, None]] = {}
        self._unit_ids: dict[str, str] = {}
        self._group_ids: dict[str, str] = {}
        self._new_group = new_group
        self._group_key = group_key

    def unit_named(self, name: str) -> Unit | None:
        """The living unit of that name."""
        unit_id = self._unit_ids.get(folded(name))
        return None if unit_id is None else self.units[unit_id]

    def group_named(self, name: str) -> Group | None:
        """The group of that name."""
        group_id = self._group_ids.get(folded(name))
        return None if group_id is None else self.groups[group_id]

    def members(self, group_id: str) -> list[Unit]:
        """The units of a group."""
        return [self.units[unit_id] for unit_id in self._members[group_id]]

    def count_members(self, group_id: str) -> int:
        """How many units a group has."""
        return len(self._members[group_id])

    def add_unit(self, unit: Unit) -> None:
        """Take in a new unit, into the group that it names."""
        group_id, unit.unit_group_id = unit.unit_group_id, None
        self.units[unit.id] = unit
        self._unit_ids[folded(unit.name)] = unit.id
        self._move(unit, group_id)
        self._group_by_itself(unit)

    def change_unit(self, unit: Unit, values: Mapping[str, Any]) -> None:
        """Write fields of a unit; a new group is a move, a new name is indexed."""
        for name, value in values.items():
            if name == "name":
                self._rename_unit(unit, value)
            elif name == "unit_group_id":
                self._move(unit, value)
            elif name == "deleted":
                self._delete_unit(unit)
            else:
                setattr(unit, name, value)
        self._group_by_itself(unit)

    def add_group(self, name: str) -> Group:
        """A new and empty group."""
        group = self._new_group(name)
        self.groups[group.uuid] = group
        self._members[group.uuid] = {}
        self._group_ids[folded(name)] = group.uuid
        return group

    def rename_group(self, group: Group, name: str) -> None:
        """Give a group another name."""
        # Renames of one request are applied one by one: the old name may be someone else's by now.
        if self._group_ids.get(folded(group.name)) == group.uuid:
            del self._group_ids[folded(group.name)]
        group.name = name
        self._group_ids[folded(name)] = group.uuid

    def remove_group(self, group: Group) -> None:
        """Delete a group; its units become ungrouped."""
        for unit in self.members(group.uuid):
            unit.unit_group_id = None
        del self.groups[group.uuid], self._members[group.uuid]
        del self._group_ids[folded(group.name)]

    def _rename_unit(self, unit: Unit, name: str) -> None:
        if self._unit_ids.get(folded(unit.name)) == unit.id:
            del self._unit_ids[folded(unit.name)]
        unit.name = name
        self._unit_ids[folded(name)] = unit.id

    def _delete_unit(self, unit: Unit) -> None:
        unit.deleted = True
        self._move(unit, None)
        if self._unit_ids.get(folded(unit.name)) == unit.id:
            del self._unit_ids[folded(unit.name)]

    def _move(self, unit: Unit, group_id: str | None) -> None:
        if unit.unit_group_id == group_id:
            return
        if unit.unit_group_id is not None:
            self._leave(unit, self.groups[unit.unit_group_id])
        unit.unit_group_id = group_id
        if group_id is not None:
            self._members[group_id][unit.id] = None

    def _leave(self, unit: Unit, group: Group) -> None:
        del self._members[group.uuid][unit.id]
        if group.reference_unit_id == unit.id:
            group.reference_unit_id = None

    def _group_by_itself(self, unit: Unit) -> None:
        if self.settings.custom_unit_groups or unit.deleted:
            return
        left, key = unit.unit_group_id, self._group_key(unit)
        group = self.group_named(key) or self.add_group(key)
        group.group_key = key
        if left == group.uuid:
            return
        self._move(unit, group.uuid)
        if left is not None and not self._members[left]:
            self.remove_group(self.groups[left])
