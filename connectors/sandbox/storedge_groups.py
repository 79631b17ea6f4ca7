"""Creating and updating the unit groups of a storEDGE facility (seeds 001, 002).

A group copies ("memoises") attributes of its reference unit at the moment the reference is set,
and at no other: a later change of that unit leaves the copy as it was (contracts S15).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.sandbox.storedge_errors import Conflicts, ErrorHash, Refusal
from connectors.sandbox.storedge_facility import (
    ConflictItems,
    Facility,
    Group,
    StoredgeHabits,
    Unit,
)
from connectors.sandbox.storedge_rules import (
    GROUP_CREATE_RULES,
    GROUP_UPDATE_RULES,
    complaints,
    folded,
    stored,
)

Item = Mapping[str, Any]


def create_groups(facility: Facility, items: Sequence[Item], habits: StoredgeHabits) -> list[Group]:
    """Create empty groups, or raise the refusal that names the names in conflict."""
    _require_custom_groups(facility)
    errors = ErrorHash("name")
    for index, item in enumerate(items):
        for error_type, message in complaints(item, GROUP_CREATE_RULES, creating=True):
            errors.add(error_type, index, item, message)
    errors.raise_if_any()
    conflicts = _name_conflicts(facility, items, habits.conflict_items)
    if not habits.partial_writes:
        _raise_if_conflicting(conflicts)
    created = [
        facility.add_group(item["name"])
        for index, item in enumerate(items)
        if index not in conflicts.offenders
    ]
    _raise_if_conflicting(conflicts)
    return created


def update_groups(
    facility: Facility,
    items: Sequence[Item],
    habits: StoredgeHabits,
    *,
    now: datetime,
    unit_type_number: Callable[[str], int],
) -> list[dict[str, Any]]:
    """Update groups, each in its own way; the replies say only what each item touched."""
    _require_custom_groups(facility)
    _check_shape(items)
    _check_ids(facility, items)
    names = _name_conflicts(facility, items, habits.conflict_items)
    references = _reference_conflicts(facility, items, habits.conflict_items)
    if not habits.partial_writes:
        _raise_if_conflicting(names, references)
    replies = [
        _update(facility, item, now, unit_type_number)
        for index, item in enumerate(items)
        if index not in names.offenders | references.offenders
    ]
    _raise_if_conflicting(names, references)
    return replies


def memoised(unit: Unit, unit_type_number: Callable[[str], int]) -> dict[str, Any]:
    """What a group copies from its reference unit, in the order of seed 002."""
    return {
        "length": unit.length,
        "width": unit.width,
        "height": unit.height,
        "floor": unit.floor,
        "unit_type_id": unit_type_number(unit.unit_type),
        "standard_rate": unit.standard_rate,
        "area": unit.area,
        "door_width": unit.door_width,
        "door_height": unit.door_height,
        "access_type": unit.access_type,
        "size": unit.size,
    }


def _update(
    facility: Facility, item: Item, now: datetime, unit_type_number: Callable[[str], int]
) -> dict[str, Any]:
    group = facility.groups[item["id"]]
    if "name" in item:
        facility.rename_group(group, item["name"])
    reply: dict[str, Any] = {"uuid": group.uuid, "name": group.name}
    if "fully_enclosed" in item:
        group.fully_enclosed = stored("fully_enclosed", item["fully_enclosed"])
        reply["fully_enclosed"] = group.fully_enclosed
    if "reference_unit_id" in item:
        group.reference_unit_id = item["reference_unit_id"]
        group.memo = memoised(facility.units[item["reference_unit_id"]], unit_type_number)
        reply |= {"reference_unit_id": group.reference_unit_id, **group.memo}
    group.updated_at = now
    return reply


def _require_custom_groups(facility: Facility) -> None:
    if not facility.settings.custom_unit_groups:
        raise Refusal(403, "Custom Unit Groups are not enabled for this facility")


def _check_shape(items: Sequence[Item]) -> None:
    errors = ErrorHash("id", "name")
    ids = Counter(group_id for item in items if isinstance(group_id := item.get("id"), str))
    for index, item in enumerate(items):
        if not isinstance(item.get("id"), str):
            errors.add("id", index, item, "is required and must be a String")
        elif ids[item["id"]] > 1:
            errors.add("id", index, item, "is used more than once in the request")
        fields = {field: value for field, value in item.items() if field != "id"}
        for error_type, message in complaints(fields, GROUP_UPDATE_RULES, creating=False):
            errors.add(error_type, index, item, message)
    errors.raise_if_any()


def _check_ids(facility: Facility, items: Sequence[Item]) -> None:
    errors = ErrorHash("id", "name")
    for index, item in enumerate(items):
        if item["id"] not in facility.groups:
            errors.add("id", index, item, "Record not found")
    errors.raise_if_any(404)


def _name_conflicts(facility: Facility, items: Sequence[Item], form: ConflictItems) -> Conflicts:
    """A name must be free before the request, so two groups cannot swap names in one request."""
    conflicts = Conflicts("name_assignments", form)
    counts = Counter(folded(item["name"]) for item in items if "name" in item)
    for index, item in enumerate(items):
        if "name" not in item:
            continue
        name, holder = item["name"], facility.group_named(item["name"])
        if counts[folded(name)] > 1:
            conflicts.add(index, {"name": name}, f"'{name}' is not unique in the request")
        elif holder is not None and holder.uuid != item.get("id"):
            conflicts.add(index, {"name": name}, f"'{name}' is used by another unit group")
    return conflicts


def _reference_conflicts(
    facility: Facility, items: Sequence[Item], form: ConflictItems
) -> Conflicts:
    conflicts = Conflicts("reference_unit_assignments", form)
    for index, item in enumerate(items):
        if "reference_unit_id" not in item:
            continue
        unit_id, group_id = item["reference_unit_id"], item["id"]
        unit = facility.units.get(unit_id)
        if unit is None or unit.unit_group_id != group_id:
            subject = {"id": group_id, "reference_unit_id": unit_id}
            message = f"Unit '{unit_id}' does not belong to unit group '{group_id}'"
            conflicts.add(index, subject, message)
    return conflicts


def _raise_if_conflicting(*conflicts: Conflicts) -> None:
    errors = {kind: items for conflict in conflicts for kind, items in conflict.as_errors().items()}
    if errors:
        raise Refusal(400, "Some of the assignments were invalid", {"errors": errors})
