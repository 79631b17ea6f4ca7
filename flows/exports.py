"""The tables of a run as CSV, Excel or JSON: complete, and harmless in a spreadsheet.

A text that a spreadsheet would take for a formula (OWASP: one that begins with = + - @, a tab or a
line break, also in full width or behind blanks) gets an apostrophe in CSV, and is stored as text in
Excel, which shows it as it is. Numbers stay numbers. Lock codes are never shown, nor their hashes.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.writer.excel import ExcelWriter

from flows.report_text import visible
from flows.summary import RunSummary
from state.exports import Table
from transforms.secrets import blanked

# What Excel takes at most in one sheet, and in one cell.
SHEET_ROWS = 1_048_576
CELL_CHARACTERS = 32_767
_FORMULA = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")

# The columns that hold objects; a table shows them as text.
_SIDES = {"before", "after"}

Export = Callable[[RunSummary, Iterable[Table], Path], None]


def write_csv(summary: RunSummary, tables: Iterable[Table], path: Path) -> None:
    """One CSV file per table, in a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables:
            with archive.open(f"{table.name}.csv", "w", force_zip64=True) as member:
                text = io.TextIOWrapper(member, encoding="utf-8-sig", newline="")
                writer = csv.writer(text)
                writer.writerow(table.columns)
                writer.writerows([disarmed(cell) for cell in row] for row in table.rows)
                text.flush()


def write_xlsx(summary: RunSummary, tables: Iterable[Table], path: Path) -> None:
    """One sheet per table, and more where a table is longer than a sheet may be."""
    book = Workbook(write_only=True)
    for table in tables:
        sheet, filled, number = _sheet(book, table, 1), 1, 1
        for row in table.rows:
            if filled == SHEET_ROWS:
                number += 1
                sheet, filled = _sheet(book, table, number), 1
            sheet.append([_cell(sheet, value) for value in row])
            filled += 1
    # On a full disk its own `save` leaves sheets and archive open, of which Python complains later.
    for sheet in book.worksheets:
        sheet.close()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()


def write_json(summary: RunSummary, tables: Iterable[Table], path: Path) -> None:
    """One document: the summary, and each table as a list of objects."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_json(summary, tables))


EXPORTS: dict[str, tuple[str, Export]] = {
    "csv": ("zip", write_csv),
    "xlsx": ("xlsx", write_xlsx),
    "json": ("json", write_json),
}


def _json(summary: RunSummary, tables: Iterable[Table]) -> Iterator[str]:
    head = json.dumps({"run": summary.record()}, ensure_ascii=False)
    yield head[:-1]
    for table in tables:
        yield f', "{table.name}": ['
        for number, row in enumerate(table.rows):
            cells = zip(table.columns, row, strict=True)
            named = {name: json.loads(cell) if name in _SIDES else cell for name, cell in cells}
            yield (", " if number else "") + json.dumps(blanked(named), ensure_ascii=False)
        yield "]"
    yield "}\n"


def _sheet(book: Any, table: Table, number: int) -> Any:
    sheet = book.create_sheet(table.name if number == 1 else f"{table.name} {number}")
    sheet.freeze_panes = "A2"
    sheet.append(list(table.columns))
    return sheet


def _cell(sheet: Any, value: Any) -> Any:
    """A text is text to Excel, whatever it begins with, and holds nothing that XML cannot."""
    if not isinstance(value, str | list | dict):
        return value
    cell = WriteOnlyCell(sheet, visible(_text(value))[:CELL_CHARACTERS])
    cell.data_type = "s"
    return cell


def disarmed(value: Any) -> Any:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    if not isinstance(value, str | list | dict):
        return value
    text = _text(value)
    return f"'{text}" if _FORMULA.match(text) else text


def _text(value: Any) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return str(blanked(shown))
