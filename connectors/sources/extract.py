"""What a source hands over: rows as text, the records that could not be read, and a verdict.

A source reads on in chunks, so that it may be larger than memory, and says of the last one whether
its end is proven. Every cell is text exactly as the source has it, or NA where the source has a
null. Nothing is parsed, trimmed, sorted or dropped here, except rows without a single value in
them, and columns without a name and a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from connectors.errors import SourceUnreadable

TEXT = pd.StringDtype(na_value=float("nan"))
NAMELESS = "column {}"
# So much text is one chunk: larger ones are no faster.
CHUNK_CHARACTERS = 2**24

# Arrow's own pool keeps what is freed; malloc gives it back: 40 MB less at the peak of a night of
# 100,000 rows, at no cost in time (measured).
pa.set_memory_pool(pa.system_memory_pool())


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record that could not be split into the columns. The message never quotes its content."""

    row: int
    message: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next rows of a source.

    `rows` has only `str` columns. Its index, named `row`, is the number that a person sees: for
    CSV, TSV and Excel the number that a spreadsheet shows (the header is usually 1; blank lines
    count, a line break inside quotes does not); for JSON and Parquet the position, from 1; for
    JSON Lines the line. `doubt` says of the last chunk why the end of the source is not proven,
    where it is not, and `notices` of the last one what else a person may want to know.
    """

    rows: pd.DataFrame
    malformed: tuple[Malformed, ...] = ()
    doubt: str = ""
    notices: tuple[str, ...] = ()


class Chunks(NamedTuple):
    """A source that is being read. `origin` is for messages and holds no secret; `each` raises
    SourceUnreadable."""

    origin: str
    each: Iterator[Chunk]


def chunk(
    columns: Mapping[str, Sequence[str | None] | pa.ChunkedArray],
    numbers: Sequence[int],
    *,
    malformed: Sequence[Malformed] = (),
    doubt: str = "",
) -> Chunk:
    """A chunk from its columns, without the rows that hold nothing at all."""
    index = pd.Index(np.asarray(numbers, dtype=np.int64), name="row")
    rows = pd.DataFrame(
        {name: pd.array(_text(cells), dtype=TEXT) for name, cells in columns.items()}, index=index
    )
    return Chunk(_without_blanks(rows), tuple(malformed), doubt)


def read_whole(chunks: Chunks) -> Chunk:
    """A source that is small enough, as one chunk; raises SourceUnreadable, also where there is
    nothing in it."""
    every = list(chunks.each)
    malformed = tuple(bad for one in every for bad in one.malformed)
    rows = pd.concat([one.rows for one in every]) if every else pd.DataFrame()
    if rows.empty and not malformed:
        raise SourceUnreadable(f"{chunks.origin} has no records; nothing was read.")
    return Chunk(rows.astype(TEXT), malformed, every[-1].doubt)


def header(cells: Sequence[str | None], origin: str) -> list[str]:
    """Trimmed, unique column names; a column without a name is called by its position."""
    names = [(cell or "").strip() for cell in cells]
    names = [name or NAMELESS.format(place) for place, name in enumerate(names, start=1)]
    twice = [f"“{name}”" for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SourceUnreadable(
            f"{origin} has more than one column called {', '.join(twice)}; "
            "rename one of them, so that it is clear which is meant; or set `header`, if the names "
            "stand in another row."
        )
    return names


def row_of_names(
    rows: Iterable[Sequence[str | None]], wanted: int | None, origin: str
) -> tuple[int, list[str | None]]:
    """The row of the column names, from 1, and its cells: the one that is wanted, else the first
    that is not blank. No row is taken behind it."""
    row = 0
    for row, cells in enumerate(rows, start=1):
        filled = any(cell and cell.strip() for cell in cells)
        if filled and wanted in (None, row):
            return row, list(cells)
        if row == wanted:
            raise SourceUnreadable(
                f"Row {row} of {origin} is blank, where `header` says that the column names stand; "
                "set it to the row in which they do."
            )
    if wanted is None or not row:
        raise SourceUnreadable(f"{origin} holds only blank lines. Export it again.")
    raise SourceUnreadable(
        f"{origin} ends in row {row}, before row {wanted}, where `header` says that the column "
        "names stand; set it to the row in which they do."
    )


def empty_columns(rows: pd.DataFrame) -> set[str]:
    """The columns without a name in which nothing stands, as spreadsheets leave behind."""
    nameless = {NAMELESS.format(place) for place in range(1, len(rows.columns) + 1)}
    return {name for name in nameless & set(rows.columns) if not rows[name].fillna("").any()}


def _text(cells: Sequence[str | None] | pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    return cells if isinstance(cells, pa.ChunkedArray) else pa.array(cells, pa.large_string())


def _without_blanks(rows: pd.DataFrame) -> pd.DataFrame:
    blank = pd.Series(data=True, index=rows.index)
    for name in rows.columns:
        if not blank.any():
            break
        blank &= rows[name].fillna("").str.strip() == ""
    return rows[~blank] if blank.any() else rows
