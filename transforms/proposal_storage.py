"""The mapping proposed for storEDGE: the units and groups of self-storage facilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from transforms.gaps import GAP, cure
from transforms.meanings import access, door, floor, rentable
from transforms.proposal import (
    Confidence,
    Fit,
    Part,
    Proposal,
    Roles,
    find_label,
    gap,
    key_part,
    label_part,
    names_in,
    scope_part,
)
from transforms.proposal_fields import (
    all_mean,
    boolean_part,
    cut_part,
    fits_number,
    money_part,
    number_part,
    table_part,
    text_part,
)
from transforms.shapes import (
    booleans,
    in_metres,
    is_ambiguous,
    is_money,
    is_size,
    is_size_with_height,
    is_uuid,
    is_whole,
    mostly,
)
from transforms.survey import Column, Survey
from transforms.vocabulary import is_by_another_time, is_in_metres, is_length_first

_FIRST: Final = r"^\D*([\d.,]*\d)"
_SECOND: Final = r"[x×X*]\D*([\d.,]*\d)"
_THIRD: Final = r"[x×X*].*[x×X*]\D*([\d.,]*\d)"
_WIDTH_FIRST: Final = {
    "fields.width": (_FIRST, "the first number, as storage says it"),
    "fields.length": (_SECOND, "the second number"),
}
_LENGTH_FIRST: Final = {
    "fields.width": (_SECOND, "the second number, as the name says"),
    "fields.length": (_FIRST, "the first number, as the name says"),
}
_OUTWARD: Final = ("out", "exterior", "drive")
_MEASURES: Final = ("width", "length", "height", "door_width", "door_height")
_FEW: Final = 10  # types that an inventory may have, however small it is


def propose_storage(survey: Survey) -> Proposal:
    """Source columns to the units and groups of storEDGE."""
    roles = Roles(survey, "storedge", _fits(survey))
    _find_size(roles)
    _find_type_ids(roles)
    _find_by_values(roles)
    parts = [scope_part(roles), key_part(roles, "name"), *_fields(roles)]
    parts += _groups(roles, parts)
    return Proposal("storedge", survey.decimal, survey.ignore, tuple(parts), roles.unused(parts))


def _fits(survey: Survey) -> dict[str, Fit]:
    number = fits_number(survey.decimal)
    whole = ("walk_thru_order", "rank")
    return {
        **dict.fromkeys((*_MEASURES, "standard_rate"), number),
        **dict.fromkeys(whole, lambda column: is_whole(column.cells, survey.decimal)),
        "floor": lambda column: is_whole(column.cells, survey.decimal) or all_mean(column, floor),
        "size": lambda column: is_size(column.cells),
        "name": lambda column: not column.empty or len(column.texts) > column.empty,
        "unit_type": lambda column: len(column.texts) <= max(_FEW, column.filled / 2),
        "rentable": lambda column: booleans(column.cells, empty=bool(column.empty)) is not None,
        "unit_amenities": lambda column: is_uuid(column.texts),
        "tax_rates": lambda column: is_uuid(column.texts),
    }


def _find_size(roles: Roles) -> None:
    """A column of sizes is one whatever it is called; it may be the type as well."""
    if "size" in roles.found or {"width", "length"} <= set(roles.found):
        return
    for column in roles.survey.columns.values():
        if is_size(column.cells):
            roles.found["size"] = (column, False)
            return


def _find_type_ids(roles: Roles) -> None:
    """Ids of types that are storEDGE's own are better than names, which need a table."""
    for name, match in roles.survey.matches("storedge"):
        column = roles.survey.columns[name]
        if match.role == "unit_type" and is_uuid(column.texts):
            roles.found["unit_type"] = (column, match.sure)


