"""Files as the source: CSV, TSV, Excel, JSON, JSON Lines or Parquet, from a path or any URL; one
file, all of a folder, or those that a pattern names; compressed or not.

Text stays text. What cannot be read ends in one `SourceUnreadable` that says what was found and
what to do; what can be read partly says so in its chunks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from connectors.errors import SourceUnreadable
from connectors.sources.compressed import is_compressed
from connectors.sources.delimited import read_delimited
from connectors.sources.excel import read_excel
from connectors.sources.extract import Chunk, Chunks
from connectors.sources.folder import each_file, files_of, with_columns_of_path
from connectors.sources.json_records import read_json, read_json_lines
from connectors.sources.location import absolute, inner_name, opened, origin_of, suffix_of
from connectors.sources.parquet import read_parquet
from connectors.sources.text import lines_of, refuse_page

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
_TABLES: tuple[Format, ...] = ("csv", "tsv", "excel")
_MEANT_FOR: dict[str, tuple[Format, ...]] = {
    "encoding": ("csv", "tsv", "json", "jsonl"),
    "delimiter": ("csv", "tsv"),
    "sheet": ("excel",),
    "header": _TABLES,
    "footer": _TABLES,
}
# One character of ASCII, but no quote and no line end; as editors, too, understand it.
DELIMITER = r"^[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x7f]$"


def _in_signs(delimiter: object) -> object:
    sign = {"tab": "\\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(str(delimiter).lower())
    if sign is not None:
        raise ValueError(f'a delimiter is one sign, and "{delimiter}" are more; write "{sign}"')
    return delimiter


def _known_encoding(name: str) -> str:
    try:
        " ".encode(name)
    except LookupError:
        near = get_close_matches(name, ["utf-8", "utf-16", "latin-1", "cp1252"], n=1)
        hint = f"; did you mean {near[0]}" if near else "; try utf-8, utf-16, cp1252 or latin-1"
        raise ValueError(f"the encoding {name!r} is not known{hint}") from None
    return name


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f"{pattern!r} is not a regular expression: {error}; a sign that stands for itself has "
            r"a \ before it, as in `\*`"
        ) from None


def _with_groups(pattern: str) -> str:
    if not _compiled(pattern).groupindex:
        raise ValueError(f"{pattern!r} has no named group; write (?P<COLUMN>…) around what counts")
    return pattern


def _telling(expression: str) -> str:
    if _compiled(expression).match(""):
        raise ValueError(
            f"{expression!r} matches any row; write what those below the table begin with"
        )
    return expression


class FileSource(BaseModel):
    """Settings of the source kind `file`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Literal["file"]
    """A file: CSV, TSV, Excel, JSON, JSON Lines or Parquet."""
    path: Annotated[str, StringConstraints(min_length=1)]
    """A path, relative to the configuration file, or a URL such as https://HOST/units.csv or
    s3://bucket/units.csv; a folder or a pattern with * for many files of one layout."""
    from_path: Annotated[str, AfterValidator(_with_groups)] | None = Field(
        default=None,
        description="A regular expression that is looked for in the path of each file: every named "
        "group becomes a column, as in `(?P<SiteID>[^/]+)[.]csv`",
    )
    format: Format | None = None
    """Taken from the name of the file unless set."""
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    """A byte order mark is dropped in any case."""
    delimiter: (
        Annotated[str, BeforeValidator(_in_signs), StringConstraints(pattern=DELIMITER)] | None
    ) = None
    """One character; a comma for CSV and a tab for TSV unless set."""
    sheet: str | int | None = None
    """The name of an Excel sheet, or its position from 1; the first unless set."""
    header: int | None = Field(default=None, ge=1)
    """The row of the column names in CSV, TSV and Excel, from 1, where a title stands above them;
    the first that is not blank unless set."""
    footer: Annotated[str, AfterValidator(_telling)] | None = Field(
        default=None,
        description="Rows below the table of a CSV, TSV or Excel file that are no units: a regular "
        "expression that such a row matches from its beginning, in any case; `,,` means that its "
        "first two cells are empty (between the cells stands the delimiter, in Excel a comma). A "
        "file that does not end in such a row may have been cut off.",
    )


