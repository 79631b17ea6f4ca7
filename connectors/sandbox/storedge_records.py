"""How storEDGE shows what it holds: unit and group records, their catalogue objects, and `meta`.

The shapes are those of seeds 001 to 003, in their order. Write-only fields (`tax_rates`,
`walk_thru_order`, `exclude_from_api`) are never shown, and `overlock_lock_number` is always null.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import responses
from typing import Any, Self

from connectors.sandbox.storedge_errors import Refusal
from connectors.sandbox.storedge_facility import Facility, Group, Unit

PER_PAGE = 100  # the default, the maximum (contracts S10) and the page of a bulk reply (seed 003)

# What the group index shows of the copied attributes, and what is not modelled here (B.7).
_SHOWN_COPIES = ("standard_rate", "size", "area", "length", "width", "height", "floor")
_UNMODELLED = (
    "managed_rate",
    "reduced_price",
    "cyo_reduced_prices",
    "channel_rate",
    "average_rent",
    "due_at_move_in",
    "due_at_move_in_without_fees",
    "due_monthly",
    "attribute_description",
    "description",
    "invoiceable_fees",
    "scheduled_move_outs",
    "reservation_fee",
)


class Catalogue:
    """The company's unit types, amenities and tiers: every id gets a number when first seen."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._next = itertools.count(529)

    def number(self, kind: str, remote_id: str) -> int:
        """The integer key of a catalogue entry, which group records show instead of its id."""
        if (kind, remote_id) not in self._numbers:
            self._numbers[kind, remote_id] = next(self._next)
        return self._numbers[kind, remote_id]

    def unit_type_number(self, unit_type: str) -> int:
        """The integer key of a unit type."""
        return self.number("unit_type", unit_type)

    def unit_type(self, unit_type: str) -> dict[str, Any]:
        """A unit type as units show it."""
        return {
            "id": unit_type,
            "name": f"Unit Type {self.unit_type_number(unit_type)}",
            "deleted": False,
            "internal_account_code": "4000",
            "code_and_description": "4000 - Rental Revenue",
            "ii_excluded": [],
        }

    def amenity(self, amenity: str) -> dict[str, Any]:
        """An amenity as units show it."""
        number = self.number("amenity", amenity)
        return {
            "id": amenity,
            "name": f"Amenity {number}",
            "short_code": f"A{number}",
            "show_in_sales_center_filter_dropdown": False,
            "deleted": False,
            "primary_key_id": number,
        }

    def tier(self, tier: str | None) -> dict[str, Any] | None:
        """A tier as units show it."""
        if tier is None:
            return None
        return {"id": tier, "rank": self.number("tier", tier)}

    def group_key(self, unit: Unit) -> str:
        """What units of one automatic group have in common (contracts B.5)."""
        amenities = sorted(self.number("amenity", amenity) for amenity in unit.unit_amenities)
        return (
            f"{unit.size} - ${unit.standard_rate:.2f} - {self.unit_type_number(unit.unit_type)}"
            f" - {amenities} - {unit.floor}"
        )


def unit_record(unit: Unit, catalogue: Catalogue) -> dict[str, Any]:
    """A unit as every storEDGE answer shows it (seed 003)."""
    return {
        "id": unit.id,
        "price": unit.standard_rate,
        "name": unit.name,
        "description": _description(unit, catalogue),
        "width": unit.width,
        "length": unit.length,
        "height": unit.height,
        "door_height": unit.door_height,
        "door_width": unit.door_width,
        "door_type": unit.door_type,
        "access_type": unit.access_type,
        "floor": unit.floor,
        "directions": None,
        "size": unit.size,
        "area": unit.area,
        "standard_rate": unit.standard_rate,
        "managed_rate": None,
        "tiered_rate": None,
        "available_for_move_in": unit.rentable and unit.status == "vacant",
        "rentable": unit.rentable,
        "status": unit.status,
        "payment_status": None,
        "current_ledger_id": None,
        "current_tenant_id": None,
        "combo_lock_group": None,
        "combination_lock_number": unit.combination_lock_number,
        "overlock_lock_number": None,
        "attribute_description": unit.attribute_description,
        "deleted": unit.deleted,
        "damaged": unit.damaged,
        "complimentary": None,
        "unrentable": not unit.rentable,
        "company_owned": False,
        "is_prepped": None,
        "rank": unit.rank,
        "custom_fields": list(unit.custom_field_values_attributes),
        "allow_future_move_ins_limit": unit.allow_future_move_ins_limit,
        "channel_rate": None,
        "unit_amenities": [catalogue.amenity(amenity) for amenity in unit.unit_amenities],
        "unit_type": catalogue.unit_type(unit.unit_type),
        "tier": catalogue.tier(unit.tier),
        "unit_group_id": unit.unit_group_id,
    }


