"""The one canonical form of a payload, shared by planning, pushing and reading back.

A payload is flat (`address.city`), holds no None, no float that is a whole number, no untrimmed
text, and its id lists are sorted: the APIs treat them as sets (seed 003, "Array of … ids").
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from transforms.plan import Payload
from transforms.schema import Field, TargetSchema


def canonical(value: Any, field: Field) -> Any:
    """The canonical form of one value, or None when the value says nothing."""
    if value is None or value is pd.NA:
        return None
    if field.type in ("number", "money", "integer"):
        return _number(value)
    if field.type == "boolean":
        return bool(value)
    if field.type == "ids":
        return sorted(str(item) for item in _listed(value))
    if field.type == "objects":
        return _listed(value)
    return str(value).strip()


def payloads(frame: pd.DataFrame, schema: TargetSchema) -> Iterator[Payload]:
    """The payload of each row of a normalized frame, in its order."""
    fields = {name: schema.fields[name] for name in frame.columns if name in schema.fields}
    columns = [frame[name].tolist() for name in fields]
    for values in zip(*columns, strict=True):
        row = zip(fields.items(), values, strict=True)
        yield {
            name: value
            for (name, field), raw in row
            if not _absent(raw) and (value := canonical(raw, field)) is not None
        }


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


def _number(value: Any) -> int | float:
    number = float(value)
    return int(number) if number.is_integer() else number


def _listed(value: Any) -> list[Any]:
    return list(json.loads(value) if isinstance(value, str) else value)


def _absent(raw: Any) -> bool:
    return raw is None or raw is pd.NA or (isinstance(raw, float) and math.isnan(raw))
