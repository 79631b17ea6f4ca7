"""How a file has to be read, seen by looking at it: only what is not usual becomes a setting."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import Workbook

from connectors.errors import SourceUnreadable
from connectors.sources.file import extract
from connectors.sources.sniff import sniff

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


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"Rent roll\nas of May\n\nunit,rate,floor\n1,5,1\n2,6,1\n3,7,1\n4,8,2\n5,9,2\n"),
        ("a.csv", b"Rent roll,,\n,as of May,\n\nunit,rate,floor\n1,5,1\n2,6,1\n3,7,1\n"),
        (
            "a.xlsx",
            workbook(Units=[["Rent roll"], ["May"], [], ["unit", "rate", "floor"], ["1", 50, 1]]),
        ),
    ],
)
def test_a_title_above_the_names_is_refused_with_the_row_of_the_names(
    name: str, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(SourceUnreadable, match="the names seem to stand in row 4"):
        sniff(name, tmp_path)
