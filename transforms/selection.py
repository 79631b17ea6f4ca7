"""Who is meant by a selection: masks over the rows of a source, one for each thing that is asked.

A row counts whether it is valid or was rejected. A rejected row bears the name and the group that
its unit is known by, for what the row itself says of them is not kept. Pure functions on frames.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from transforms.parse import PARSERS, Unfit
from transforms.reshape import Desired

Mask = npt.NDArray[np.bool_]
COLUMNS = {"_scope": "scope", "_key": "key", "_group": "group", "_group_name": "group_name"}


def candidates(desired: Desired, label: str, known: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """scope, key, name, group, group_name of every row that could be selected, by row number.

    `label` is the field that names a unit; `known` gives key, name, group_key of a scope.
    """
    columns = {**COLUMNS, label: "name"}
    valid = [units.reindex(columns=list(columns)) for units in desired.units.each()]
    rejected = [
        _as_known(rows, known(str(scope)))
        for lines in desired.rejections.each()
        for scope, rows in _rows(lines).groupby("scope", sort=False)
    ]
    told = [rows.rename(columns=columns) for rows in valid]
    return pd.concat([*told, *rejected]).astype("object").fillna("")


def _rows(lines: pd.DataFrame) -> pd.DataFrame:
    """One line for each rejected row, by its number."""
    return lines.drop_duplicates("row").set_index("row")


def _as_known(lines: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    known = known.set_index("key")
    named = {"name": lines["key"].map(known["name"]), "group": lines["key"].map(known["group_key"])}
    return lines[["scope", "key"]].assign(**named)


def named(rows: pd.DataFrame, names: Collection[str], columns: Iterable[str]) -> Mask:
    """The rows that bear one of the names; each name is looked for in the first of the columns that
    knows it, so that a key is never taken for the name of another."""
    mask, left = np.zeros(len(rows), dtype=bool), set(names)
    for column in columns:
        found = rows[column].isin(left).to_numpy()
        mask |= found
        left -= set(rows.loc[found, column])
    return mask


def at(rows: pd.DataFrame, places: Collection[tuple[str, str]]) -> Mask:
    """The rows of these units; a place without a scope is met by its key alone."""
    pairs = pd.MultiIndex.from_frame(rows[["scope", "key"]])
    anywhere = [key for scope, key in places if not scope]
    return np.asarray(pairs.isin(list(places))) | rows["key"].isin(anywhere).to_numpy()


def between(cells: pd.Series, since: date | None, until: date | None) -> tuple[Mask, int]:
    """The rows whose day lies between the two, both included, and how many tell no day."""
    days = {text: _day(text) for text in cells.dropna().unique()}
    told = cells.map(days)
    first, last = (since or date.min).isoformat(), (until or date.max).isoformat()
    mask = told.map(lambda day: isinstance(day, str) and first <= day <= last)
    return mask.to_numpy(dtype=bool), int(told.isna().sum())


def _day(text: str) -> str | None:
    try:
        return str(PARSERS["date"](text.strip()))
    except Unfit:
        return None
