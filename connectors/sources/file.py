"""A file as the source: CSV, TSV, Excel, JSON, JSON Lines or Parquet, from a path or any URL.

Text stays text. What cannot be read ends in one `SourceUnreadable` that says what was found and
what to do; what can be read partly says so in `Extract.complete`.
"""

from __future__ import annotations

import codecs
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from connectors.errors import SourceUnreadable
from connectors.sources.delimited import read_delimited
from connectors.sources.excel import read_excel
from connectors.sources.extract import Extract, Malformed
from connectors.sources.json_records import read_json, read_json_lines
from connectors.sources.location import absolute, origin_of, read_bytes, suffix_of
from connectors.sources.parquet import read_parquet

__all__ = ["Extract", "FileSource", "Malformed", "extract"]

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
# How files begin that are often exported or named by mistake, and what to do about each.
SIGNATURES: dict[bytes, str] = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; set `format: excel`, or unpack it",
    b"\xd0\xcf\x11\xe0": "an old .xls or an encrypted workbook; save it as .xlsx, no password",
    b"PAR1": "a Parquet file; set `format: parquet`",
    b"\x1f\x8b": "compressed with gzip; unpack it",
    b"%PDF": "a PDF; export the data as CSV or Excel",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
}
CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
SAMPLE_BYTES = 4096
DELIMITER = r'^[^"\r\n\x00\x80-\U0010ffff]$'
# Text has next to no control characters; random bytes have ten in a hundred.
BINARY_SHARE = 0.05


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

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["file"]
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


def extract(settings: FileSource, base: Path) -> Extract:
    """Read the whole file; a relative path starts at `base`."""
    path = absolute(settings.path, base)
    origin = origin_of(settings.path)
    kind = settings.format or _format(settings.path, origin)
    data = read_bytes(path)
    if not data:
        raise SourceUnreadable(f"{origin} is empty (0 bytes); nothing was read.")
    if kind == "excel":
        return read_excel(data, origin, settings.sheet)
    if kind == "parquet":
        return read_parquet(data, origin)
    data = _utf8(data, origin, settings.encoding)
    if kind == "json":
        return read_json(data, origin)
    if kind == "jsonl":
        return read_json_lines(data, origin)
    return read_delimited(data, origin, settings.delimiter or {"csv": ",", "tsv": "\t"}[kind])


def _format(path: str, origin: str) -> Format:
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        raise SourceUnreadable(
            f"The name {origin} does not tell its format ({suffix or 'no suffix'}); set `format` "
            "to csv, tsv, excel, json, jsonl or parquet."
        )
    return SUFFIXES[suffix]


def _utf8(data: bytes, origin: str, encoding: str) -> bytes:
    """The text of the file in UTF-8, without a byte order mark."""
    _refuse_binary(data, origin, encoding)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceUnreadable(
            f"{origin} is not {encoding}: byte {error.start + 1}, in line {line}, does not fit. "
            "Windows and older programs write `encoding: cp1252` or `encoding: latin-1`; "
            "set the one that the export uses."
        ) from error
    text = text.removeprefix("\ufeff")
    if not text or text.isspace():
        raise SourceUnreadable(f"{origin} holds only white space; nothing was read.")
    if codecs.lookup(encoding).name != "utf-8":
        data = text.encode()
    return data.removeprefix(codecs.BOM_UTF8)


def _refuse_binary(data: bytes, origin: str, encoding: str) -> None:
    for signature, advice in SIGNATURES.items():
        if data.startswith(signature):
            raise SourceUnreadable(f"{origin} is not text: it is {advice}.")
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        return
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SourceUnreadable(f"{origin} is UTF-16 text; set `encoding: utf-16`.")
    sample = data[:SAMPLE_BYTES]
    if len(sample) - len(sample.translate(None, CONTROLS)) > BINARY_SHARE * len(sample):
        raise SourceUnreadable(
            f"{origin} is a binary file, not text; export it as CSV, Excel, JSON or Parquet."
        )
