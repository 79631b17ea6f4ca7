"""The one canonical form of a payload, shared by planning, pushing and reading back.

A payload is flat (`address.city`), holds no None, no float that is a whole number, no untrimmed
text, and its id lists are sorted and without repetition: the APIs treat them as sets (seed 003,
"Array of … ids"). What an API returns is never refused here: a text in place of a number stays a
text, and so differs from every number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from transforms.plan import Payload
from transforms.schema import Field, TargetSchema

NUMBERS = ("number", "money", "integer")
TRUE = ("true", "1")


def canonical(value: Any, field: Field) -> Any:
    """The canonical form of one value, or None when the value says nothing."""
    if _absent(value):
        return None
    if field.type in NUMBERS:
        return _number(value)
    if field.type == "boolean":
        return value.strip().casefold() in TRUE if isinstance(value, str) else bool(value)
    if field.type == "ids":
        return sorted({str(item) for item in _listed(value)})
    if field.type == "objects":
        return _listed(value)
    return str(value).strip()


def payloads(frame: pd.DataFrame, schema: TargetSchema) -> Iterator[Payload]:
    """The payload of each row of a normalized frame, in its order. Equal lists may be shared."""
    names = [name for name in frame.columns if name in schema.fields]
    if not names:
        yield from ({} for _ in range(len(frame)))
        return
    columns = [_forms(frame[name], schema.fields[name]) for name in names]
    for row in zip(*columns, strict=True):
        yield {name: form for name, form in zip(names, row, strict=True) if form is not None}


def reads_as(live: Any, wanted: Any) -> bool:
    """Whether a readable field that is `live` is as wanted: null, "" and [] read alike."""
    return bool(live == wanted) or (live is None and wanted in ("", []))


def nest(payload: Payload) -> dict[str, Any]:
    """`{"address.city": "Redding"}` as `{"address": {"city": "Redding"}}`."""
    nested: dict[str, Any] = {}
    for name, value in payload.items():
        *parents, leaf = name.split(".")
        inside = nested
        for parent in parents:
            inside = inside.setdefault(parent, {})
        inside[leaf] = value
    return nested


def flatten(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The opposite of `nest`, for objects as an API returns them."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _forms(column: pd.Series, field: Field) -> list[Any]:
    """The canonical form of each cell, made once per distinct value."""
    codes, distinct = pd.factorize(column)
    forms = [*(canonical(value, field) for value in distinct.tolist()), None]
    return [forms[code] for code in codes.tolist()]


def _number(value: Any) -> Any:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value
    return int(number) if number.is_integer() else number


def _listed(value: Any) -> list[Any]:
    return list(json.loads(value) if isinstance(value, str) else value)


def _absent(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
