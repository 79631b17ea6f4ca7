"""What damages an export, and what such an export still says."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random

from tests.simulation.truth import KEY, RATE

# Yesterday's export comes once more; only the world knows what it said.
YESTERDAY = "yesterday's file again"

Damage = Callable[[bytes, Random], bytes | None]


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def _cut_anywhere(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def _cut_at_a_row(data: bytes, random: Random) -> bytes:
    lines = _lines(data)
    return b"".join(lines[: random.randint(1, len(lines))])


def _first_twice(data: bytes, random: Random) -> bytes:
    return data + random.choice(_lines(data)[1:])


def _conflicting(data: bytes, random: Random) -> bytes:
    """One key, two rows that say different things."""
    row = random.choice(_lines(data)[1:]).split(b",")
    return data + b",".join([*row[:-2], b"something else", row[-1]])


def _invalid_cell(data: bytes, random: Random) -> bytes:
    lines = _lines(data)
    at = random.randrange(1, len(lines))
    cells = lines[at].split(b",")
    cells[3] = b"wide"
    lines[at] = b",".join(cells)
    return b"".join(lines)


def _all_invalid(data: bytes, random: Random) -> bytes:
    head, *rows = _lines(data)
    return head + b"".join(b",".join([*r.split(b",")[:3], b"?", *r.split(b",")[4:]]) for r in rows)


def _no_key(data: bytes, random: Random) -> bytes:
    lines = _lines(data)
    at = random.randrange(1, len(lines))
    cells = lines[at].split(b",")
    cells[1] = b""
    lines[at] = b",".join(cells)
    return b"".join(lines)


def _reordered(data: bytes, random: Random) -> bytes:
    head, *rows = _lines(data)
    return head + b"".join(random.sample(rows, len(rows)))


def _column_gone(data: bytes, random: Random) -> bytes:
    return b"".join(line.partition(b",")[2] for line in _lines(data))


def _spaces(data: bytes, random: Random) -> bytes:
    return data.replace(b",A", b", A").replace(b"\r\n", b"\n")


def _latin_1(data: bytes, random: Random) -> bytes:
    return data.replace(b"lift", "Aufzüge".encode("latin-1")) + b"\xfc"


def _short_row(data: bytes, random: Random) -> bytes:
    return data + b"half,a,row\r\n"


def _changed(data: bytes, column: int, change: Callable[[bytes], bytes]) -> bytes:
    """The same table with every cell of one column changed."""
    head, *rows = (line.split(b",") for line in _lines(data))
    for cells in rows:
        cells[column] = change(cells[column])
    return b"".join(b",".join(cells) for cells in [head, *rows])


def _twice_as_large(data: bytes, random: Random) -> bytes:
    """Every unit once more under another key, as a join that went wrong writes it."""
    again = _changed(data, KEY, lambda key: b"x" + key)
    return data + b"".join(_lines(again)[1:])


def _thousands_of_columns(data: bytes, random: Random) -> bytes:
    head, *rows = _lines(data)
    names = b"".join(b",extra %d" % number for number in range(2_000))
    return b"".join(
        [head.rstrip() + names + b"\r\n", *(row.rstrip() + b"," * 2_000 + b"\r\n" for row in rows)]
    )


DAMAGES: dict[str, Damage] = {
    "cut anywhere": _cut_anywhere,
    "cut at a row": _cut_at_a_row,
    "header only": lambda data, random: _lines(data)[0],
    "empty": lambda data, random: b"",
    "gone": lambda data, random: None,
    "a row twice": _first_twice,
    "conflicting rows": _conflicting,
    "invalid cell": _invalid_cell,
    "all rows invalid": _all_invalid,
    "no key": _no_key,
    "reordered": _reordered,
    "a column gone": _column_gone,
    "spaces": _spaces,
    "Latin-1": _latin_1,
    "NUL": lambda data, random: data.replace(b"A", b"\x00", 1),
    "short row": _short_row,
    "a field of a megabyte": lambda data, random: data.replace(b",A", b"," + b"A" * 2**20, 1),
    "thousands of columns": _thousands_of_columns,
    "dates for rates": lambda data, random: _changed(data, RATE, lambda rate: b"01.02.2026"),
    "a decimal comma": lambda data, random: _changed(
        data, RATE, lambda rate: b'"' + rate.replace(b".", b",") + b'"'
    ),
    "keys in capitals": lambda data, random: _changed(data, KEY, bytes.upper),
    "keys without their zeros": lambda data, random: _changed(
        data, KEY, lambda key: key.replace(b"0", b"")
    ),
    "twice as large": _twice_as_large,
    "every row twice": lambda data, random: data + b"".join(_lines(data)[1:]),
    "keys in another Unicode form": lambda data, random: unicodedata.normalize(
        "NFD", data.decode()
    ).encode(),
    YESTERDAY: lambda data, random: data,
    "not a table": lambda data, random: b"<html>Please log in</html>",
}
# Such an export gives units other keys or names; who believed it once has to be told by a person.
LYING = frozenset(
    {
        "keys in capitals",
        "keys without their zeros",
        "keys in another Unicode form",
        "twice as large",
        "a field of a megabyte",
    }
)
# What such an export says is still the whole truth: rows in another order, or said twice.
HARMLESS = frozenset(
    {"reordered", "a row twice", "every row twice", "spaces", "thousands of columns"}
)
