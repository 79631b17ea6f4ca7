"""Searching units and communities of Travtus: filters, pages of 100 (contracts A.4, A.5).

An empty result of a unit search is a 404; -1 as `last_id` means that there is no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Any

from connectors.sandbox.travtus_errors import Refusal, bad_request, refusal
from connectors.sandbox.travtus_groups import Group, Unit, found_record
from connectors.sandbox.travtus_rules import (
    Check,
    is_boolean,
    is_count,
    is_partial_address,
    is_text,
)

PER_PAGE = 100
NO_MORE = -1
# Positions start behind the documented default of `after-id`, or the first unit would be hidden.
FIRST_POSITION = 2

_FILTERS: Mapping[str, Check] = {
    "external_ref": is_text,
    "identifier": is_text,
    "unit_number": is_text,
    "has_flex_wall": is_boolean,
    "number_of_bathrooms": is_count,
    "number_of_bedrooms": is_count,
    "sqft": is_count,
    "address": is_partial_address,
}
GROUP_FILTERS = ("group_ids", "groups_external_refs")
COMMUNITY_FILTERS = ("community_id", "community_external_ref", "name")


def check_search(query: Mapping[str, Any]) -> None:
    """Refuse a search that names a filter that does not exist, or names it wrongly."""
    if all(query.get(name) is not None for name in GROUP_FILTERS):
        raise refusal("both_group_identifiers_provided")
    for name, value in query.items():
        if name in _FILTERS:
            for complaint in _FILTERS[name](name, value):
                raise bad_request(complaint)
        elif name in GROUP_FILTERS:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise bad_request(f"{name} must be a list of strings.")
        elif name != "after-id":
            raise bad_request(f"{name} is not a known field.")


def search_units(
    groups: Iterable[Group], query: Mapping[str, Any], *, with_external_ref: bool
) -> dict[str, Any]:
    """One page of the units in these groups that match the query."""
    position = _position("after-id", query.get("after-id", "1"))
    wanted = {name: value for name, value in query.items() if name in _FILTERS}
    units = merge(*(group.after(position) for group in groups), key=lambda unit: unit.number)
    page = list(islice(_matching(units, wanted), PER_PAGE + 1))
    if not page:
        raise refusal("not_found")
    last_id = page[PER_PAGE - 1].number if len(page) > PER_PAGE else NO_MORE
    records = [found_record(u, with_external_ref=with_external_ref) for u in page[:PER_PAGE]]
    return {"last_id": last_id, "units": records}


def search_communities(groups: Iterable[Group], query: Mapping[str, str]) -> dict[str, Any]:
    """One page of the communities that match; every group is one."""
    if surplus := sorted(query.keys() - {*COMMUNITY_FILTERS, "after_id"}):
        raise Refusal(400, {name: ["Unknown field."] for name in surplus})
    if not any(query.get(name) for name in COMMUNITY_FILTERS):
        needed = f"At least one of {', '.join(COMMUNITY_FILTERS)} must be provided"
        raise Refusal(400, {"non_field_errors": [needed]})
    position = _position("after_id", query.get("after_id", "1"))
    found = sorted(
        (group for group in groups if group.number > position and _is_community(group, query)),
        key=lambda group: group.number,
    )
    last_id = found[PER_PAGE - 1].number if len(found) > PER_PAGE else NO_MORE
    return {"communities": [_community(group) for group in found[:PER_PAGE]], "last_id": last_id}


def _matching(units: Iterator[Unit], wanted: Mapping[str, Any]) -> Iterator[Unit]:
    return (unit for unit in units if all(_matches(unit, *item) for item in wanted.items()))


def _matches(unit: Unit, name: str, value: Any) -> bool:
    if name == "identifier":
        return bool(unit.identifier == value)
    if name == "address":
        address = unit.values.get("address", {})
        return all(address.get(member) == content for member, content in value.items())
    return name in unit.values and bool(unit.values[name] == value)


def _is_community(group: Group, query: Mapping[str, str]) -> bool:
    own: Sequence[str | None] = (group.group_id, group.external_ref, group.name)
    return all(
        query.get(name) in (None, value) for name, value in zip(COMMUNITY_FILTERS, own, strict=True)
    )


def _community(group: Group) -> dict[str, Any]:
    return {
        "community_id": group.group_id,
        "community_external_ref": group.external_ref,
        "name": group.name,
        "description": None,
        "location": {"latitude": "40.730610", "longitude": "-73.935242"},
        "timezone": "America/New_York",
        "number_of_units": len(group.units),
        "website": "",
        "phone_number": "",
        "email": "",
        "status": "active",
    }


def _position(name: str, value: object) -> int:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit()):
        raise bad_request(f"{name} must be an integer.")
    return int(text)
