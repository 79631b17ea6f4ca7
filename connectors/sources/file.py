"""A file as the source: CSV, TSV, Excel, JSON, JSON Lines or Parquet, from a path or any URL.

Text stays text. What cannot be read ends in one `SourceUnreadable` that says what was found and
what to do; what can be read partly says so in its chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from connectors.errors import SourceUnreadable
from connectors.sources.delimited import read_delimited
from connectors.sources.excel import read_excel
from connectors.sources.extract import Chunk, Chunks
from connectors.sources.json_records import read_json, read_json_lines
from connectors.sources.location import absolute, opened, origin_of, suffix_of
from connectors.sources.parquet import read_parquet
from connectors.sources.text import lines_of

Format = Literal["csv", "tsv", "excel", "json", "jsonl", "parquet"]
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
DELIMITER = r'^[^"\r\n\x00\x80-\U0010ffff]$'


def _known_encoding(name: str) -> str:
    try:
        " ".encode(name)
    except LookupError:
        near = get_close_matches(name, ["utf-8", "utf-16", "latin-1", "cp1252"], n=1)
        hint = f"; did you mean {near[0]}" if near else "; try utf-8, utf-16, cp1252 or latin-1"
        raise ValueError(f"the encoding {name!r} is not known{hint}") from None
    return name


class FileSource(BaseModel):
    """Settings of the source kind `file`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Literal["file"]
    """A file: CSV, TSV, Excel, JSON, JSON Lines or Parquet."""
    path: Annotated[str, StringConstraints(min_length=1)]
    """A path, relative to the configuration file, or a URL such as s3://bucket/units.csv."""
    format: Format | None = None
    """Taken from the name of the file unless set."""
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    """A byte order mark is dropped in any case."""
    delimiter: Annotated[str, StringConstraints(pattern=DELIMITER)] | None = None
    """One character; a comma for CSV and a tab for TSV unless set."""
    sheet: str | int | None = None
    """The name of an Excel sheet, or its position from 1; the first unless set."""


def extract(settings: FileSource, base: Path) -> Chunks:
    """Read the file, chunk by chunk; a relative path starts at `base`."""
    return Chunks(origin_of(settings.path), _chunks(settings, absolute(settings.path, base)))


def _chunks(settings: FileSource, path: str) -> Iterator[Chunk]:
    origin = origin_of(settings.path)
    kind = settings.format or _format(settings.path, origin)
    with opened(path) as file:
        if not file.peek(1):
            raise SourceUnreadable(f"{origin} is empty (0 bytes); nothing was read.")
        if kind == "excel":
            yield read_excel(file.read(), origin, settings.sheet)
        elif kind == "parquet":
            yield from read_parquet(_seekable(file), origin)
        else:
            yield from _text_chunks(settings, path, file, kind)


def _text_chunks(
    settings: FileSource, path: str, file: BufferedReader, kind: Format
) -> Iterator[Chunk]:
    origin, end = origin_of(settings.path), "\n" if kind == "jsonl" else ""
    with lines_of(path, origin, file, settings.encoding, end) as lines:
        if kind == "json":
            yield read_json("".join(lines), origin)
        elif kind == "jsonl":
            yield from read_json_lines(lines)
        else:
            delimiter = settings.delimiter or {"csv": ",", "tsv": "\t"}[kind]
            yield from read_delimited(lines, origin, delimiter)


def _seekable(file: BufferedReader) -> BinaryIO:
    """A file whose end can be read first; some URLs only stream."""
    return file if file.seekable() else BytesIO(file.read())


def _format(path: str, origin: str) -> Format:
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        raise SourceUnreadable(
            f"The name {origin} does not tell its format ({suffix or 'no suffix'}); set `format` "
            "to csv, tsv, excel, json, jsonl or parquet."
        )
    return SUFFIXES[suffix]
