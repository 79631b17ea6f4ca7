"""A report's own title above the names of its columns: which row the names stand in then.

A title fills few columns, the names fill most. A row with a number in it holds no names, so that
a table whose names are incomplete never loses its first unit to one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectors.errors import SourceUnreadable

_NARROW: Final = 2  # columns among which a title could not be told from names
_PREAMBLE: Final = 20  # lines that a report prints above its table at most
_NUMBER: Final = re.compile(r"\W*\d[\d.,\s]*\W*\Z")  # what no column is called

Cells = Sequence[str | None]


def row_below_title(rows: Sequence[Cells], width: int) -> int | None:
    """The place of the names among the rows, from 0, where a title stands in the first filled one
    of them; None where none does."""
    texts = [[text.strip() for text in row if text and text.strip()] for row in rows]
    filled = [place for place, row in enumerate(texts) if row]
    most = [place for place in filled if len(texts[place]) > width / 2]
    if width <= _NARROW or not most or most[0] in (filled[0], *range(_PREAMBLE, len(rows))):
        return None
    return None if any(map(_NUMBER.match, texts[most[0]])) else most[0]


def refuse_title(rows: Sequence[Cells], width: int, origin: str, first: int) -> None:
    """Raises SourceUnreadable where the first row, whose number is `first`, is a title."""
    below = row_below_title(rows, width)
    if below is None:
        return
    cells = sum(bool(text and text.strip()) for text in rows[0])
    raise SourceUnreadable(
        f"Row {first} of {origin} fills {cells} of {width} columns: it seems to be a title. The "
        f"column names seem to stand in row {first + below}; set `header: {first + below}`."
    )
