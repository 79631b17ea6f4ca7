"""A second source beside the first, by key: rates in one file, units in another.

Every row of the first source stays, once, with the columns of the row that has its key in the
second, or without any where none has. A key that stands twice in the second is an error, for which
of the two is meant nobody can say. The second source is held in memory, the first one is not; what
is in doubt in either is in doubt in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator

from connectors.errors import SourceUnreadable
from connectors.sources.extract import Chunk, Chunks, Malformed, read_whole
from connectors.sources.source import Source

# Between the parts of a key of several columns; no cell has it.
BETWEEN = "\x1f"
LISTED = 3


class Join(BaseModel):
    """A source whose columns stand beside those of the pipeline's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source = Field(description="Where the columns are read from.")
    by: dict[str, str] | tuple[str, ...] | str = Field(
        description="The key: column of the pipeline's source: column of this one. One name, or a "
        "list of names, where both call it the same.",
    )
    prefix: str = Field(
        default="", description="Stands before the name of every column that comes from here."
    )

    @field_validator("by")
    @classmethod
    def _a_key(cls, by: dict[str, str] | tuple[str, ...] | str) -> Any:
        if not by:
            raise ValueError("a join needs a key: the name of a column that both have")
        return by

    @property
    def keys(self) -> dict[str, str]:
        """The columns of the key, as the first source calls them and as this one does."""
        if isinstance(self.by, dict):
            return self.by
        names = (self.by,) if isinstance(self.by, str) else self.by
        return {name: name for name in names}


def joined(chunks: Chunks, join: Join, other: Chunks) -> Chunks:
    """The rows of the first source with the columns of the other one."""
    return Chunks(chunks.origin, _each(chunks, join, other))


def _each(chunks: Chunks, join: Join, other: Chunks) -> Iterator[Chunk]:
    beside = _read(join, other)
    rows = unmatched = 0
    for one in chunks.each:
        keys = _keys(one.rows, list(join.keys), chunks.origin)
        rows += len(keys)
        unmatched += int((~keys.isin(beside.rows.index)).sum())
        yield Chunk(
            _beside(one.rows, beside.rows.reindex(keys), chunks.origin, other.origin),
            (*one.malformed, *beside.malformed),
            "; ".join(filter(None, (one.doubt, beside.doubt))),
            (*one.notices, *_told(rows, unmatched, chunks.origin, other.origin)),
        )
        beside = replace(beside, malformed=())  # told once


@dataclass(frozen=True)
class _Beside:
    """The whole of the second source, by key."""

    rows: pd.DataFrame
    malformed: tuple[Malformed, ...]
    doubt: str


def _read(join: Join, other: Chunks) -> _Beside:
    whole = read_whole(other)
    keys = _keys(whole.rows, list(join.keys.values()), other.origin)
    _refuse_twice(keys, other.origin)
    rows = whole.rows.drop(columns=list(join.keys.values())).add_prefix(join.prefix)
    malformed = [
        Malformed(bad.row, f"{other.origin}, row {bad.row}: {bad.message}")
        for bad in whole.malformed
    ]
    named = keys != ""
    rows = rows[named.to_numpy()].set_axis(keys[named])
    doubt = f"{other.origin}: {whole.doubt}" if whole.doubt else ""
    return _Beside(rows, tuple(malformed), doubt)


def _keys(rows: pd.DataFrame, columns: list[str], origin: str) -> pd.Series:
    """The key of each row; "" where a part of it is empty."""
    for name in columns:
        if name not in rows.columns:
            near = get_close_matches(name, list(rows.columns), n=1)
            hint = f"; did you mean “{near[0]}”?" if near else "."
            raise SourceUnreadable(f"{origin} has no column “{name}”, which `join.by` names{hint}")
    parts = [rows[name].fillna("").str.strip() for name in columns]
    keys, whole = parts[0], parts[0] != ""
    for part in parts[1:]:
        keys = keys.str.cat(part, sep=BETWEEN)
        whole &= part != ""
    return keys.where(whole, "")


def _refuse_twice(keys: pd.Series, origin: str) -> None:
    again = keys[(keys != "") & keys.duplicated(keep=False)]
    if again.empty:
        return
    some = [
        f"“{key.replace(BETWEEN, ' ')}” in rows {', '.join(map(str, rows.index[:LISTED]))}"
        for key, rows in list(again.groupby(again, sort=False))[:LISTED]
    ]
    more = ", …" if again.nunique() > LISTED else ""
    raise SourceUnreadable(
        f"{origin} has a key more than once, so that it is not clear which row is meant: "
        f"{'; '.join(some)}{more}."
    )


def _beside(rows: pd.DataFrame, found: pd.DataFrame, origin: str, other: str) -> pd.DataFrame:
    both = [name for name in found.columns if name in rows.columns]
    if both:
        listed = ", ".join(f"“{name}”" for name in both[:LISTED])
        raise SourceUnreadable(
            f"{origin} and {other} both have a column {listed}; set `prefix` in the join, so that "
            "it is clear which is meant."
        )
    return pd.concat([rows, found.set_axis(rows.index)], axis=1)


def _told(rows: int, unmatched: int, origin: str, other: str) -> tuple[str, ...]:
    if not unmatched:
        return ()
    noun = "row" if rows == 1 else "rows"
    return (f"{unmatched} of {rows} {noun} of {origin} found nothing beside them in {other}",)
