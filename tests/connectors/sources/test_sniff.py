"""How a file has to be read, seen by looking at it: only what is not usual becomes a setting."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import Workbook

from connectors.sources.file import extract
from connectors.sources.sniff import sniff
from tests.connectors.sources.whole import whole

TABLE = "unit;größe;preis\n1;5x5;1.234,50\n2;5x5;89,00\n"


def settings(folder: Path, name: str, content: bytes) -> dict[str, object]:
    (folder / name).write_bytes(content)
    found = sniff(name, folder)
    extract(found, folder)
    return found.model_dump(exclude_unset=True, exclude={"kind", "path"})


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", TABLE.replace(";", ",", -1).replace(",50", "").encode(), {}),
        ("a.csv", TABLE.encode(), {"delimiter": ";"}),
        ("a.csv", TABLE.encode("utf-8-sig"), {"delimiter": ";"}),
        ("a.csv", TABLE.encode("cp1252"), {"delimiter": ";", "encoding": "cp1252"}),
        ("a.csv", TABLE.encode("utf-16"), {"delimiter": ";", "encoding": "utf-16"}),
        ("a.tsv", TABLE.replace(";", "\t").encode(), {}),
        ("a.txt", TABLE.replace(";", "\t").encode(), {"delimiter": "\t"}),
        ("a.csv", TABLE.replace(";", "|").encode(), {"delimiter": "|"}),
        ("a.csv", b"unit\n1\n2\n", {}),
        ("export", TABLE.encode(), {"format": "csv", "delimiter": ";"}),
        ("export", b'[{"unit": 1}]', {"format": "json"}),
        ("export", b'{"unit": 1}\n{"unit": 2}\n', {"format": "jsonl"}),
        ("a.json", b'[{"unit": 1}]', {}),
    ],
)
def test_a_text_is_read_by_its_own_encoding_and_delimiter(
    name: str, content: bytes, told: dict[str, object], tmp_path: Path
) -> None:
    assert settings(tmp_path, name, content) == told


def workbook(**sheets: list[list[object]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_the_sheet_with_the_most_rows_is_meant(tmp_path: Path) -> None:
    book = workbook(Cover=[["Printed"]], Units=[["unit", "rate"], ["1", 50], ["2", 60]])

    assert settings(tmp_path, "a.xlsx", book) == {"sheet": "Units"}


TITLES: list[list[object]] = [["Rent roll"], ["May"], []]
NAMES: list[list[object]] = [["unit", "rate", "floor"]]
UNITS: list[list[object]] = [["1", 50, 1], ["2", 50, 1]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"Rent roll\nas of May\n\nunit,rate,floor\n1,5,1\n2,6,1\n3,7,1\n4,8,2\n5,9,2\n"),
        ("a.csv", b"Rent roll,,\n,as of May,\n\nunit,rate,floor\n1,5,1\n2,6,1\n3,7,1\n"),
        ("a.csv", b'"Rent\nroll",,\n,as of May,\n\nunit,rate,floor\n1,5,1\n2,6,1\n3,7,1\n'),
        ("a.xlsx", workbook(Units=TITLES + NAMES + UNITS)),
    ],
)
def test_the_names_are_found_below_a_title_and_rows_keep_their_numbers(
    name: str, content: bytes, tmp_path: Path
) -> None:
    assert settings(tmp_path, name, content) == {"header": 4}

    found = whole(extract(sniff(name, tmp_path), tmp_path))
    assert list(found.rows.columns) == ["unit", "rate", "floor"]
    assert found.rows.index[0] == 5
    assert found.complete


@pytest.mark.parametrize(
    "content",
    [
        b"\n\nunit,rate,floor\n1,5,1\n2,6,1\n",  # blank lines are no title
        b"unit,,\n1,5,1\n2,6,1\n3,6,1\n",  # names are left out, and a unit is no names
    ],
)
def test_names_in_the_first_row_that_is_not_blank_need_no_setting(
    content: bytes, tmp_path: Path
) -> None:
    assert "header" not in settings(tmp_path, "a.csv", content)