def extract(settings: FileSource, base: Path) -> Chunks:
    """Read the file or files, chunk by chunk; a relative path starts at `base`."""
    return Chunks(origin_of(settings.path), _chunks(settings, base))


def files(settings: FileSource, base: Path) -> list[str] | None:
    """The files of a folder or a pattern, by name; None for a single file. Raises
    SourceUnreadable."""
    return files_of(settings.path, base, lambda name: _known(settings, name) is not None)


def _chunks(settings: FileSource, base: Path) -> Iterator[Chunk]:
    names = files(settings, base)
    if names is None:
        _refuse_unfit(settings, base)
        yield from _file(settings, settings.path, base)
        return
    records = ("json", "jsonl")
    alike = not any(_known(settings, name) in records for name in names)
    yield from each_file(names, lambda name: _file(settings, name, base), alike=alike)


def _refuse_unfit(settings: FileSource, base: Path) -> None:
    """A setting that means nothing to the format would be ignored in silence; among many files it
    may be meant for some."""
    origin = origin_of(settings.path)
    kind = settings.format or _format(absolute(settings.path, base), origin)
    for name, kinds in _MEANT_FOR.items():
        if name in settings.model_fields_set and kind not in kinds:
            raise SourceUnreadable(
                f"{origin} is read as {kind}, where `{name}` means nothing; leave it out, or set "
                f"`format` to {' or '.join(kinds)} if that is what the file is."
            )


def _file(settings: FileSource, name: str, base: Path) -> Iterator[Chunk]:
    chunks = _one(settings, name, absolute(name, base))
    if settings.from_path is None:
        return chunks
    return with_columns_of_path(chunks, settings.from_path, origin_of(name))


def _one(settings: FileSource, name: str, path: str) -> Iterator[Chunk]:
    origin = origin_of(name)
    with opened(path) as file:
        kind = settings.format or _format(path, origin)
        if not file.peek(1):
            raise SourceUnreadable(f"{origin} is empty (0 bytes). Export it again.")
        refuse_page(file, origin)
        if kind == "excel":
            yield read_excel(file.read(), origin, settings.sheet, settings.header, settings.footer)
        elif kind == "parquet":
            yield from read_parquet(_seekable(file), origin)
        else:
            yield from _text_chunks(settings, path, origin, file, kind)


def _text_chunks(
    settings: FileSource, path: str, origin: str, file: BufferedReader, kind: Format
) -> Iterator[Chunk]:
    end = "\n" if kind == "jsonl" else ""
    with lines_of(path, origin, file, settings.encoding, end) as lines:
        if kind == "json":
            yield read_json("".join(lines), origin)
        elif kind == "jsonl":
            yield from read_json_lines(lines)
        else:
            delimiter = settings.delimiter or {"csv": ",", "tsv": "\t"}[kind]
            yield from read_delimited(lines, origin, delimiter, settings.header, settings.footer)


def _seekable(file: BufferedReader) -> BinaryIO:
    """A file whose end can be read first; some URLs only stream."""
    return file if file.seekable() else BytesIO(file.read())


def _known(settings: FileSource, name: str) -> Format | None:
    """The format that is set, or that a name tells without a look into the file."""
    if settings.format is not None:
        return settings.format
    suffix = suffix_of(name)
    inner = suffix_of(name[: -len(suffix)]) if is_compressed(suffix) else suffix
    return SUFFIXES.get(inner)


def _format(path: str, origin: str) -> Format:
    suffix = suffix_of(inner_name(path))
    if suffix not in SUFFIXES:
        raise SourceUnreadable(
            f"The name {origin} does not tell its format ({suffix or 'no suffix'}); set `format` "
            "to csv, tsv, excel, json, jsonl or parquet."
        )
    return SUFFIXES[suffix]
