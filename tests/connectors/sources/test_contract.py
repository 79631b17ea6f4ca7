"""What every source promises, whatever its kind: the same rows as the same text, a verdict that can
be trusted, and one sentence when it cannot be read."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import random
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from connectors.clock import FakeClock
from connectors.errors import SourceUnreadable
from connectors.outside import Outside
from connectors.retry import RetryBudget
from connectors.sources.extract import Chunks
from connectors.sources.source import Source, extract
from tests.connectors.sources.api import Answer, Asked, answering, paging
from tests.connectors.sources.databases import table, url_of
from tests.connectors.sources.whole import whole

# What every source has to give, in its own words.
NAMES = ["site", "id", "rate", "rentable", "since", "floor", "note"]
ROWS: list[dict[str, Any]] = [
    dict(zip(NAMES, row, strict=True))
    for row in (
        ("F1", "007", "104.50", True, "2026-01-02", 1, "café – 100% :x"),
        ("F1", "008", "99.00", False, "2026-01-03", None, None),
        ("F2", "009", "0.10", True, "2026-02-28", -2, 'say "hi", twice'),
        ("F2", "010", "12345678.90", True, "2026-03-01", 0, "a\nb"),
        ("F3", "011", "1.00", False, "2026-03-02", 3, " padded "),
    )
]


def text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


EXPECTED = {name: [text(row[name]) for row in ROWS] for name in NAMES}
Made = dict[str, Any]
Maker = Callable[[Path, list[dict[str, Any]]], "contextmanager[Made]"]


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(NAMES)
    writer.writerows([[text(row[name]) or "" for name in NAMES] for row in rows])
    return file.getvalue().encode()


def as_json(rows: list[dict[str, Any]]) -> str:
    """JSON whose rates are numbers with the digits that they have."""
    records = json.dumps([{**row, "rate": f"#{row['rate']}#"} for row in rows])
    return records.replace('"#', "").replace('#"', "")


def zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.csv", data)
        archive.writestr("__MACOSX/._export.csv", b"junk")
    return file.getvalue()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), file)
    return file.getvalue()


SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("site", "id", "rate")),
        ("rentable", pa.bool_()),
        ("since", pa.string()),
        ("floor", pa.int64()),
        ("note", pa.string()),
    ]
)


def a_file(name: str, content: Callable[[list[dict[str, Any]]], bytes]) -> Maker:
    @contextmanager
    def made(folder: Path, rows: list[dict[str, Any]]) -> Iterator[Made]:
        (folder / name).write_bytes(content(rows))
        yield {"kind": "file", "path": name}

    return made


@contextmanager
def a_folder(folder: Path, rows: list[dict[str, Any]]) -> Iterator[Made]:
    for site in dict.fromkeys(row["site"] for row in rows):
        (folder / f"export-{site}.csv").write_bytes(
            as_csv([row for row in rows if row["site"] == site])
        )
    if not rows:
        (folder / "export-none.csv").write_bytes(as_csv([]))
    yield {"kind": "file", "path": "export-*.csv"}


KINDS = {
    "postgresql": {"rate": "numeric(12,2)", "rentable": "boolean", "since": "date"},
    "mariadb": {"rate": "decimal(12,2)", "since": "date"},  # it has no booleans of its own
    "sqlite": {},  # nor has this, nor dates, nor decimals
}


def a_database(database: str) -> Maker:
    kinds = {name: KINDS[database].get(name, "varchar(99)") for name in NAMES} | {"floor": "int"}
    columns = ", ".join(f"{name} {kind}" for name, kind in kinds.items())

    @contextmanager
    def made(folder: Path, rows: list[dict[str, Any]]) -> Iterator[Made]:
        url = url_of(database, folder)
        with table(
            url, columns, *(f"({', '.join(map(literal, row.values()))})" for row in rows)
        ) as name:
            yield {"kind": "sql", "url": url, "table": name}

    return made


def literal(value: Any) -> str:
    found = text(value)
    return "NULL" if found is None else "'" + found.replace("'", "''") + "'"


def an_api(kind: str, **settings: Any) -> Maker:
    @contextmanager
    def made(folder: Path, rows: list[dict[str, Any]]) -> Iterator[Made]:
        def answer(asked: Asked) -> Answer:
            said = paging(rows, 2)(asked)
            # The digits of a rate as they are, in the middle of the page as it is.
            body = said.body | {"units": "UNITS"}
            some = as_json(paging(rows, 2)(asked).body["units"])
            return Answer(json.dumps(body).replace('"UNITS"', some), headers=said.headers)

        with answering(answer) as api:
            yield {
                "kind": "rest",
                "url": api.url,
                "records": "units",
                "requests_per_second": None,
                "paging": {"kind": kind, **settings},
            }

    return made


def a_function(name: str) -> Maker:
    @contextmanager
    def made(folder: Path, rows: list[dict[str, Any]]) -> Iterator[Made]:
        module = f"inventory_{uuid.uuid4().hex}"
        (folder / f"{module}.py").write_text(FUNCTIONS.replace("ROWS", repr(rows)))
        yield {"kind": "python", "call": f"{module}:{name}"}

    return made


FUNCTIONS = """
from decimal import Decimal
from datetime import date

