"""Creating and updating the units of a storEDGE facility in bulk (seed 003, contracts B.5, B.6).

A refused request changes nothing, unless the vendor was built with `partial_writes`: the contracts
leave open whether the valid units of a refused request are kept (S1, S2).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.sandbox.storedge_errors import ErrorHash
from connectors.sandbox.storedge_facility import Facility, StoredgeHabits, Unit
from connectors.sandbox.storedge_rules import (
    CREATE_RULES,
    UPDATE_RULES,
    accepted_values,
    complaints,
    folded,
)

Item = Mapping[str, Any]


def bulk_create(
    facility: Facility, items: Sequence[Item], habits: StoredgeHabits, new_id: Callable[[], str]
) -> list[Unit]:
    """Create every unit, or raise the refusal that names those that cannot be."""
    errors = ErrorHash("name")
    names = _counted_names(items)
    for index, item in enumerate(items):
        for error_type, message in _faults_of_new(facility, item, names, habits):
            errors.add(error_type, index, item, message)
    if not habits.partial_writes:
        errors.raise_if_any()
    created = [_create(facility, item, new_id()) for item in _without(items, errors)]
    errors.raise_if_any()
    return created


def bulk_update(facility: Facility, items: Sequence[Item], habits: StoredgeHabits) -> list[Unit]:
    """Update every unit, or raise the refusal that names those that cannot be."""
    _check_ids(items)
    unknown = _unknown_ids(facility, items)
    if not habits.partial_writes:
        unknown.raise_if_any(404)
    known = _without(items, unknown)
    errors = _faults_of_updates(facility, known, habits)
    if not habits.partial_writes:
        errors.raise_if_any()
    updated = [_update(facility, item) for item in _without(known, errors)]
    unknown.raise_if_any(404)
    errors.raise_if_any()
    return updated


def _faults_of_updates(
    facility: Facility, items: Sequence[Item], habits: StoredgeHabits
) -> ErrorHash:
    errors = ErrorHash("id", "name")
    names = _counted_names(items)
    for index, item in enumerate(items):
        for error_type, message in _faults_of_known(facility, item, names, habits):
            errors.add(error_type, index, item, message)
    _check_departures(facility, items, errors)
    return errors


def _without(items: Sequence[Item], errors: ErrorHash) -> list[Item]:
    return [item for index, item in enumerate(items) if index not in errors.offenders]


def _create(facility: Facility, item: Item, unit_id: str) -> Unit:
    values = accepted_values(item, CREATE_RULES, creating=True)
    unit = Unit(id=unit_id, **_without_ignored(facility, values))
    facility.add_unit(unit)
    return unit


def _update(facility: Facility, item: Item) -> Unit:
    unit = facility.units[item["id"]]
    values = accepted_values(_without_id(item), UPDATE_RULES, creating=False)
    facility.change_unit(unit, _without_ignored(facility, values))
    return unit


def _without_id(item: Item) -> dict[str, Any]:
    return {field: value for field, value in item.items() if field != "id"}


def _without_ignored(facility: Facility, values: dict[str, Any]) -> dict[str, Any]:
    if facility.settings.tiered_pricing:  # seed 003: standard_rate is required and ignored
        values.pop("standard_rate", None)
    return values


def _counted_names(items: Sequence[Item]) -> Counter[str]:
    return Counter(folded(name) for item in items if isinstance(name := item.get("name"), str))


def _faults_of_new(
    facility: Facility, item: Item, names: Counter[str], habits: StoredgeHabits
) -> Iterator[tuple[str, str]]:
    yield from complaints(item, CREATE_RULES, creating=True)
    if habits.unique_names:
        yield from _name_faults(facility, item, names, own=None)
    if isinstance(item.get("name"), str) and "," in item["name"]:
        yield "name", "can't contain a comma"
    if item.get("unit_group_id") == "":
        yield "unit_group_id", "can't be blank"
    if facility.settings.tiered_pricing and "tier" not in item:
        yield "tier", "is required"
    yield from _permission_faults(facility, item, habits)
    yield from _reference_faults(facility, item)


def _faults_of_known(
    facility: Facility, item: Item, names: Counter[str], habits: StoredgeHabits
) -> Iterator[tuple[str, str]]:
    yield from complaints(_without_id(item), UPDATE_RULES, creating=False)
    if habits.unique_names:
        yield from _name_faults(facility, item, names, own=facility.units[item["id"]])
    if facility.settings.tiered_pricing and item.get("tier", "") is None:
        yield "tier", "is required"
    yield from _permission_faults(facility, item, habits)
    yield from _reference_faults(facility, item)


def _name_faults(
    facility: Facility, item: Item, names: Counter[str], own: Unit | None
) -> Iterator[tuple[str, str]]:
    """A name must be free before the request: two units cannot swap names in one request."""
    name = item.get("name")
    if not isinstance(name, str):
        return
    holder = facility.unit_named(name)
    if holder is not None and holder is not own:
        yield "name", "has already been taken"
    if names[folded(name)] > 1:
        yield "name", "is used more than once in the request"


def _permission_faults(
    facility: Facility, item: Item, habits: StoredgeHabits
) -> Iterator[tuple[str, str]]:
    if "unit_group_id" in item and not facility.settings.custom_unit_groups:
        yield "unit_group_id", "is only available when Custom Unit Groups are enabled"
    if "exclude_from_api" in item and not habits.read_excluded:
        yield "exclude_from_api", "requires the read_excluded permission"


def _reference_faults(facility: Facility, item: Item) -> Iterator[tuple[str, str]]:
    """Ids of other things must name things that exist."""
    settings = facility.settings
    for field, known in (
        ("unit_type", settings.unit_types),
        ("tier", settings.tiers),
        ("unit_amenities", settings.unit_amenities),
        ("tax_rates", settings.tax_rates),
        ("unit_group_id", facility.groups.keys() if settings.custom_unit_groups else None),
    ):
        for given in _ids(item.get(field)):
            if known is not None and given not in known:
                yield field, f"{given} was not found"


def _ids(value: object) -> list[str]:
    candidates = value if isinstance(value, list) else [value]
    return [given for given in candidates if isinstance(given, str) and given]


def _check_ids(items: Sequence[Item]) -> None:
    errors = ErrorHash("id", "name")
    counts = Counter(unit_id for item in items if isinstance(unit_id := item.get("id"), str))
    for index, item in enumerate(items):
        if not isinstance(item.get("id"), str):
            errors.add("id", index, item, "is required and must be a String")
        elif counts[item["id"]] > 1:
            errors.add("id", index, item, "is used more than once in the request")
    errors.raise_if_any()


def _unknown_ids(facility: Facility, items: Sequence[Item]) -> ErrorHash:
    """Units are looked up before anything else is judged, so a 404 names unknown ids only."""
    errors = ErrorHash("id", "name")
    for index, item in enumerate(items):
        unit = facility.units.get(item["id"])
        if unit is None or unit.deleted:
            errors.add("id", index, item, "Record not found")
    return errors


def _check_departures(facility: Facility, items: Sequence[Item], errors: ErrorHash) -> None:
    """A reference unit leaves its group only if the request leaves that group empty (B.6)."""
    leaving: defaultdict[str, list[int]] = defaultdict(list)
    arriving: Counter[str] = Counter()
    for index, item in enumerate(items):
        target, current = item.get("unit_group_id"), facility.units[item["id"]].unit_group_id
        if not isinstance(target, str) or (target or None) == current:
            continue
        if current is not None:
            leaving[current].append(index)
        arriving[target] += 1
    for group_id, indexes in leaving.items():
        if facility.count_members(group_id) - len(indexes) + arriving[group_id] == 0:
            continue
        reference = facility.groups[group_id].reference_unit_id
        for index in indexes:
            if items[index]["id"] == reference:
                message = "is the reference unit of its group, which would not be left empty"
                errors.add("unit_group_id", index, items[index], message)
