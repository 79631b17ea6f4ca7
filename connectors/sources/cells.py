"""The text of a typed cell, as a person would read it: 7 not 7.0, true not True, ISO dates."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from types import NoneType
from typing import Any


def cells_of(values: Sequence[Any]) -> Sequence[str | None]:
    """The text of every value of a column; how it is made is decided once for each type."""
    ways = {kind: _way(kind) for kind in set(map(type, values))}
    if ways.keys() <= {str, NoneType}:
        return values
    return [ways[type(value)](value) for value in values]


def cell_text(value: Any) -> str | None:
    """The text of a cell value; None for a null. Text stays as it is."""
    return _way(type(value))(value)


def _way(kind: type) -> Callable[[Any], str | None]:
    return next((text for known, text in _TEXTS if issubclass(kind, known)), str)


def _float_text(value: float) -> str | None:
    if math.isnan(value):
        return None
    # A spreadsheet shows at most 15 digits: 104.99, not 104.98999999999999.
    return format(value, ".15g")


def _datetime_text(value: datetime.datetime) -> str:
    """A spreadsheet has no dates, only moments; midnight is its way to write a date."""
    if value.time() == datetime.time():
        return value.date().isoformat()
    return value.isoformat()


def _time_text(value: datetime.timedelta) -> str:
    """Some databases have no other time of day than what has passed since midnight."""
    text = str(value)
    return f"0{text}" if text[1] == ":" else text


def _bytes_text(value: bytes) -> str:
    """Text in a binary column is text; anything else is shown in hexadecimal."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isprintable() else value.hex()


def _iso_text(value: datetime.date | datetime.time) -> str:
    return value.isoformat()


def _json_text(value: list[Any] | dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=cell_text)


# The first that fits: a boolean is a whole number to Python, and a moment is a date.
_TEXTS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str | None]], ...] = (
    (NoneType, lambda value: None),
    (str, str),
    (bool, lambda value: "true" if value else "false"),
    (float, _float_text),
    (datetime.datetime, _datetime_text),
    ((datetime.date, datetime.time), _iso_text),
    (datetime.timedelta, _time_text),
    (Decimal, lambda value: format(value, "f")),
    (bytes, _bytes_text),
    ((list, dict), _json_text),
)