import pandas as pd
import pyarrow as pa

rows = [
    {**row, "rate": Decimal(row["rate"]), "since": date.fromisoformat(row["since"])}
    for row in ROWS
]


def records():
    print("reading")
    return rows


def generated():
    yield from rows


def pages():
    yield rows[:2]
    yield rows[2:]


def frame():
    return pd.DataFrame(rows)


def table():
    return pa.Table.from_pylist(rows)
"""

SOURCES: dict[str, Maker] = {
    "csv": a_file("units.csv", as_csv),
    "csv.gz": a_file("units.csv.gz", lambda rows: gzip.compress(as_csv(rows))),
    "csv.bz2": a_file("units.csv.bz2", lambda rows: bz2.compress(as_csv(rows))),
    "csv.xz": a_file("units.csv.xz", lambda rows: lzma.compress(as_csv(rows))),
    "zip": a_file("units.zip", lambda rows: zipped(as_csv(rows))),
    "json": a_file("units.json", lambda rows: as_json(rows).encode()),
    "parquet": a_file("units.parquet", parquet),
    "parquet.gz": a_file("units.parquet.gz", lambda rows: gzip.compress(parquet(rows))),
    "folder": a_folder,
    "sqlite": a_database("sqlite"),
    "postgresql": a_database("postgresql"),
    "mariadb": a_database("mariadb"),
    "rest by page": an_api("page"),
    "rest by offset": an_api("offset"),
    "rest by cursor": an_api("cursor", next="meta.cursor"),
    "rest by next address": an_api("next", next="links.next"),
    "rest by link header": an_api("link"),
    "python records": a_function("records"),
    "python generator": a_function("generated"),
    "python pages": a_function("pages"),
    "python frame": a_function("frame"),
    "python table": a_function("table"),
}


def outside() -> Outside:
    return Outside(FakeClock(), random.Random(1), None, threading.Event(), RetryBudget())


def reading(settings: Made, base: Path) -> Chunks:
    return extract(TypeAdapter(Source).validate_python(settings), base, outside())


def message(settings: Made, base: Path) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        whole(reading(settings, base))
    return str(caught.value)


@pytest.fixture(params=SOURCES)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Made]]:
    """Makes a source of such rows, which is there until the end of the test."""
    with ExitStack() as made:
        yield lambda rows: made.enter_context(SOURCES[request.param](tmp_path, rows))


def test_the_same_inventory_is_the_same_text(make: Callable[..., Made], tmp_path: Path) -> None:
    found = whole(reading(make(ROWS), tmp_path))

    # Only a text file writes nothing where others have a null.
    cells = found.rows.astype(object).where(found.rows.notna(), None)
    assert {n: [c or None for c in cells[n]] for n in cells.columns} == EXPECTED
    assert found.complete
    assert found.malformed == ()


def test_rows_have_numbers_of_their_own_in_the_order_of_the_source(
    make: Callable[..., Made], tmp_path: Path
) -> None:
    found = whole(reading(make(ROWS), tmp_path))

    assert found.rows.index.is_monotonic_increasing
    assert found.rows.index.is_unique
    assert found.rows.index.name == "row"
    assert found.rows["id"].tolist() == EXPECTED["id"]


def test_nothing_is_read_before_it_is_asked_for(make: Callable[..., Made], tmp_path: Path) -> None:
    settings = make(ROWS)
    for name in ("path", "table", "call"):
        if name in settings:
            settings[name] = {"path": "no.csv", "table": "no_table", "call": "no:where"}[name]
    if "url" in settings and settings["kind"] == "rest":
        settings["url"] = "http://127.0.0.1:1/units"

    chunks = reading(settings, tmp_path)

    assert chunks.origin
    with pytest.raises(SourceUnreadable):
        next(chunks.each)


def test_nothing_is_unreadable_and_not_empty(make: Callable[..., Made], tmp_path: Path) -> None:
    assert message(make([]), tmp_path)
