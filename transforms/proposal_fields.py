"""How one column becomes one API field: as it is, parsed, cut out of its text, or by a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from transforms.gaps import GAP
from transforms.meanings import table
from transforms.proposal import Part, Roles, samples
from transforms.shapes import (
    NUMBER_IN_TEXT,
    booleans,
    has_number,
    is_amount,
    is_number,
    is_whole,
    plain_booleans,
)
from transforms.survey import Column

# A table of more texts than that is no table but free text.
_TABLE: Final = 60
# A text in so few cells is a typing error rather than a kind.
_SLIP: Final = 0.02


def text_part(roles: Roles, place: str, role: str, note: str = "") -> Part | None:
    """The column as it is."""
    column = roles.column(role)
    return roles.part(place, role, column.name, note=note) if column else None


def number_part(roles: Roles, place: str, role: str) -> Part | None:
    """A column of numbers, cut out of what stands around them (`10 ft`)."""
    column = roles.column(role)
    if column is None:
        return None
    decimal = roles.survey.decimal
    if is_number(column.cells, decimal) or is_whole(column.cells, decimal):
        return roles.part(place, role, column.name)
    value = {"column": column.name, "extract": NUMBER_IN_TEXT}
    return roles.part(place, role, value, note="the number in the text")


def money_part(roles: Roles, place: str, role: str) -> Part | None:
    """A column of amounts; `parse: money` reads $1,234.50 and (45.00)."""
    column = roles.column(role)
    if column is None:
        return None
    value: dict[str, Any] = {"column": column.name, "parse": "money"}
    if is_amount(column.cells, roles.survey.decimal):
        return roles.part(place, role, value)
    value = {"column": column.name, "extract": NUMBER_IN_TEXT, "parse": "money"}
    return roles.part(place, role, value, note="the number in the text")


def boolean_part(roles: Roles, place: str, role: str) -> Part | None:
    """A column of yes and no, by a table where it says it in other words."""
    column = roles.column(role)
    if column is None:
        return None
    if plain_booleans(column.cells):
        return roles.part(place, role, column.name)
    values = booleans(column.cells, empty=bool(column.empty))
    return roles.part(place, role, {"column": column.name, "values": values}) if values else None


def table_part(
    roles: Roles, place: str, role: str, meaning: Callable[[str], Any], note: str = ""
) -> Part | None:
    """A column by a table of all its texts, of which what is not known is left open."""
    column = roles.column(role)
    if column is None or len(column.texts) > _TABLE:
        return None
    values = table(column.texts, meaning)
    slips = [text for text, value in values.items() if value == GAP and _rare(text, column)]
    known = {text: value for text, value in values.items() if text not in slips}
    if all(value == GAP for value in known.values()):
        return None
    left_out = f"not understood, so rejected: {samples(slips)}" if slips else ""
    told = "; ".join(filter(None, [note, left_out]))
    return roles.part(place, role, {"column": column.name, "values": known}, note=told)


def all_mean(column: Column, meaning: Callable[[str], Any]) -> bool:
    """Whether every text of a column says something that is known."""
    few = 0 < len(column.texts) <= _TABLE
    return few and all(meaning(text) is not None for text in column.texts)


def _rare(text: str, column: Column) -> bool:
    return column.cells.count(text) <= _SLIP * len(column.cells)


def cut_part(roles: Roles, place: str, role: str, extract: str, note: str) -> Part | None:
    """What an expression cuts out of a column."""
    column = roles.column(role)
    if column is None:
        return None
    value = {"column": column.name, "extract": extract}
    return Part(place, value, "likely", f"{note}; {samples(column.texts)}")


def fits_number(decimal: str) -> Callable[[Column], bool]:
    """Whether a column holds one number in each cell, whatever stands around it."""
    return lambda column: is_number(column.cells, decimal) or has_number(column.cells)
