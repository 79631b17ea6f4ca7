"""The pandera models of both targets, made from the fields of their schemas.

A model says which rule a cell breaks; `need` says in words what the rule allows. The rules across
rows (unique names, distinct addresses) are in `transforms.unique`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from transforms.normalize import DTYPES
from transforms.schema import Field, TargetSchema
from transforms.travtus import BATHROOM_FEATURES

ROW_FIELDS = {"bathrooms_count": "bathrooms"}
NUMBERS = ("number", "money")


def model(schema: TargetSchema, columns: Collection[str]) -> pa.DataFrameSchema:
    """The rules for one row of `columns`, which are fields of `schema`."""
    fields = {name: field for name, field in schema.fields.items() if name in columns}
    counted = {"bathrooms", "number_of_bathrooms"} <= set(fields)
    return pa.DataFrameSchema(
        {name: _column(schema, name, field) for name, field in fields.items()},
        checks=[_check("bathrooms_count", _bathrooms_counted)] if counted else [],
        strict=True,
    )


def need(rule: str, field: Field) -> str:
    """What a rule allows, as the end of a sentence."""
    if rule == "choices":
        return f"one of {', '.join(field.choices)} is needed"
    if rule == "between" and field.between is not None:
        low, high = field.between
        return f"it must be between {low:g} and {high:g}"
    return NEEDS[rule]


NEEDS = {
    "required": "a value is required",
    "finite": "a finite number is needed",
    "above_zero": "it must be above 0",
    "not_negative": "it must not be negative",
    "no_comma": "a comma is not allowed, because storEDGE may make several units of it",
    "bathrooms": f"each bathroom is an object of {', '.join(BATHROOM_FEATURES)}, true or false",
    "bathrooms_count": "it must have one entry for each of number_of_bathrooms",
}


def _column(schema: TargetSchema, name: str, field: Field) -> pa.Column:
    return pa.Column(DTYPES[field.type], _checks(schema, name, field), nullable=not field.required)


def _checks(schema: TargetSchema, name: str, field: Field) -> list[pa.Check]:
    checks = []
    if field.required and field.type == "text":
        checks.append(_check("required", lambda texts: texts != ""))
    if field.choices:
        checks.append(_check("choices", lambda texts: texts.isin(field.choices)))
    if field.type in NUMBERS:
        checks.append(_check("finite", np.isfinite))
    if field.above_zero:
        checks.append(_check("above_zero", lambda numbers: numbers > 0))
    if field.not_negative:
        checks.append(_check("not_negative", lambda numbers: numbers >= 0))
    if field.between is not None:
        low, high = field.between
        checks.append(_check("between", lambda numbers: numbers.between(low, high)))
    if (schema.target, name) == ("storedge", "name"):
        checks.append(_check("no_comma", lambda texts: ~texts.str.contains(",", regex=False)))
    if (schema.target, name) == ("travtus", "bathrooms"):
        checks.append(_check("bathrooms", lambda lists: _per_text(lists, _well_formed)))
    return checks


def _check(rule: str, holds: Callable[[Any], Any]) -> pa.Check:
    return pa.Check(holds, name=rule)


def _per_text(texts: pd.Series[str], judge: Callable[[str], Any]) -> pd.Series[Any]:
    return texts.map({text: judge(text) for text in texts.dropna().unique()})


def _well_formed(text: str) -> bool:
    return all(
        set(bathroom) <= set(BATHROOM_FEATURES)
        and all(isinstance(present, bool) for present in bathroom.values())
        for bathroom in json.loads(text)
    )


def _bathrooms_counted(frame: pd.DataFrame) -> pd.Series[bool]:
    lengths = _per_text(frame["bathrooms"], lambda text: len(json.loads(text)))
    numbers = frame["number_of_bathrooms"].astype("float64")
    lengths = lengths.astype("float64")
    return (lengths == numbers) | lengths.isna() | numbers.isna()
