"""Map source rows to API fields and types. Nothing is dropped, nothing is guessed.

Every input row comes out, in the same order, except those that the settings name as no units; a
cell that could not be mapped is absent in the frame and one line in the problems. Work is done per
distinct text of a column, never per row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from transforms.cells import Cells, Source, Taken, empties, merged
from transforms.mapping import MAJORITY, FieldSpec
from transforms.mapping import Mapping as MappingSettings
from transforms.parse import NUMERIC, PARSERS, Unfit, fit, with_point
from transforms.schema import Field, FieldType, TargetSchema
from transforms.template import is_template, parts_of

PROBLEM_COLUMNS = ["row", "scope", "key", "field", "rule", "value", "message"]
DTYPES: dict[FieldType, str] = {
    "text": "str",
    "ids": "str",
    "objects": "str",
    "number": "float64",
    "money": "float64",
    "integer": "Int64",
    "boolean": "boolean",
}
WHOLE = re.compile(r"([+-]?[0-9]+)(\.0*)?")
LISTED_TEXTS = 12  # in the message about a text that is not in `values`
COMMA_NEEDED = "a number such as 1234,5 or 1.234,50 is needed, for `decimal` is a comma"
NO_GROUP = Unfit("required", "every unit needs a group")


@dataclass(frozen=True, slots=True)
class Normalized:
    """Every source row as API fields, with one line for each cell that could not be mapped.

    `frame` has the index of the source rows, `_scope` and `_key` (trimmed text, "" when empty),
    one typed column per mapped field (see DTYPES; NA is absent), and with groups `_group`,
    `_group_name` and, where the settings name them, `_marked` and `_enclosed`. `problems` has
    PROBLEM_COLUMNS; the values of secret fields are hidden in it.
    """

    frame: pd.DataFrame
    problems: pd.DataFrame


def normalize(rows: pd.DataFrame, mapping: MappingSettings, schema: TargetSchema) -> Normalized:
    """Map `rows`; `missing_columns`, `unknown_fields` and `unfit_settings` must have found none."""
    rows = units_among(rows, mapping)
    source = Source(rows, mapping.decimal)
    columns: dict[str, Any] = {}
    faults: list[tuple[str, pd.DataFrame]] = []
    for name, setting, taken in _taken(source, mapping, schema):
        columns[name] = taken.values
        faults += [(setting, fault) for fault in taken.faults]
    frame = pd.DataFrame(columns, index=rows.index)
    return Normalized(frame, problem_table(_lines(frame, *fault) for fault in faults))


def units_among(rows: pd.DataFrame, mapping: MappingSettings) -> pd.DataFrame:
    """The rows without those that the settings say to ignore."""
    ignored = np.zeros(len(rows), dtype=bool)
    for column, pattern in mapping.ignore.items():
        cells = Source(rows).column(column)
        match = re.compile(pattern, re.IGNORECASE).match
        codes = [code for code, text in enumerate(cells.distinct) if match(text)]
        ignored |= np.isin(cells.codes, codes)
    return rows[~ignored] if ignored.any() else rows


def scopes_of(rows: pd.DataFrame, mapping: MappingSettings) -> pd.Series:
    """The scope of each row, as `normalize` reads it; "" where a row names none."""
    taken = _scope(Source(rows, mapping.decimal), mapping)
    return pd.Series(taken.values, index=rows.index)


# Built once: most nights ask for it four times per pipeline, and nothing is refused.
_NO_PROBLEMS = pd.DataFrame(columns=PROBLEM_COLUMNS, dtype="str").astype({"row": "int64"})


def problem_table(lines: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The lines as one table, typed also when there are none."""
    filled = [line for line in lines if len(line)]
    if not filled:
        return _NO_PROBLEMS.copy()
    table = pd.concat(filled, ignore_index=True)
    return table.sort_values("row", kind="stable", ignore_index=True)


def _taken(
    source: Source, mapping: MappingSettings, schema: TargetSchema
) -> Iterator[tuple[str, str, Taken]]:
    """Each column of the frame: its name, the setting that it comes from, its values."""
    yield "_scope", "scope", _scope(source, mapping)
    yield "_key", "key", _text(source, mapping.key).read(str, "str", "", secret=False)
    for name, spec in mapping.fields.items():
        yield name, name, _field(source, spec, schema.fields[name])
    groups = mapping.groups
    if groups is None:
        return
    key = _group(source, groups.key)
    yield "_group", "groups.key", key
    # One text for both is one mistake, not two.
    same = groups.name == groups.key
    name_taken = Taken(key.values, ()) if same else _group(source, groups.name)
    yield "_group_name", "groups.name", name_taken
    if groups.reference_unit != MAJORITY:
        yield "_marked", "groups.reference_unit", _flag(source, groups.reference_unit)
    if groups.fully_enclosed is not None:
        yield "_enclosed", "groups.fully_enclosed", _flag(source, groups.fully_enclosed)


def _scope(source: Source, mapping: MappingSettings) -> Taken:
    taken = _field(source, mapping.scope, Field("text"))
    # A text that means no scope has been told about; to the steps that follow it is an empty one.
    return Taken(pd.Series(taken.values).fillna("").array, taken.faults)