def _find_by_values(roles: Roles) -> None:
    """What no column is called: the only amounts of money, words for inside and for doors, and what
    tells every unit from every other."""
    roles.guess("standard_rate", lambda column: mostly(column.cells, is_money), only=True)
    if table_part(roles, "", "unit_type", access) is None:
        roles.guess("access_type", lambda column: all_mean(column, access))
    roles.guess("door_type", _names_doors)
    find_label(roles, "name")


def _names_doors(column: Column) -> bool:
    """A column of 1 and 2 could be anything, one of n/a as well."""
    kinds = {door(text) for text in column.texts if not text.isdigit()}
    return all_mean(column, door) and bool(kinds & {"roll_up", "swing"})


def _fields(roles: Roles) -> Iterator[Part]:
    yield label_part(roles, "fields.name", "name") or gap("storedge", "fields.name")
    for measure in _MEASURES:
        place = f"fields.{measure}"
        part = number_part(roles, place, measure) or _of_size(roles, place)
        yield _in_feet(part, roles) if part else gap("storedge", place)
    yield _door_type(roles)
    yield _access_type(roles)
    place = "fields.standard_rate"
    rate = money_part(roles, place, "standard_rate")
    yield _of_a_month(rate, roles) if rate else gap("storedge", place)
    yield _walk_thru_order(roles)
    yield _unit_type(roles)
    optional = [
        _floor(roles),
        boolean_part(roles, "fields.rentable", "rentable") or _by_status(roles),
        text_part(roles, "fields.combination_lock_number", "combination_lock_number", "a secret"),
        text_part(roles, "fields.overlock_lock_number", "overlock_lock_number", "a secret"),
        text_part(roles, "fields.attribute_description", "attribute_description"),
        text_part(roles, "fields.tax_rates", "tax_rates"),
        text_part(roles, "fields.unit_amenities", "unit_amenities"),
        number_part(roles, "fields.rank", "rank"),
    ]
    yield from (part for part in optional if part is not None)


def _of_size(roles: Roles, place: str) -> Part | None:
    column = roles.column("size")
    if column is None:
        return None
    order = _LENGTH_FIRST if is_length_first(column.name) else _WIDTH_FIRST
    match place:
        case "fields.width" | "fields.length":
            return cut_part(roles, place, "size", *order[place])
        case "fields.height" if is_size_with_height(column.cells):
            return cut_part(roles, place, "size", _THIRD, "the third number")
    return None


def _of_a_month(rate: Part, roles: Roles) -> Part:
    """An amount that may be another one than it looks is one to look at."""
    column = roles.found["standard_rate"][0]
    told = []
    if is_by_another_time(column.name):
        told.append("by its name not of a month")
    if roles.survey.decimal == "." and is_ambiguous(column.cells):
        told.append('1.250 is read as 1.25 here, and as 1250 with decimal: ","')
    if not told:
        return rate
    return replace(rate, confidence="guess", reason="; ".join([*told, rate.reason]))


def _in_feet(part: Part, roles: Roles) -> Part:
    """A measure in metres is sent as it is, so somebody must look at it."""
    [name] = names_in(part.value)
    if not is_in_metres(name) and not in_metres(roles.survey.columns[name].cells):
        return part
    told = "in metres or centimetres, as it seems, where storEDGE counts feet"
    return replace(part, confidence="guess", reason=f"{told}; {part.reason}")


def _door_type(roles: Roles) -> Part:
    place = "fields.door_type"
    coded = (column := roles.column("door_type")) is not None and column.texts[0].isdigit()
    note = "SiteLink's codes" if coded else ""
    part = table_part(roles, place, "door_type", door, note)
    return part or gap("storedge", place)


def _access_type(roles: Roles) -> Part:
    """From a column that says it, yes and no or in words; else from what the types are called."""
    place, column = "fields.access_type", roles.column("access_type")
    yes_no = booleans(column.cells, empty=bool(column.empty)) if column else None
    if column and yes_no:
        outward = any(word in column.name.casefold() for word in _OUTWARD)
        kinds = {text: "outdoor" if yes is outward else "indoor" for text, yes in yes_no.items()}
        return roles.part(place, "access_type", {"column": column.name, "values": kinds})
    by_words = table_part(roles, place, "access_type", access)
    by_type = table_part(roles, place, "unit_type", access, "by the words of the type")
    if by_type and by_type.confidence != "gap":
        by_type = replace(by_type, confidence="guess")
    return by_words or by_type or gap("storedge", place)


