"""Excel: cells as a person reads them, by the sheet's own row numbers."""

from __future__ import annotations

import datetime
import io
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from connectors.errors import SourceUnreadable
from connectors.sources.excel import read_excel
from connectors.sources.extract import Chunk
from tests.connectors.sources.whole import Whole, whole_of


def workbook(**sheets: list[list[Any]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, grid in sheets.items():
        sheet = book.create_sheet(name)
        for row in grid:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(grid: list[list[Any]], header: int | None = None) -> Whole:
    return whole_of("units.xlsx", [read_excel(workbook(Units=grid), "units.xlsx", None, header)])


def rows(extract: Whole | Chunk) -> dict[int, list[Any]]:
    records = extract.rows.astype(object).to_numpy().tolist()
    cells = [[None if pd.isna(cell) else cell for cell in record] for record in records]
    return dict(zip(extract.rows.index, cells, strict=True))


def test_cells_become_the_text_that_a_person_reads() -> None:
    moment = datetime.datetime(2026, 1, 31, 13, 45)
    extract = read(
        [
            ["id", "whole", "part", "noise", "flag", "day", "moment", "hour"],
            ["007", 7, 20.5, 104.98999999999999, True, datetime.date(2026, 1, 31), moment,
             datetime.time(8, 30)],
            ["1e5", 7.0, 0.1 + 0.2, 1e20, False, None, None, None],
        ]
    )  # fmt: skip

    assert rows(extract) == {
        2: ["007", "7", "20.5", "104.99", "true", "2026-01-31", "2026-01-31T13:45:00", "08:30:00"],
        3: ["1e5", "7", "0.3", "1e+20", "false", None, None, None],
    }
    assert {str(kind) for kind in extract.rows.dtypes} == {"str"}
    assert extract.complete


def test_row_numbers_are_those_of_the_sheet() -> None:
    extract = read([[], ["id", "note"], [], ["1", "a"], [" ", None], ["2", "b"]])

    assert rows(extract) == {4: ["1", "a"], 6: ["2", "b"]}


def test_the_names_stand_in_the_row_that_is_set() -> None:
    grid = [["Rent roll", None, None, "page 1"], [], ["id", "note"], ["1", "a"]]

    assert rows(read(grid, header=3)) == {4: ["1", "a"]}
    with pytest.raises(SourceUnreadable, match="Row 2 of units.xlsx is blank"):
        read(grid, header=2)
    with pytest.raises(SourceUnreadable, match="ends in row 4, before row 5"):
        read(grid, header=5)


def test_a_title_that_was_taken_for_names_is_refused_with_the_setting() -> None:
    with pytest.raises(SourceUnreadable, match="Row 1 of units.xlsx fills 1 of 3.*`header: 3`"):
        read([["Rent roll"], [], ["id", "note", "rate"], ["1", "a", 5]])


def test_rows_of_any_length_are_read() -> None:
    extract = read([["id", "note", "code"], ["1"], ["2", "b", "c", None, "beside"]])

    assert extract.rows.columns.tolist() == ["id", "note", "code", "column 5"]
    assert rows(extract) == {2: ["1", None, None, None], 3: ["2", "b", "c", "beside"]}


def test_a_sheet_is_chosen_by_name_or_by_position_from_one() -> None:
    data = workbook(First=[["id"], ["1"]], Second=[["id"], ["2"]])

    assert rows(read_excel(data, "x", None)) == {2: ["1"]}
    assert rows(read_excel(data, "x", "Second")) == {2: ["2"]}
    assert rows(read_excel(data, "x", 2)) == {2: ["2"]}


def test_a_sheet_named_by_a_number_is_found_by_that_number() -> None:
    data = workbook(**{"Other": [["id"], ["1"]], "2026": [["id"], ["2"]]})

    assert rows(read_excel(data, "x", 2026)) == {2: ["2"]}


@pytest.mark.parametrize("sheet", ["Third", 3, 0])
def test_a_wrong_sheet_lists_the_right_ones(sheet: str | int) -> None:
    data = workbook(First=[["id"], ["1"]], Second=[["id"], ["2"]])

    with pytest.raises(SourceUnreadable, match="its sheets are 1 “First”, 2 “Second”"):
        read_excel(data, "units.xlsx", sheet)


def test_a_workbook_cut_short_is_unreadable() -> None:
    data = workbook(Units=[["id"], *([str(number)] for number in range(500))])

    with pytest.raises(SourceUnreadable, match="not a readable Excel workbook"):
        read_excel(data[: len(data) // 2], "units.xlsx", None)


@pytest.mark.parametrize("data", [b"id,note\n1,a\n", b"PK\x03\x04 not a zip at all"])
def test_what_is_no_workbook_is_unreadable(data: bytes) -> None:
    with pytest.raises(SourceUnreadable, match="not a readable Excel workbook"):
        read_excel(data, "units.xlsx", None)


def test_an_empty_sheet_is_unreadable() -> None:
    with pytest.raises(SourceUnreadable, match="no filled cell"):
        read([])


def test_a_header_alone_is_unreadable() -> None:
    with pytest.raises(SourceUnreadable, match="no records, only column names"):
        read([["id", "note"], [None, " "]])


def test_a_column_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(SourceUnreadable, match="more than one column called “id”"):
        read([["id", "id "], ["1", "2"]])
