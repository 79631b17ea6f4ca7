"""CSV and TSV: records of one width, or the reason why a record is none.

A record that is too short, too long, badly quoted or holds NUL bytes is reported with its row
number and never repaired: a shifted cell would be worse than a missing row. A file is proven
complete only if every record could be read and its last line is ended like the others, because
a file cut short in the middle of its last cell looks like a whole one but for that.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv

from connectors.errors import SourceUnreadable
from connectors.sources.extract import Extract, Malformed, assemble, header

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

# The module's own limit of 128 KiB per cell is a guess at what nobody needs; a note may be longer.
csv.field_size_limit(2**31 - 1)

# Larger blocks and threads save 0.1 s in 100,000 rows and take 50 MB more.
BLOCK_BYTES = 2**20
CUT = "the file may have been cut off"


def read_delimited(data: bytes, origin: str, delimiter: str) -> Extract:
    """Split the UTF-8 text of a delimited file."""
    names, first = _names(data, origin, delimiter)
    reason = "" if data.endswith((b"\n", b"\r")) else f"its last line has no line end, so {CUT}"
    table = _table(data, delimiter, names) if first == 1 else None
    if table is not None:
        columns = dict(zip(names, table.columns, strict=True))
        return assemble(columns, range(2, table.num_rows + 2), origin, reason=reason)
    return _careful(data, origin, delimiter, names, reason)


def _reader(data: bytes, delimiter: str) -> CsvReader:
    # A StringIO would hold four bytes per character.
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _names(data: bytes, origin: str, delimiter: str) -> tuple[list[str], int]:
    """The column names, and the row they stand in: the first that is not blank."""
    reader = _reader(data, delimiter)
    try:
        rows = ((row, cells) for row, cells in enumerate(reader, start=1) if not _blank(cells))
        first, cells = next(rows, (0, []))
    except csv.Error as error:
        raise SourceUnreadable(f"The header of {origin} is badly quoted ({error}).") from error
    if not cells:
        raise SourceUnreadable(f"{origin} holds only blank lines; nothing was read.")
    names = header(cells, origin)
    if len(names) == 1:
        _refuse_other_delimiter(names[0], origin, delimiter)
    return names, first


def _refuse_other_delimiter(name: str, origin: str, delimiter: str) -> None:
    for other in (",", ";", "\t", "|"):
        if other != delimiter and other in name:
            raise SourceUnreadable(
                f"{origin} has only one column when split at {delimiter!r}, but its header has "
                f"{name.count(other)} × {other!r} in it; set `delimiter: {other!r}`."
            )


def _uniform(data: bytes, delimiter: str, width: int) -> bool:
    """Whether every record is well quoted and as wide as the header; one pass at C speed."""
    if width == 1 or b"\0" in data:
        return False
    reader = _reader(data, delimiter)
    try:
        return set(map(len, reader)) == {width}
    except csv.Error:
        return False


def _table(data: bytes, delimiter: str, names: list[str]) -> pa.Table | None:
    """Three times as fast as collecting records in Python, for a file without oddities."""
    if not _uniform(data, delimiter, len(names)):
        return None
    text = pa.large_string()
    try:
        return pyarrow.csv.read_csv(
            pa.BufferReader(data),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names,
                skip_rows_after_names=1,
                block_size=BLOCK_BYTES,
                use_threads=False,
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, text), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None  # a record longer than a block, which is odd enough


def _careful(data: bytes, origin: str, delimiter: str, names: list[str], reason: str) -> Extract:
    """The same, one record at a time, for a file with anything odd in it."""
    malformed: list[Malformed] = []
    records: list[list[str]] = []
    numbers: list[int] = []
    seen_header = False
    for row, record in _records(data, delimiter):
        if isinstance(record, list) and _blank(record):
            continue
        if not seen_header:
            seen_header = True
            continue
        fault = record if isinstance(record, str) else _fault(record, len(names))
        if fault:
            malformed.append(Malformed(row, fault))
        else:
            records.append(list(record))
            numbers.append(row)
    columns = dict(zip(names, _transposed(records, len(names)), strict=True))
    return assemble(columns, numbers, origin, malformed=malformed, reason=reason)


def _records(data: bytes, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each record with its row number, or what is wrong with its quotes instead of its cells."""
    reader = _reader(data, delimiter)
    row = 0
    while True:
        row += 1
        line = reader.line_num + 1
        try:
            yield row, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield row, _quotes(str(error), line, reader.line_num)


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
        return f"the record has {len(record)} cells where the header has {width}; {CUT}"
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