def group_record(facility: Facility, group: Group, catalogue: Catalogue) -> dict[str, Any]:
    """A group as the index shows it: `id` is the uuid here, `fully_enclosed` is not shown (B.7)."""
    members = facility.members(group.uuid)
    occupied = sum(unit.status == "occupied" for unit in members)
    reference = facility.units.get(group.reference_unit_id or "")
    return {
        **dict.fromkeys(_UNMODELLED),
        **{field: group.memo.get(field) for field in _SHOWN_COPIES},
        "id": group.uuid,
        "name": group.name,
        "group_key": group.group_key,
        "reference_unit_id": group.reference_unit_id,
        "price": None if facility.settings.tiered_pricing else group.memo.get("standard_rate"),
        "channel_rate_ids": [],
        "active_rate_type": "standard_rate",
        "available_units_count": sum(u.rentable and u.status == "vacant" for u in members),
        "total_units_count": len(members),
        "total_non_excluded_units_count": sum(not unit.exclude_from_api for unit in members),
        "occupancy_percent": 100.0 * occupied / len(members) if members else 0.0,
        "unit_amenities": [],
        "unit_type": None if reference is None else catalogue.unit_type(reference.unit_type),
        "discount_plans": [],
    }


def created_group_record(facility: Facility, group: Group) -> dict[str, Any]:
    """A group as its create shows it: an integer `id` beside the `uuid`, all copies null."""
    return {
        "id": group.number,
        "total_units_count": None,
        "available_units_count": None,
        "size": None,
        "price": None,
        "floor": None,
        "group_key": None,
        "created_at": group.created_at.isoformat(timespec="milliseconds"),
        "updated_at": group.updated_at.isoformat(timespec="milliseconds"),
        "uuid": group.uuid,
        "facility_id": facility.number,
        "unit_type_id": None,
        "occupied_units_count": None,
        "total_non_excluded_units_count": 0,
        "cross_sell_group_id": None,
        "justification": None,
        "managed_rate": None,
        "standard_rate": None,
        "attribute_description": None,
        "access_type": None,
        "door_width": None,
        "door_height": None,
        "width": None,
        "height": None,
        "length": None,
        "area": None,
        "unoccupied_rate_plan_id": None,
        "fully_enclosed": None,
        "name": group.name,
        "reference_unit_id": None,
    }


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a collection is asked for."""

    number: int = 1
    per_page: int = PER_PAGE

    @classmethod
    def asked_for(cls, query: Sequence[tuple[str, str]]) -> Self:
        """The page that a query names; anything but `page` and `per_page` is refused."""
        given = dict(query)
        if surplus := sorted(given.keys() - {"page", "per_page"}):
            raise Refusal(400, f"Unknown parameters: {', '.join(surplus)}")
        number = _positive("page", given.get("page", "1"))
        per_page = _positive("per_page", given.get("per_page", str(PER_PAGE)))
        return cls(number, min(per_page, PER_PAGE))

    @property
    def start(self) -> int:
        """The position of the first entry."""
        return (self.number - 1) * self.per_page

    def pagination(self, total_entries: int) -> dict[str, Any]:
        """`meta.pagination` for this page; an empty collection still has one page."""
        total_pages = max(1, -(-total_entries // self.per_page))
        return {
            "current_page": self.number,
            "total_pages": total_pages,
            "per_page": self.per_page,
            "total_entries": total_entries,
            "previous_page": self.number - 1 if self.number > 1 else None,
            "next_page": self.number + 1 if self.number < total_pages else None,
        }


def meta_block(
    status: int, method: str, request_id: str, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The `meta` that every answer ends with; `parameters` echoes the request, secrets and all."""
    return {
        "status_code": status,
        "status_message": responses.get(status, "Unknown"),
        "status_cat": f"https://http.cat/{status}",
        "request_method": method,
        "request_id": request_id,
        "parameters": dict(parameters),
    }


def _description(unit: Unit, catalogue: Catalogue) -> str:
    parts = [catalogue.amenity(amenity)["name"] for amenity in unit.unit_amenities]
    if unit.floor is not None:
        parts.append(f"{_ordinal(unit.floor)} floor")
    return ", ".join(parts)


def _ordinal(number: int) -> str:
    teens = abs(number) % 100 in (11, 12, 13)
    suffix = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(abs(number) % 10, "th")
    return f"{number}{suffix}"


def _positive(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise Refusal(400, f"{name} must be a positive integer")
    return int(text)
