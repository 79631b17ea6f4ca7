"""What Travtus holds: groups and their units, matched by identifier, then by address (seed 000).

A unit belongs to its group for ever: the identifier is looked for in the given group only, so the
same unit sent under another group becomes a second one (contracts T10).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.travtus_rules import FIXTURES, address_key, unit_complaints

ATTRIBUTES = (
    "external_ref",
    "has_flex_wall",
    "number_of_bathrooms",
    "number_of_bedrooms",
    "sqft",
    "unit_number",
    "bathrooms",
    "address",
)


@dataclass(slots=True)
class Unit:
    """A unit as it was written. `number` orders the pages of a search."""

    number: int
    identifier: str
    values: dict[str, Any]


@dataclass(slots=True)
class Group:
    """A group of units, which is also a community (contracts A.5)."""

    number: int
    group_id: str
    external_ref: str | None
    name: str
    matches_addresses: bool = True
    units: dict[str, Unit] = field(default_factory=dict)
    _in_order: list[Unit] = field(default_factory=list)
    _by_address: dict[str, dict[str, None]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What people call the group: its external reference where it has one."""
        return self.external_ref or self.group_id

    def upsert(self, item: object, new_unit: Callable[[], Unit]) -> dict[str, Any]:
        """Update the unit that matches, or create one; the item's own result either way."""
        reasons = unit_complaints(item)
        if not reasons and isinstance(item, dict):
            unit = self._match(item)
            if unit is None and "address" not in item:
                reasons = ["address is required to create a unit."]
            else:
                return self._write(unit or self._create(new_unit), item)
        given = item if isinstance(item, dict) else {}
        echo = {name: given[name] for name in ATTRIBUTES if name in given}
        return {"sucess": False, "failure_reason": " ".join(reasons), **echo}

    def rewrite(self, unit: Unit, values: Mapping[str, Any]) -> None:
        """Write attributes of a unit: what is given replaces what was there, whole."""
        self._unindex(unit)
        unit.values |= values
        if "address" in unit.values:
            homes = self._by_address.setdefault(address_key(unit.values["address"]), {})
            homes[unit.identifier] = None

    def remove(self, unit: Unit) -> None:
        """Forget a unit, as when a person deletes it."""
        self._unindex(unit)
        self._in_order.remove(unit)
        del self.units[unit.identifier]

    def after(self, number: int) -> Iterator[Unit]:
        """The units behind a position, in order."""
        start = bisect_right(self._in_order, number, key=lambda unit: unit.number)
        return (self._in_order[index] for index in range(start, len(self._in_order)))

    def _match(self, item: Mapping[str, Any]) -> Unit | None:
        if item.get("identifier") in self.units:
            return self.units[item["identifier"]]
        if "address" not in item or not self.matches_addresses:
            return None
        identifier = next(iter(self._by_address.get(address_key(item["address"]), ())), None)
        return None if identifier is None else self.units[identifier]

    def _create(self, new_unit: Callable[[], Unit]) -> Unit:
        unit = new_unit()
        self.units[unit.identifier] = unit
        self._in_order.append(unit)
        return unit

    def _write(self, unit: Unit, item: Mapping[str, Any]) -> dict[str, Any]:
        self.rewrite(unit, {name: value for name, value in item.items() if name != "identifier"})
        return {
            "sucess": True,  # the vendor's spelling (contracts A.3)
            "failure_reason": "",
            "identifier": unit.identifier,
            **{name: unit.values.get(name) for name in ATTRIBUTES},
        }

    def _unindex(self, unit: Unit) -> None:
        if "address" not in unit.values:
            return
        key = address_key(unit.values["address"])
        del self._by_address[key][unit.identifier]
        if not self._by_address[key]:
            del self._by_address[key]


def found_record(unit: Unit, *, with_external_ref: bool) -> dict[str, Any]:
    """A unit as a search shows it, which is not as it was written (contracts A.4)."""
    full, half = _bathrooms(unit.values)
    record = {
        "identifier": unit.identifier,
        "unit_number": unit.values.get("unit_number"),
        "is_flex": unit.values.get("has_flex_wall"),
        "full_bathrooms": full,
        "half_bathrooms": half,
        "number_of_bedrooms": unit.values.get("number_of_bedrooms"),
        "sqft": unit.values.get("sqft"),
        "address": unit.values.get("address"),
    }
    if with_external_ref:
        record["external_ref"] = unit.values.get("external_ref")
    return record


def _bathrooms(values: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """A full bathroom has all three features; without a list of them, all count as full."""
    if "bathrooms" not in values:
        count = values.get("number_of_bathrooms")
        return count, None if count is None else 0
    full = sum(all(room.get(name) for name in FIXTURES) for room in values["bathrooms"])
    return full, len(values["bathrooms"]) - full
