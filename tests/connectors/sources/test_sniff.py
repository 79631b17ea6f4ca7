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


def test_the_sheet_with_the_most_rows_is_meant(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["Cover"])
    sheet = book.create_sheet("Units")
    for row in (["unit", "rate"], ["1", 50], ["2", 60]):
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)

    assert settings(tmp_path, "a.xlsx", buffer.getvalue()) == {"sheet": "Units"}


def test_a_title_above_the_names_is_refused_with_the_row_of_the_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Rent roll\nas of May\n\nunit,rate\n1,5\n2,6\n3,7\n4,8\n")

    with pytest.raises(SourceUnreadable, match="the names seem to stand in row 4"):
        sniff("a.csv", tmp_path)
