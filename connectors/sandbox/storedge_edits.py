"""Changes that a person makes in storEDGE by hand, past the API and its rules, for drift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields as fields_of
from typing import Any

from connectors.sandbox.storedge_facility import Facility, Group, Unit
from connectors.sandbox.storedge_rules import UPDATE_RULES, complaints, stored

UNIT_FIELDS = frozenset(field.name for field in fields_of(Unit)) - {"id"}
GROUP_FIELDS = frozenset({"name", "fully_enclosed", "reference_unit_id", "deleted"})


def edit_facility(
    facilities: Iterable[Facility], entity: str, remote_id: str, fields: Mapping[str, Any]
) -> str | None:
    """Change the unit or group of that id; the complaint, or None when it was done.

    `deleted: true` takes a unit out of its group and frees its name, or removes a group.
    """
    allowed = UNIT_FIELDS if entity == "unit" else GROUP_FIELDS
    if surplus := sorted(fields.keys() - allowed):
        return f"unknown fields: {', '.join(surplus)}"
    for facility in facilities:
        if entity == "unit" and remote_id in facility.units:
            return _edit_unit(facility, facility.units[remote_id], fields)
        if entity == "group" and remote_id in facility.groups:
            _edit_group(facility, facility.groups[remote_id], fields)
            return None
    return f"no {entity} has the id {remote_id}"


def _edit_unit(facility: Facility, unit: Unit, fields: Mapping[str, Any]) -> str | None:
    ruled = {name: value for name, value in fields.items() if name in UPDATE_RULES}
    for name, complaint in complaints(ruled, UPDATE_RULES, creating=False):
        return f"{name} {complaint}"
    if fields.get("unit_group_id") and fields["unit_group_id"] not in facility.groups:
        return f"no group has the id {fields['unit_group_id']}"
    facility.change_unit(unit, {name: stored(name, value) for name, value in fields.items()})
    return None


def _edit_group(facility: Facility, group: Group, fields: Mapping[str, Any]) -> None:
    if "name" in fields:
        facility.rename_group(group, fields["name"])
    if "fully_enclosed" in fields:
        group.fully_enclosed = fields["fully_enclosed"]
    if "reference_unit_id" in fields:
        group.reference_unit_id = fields["reference_unit_id"]
    if "deleted" in fields:
        facility.remove_group(group)
