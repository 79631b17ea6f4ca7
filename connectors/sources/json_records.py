"""JSON and JSON Lines: objects as rows, nested objects with dots, lists as JSON text.

Numbers keep the text that the file has (`20.50`, `1e5`). A key that stands twice in one object is
an error, because a JSON parser would silently take the last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from connectors.errors import SourceUnreadable
from connectors.sources.extract import CHUNK_CHARACTERS, Chunk, Malformed, chunk

Row = dict[str, str | None]
BLANKS = " \t\n\r\v\f"  # no others, for what they stand in is no blank line of JSON


class Number(str):
    """A number by its text, as the file has it."""

    __slots__ = ()


def read_json(text: str, origin: str) -> Chunk:
    """An array of objects, or one object whose only list is that array."""
    try:
        document = parse(text)
    except ValueError as error:
        raise SourceUnreadable(
            f"{origin} is not valid JSON: {error}. It may have been cut off, "
            "or be JSON Lines (set `format: jsonl`)."
        ) from error
    records = array_of(document, origin)
    if not records:
        raise SourceUnreadable(f"{origin} has no records; its list is empty.")
    return chunk_of(enumerate(records, start=1))


def read_json_lines(lines: Iterable[str]) -> Iterator[Chunk]:
    """One object per line, each with its line end; the row number is the line."""
    records: list[tuple[int, Any]] = []
    characters = 0
    for row, line in enumerate(lines, start=1):
        if line.strip(BLANKS):
            records.append((row, _line(line)))
            characters += len(line)
        if characters >= CHUNK_CHARACTERS:
            yield chunk_of(records)
            records, characters = [], 0
    yield chunk_of(records)


def _line(line: str) -> Any:
    try:
        return parse(line)
    except ValueError as error:
        return error


def parse(text: str, number: Callable[[str], Any] = Number) -> Any:
    """A JSON document whose numbers are still text; raises ValueError."""
    try:
        return json.loads(
            text,
            parse_int=number,
            parse_float=number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return record


def array_of(document: Any, origin: str) -> list[Any]:
    """The records of a document: it is an array, or has only one; raises SourceUnreadable."""
    if isinstance(document, list):
        found = document
    elif isinstance(document, dict):
        lists = [name for name, value in document.items() if isinstance(value, list)]
        if len(lists) != 1:
            names = ", ".join(f"“{name}”" for name in lists) or "none"
            raise SourceUnreadable(
                f"{origin} is one JSON object with {len(lists)} lists in it ({names}); "
                "it must be an array of objects, or have exactly one list."
            )
        found = document[lists[0]]
    else:
        raise SourceUnreadable(f"{origin} holds one JSON value; an array of objects is needed.")
    return found


def chunk_of(records: Iterable[tuple[int, Any]]) -> Chunk:
    """Numbered records as rows; one that is no object, or an error, is malformed."""
    rows: list[Row] = []
    numbers: list[int] = []
    malformed: list[Malformed] = []
    for number, record in records:
        try:
            rows.append(_row(record))
            numbers.append(number)
        except ValueError as error:
            malformed.append(Malformed(number, f"the record cannot be read: {_first(error)}"))
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return chunk(columns, numbers, malformed=malformed)


def _first(error: ValueError) -> str:
    """What is wrong, without the document that a decoding error carries along."""
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def _row(record: Any) -> Row:
    if isinstance(record, ValueError):
        raise record
    if not isinstance(record, dict):
        raise ValueError("it is not an object")
    return dict(_unique(list(flat(record, _cell))))


def flat(
    record: Mapping[Any, Any], cell: Callable[[Any], str | None], prefix: str = ""
) -> Iterator[tuple[str, str | None]]:
    """Each value of a record as a cell, by its name; the names of nested ones with dots."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from flat(value, cell, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", cell(value)


def _cell(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = json.dumps(_plain(value), ensure_ascii=False)
    if isinstance(value, str) and not value.isascii():
        _refuse_surrogates(value)
    return value if value is None else str(value)


def _plain(value: Any) -> Any:
    """Numbers as numbers again, for a list that stays JSON."""
    if isinstance(value, Number | float):
        return json.loads(str(value))
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a text has half a Unicode character in it") from error
