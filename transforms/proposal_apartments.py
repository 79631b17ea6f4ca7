"""The mapping proposed for Travtus: the units of communities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from transforms.meanings import (
    bathrooms,
    bathrooms_of_both,
    bedrooms,
    bedrooms_of_both,
    in_letters,
)
from transforms.proposal import (
    Fit,
    Part,
    Proposal,
    Roles,
    find_label,
    gap,
    key_part,
    label_part,
    scope_part,
)
from transforms.proposal_fields import (
    boolean_part,
    cut_part,
    fits_number,
    number_part,
    table_part,
    text_part,
)
from transforms.shapes import booleans, is_number, is_size, is_whole, mostly
from transforms.survey import Column, Survey

_TEXTS = ("building_name", "address_line_1", "address_line_2", "city", "state", "country")
_STREET = r"^(.+?)(?:,|\s+(?i:apt|unit|suite|ste)\b|\s*#)"
_WHOLE = re.compile(rf"{_STREET}.*?,\s*[^,]+,?\s+[A-Z]{{2}},?\s+\d{{5}}(-\d{{4}})?(,?\s*USA?)?")
# What is cut out of `12 Elm St, Apt 4B, Salem, MA 01970`.
_CUTS = {
    "address_line_1": _STREET,
    "city": r",\s*([^,]+?),?\s+[A-Z]{2},?\s+\d{5}",
    "state": r"\b([A-Z]{2}),?\s+\d{5}",
    "postal_code": r"\b(\d{5}(?:-\d{4})?)\D*$",
}
_LAST_LINE = re.compile(r"[^,]+,?\s+[A-Z]{2},?\s+\d{5}(-\d{4})?")
_LAST_CUTS = {
    "city": r"^([^,]+?),?\s+[A-Z]{2},?\s+\d{5}",
    "state": _CUTS["state"],
    "postal_code": _CUTS["postal_code"],
}
_HALF = "half a bathroom counts as one, for Travtus takes whole numbers"


def propose_apartments(survey: Survey) -> Proposal:
    """Source columns to the units of Travtus."""
    roles = Roles(survey, "travtus", _fits(survey))
    if not {"number_of_bedrooms", "number_of_bathrooms"} & set(roles.found):
        roles.guess("bed_bath", lambda column: mostly(column.cells, in_letters))
    find_label(roles, "unit_number")
    scope, key = scope_part(roles), key_part(roles, "unit_number")
    parts = [scope, key, *_fields(roles, key)]
    return Proposal("travtus", survey.decimal, survey.ignore, tuple(parts), roles.unused(parts))


def _fits(survey: Survey) -> dict[str, Fit]:
    number = fits_number(survey.decimal)
    both = {
        "bed_bath": lambda column: mostly(column.cells, lambda t: bedrooms_of_both(t) is not None)
    }
    return {
        "sqft": lambda column: number(column) and not is_size(column.cells),
        "number_of_bedrooms": lambda column: mostly(
            column.cells, lambda t: bedrooms(t) is not None
        ),
        "number_of_bathrooms": lambda column: mostly(
            column.cells, lambda text: bathrooms(text) is not None
        ),
        "has_flex_wall": lambda column: booleans(column.cells, empty=True) is not None,
        "full_baths": lambda column: is_whole(column.cells, survey.decimal),
        "half_baths": lambda column: is_whole(column.cells, survey.decimal),
        "latitude": lambda column: is_number(column.cells, survey.decimal),
        "longitude": lambda column: is_number(column.cells, survey.decimal),
        # `ST` may be a street or a state, `Size` a class of homes.
        "state": lambda column: not any(map(str.isdigit, "".join(column.texts))),
        **both,
    }


def _fields(roles: Roles, key: Part) -> Iterator[Part]:
    if isinstance(key.value, str) and "{" not in key.value:
        yield Part("fields.external_ref", key.value, key.confidence, "your own id, as the key")
    elif isinstance(key.value, str):
        told = "your own id, as the key"
        yield Part("fields.external_ref", {"template": key.value}, key.confidence, told)
    found = [
        label_part(roles, "fields.unit_number", "unit_number"),
        _bedrooms(roles),
        _bathrooms(roles),
        number_part(roles, "fields.sqft", "sqft"),
        boolean_part(roles, "fields.has_flex_wall", "has_flex_wall"),
    ]
    yield from (part for part in found if part is not None)
    yield from _address(roles)


def _bedrooms(roles: Roles) -> Part | None:
    place, column = "fields.number_of_bedrooms", roles.column("number_of_bedrooms")
    if column is not None and is_whole(column.cells, roles.survey.decimal):
        return text_part(roles, place, "number_of_bedrooms")
    return table_part(roles, place, "number_of_bedrooms", bedrooms) or table_part(
        roles, place, "bed_bath", bedrooms_of_both
    )


def _bathrooms(roles: Roles) -> Part | None:
    place, column = "fields.number_of_bathrooms", roles.column("number_of_bathrooms")
    full, half = roles.column("full_baths"), roles.column("half_baths")
    if full is not None and half is not None:
        return roles.part(place, "full_baths", {"sum": [full.name, half.name]})
    if full is not None and column is None:
        return text_part(roles, place, "full_baths")
    if column is not None and is_whole(column.cells, roles.survey.decimal):
        return text_part(roles, place, "number_of_bathrooms")
    part = table_part(roles, place, "number_of_bathrooms", bathrooms, _HALF) or table_part(
        roles, place, "bed_bath", bathrooms_of_both, _HALF
    )
    return replace(part, confidence="guess") if part and part.confidence != "gap" else part


def _address(roles: Roles) -> Iterator[Part]:
    whole = _in_one(roles)
    for name in _TEXTS:
        place = f"fields.address.{name}"
        part = _cut(roles, name, whole=whole) or text_part(roles, place, name)
        if part is not None and name == "address_line_1" and not whole:
            part = _with_number(roles, part)
        if part is None and name == "address_line_1":
            part = gap("travtus", place)
        if part is None and name == "address_line_2":
            part = _line_2(roles, place)
        if part is not None:
            yield part
    for name in ("postal_code", "latitude", "longitude"):
        place = f"fields.address.{name}"
        part = _cut(roles, name, whole=whole) or text_part(roles, place, name)
        if part is not None:
            yield part


def _in_one(roles: Roles) -> bool:
    """Whether the address of a home stands in one column, city and all."""
    column = roles.column("address_line_1")
    apart = {"city", "postal_code"} & set(roles.found)
    return column is not None and not apart and mostly(column.cells, _WHOLE.fullmatch)


def _cut(roles: Roles, name: str, *, whole: bool) -> Part | None:
    """A piece of an address in one column, or of its last line."""
    line = roles.column("city_line")
    if whole and name in _CUTS:
        role, pieces = "address_line_1", _CUTS
    elif line is not None and mostly(line.cells, _LAST_LINE.fullmatch) and name in _LAST_CUTS:
        role, pieces = "city_line", _LAST_CUTS
    else:
        return None
    return cut_part(roles, f"fields.address.{name}", role, pieces[name], "a part of it")


def _with_number(roles: Roles, street: Part) -> Part:
    """Where the number of the house stands in a column of its own, both are the line."""
    name, number = roles.name("address_line_1"), roles.name("house_number")
    if name is None or number is None or set("{}:!") & set(name + number):
        return street
    both = {"template": f"{{{name}}} {{{number}}}"}
    return replace(street, value=both, confidence="likely", reason="the street, and its number")


def _line_2(roles: Roles, place: str) -> Part | None:
    """Two units of one address would be one to Travtus, so the number of the unit is in it."""
    number: Column | None = roles.column("unit_number")
    if number is None or set("{}:!") & set(number.name):
        return None
    told = "Travtus tells units apart by their address, so the number of the unit is in it"
    return Part(place, {"template": f"Unit {{{number.name}}}"}, "likely", told)
