"""A source as `unitsync init` sees it: its columns by what stands in them, and the rows that are
totals rather than units.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from transforms.shapes import TOTAL, decimal_of
from transforms.vocabulary import Match, match

# A total leaves most columns empty; a unit, a note and a date.
_SPARSE: Final = 0.7
# An export that a person keeps has a row twice here and there; an id repeats no more than that.
_SLIPS: Final = 0.06
_SAMPLED: Final = 2_000  # cells that say what a column mostly holds


@dataclass(frozen=True, slots=True)
class Column:
    """The trimmed texts of a column, each once, in their order; `cells` are filled cells from all
    over the column, for what it mostly holds; `empty` counts the cells that hold nothing."""

    name: str
    texts: tuple[str, ...]
    cells: tuple[str, ...]
    filled: int
    empty: int


@dataclass(frozen=True)
class Survey:
    """`rows` are those that look like units, trimmed, "" where empty. `ignore` says what the others
    have in common, as the setting of that name does. `decimal` is the sign before decimals."""

    rows: pd.DataFrame
    columns: Mapping[str, Column]
    decimal: str
    ignore: Mapping[str, str]

    def untold(self, names: Sequence[str]) -> int:
        """How many rows these columns do not tell from every other, or leave empty."""
        twice = self.rows.duplicated(list(names), keep=False)
        return int((twice | (self.rows[names[-1]] == "")).sum())

    def unique(self, names: Sequence[str]) -> bool:
        """Whether the columns together tell every row from every other, but for a few slips."""
        return self.untold(names) <= _SLIPS * len(self.rows)

    def matches(self, target: str) -> list[tuple[str, Match]]:
        """What each column's name may mean to a target, the surest first."""
        found = [(name, one) for name in self.columns for one in match(name, target)]
        return sorted(found, key=lambda pair: (not pair[1].sure, pair[1].rank))


def survey(rows: pd.DataFrame) -> Survey:
    """Looks at the raw rows of a source (`str` columns, NA where empty)."""
    trimmed = rows.apply(lambda column: column.str.strip().fillna(""))
    totals, ignore = _totals(trimmed)
    units = trimmed[~totals]
    columns = {str(name): _column(str(name), units[name]) for name in units.columns}
    decimal = decimal_of([column.cells for column in columns.values()])
    return Survey(units, columns, decimal, ignore)


def _column(name: str, cells: pd.Series) -> Column:
    filled = cells[cells != ""]
    sample = filled.iloc[:: len(filled) // _SAMPLED + 1]
    return Column(
        name,
        tuple(filled.drop_duplicates()),
        tuple(sample),
        len(filled),
        len(cells) - len(filled),
    )


def _totals(rows: pd.DataFrame) -> tuple[pd.Series, dict[str, str]]:
    """The rows that are totals, and for each column that says so the expression that finds them."""
    filled = (rows != "").sum(axis=1)
    sparse = filled < _SPARSE * filled.median()
    totals = pd.Series(data=False, index=rows.index)
    ignore: dict[str, str] = {}
    for name in rows.columns:
        labels = [text for text in rows[name][sparse & ~totals].unique() if TOTAL.match(text)]
        found = rows[name].isin(labels) & sparse & ~totals
        if found.any():
            ignore[str(name)] = _expression(labels, rows[name][~found])
            totals |= found
    return totals, ignore


def _expression(labels: Sequence[str], others: pd.Series) -> str:
    """What the labels begin with, unless a unit begins so too."""
    words = dict.fromkeys(found[0] for label in labels if (found := TOTAL.match(label)))
    expression = rf"{_any_of(list(words))}\b"
    if any(re.match(expression, text, re.IGNORECASE) for text in others.unique()):
        return rf"{_any_of(labels)}\Z"
    return expression


def _any_of(texts: Sequence[str]) -> str:
    escaped = [re.escape(text).replace("\\ ", " ") for text in texts]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