def _field(source: Source, spec: FieldSpec, field: Field) -> Taken:
    cells = _cells(source, spec, secret=field.secret)
    empty = spec.const if spec.const is not None else spec.default
    if spec.values and "" in spec.values:
        empty = spec.values[""]
    fitted = None if empty is None else fit(empty, field.type)
    reader = _reader(spec, field.type, source.decimal)
    return cells.read(reader, DTYPES[field.type], fitted, secret=field.secret)


def _cells(source: Source, spec: FieldSpec, *, secret: bool) -> Cells:
    if spec.column is not None:
        return source.column(spec.column)
    if spec.template is not None:
        return source.template(parts_of(spec.template), secret=secret)
    if spec.sum is not None:
        return source.total(spec.sum, secret=secret)
    return source.constant()


def _text(source: Source, text: str) -> Cells:
    """A setting that is a column or a template."""
    return source.template(parts_of(text)) if is_template(text) else source.column(text)


def _group(source: Source, text: str) -> Taken:
    cells = _text(source, text)
    # A row with a fault of its own is empty here too, and has been told about already.
    told = {position for fault in cells.faults for position in fault["position"]}
    empty = np.flatnonzero(cells.codes < 0)
    untold = empty[~np.isin(empty, list(told))]
    if len(untold):
        cells = merged(cells, [empties(cells, untold, NO_GROUP)])
    return cells.read(str, "str", None, secret=False)


def _flag(source: Source, column: str) -> Taken:
    return source.column(column).read(PARSERS["boolean"], "boolean", None, secret=False)


def _reader(spec: FieldSpec, kind: FieldType, decimal: str) -> Callable[[Any], Any]:
    """From one text to the API's value: cut out, then translated or parsed, then typed."""
    steps: list[Callable[[Any], Any]] = []
    if spec.extract is not None:
        steps.append(_cut_out(spec.extract))
    comma = decimal == "," and spec.values is None and (spec.parse or kind) in NUMERIC
    if comma:
        steps.append(with_point)
    if spec.values is not None:
        steps.append(_translation(spec.values))
    if spec.parse is not None:
        steps.append(PARSERS[spec.parse])
    if spec.split is not None:
        steps.append(_splitter(spec.split))
    if comma:
        return lambda value: _with_comma(value, steps, kind)
    return lambda value: _stepped(value, steps, kind)


def _with_comma(value: Any, steps: list[Callable[[Any], Any]], kind: FieldType) -> Any:
    try:
        return _stepped(value, steps, kind)
    except Unfit as unfit:
        # The parser saw a point in place of the comma, and its advice is about that.
        need = COMMA_NEEDED if unfit.rule in NUMERIC and "needed" in unfit.need else unfit.need
        raise Unfit(unfit.rule, need) from None


def _stepped(value: Any, steps: list[Callable[[Any], Any]], kind: FieldType) -> Any:
    for step in steps:
        value = step(value)
        if value is None:
            return None
    return fit(value, kind)


def _cut_out(pattern: str) -> Callable[[str], str]:
    search = re.compile(pattern).search

    def cut_out(text: str) -> str:
        found = search(text)
        if found is None or not (found[1] or "").strip():
            raise Unfit("extract", f"a text that matches {pattern} is needed")
        return str(found[1]).strip()

    return cut_out


def _splitter(separator: str) -> Callable[[str], list[str]]:
    return lambda text: text.split(separator)


def _translation(values: Mapping[str, Any]) -> Callable[[str], Any]:
    """Look a text up: as it stands, else in any case, else as the same whole number.

    A looser way counts only where it is not ambiguous.
    """
    ways: list[tuple[Callable[[str], str], dict[str, Any]]] = [
        (way, _unambiguous(values, way)) for way in (str, str.casefold, _whole)
    ]
    listed = ", ".join(f"“{text}”" for text in list(values)[:LISTED_TEXTS])
    more = ", …" if len(values) > LISTED_TEXTS else ""

    def translate(text: str) -> Any:
        for way, meanings in ways:
            if way(text) in meanings:
                return meanings[way(text)]
        raise Unfit("values", f"allowed are {listed}{more}")

    return translate


def _unambiguous(values: Mapping[str, Any], way: Callable[[str], str]) -> dict[str, Any]:
    reached = [way(text.strip()) for text in values]
    return {
        loose: value
        for loose, value in zip(reached, values.values(), strict=True)
        if reached.count(loose) == 1
    }


def _whole(text: str) -> str:
    """`1.0000` and `01` as `1`; any other text as it is."""
    found = WHOLE.fullmatch(text)
    return str(int(found[1])) if found else text


def _lines(frame: pd.DataFrame, setting: str, fault: pd.DataFrame) -> pd.DataFrame:
    """The faults of one field as lines of the problem table."""
    rows = frame.iloc[fault["position"].to_numpy()]
    return pd.DataFrame(
        {
            "row": rows.index.to_numpy(),
            "scope": rows["_scope"].to_numpy(),
            "key": rows["_key"].to_numpy(),
            "field": setting,
            "rule": fault["rule"].to_numpy(),
            "value": fault["value"].to_numpy(),
            "message": fault["message"].to_numpy(),
        }
    )
