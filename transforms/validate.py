"""Split the normalized rows into valid ones and rejections: valid ∪ rejected = input, always.

In this order:

1. Identical rows of one key collapse; the first stays.
2. Different rows of one key are all refused.
3. A row with a cell that could not be mapped, without scope or key, or that breaks a rule of the
   target's model is refused.
4. Among the rows that are left, all rows of a clash (one name, one address) are refused.

A refused row keeps every line that speaks against it, not only the first. Steps 1 to 3 look at
all rows, so the result does not depend on their order, except for which identical row stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd
from pandera.errors import SchemaErrors

from transforms.cells import HIDDEN, shown
from transforms.duplicates import collapse, conflicts
from transforms.models import ROW_FIELDS, model, need
from transforms.normalize import DTYPES, Normalized, problem_table
from transforms.schema import Field, TargetSchema
from transforms.unique import clashes

NOT_NULLABLE = "not_nullable"  # pandera's own name for a required cell without a value


class MalformedRecord(Protocol):
    """A source record that could not be split into columns."""

    @property
    def row(self) -> int:
        """The number that a person sees."""

    @property
    def message(self) -> str:
        """What is wrong with it, without its content."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Valid rows, and one line per reason for every other row.

    `extracted` counts the rows after identical ones collapsed, malformed records included; it is
    always the number of valid rows plus the number of refused ones. The last three fields name
    what a refused row without key or scope may stand for: none of these units is missing.
    """

    valid: pd.DataFrame
    rejections: pd.DataFrame
    collapsed: int
    extracted: int
    keyless_scopes: frozenset[str]
    scopeless_keys: frozenset[str]
    scopeless_keyless: bool


def validate(
    normalized: Normalized, schema: TargetSchema, *, malformed: Sequence[MalformedRecord] = ()
) -> Checked:
    """Judge every row; `malformed` records are refused with their own message."""
    kept, collapsed = collapse(normalized)
    frame = kept.frame
    unfit = problem_table(
        [kept.problems, *conflicts(kept), *_identity(frame), *_model(frame, kept, schema)]
    )
    sound = _without(frame, unfit["row"])
    clashing = problem_table(clashes(sound, schema))
    rejections = problem_table([unfit, clashing, *_malformed(malformed)])
    keyless, scopeless = frame["_key"] == "", frame["_scope"] == ""
    return Checked(
        valid=_without(sound, clashing["row"]),
        rejections=rejections,
        collapsed=collapsed,
        extracted=len(frame) + len(malformed),
        keyless_scopes=frozenset(frame["_scope"][keyless & ~scopeless]),
        scopeless_keys=frozenset(frame["_key"][scopeless & ~keyless]),
        scopeless_keyless=bool((keyless & scopeless).any()) or bool(malformed),
    )


def _without(frame: pd.DataFrame, rows: pd.Series[int]) -> pd.DataFrame:
    # Most nights nothing is refused, and a copy of 100,000 rows is not free.
    return frame[~frame.index.isin(rows)] if len(rows) else frame


def _identity(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The rows that do not say which unit they are, or where."""
    for column, message in (
        ("_scope", "The scope is empty; every unit belongs to one."),
        ("_key", "The key is empty; without it the unit cannot be recognised again."),
    ):
        empty = frame[column] == ""
        if empty.any():
            yield _lines(frame[empty], column.removeprefix("_"), "required", "", message)


def _model(frame: pd.DataFrame, kept: Normalized, schema: TargetSchema) -> Iterator[pd.DataFrame]:
    """What the target's pandera model says, except of cells that could not even be mapped."""
    # By position: pandera's handling of an index with gaps is nothing to rely on.
    fields = frame.reindex(columns=_fields(frame, schema)).reset_index(drop=True)
    absent = fields.columns.difference(frame.columns)
    fields = fields.astype({name: DTYPES[schema.fields[name].type] for name in absent})
    cases = _failure_cases(fields, schema)
    told = set(zip(kept.problems["row"], kept.problems["field"], strict=True))
    for (rule, column), found in _by_rule(cases):
        rows = frame.iloc[sorted(set(found["index"].astype(int)))]
        untold = [(row, column) not in told for row in rows.index]
        yield _broken(rows[untold], column, rule, schema.fields[column])


def _failure_cases(fields: pd.DataFrame, schema: TargetSchema) -> pd.DataFrame:
    try:
        model(schema, fields.columns).validate(fields, lazy=True)
    except SchemaErrors as errors:
        cases: pd.DataFrame = errors.failure_cases
        if cases["index"].isna().any():
            raise  # not about rows: the frame is not what `normalize` promises
        return cases
    return pd.DataFrame(columns=["check", "column", "index"])


def _fields(frame: pd.DataFrame, schema: TargetSchema) -> list[str]:
    """The mapped fields, and those that the target requires, mapped or not."""
    return [name for name, field in schema.fields.items() if field.required or name in frame]


def _by_rule(cases: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    rules = cases["check"].replace(NOT_NULLABLE, "required")
    # A rule about a whole row is listed once per column; one field stands for it.
    columns = rules.map(ROW_FIELDS).fillna(cases["column"])
    for pair, found in cases.groupby([rules, columns], sort=False):
        rule, column = pair
        yield (str(rule), str(column)), found


def _broken(rows: pd.DataFrame, column: str, rule: str, field: Field) -> pd.DataFrame:
    values = [_shown(value, field) for value in rows.get(column, pd.Series("", rows.index))]
    allowed = need(rule, field)
    messages = [
        f"{column} is “{value}”; {allowed}." if value else f"{column} is empty; {allowed}."
        for value in values
    ]
    return _lines(rows, column, rule, values, messages)


def _shown(value: Any, field: Field) -> str:
    if pd.isna(value):
        return ""
    return HIDDEN if field.secret else shown(value)


def _lines(
    rows: pd.DataFrame, field: str, rule: str, value: str | list[str], message: str | list[str]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": rows.index,
            "scope": rows["_scope"].to_numpy(),
            "key": rows["_key"].to_numpy(),
            "field": field,
            "rule": rule,
            "value": value,
            "message": message,
        }
    )


def _malformed(records: Sequence[MalformedRecord]) -> Iterator[pd.DataFrame]:
    if records:
        yield pd.DataFrame(
            {
                "row": [record.row for record in records],
                "scope": "",
                "key": "",
                "field": "",
                "rule": "malformed",
                "value": "",
                "message": [_sentence(record.message) for record in records],
            }
        )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".removesuffix(".") + "."
