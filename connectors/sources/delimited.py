"""CSV and TSV: records of one width, or the reason why a record is none.

A record that is too short, too long, badly quoted or holds NUL bytes is reported with its row
number and never repaired: a shifted cell would be worse than a missing row. A file is proven
complete only if every record could be read and its last line is ended like the others, because
a file cut short in the middle of its last cell looks like a whole one but for that.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv

from connectors.errors import SourceUnreadable
from connectors.sources.extract import (
    CHUNK_CHARACTERS,
    NAMELESS,
    Chunk,
    Malformed,
    chunk,
    header,
    row_of_names,
)
from connectors.sources.footer import Footer
from connectors.sources.title import refuse_title

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

# The module's own limit of 128 KiB per cell is a guess at what nobody needs; a note may be longer.
csv.field_size_limit(2**31 - 1)

# Larger blocks and threads save 0.1 s in 100,000 rows and take 50 MB more.
BLOCK_BYTES = 2**20
# Records between two looks at how large the chunk has become.
RECORDS = 4096
SAMPLE = 2**16  # characters in which a title above the names is looked for
CUT = "the file may have been cut off"


def read_delimited(
    lines: Iterator[str],
    origin: str,
    delimiter: str,
    header_row: int | None = None,
    footer: str | None = None,
) -> Iterator[Chunk]:
    """Split the lines of a delimited file, each with its line end; the names of the columns stand
    in `header_row`, from 1, else in the first row that is not blank. Rows at the end that match
    `footer` are left out."""
    if footer is not None:
        below = Footer(footer, origin)
        yield from below.judged(read_delimited(below.above(lines), origin, delimiter, header_row))
        return
    kept: list[str] = []
    reader = csv.reader(_keeping(lines, kept), delimiter=delimiter, strict=True)
    names, row = _names(reader, origin, delimiter, header_row)
    kept.clear()
    begun = False
    while True:
        line, uniform = reader.line_num, _read_on(reader, kept, len(names))
        if not kept:
            return
        text = "".join(kept)
        kept.clear()
        if not begun:
            _refuse_title(names, text, delimiter, origin, row)
            begun = True
        table = _table(text, delimiter, names) if uniform else None
        if table is not None:
            columns = dict(zip(names, table.columns, strict=True))
            numbers: Sequence[int] = range(row + 1, row + 1 + table.num_rows)
            row += table.num_rows
            malformed: list[Malformed] = []
        else:
            columns, numbers, malformed, row = _careful(text, delimiter, names, row, line)
        doubt = "" if text.endswith(("\n", "\r")) else f"its last line has no line end, so {CUT}"
        yield chunk(columns, numbers, malformed=malformed, doubt=doubt)


def _keeping(lines: Iterator[str], kept: list[str]) -> Iterator[str]:
    for line in lines:
        kept.append(line)
        yield line


def _names(
    reader: CsvReader, origin: str, delimiter: str, header_row: int | None
) -> tuple[list[str], int]:
    """The column names, and the row they stand in."""
    try:
        row, cells = row_of_names(reader, header_row, origin)
    except csv.Error as error:
        raise SourceUnreadable(f"The header of {origin} is badly quoted ({error}).") from error
    names = header(cells, origin)
    if len(names) == 1:
        _refuse_other_delimiter(names[0], origin, delimiter)
    return names, row


def _refuse_other_delimiter(name: str, origin: str, delimiter: str) -> None:
    for other in (",", ";", "\t", "|"):
        if other != delimiter and other in name:
            raise SourceUnreadable(
                f"{origin} has only one column when split at {delimiter!r}, but its header has "
                f"{name.count(other)} × {other!r} in it; set `delimiter: {other!r}`."
            )


def _refuse_title(names: list[str], text: str, delimiter: str, origin: str, row: int) -> None:
    """Raises SourceUnreadable where the names are those of a report, and its own stand below."""
    named = [name for place, name in enumerate(names, 1) if name != NAMELESS.format(place)]
    below = islice(_records(text[:SAMPLE], delimiter, 0, 0), RECORDS)
    rows = [record if isinstance(record, list) else [] for _, record in below]
    [(width, _)] = Counter(map(len, rows)).most_common(1)
    refuse_title([named, *rows], max(width, len(names)), origin, row)


def _read_on(reader: CsvReader, kept: list[str], width: int) -> bool:
    """Reads the records of one more chunk, whose lines are kept by then. Whether every record is
    well quoted and as wide as the header; at C speed."""
    widths, characters, measured = {width}, 0, 0
    while characters < CHUNK_CHARACTERS:
        try:
            found = list(map(len, islice(reader, RECORDS)))
        except csv.Error:
            found = [-1]  # the reader goes on behind it
        if not found:
            break
        widths.update(found)
        characters += sum(map(len, kept[measured:]))
        measured = len(kept)
    return len(widths) == 1 and width > 1


def _table(text: str, delimiter: str, names: list[str]) -> pa.Table | None:
    """Three times as fast as collecting records in Python, for a chunk without oddities."""
    if "\0" in text:
        return None
    kind = pa.large_string()
    try:
        return pyarrow.csv.read_csv(
            pa.BufferReader(text.encode()),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, block_size=BLOCK_BYTES, use_threads=False
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, kind), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None  # a record longer than a block, which is odd enough


def _careful(
    text: str, delimiter: str, names: list[str], before: int, line: int
) -> tuple[dict[str, list[str]], list[int], list[Malformed], int]:
    """The same, one record at a time, for a chunk with anything odd in it: columns, row numbers,
    what is malformed, and the last row; `before` it stand so many rows and lines."""
    malformed: list[Malformed] = []
    records: list[list[str]] = []
    numbers: list[int] = []
    row = before
    for row, record in _records(text, delimiter, before, line):
        if isinstance(record, list) and _blank(record):
            continue
        fault = record if isinstance(record, str) else _fault(record, len(names))
        if fault:
            malformed.append(Malformed(row, fault))
        else:
            records.append(list(record))
            numbers.append(row)
    columns = dict(zip(names, _transposed(records, len(names)), strict=True))
    return columns, numbers, malformed, row


def _records(
    text: str, delimiter: str, before: int, line: int
) -> Iterator[tuple[int, list[str] | str]]:
    """Each record with its row number, or what is wrong with its quotes instead of its cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for row in itertools.count(before + 1):
        first = line + reader.line_num + 1
        try:
            yield row, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield row, _quotes(str(error), first, line + reader.line_num)


def _quotes(error: str, first: int, last: int) -> str:
    if "end of data" in error:
        return (
            f"a quoted cell opens in line {first} and never closes, so nothing after it could be "
            f"read (the file ends in line {last}); {CUT}, or a quote is missing"
        )
    return f"the quotes in line {first} are wrong: a quote inside a quoted cell must be doubled"


def _blank(record: list[str]) -> bool:
    return not any(cell.strip() for cell in record)


def _fault(record: list[str], width: int) -> str | None:
    if any("\0" in cell for cell in record):
        return "the record holds NUL bytes; the file was damaged or only partly written"
    if len(record) < width:
        return (
            f"the record has {len(record)} cells where the header has {width}; {CUT}, or the "
            "report has rows below its table, of which `footer` is to say how they begin"
        )
    if len(record) > width:
        return (
            f"the record has {len(record)} cells where the header has {width}; "
            "a cell with the delimiter in it must be quoted"
        )
    return None


def _transposed(records: list[list[str]], width: int) -> list[list[str]]:
    if not records:
        return [[] for _ in range(width)]
    return [list(column) for column in zip(*records, strict=True)]
