"""The source's cells as trimmed, distinct texts, one column, template or sum at a time.

Everything downstream works on the distinct texts and then takes them by code; code -1 is an empty
cell. A fault is a cell that cannot be used, kept by position until the rows are written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from transforms.parse import Unfit, number, with_point
from transforms.template import Part, columns_of, formatted

Codes = npt.NDArray[np.intp]
# A double holds 15 decimal digits for certain; the rest is noise of a sum (0.1 + 0.2).
CERTAIN_DIGITS = 15
FAULT_COLUMNS = ["position", "rule", "value", "message"]
HIDDEN = "•••"
SHOWN_CHARACTERS = 100  # of a cell in a line or a message
INCOMPLETE = Unfit("incomplete", "the other columns that it is put together with are filled")


@dataclass(frozen=True, slots=True)
class Cells:
    """One distinct value per code, and the cells that are already known to be unusable."""

    codes: Codes
    distinct: Sequence[Any]
    name: str
    faults: tuple[pd.DataFrame, ...] = ()

    def read(self, convert: Callable[[Any], Any], dtype: str, empty: Any, *, secret: bool) -> Taken:
        """Convert each distinct value; `empty` stands for empty cells."""
        values, unfits = converted(self.distinct, convert)
        taken = take(values, self.codes, dtype, empty)
        found = faults(self, unfits, secret=secret)
        return Taken(taken, (*self.faults, *found))


@dataclass(frozen=True, slots=True)
class Taken:
    """A value for every row, NA where there is none, and the faults met on the way."""

    values: pd.api.extensions.ExtensionArray
    faults: tuple[pd.DataFrame, ...]


class Source:
    """The columns of a source. Codes are not kept: making them again is cheaper than the memory."""

    def __init__(self, rows: pd.DataFrame, decimal: str = ".") -> None:
        self._rows = rows
        self.decimal = decimal

    def column(self, name: str) -> Cells:
        """A column by its distinct trimmed texts; a text of only blanks is empty."""
        texts = self._rows[name].str.strip()
        codes, distinct = pd.factorize(texts.mask(texts == ""))
        return Cells(codes, list(distinct), name)

    def constant(self) -> Cells:
        """A column of empty cells, all of which take the constant's value."""
        return Cells(np.full(len(self._rows), -1, dtype=np.intp), [], "const")

    def template(self, parts: Sequence[Part], *, secret: bool = False) -> Cells:
        """The texts of a template; empty only where all its columns are."""
        columns = {name: self.column(name) for name in columns_of(parts)}
        found = incomplete(list(columns.values()))
        text: Any = ""
        for part in parts:
            text = text + part.literal
            if part.column is not None:
                piece = columns[part.column].read(
                    self._formatter(part.spec), "str", None, secret=secret
                )
                text = text + pd.Series(piece.values)
                found += piece.faults
        codes, distinct = pd.factorize(text.str.strip())
        return Cells(codes, list(distinct), " + ".join(columns), tuple(found))

    def total(self, names: Sequence[str], *, secret: bool = False) -> Cells:
        """The sum of number columns; empty only where all of them are."""
        columns = [self.column(name) for name in names]
        parts = [column.read(self._number, "float64", None, secret=secret) for column in columns]
        found = [*incomplete(columns), *(fault for part in parts for fault in part.faults)]
        total = np.sum([part.values.to_numpy(dtype=float) for part in parts], axis=0)
        codes, distinct = pd.factorize(total)
        sums = [float(f"{value:.{CERTAIN_DIGITS}g}") for value in distinct.tolist()]
        return Cells(codes, sums, " + ".join(names), tuple(found))

    def _number(self, text: str) -> float:
        return number(with_point(text) if self.decimal == "," else text)

    def _formatter(self, spec: str) -> Callable[[str], str]:
        if not spec:
            return str
        return lambda text: _formatted(self._number(text), spec)


def converted(
    distinct: Iterable[Any], convert: Callable[[Any], Any]
) -> tuple[list[Any], dict[int, Unfit]]:
    """Each distinct value converted, None where it does not fit, and why."""
    values: list[Any] = []
    unfits: dict[int, Unfit] = {}
    for code, value in enumerate(distinct):
        try:
            values.append(convert(value))
        except Unfit as unfit:
            values.append(None)
            unfits[code] = unfit
    return values, unfits


def take(
    values: list[Any], codes: Codes, dtype: str, empty: Any
) -> pd.api.extensions.ExtensionArray:
    """A value per row. Code -1 takes the last one, which is put there for empty cells."""
    return pd.Series([*values, empty], dtype=dtype).array.take(codes)


def faults(cells: Cells, unfits: Mapping[int, Unfit], *, secret: bool) -> list[pd.DataFrame]:
    """The rows whose value does not fit, each with its rule, value and message."""
    if not unfits:
        return []
    texts = {code: HIDDEN if secret else shown(cells.distinct[code]) for code in unfits}
    by_code = pd.DataFrame(
        {
            "rule": {code: unfit.rule for code, unfit in unfits.items()},
            "value": texts,
            "message": {
                code: f"{cells.name} is “{texts[code]}”; {unfit.need}."
                for code, unfit in unfits.items()
            },
        }
    )
    positions = np.flatnonzero(np.isin(cells.codes, list(unfits)))
    return [by_code.loc[cells.codes[positions]].assign(position=positions)[FAULT_COLUMNS]]


def empties(cells: Cells, positions: Codes, unfit: Unfit) -> pd.DataFrame:
    """A fault for each of these rows, whose cell is empty."""
    message = f"{cells.name} is empty; {unfit.need}."
    return pd.DataFrame(
        {"position": positions, "rule": unfit.rule, "value": "", "message": message}
    )


def incomplete(columns: Sequence[Cells]) -> list[pd.DataFrame]:
    """The rows in which some of the columns are empty and others are not."""
    filled = np.array([column.codes >= 0 for column in columns])
    partly = filled.any(axis=0) & ~filled.all(axis=0)
    found = [
        empties(column, np.flatnonzero(partly & ~present), INCOMPLETE)
        for column, present in zip(columns, filled, strict=True)
    ]
    return [fault for fault in found if len(fault)]


def shown(value: Any) -> str:
    """A value as a person reads it, cut where it would drown its message."""
    text = format(value, ".15g") if isinstance(value, float) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"


def merged(cells: Cells, more: Iterable[pd.DataFrame]) -> Cells:
    """The same cells with further faults."""
    return replace(cells, faults=(*cells.faults, *more))


def _formatted(value: float, spec: str) -> str:
    try:
        return formatted(value, spec)
    except ValueError:
        raise Unfit("integer", f"a whole number is needed for the format {spec}") from None
