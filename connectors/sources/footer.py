"""What a report prints below its table: totals without a word, a count, a mark of its end.

Rows at the end that match the setting `footer` are no units. A file that does not end in one may
have been cut off: the row that should be there is a record that could not be read, and nobody is
missing because of it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from connectors.errors import SourceUnreadable
from connectors.sources.extract import Chunk, Malformed
from transforms.shapes import TOTAL

_MOST: Final = 20  # rows that a report prints below its table
_NARROW: Final = 2  # columns among which a row that is next to empty could not be told


@dataclass
class Footer:
    """The footer of one file, while that is read; `left_out` counts its rows by then."""

    expression: str
    origin: str
    left_out: int = field(default=0, init=False)

    def above(self, rows: Iterator[str]) -> Iterator[str]:
        """The rows, as text, without those at the end that are the footer's. Raises
        SourceUnreadable where that would be more than a footer has."""
        match = re.compile(self.expression, re.IGNORECASE).match
        held: deque[str] = deque()
        for text in rows:
            held.append(text)
            if len(held) > _MOST:
                yield held.popleft()
        while held and (match(held[-1]) or not held[-1].strip()):
            self.left_out += bool(held.pop().strip())
        if self.left_out == _MOST:
            raise SourceUnreadable(
                f"The last {_MOST} rows of {self.origin} all match `footer`; set it to what only "
                "the rows below the table begin with."
            )
        yield from held

    def judged(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The chunks that were made of those rows; the last one with what the end says."""
        last: Chunk | None = None
        for one in chunks:
            if last is not None:
                yield last
            last = one
        if last is not None:
            yield self._judged(last)

    def _judged(self, last: Chunk) -> Chunk:
        if self.left_out == 0:
            after = max([*last.rows.index[-1:], *(one.row for one in last.malformed)], default=0)
            lost = Malformed(
                int(after) + 1,
                "no row is here that begins as `footer` says; the file may have been cut off",
            )
            return replace(last, malformed=(*last.malformed, lost))
        rows = "1 row" if self.left_out == 1 else f"{self.left_out} rows"
        told = f"{self.origin}: {rows} below the table left out, as `footer` says"
        return replace(last, notices=(*last.notices, told))


def proposed(rows: Sequence[tuple[str, Sequence[str]]], width: int) -> str | None:
    """An expression for the rows at the end that are no units, if there are some that it tells from
    all others. A row is its text and its cells; `width` is how many most of them have."""
    filled = [(text, cells) for text, cells in rows if any(map(str.strip, cells))]
    below = 0
    while below < min(_MOST, len(filled)) and _is_below(*filled[-1 - below], width):
        below += 1
    ours, others = filled[len(filled) - below :], filled[: len(filled) - below]
    if not ours or not others:
        return None
    expression = "|".join(dict.fromkeys(_beginning(text, cells) for text, cells in ours))
    match = re.compile(expression, re.IGNORECASE).match
    told = all(match(text) for text, _ in ours) and not any(match(text) for text, _ in others)
    return expression if told else None


def _is_below(text: str, cells: Sequence[str], width: int) -> bool:
    """Whether a row is none of the table: too short, but not cut off; or next to empty, and no
    total that a word tells, which the setting `ignore` is for."""
    if len(cells) < width:
        return text.endswith(("\n", "\r")) or not text[0].isalnum()
    filled = [cell for cell in cells if cell.strip()]
    sparse = len(filled) == 1 or (not cells[0].strip() and len(filled) < width / 2)
    return width > _NARROW and sparse and not any(map(TOTAL.match, filled))


def _beginning(text: str, cells: Sequence[str]) -> str:
    """What the text begins with: its first cell, whatever numbers are in it, or empty cells."""
    label = cells[0].strip()
    if not label:
        return re.escape(text[: len(text) - len(text.lstrip(text[0]))])
    return re.sub(r"\d+", r"\\d+", re.escape(label).replace("\\ ", " "))
