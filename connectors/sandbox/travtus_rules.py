"""What Travtus accepts in a unit: types, required members, and when two addresses are the same.

A null is refused: the contracts do not say what it does to a stored value (T8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Check = Callable[[str, object], Iterator[str]]

ADDRESS_TEXTS = (
    "building_name",
    "address_line_1",
    "address_line_2",
    "city",
    "country",
    "state",
    "postal_code",
)
FIXTURES = ("has_shower_or_bath", "has_sink", "has_toilet")


def is_text(name: str, value: object) -> Iterator[str]:
    """A string."""
    if not isinstance(value, str):
        yield f"{name} must be a string."


def is_boolean(name: str, value: object) -> Iterator[str]:
    """A JSON boolean."""
    if not isinstance(value, bool):
        yield f"{name} must be a boolean."


def is_count(name: str, value: object) -> Iterator[str]:
    """A JSON integer that counts or measures something."""
    if not isinstance(value, int) or isinstance(value, bool):
        yield f"{name} must be an integer."
    elif value < 0:
        yield f"{name} must not be negative."


def is_number(name: str, value: object) -> Iterator[str]:
    """A JSON number, never the text of one."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield f"{name} must be a number."


def is_bathrooms(name: str, value: object) -> Iterator[str]:
    """A list with one object per bathroom."""
    if not isinstance(value, list):
        yield f"{name} must be a list."
        return
    for position, bathroom in enumerate(value):
        yield from _members(f"{name}[{position}]", bathroom, dict.fromkeys(FIXTURES, is_boolean))


def is_address(name: str, value: object) -> Iterator[str]:
    """An object that has at least its first line."""
    yield from is_partial_address(name, value)
    if isinstance(value, dict) and not str(value.get("address_line_1") or "").strip():
        yield f"{name}.address_line_1 is required."


def is_partial_address(name: str, value: object) -> Iterator[str]:
    """An object with any members of an address, as a search may send."""
    yield from _members(name, value, _ADDRESS_MEMBERS)


UNIT_CHECKS: Mapping[str, Check] = {
    "identifier": is_text,
    "external_ref": is_text,
    "unit_number": is_text,
    "has_flex_wall": is_boolean,
    "number_of_bedrooms": is_count,
    "number_of_bathrooms": is_count,
    "sqft": is_count,
    "bathrooms": is_bathrooms,
    "address": is_address,
}

_ADDRESS_MEMBERS: Mapping[str, Check] = {
    **dict.fromkeys(ADDRESS_TEXTS, is_text),
    "latitude": is_number,
    "longitude": is_number,
}


def unit_complaints(item: object) -> list[str]:
    """Every reason why this unit cannot be stored."""
    return list(_members("", item, UNIT_CHECKS))


def address_key(address: Mapping[str, Any]) -> str:
    """The form in which two addresses of a group are the same address.

    The vendor's rule is not documented (T5). Here all text members count, without regard to case
    and spacing; coordinates and the unit number do not.
    """
    return "|".join(" ".join(address.get(name, "").casefold().split()) for name in ADDRESS_TEXTS)


def _members(name: str, value: object, checks: Mapping[str, Check]) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{name or 'A unit'} must be an object."
        return
    prefix = f"{name}." if name else ""
    for member, content in value.items():
        if member not in checks:
            yield f"{prefix}{member} is not a known field."
        elif content is None:
            yield f"{prefix}{member} must not be null."
        else:
            yield from checks[member](f"{prefix}{member}", content)
