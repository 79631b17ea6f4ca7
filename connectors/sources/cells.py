"""The text of a typed cell, as a person would read it: 7 not 7.0, true not True, ISO dates."""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal
from typing import Any


def cell_text(value: Any) -> str | None:
    """The text of a cell value; None for a null. Text stays as it is."""
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, datetime.datetime):
        return _datetime_text(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=cell_text)
    return str(value)


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
