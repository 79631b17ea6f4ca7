"""How a file would have to be read: its format, encoding, delimiter and sheet, by looking at it.

Only what differs from what a reader takes for granted becomes a setting, so that a plain CSV needs
none. Nothing is repaired: what no setting can read is refused with what to do.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from pathlib import Path
from typing import Final

from connectors.errors import SourceUnreadable
from connectors.sources.excel import longest_sheet
from connectors.sources.file import SUFFIXES, FileSource, Format
from connectors.sources.location import absolute, origin_of, read_bytes, suffix_of

_DELIMITERS: Final = (",", ";", "\t", "|")
_TEXT: Final = ("csv", "tsv", "json", "jsonl")
_LINES: Final = 200  # that the delimiter is judged by
_PREAMBLE: Final = 20  # lines that a report prints above its table at most


def sniff(path: str, base: Path) -> FileSource:
    """The settings that read the file; raises SourceUnreadable where none can."""
    data = read_bytes(absolute(path, base))
    kind = SUFFIXES.get(suffix_of(path))
    settings: dict[str, object] = {"kind": "file", "path": path}
    if kind is None:
        kind = settings["format"] = _format(data)
    if kind == "excel":
        sheet = longest_sheet(data)
        settings |= {"sheet": sheet} if sheet else {}
    if kind not in _TEXT:
        return FileSource.model_validate(settings)
    encoding = _encoding(data)
    if encoding != "utf-8":
        settings["encoding"] = encoding
    if kind in ("csv", "tsv"):
        text = data.decode(encoding, "replace").removeprefix("\ufeff")
        settings |= _delimiter(text, "," if kind == "csv" else "\t", origin_of(path))
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


def _delimiter(text: str, usual: str, origin: str) -> dict[str, object]:
    """The delimiter that splits most lines into most cells; nothing when it is the usual one."""
    widths = {delimiter: _widths(text, delimiter) for delimiter in (usual, *_DELIMITERS)}
    best = max(widths, key=lambda delimiter: _commonest(widths[delimiter]))
    _refuse_title(widths[best], origin)
    return {} if best == usual or _commonest(widths[best])[0] == 1 else {"delimiter": best}


def _widths(text: str, delimiter: str) -> list[int]:
    """How many cells each of the first lines has; 0 for a blank one."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records = (record for _, record in zip(range(_LINES), reader, strict=False))
    try:
        return [len(record) if any(map(str.strip, record)) else 0 for record in records]
    except csv.Error:
        return []


def _commonest(widths: list[int]) -> tuple[int, int]:
    """The width that most lines have, where it is more than one, and how many those are."""
    counts = Counter(width for width in widths if width > 1)
    if not counts:
        return (1, 0)
    width, lines = counts.most_common(1)[0]
    return (width, lines) if lines > sum(1 for w in widths if w) / 2 else (1, lines)


def _refuse_title(widths: list[int], origin: str) -> None:
    """A report's own title above the names of the columns is no name of a column."""
    width, _ = _commonest(widths)
    first = next((cells for cells in widths if cells), 0)
    if width in (1, first) or width not in widths[:_PREAMBLE]:
        return
    row = widths.index(width) + 1
    raise SourceUnreadable(
        f"The first line of {origin} is no line of column names: it has {first} of {width} cells, "
        f"and the names seem to stand in row {row}. Export without a title, or delete the rows "
        "above it."
    )
