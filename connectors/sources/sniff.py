"""How a file would have to be read: its format, encoding, delimiter, sheet and header, by looking
at it.

Only what differs from what a reader takes for granted becomes a setting, so that a plain CSV needs
none. Nothing is repaired.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from connectors.sources.excel import sheets
from connectors.sources.file import SUFFIXES, FileSource, Format, files
from connectors.sources.footer import proposed
from connectors.sources.location import absolute, opened, origin_of, suffix_of
from connectors.sources.text import refuse_page
from connectors.sources.title import row_below_title

_DELIMITERS: Final = (",", ";", "\t", "|")
_TEXT: Final = ("csv", "tsv", "json", "jsonl")
_LINES: Final = 200  # that the delimiter is judged by


def sniff(path: str, base: Path) -> FileSource:
    """The settings that read the file, or all of a folder or a pattern as the first of them;
    raises SourceUnreadable where none can."""
    [first, *_] = files(FileSource(kind="file", path=path), base) or [path]
    with opened(absolute(first, base)) as file:
        refuse_page(file, origin_of(first))
        data = file.read()
    kind = SUFFIXES.get(suffix_of(first))
    settings: dict[str, object] = {"kind": "file", "path": path}
    if kind is None:
        kind = settings["format"] = _format(data)
    if kind == "excel":
        settings |= _sheet(data)
    if kind not in _TEXT:
        return FileSource.model_validate(settings)
    encoding = _encoding(data)
    if encoding != "utf-8":
        settings["encoding"] = encoding
    if kind in ("csv", "tsv"):
        text = data.decode(encoding, "replace").removeprefix("\ufeff")
        settings |= _delimiter(text, "," if kind == "csv" else "\t")
    return FileSource.model_validate(settings)


def _format(data: bytes) -> Format:
    """By how the file begins, where its name does not tell."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"PK\x03\x04"):
        return "excel"
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"["):
        return "json"
    if start.startswith(b"{"):
        return "jsonl" if b"}\n{" in start or b"}\r\n{" in start else "json"
    return "csv"


def _encoding(data: bytes) -> str:
    """UTF-8 proves itself; what is not is what Windows writes, where every byte has a meaning."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "cp1252"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _delimiter(text: str, usual: str) -> dict[str, object]:
    """The delimiter that splits most lines into most cells; nothing when it is the usual one."""
    split = {delimiter: _records(text, delimiter) for delimiter in (usual, *_DELIMITERS)}
    best = max(split, key=lambda delimiter: _commonest(split[delimiter]))
    width, _ = _commonest(split[best])
    found: dict[str, object] = {} if best == usual or width == 1 else {"delimiter": best}
    lines = text.splitlines(keepends=True)
    cells = csv.reader(lines, delimiter=best, quoting=csv.QUOTE_NONE)
    rows = list(zip(lines, cells, strict=True))
    return found | _header(split[best], width) | _footer(rows, width)


def _records(text: str, delimiter: str) -> list[list[str]]:
    """The cells of the first lines; none where quotes do not fit this delimiter."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [record for _, record in zip(range(_LINES), reader, strict=False)]
    except csv.Error:
        return []


def _commonest(records: list[list[str]]) -> tuple[int, int]:
    """The width that most lines have, where it is more than one, and how many those are."""
    widths = [len(record) for record in records if any(map(str.strip, record))]
    counts = Counter(width for width in widths if width > 1)
    width, lines = max(counts.items(), key=lambda item: item[1], default=(1, 0))
    return (width, lines) if lines > len(widths) / 2 else (1, lines)


def _sheet(data: bytes) -> dict[str, object]:
    """The sheet with the most in it, where that is not the first: reports begin with a cover."""
    every = sheets(data)
    if not every:
        return {}
    filled = {name: [sum(map(bool, row)) for row in rows] for name, rows in every.items()}
    longest = max(every, key=lambda name: sum(filled[name]))
    found: dict[str, object] = {} if longest == next(iter(every)) else {"sheet": longest}
    rows, width = every[longest], max(filled[longest])
    return found | _header(rows, width) | _footer([(",".join(row), row) for row in rows], width)


def _footer(rows: Sequence[tuple[str, Sequence[str]]], width: int) -> dict[str, object]:
    """What tells the rows below the table."""
    expression = proposed(rows, width)
    return {} if expression is None else {"footer": expression}


def _header(records: list[list[str]], width: int) -> dict[str, object]:
    """The row of the column names, where a report's own title stands above them."""
    below = row_below_title(records, width)
    return {} if below is None else {"header": below + 1}