def _walk_thru_order(roles: Roles) -> Part:
    place = "fields.walk_thru_order"
    told = "no column says it; storEDGE wants a number, sent only when a unit is created"
    return number_part(roles, place, "walk_thru_order") or Part(place, {"const": 0}, "guess", told)


def _unit_type(roles: Roles) -> Part:
    """The ids are storEDGE's: a uuid is one already, a name never."""
    place, column = "fields.unit_type", roles.column("unit_type")
    if column is None:
        return gap("storedge", place)
    if is_uuid(column.texts):
        return roles.part(place, "unit_type", column.name)
    value = {"column": column.name, "values": dict.fromkeys(column.texts, GAP)}
    return Part(place, value, "gap", f"each {GAP} is {cure('storedge', place)}")


def _floor(roles: Roles) -> Part | None:
    """A number, or words for one: the ground floor is 0."""
    column = roles.column("floor")
    if column is None or is_whole(column.texts, roles.survey.decimal):
        return number_part(roles, "fields.floor", "floor")
    part = table_part(roles, "fields.floor", "floor", floor, "the ground floor as 0")
    return replace(part, confidence="guess") if part and part.confidence != "gap" else None


def _by_status(roles: Roles) -> Part | None:
    """A unit that is let could be rented out again; only one out of service could not."""
    part = table_part(roles, "fields.rentable", "status", rentable, "by the words of the status")
    if part is None or part.confidence == "gap":
        return None
    return replace(part, confidence="guess")


def _groups(roles: Roles, parts: list[Part]) -> list[Part]:
    """Units of one size and type are one group."""
    named = roles.name("group")
    template = named or _template(roles)
    if template is None:
        return []
    told = "a column of groups" if named else "units of one size and type are one group"
    confidence: Confidence = "sure" if named else "likely"
    found = [Part(f"groups.{name}", template, confidence, told) for name in ("key", "name")]
    return [*found, *_enclosed(roles)]


def _template(roles: Roles) -> str | None:
    """Size and type; None where no column says the size."""
    width, length, size = (_placeable(roles.name(role)) for role in ("width", "length", "size"))
    kind = _placeable(_type_in_words(roles))
    if width and length:
        spec, by = (":g", "x") if _plain(roles) else ("", " x ")
        sized = f"{{{width}{spec}}}{by}{{{length}{spec}}}"
    elif size:
        sized = f"{{{size}}}"
    else:
        return None
    return f"{sized} {{{kind}}}" if kind and kind != size else sized


def _placeable(name: str | None) -> str | None:
    """The name of a column that may stand in a template, where some signs have a meaning."""
    return None if name is None or set("{}:!") & set(name) else name


def _type_in_words(roles: Roles) -> str | None:
    """The column of types that a person can read: the name of a group is for people."""
    for name, match in roles.survey.matches("storedge"):
        cells = roles.survey.columns[name].cells
        if match.role == "unit_type" and match.sure and cells and not is_uuid(cells):
            return name
    return None


def _plain(roles: Roles) -> bool:
    """Whether width and length are numbers as they stand, which a template needs."""
    parts = [number_part(roles, "", role) for role in ("width", "length")]
    return all(part is not None and isinstance(part.value, str) for part in parts)


def _enclosed(roles: Roles) -> list[Part]:
    column: Column | None = roles.column("access_type")
    inward = column is not None and "inside" in column.name.casefold()
    if column is None or not inward or booleans(column.cells, empty=False) is None:
        return []
    return [Part("groups.fully_enclosed", column.name, "likely", "units inside are enclosed")]
