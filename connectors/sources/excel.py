"""Excel workbooks (.xlsx): one sheet, its cells as text, formulas by their last computed value."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from connectors.errors import SourceUnreadable
from connectors.sources.cells import cell_text
from connectors.sources.extract import Chunk, chunk, header, row_of_names
from connectors.sources.footer import Footer
from connectors.sources.title import refuse_title

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

# What openpyxl lets through when a workbook is cut, encrypted or not a workbook at all.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    OSError,
)


def read_excel(
    data: bytes,
    origin: str,
    sheet: str | int | None,
    header_row: int | None = None,
    footer: str | None = None,
) -> Chunk:
    """Read one sheet: by name, by position from 1, else the first. The names of the columns stand
    in `header_row`, from 1, else in the first row that is not blank. Rows at the end that match
    `footer`, with commas between their cells, are left out."""
    # Imported here because it takes 0.2 s that no other format should pay.
    from openpyxl import load_workbook

    try:
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        grid = _grid(workbook, _sheet_name(workbook.sheetnames, origin, sheet))
    except BROKEN as error:
        raise SourceUnreadable(
            f"{origin} is not a readable Excel workbook ({type(error).__name__}); "
            "save it again as .xlsx without a password, or set `format`."
        ) from error
    cells = [[cell_text(value) for value in row] for row in grid]
    if footer is None:
        return _chunk(cells, origin, header_row)
    below = Footer(footer, origin)
    texts = (",".join(text or "" for text in row) for row in cells)
    rows = sum(1 for _ in below.above(texts))
    [judged] = below.judged([_chunk(cells[:rows], origin, header_row)])
    return judged


def _sheet_name(names: Sequence[str], origin: str, sheet: str | int | None) -> str:
    listed = ", ".join(f"{place} “{name}”" for place, name in enumerate(names, start=1))
    if sheet is None:
        return names[0]
    if str(sheet) in names:
        return str(sheet)
    if isinstance(sheet, int) and 1 <= sheet <= len(names):
        return names[sheet - 1]
    raise SourceUnreadable(f"{origin} has no sheet {sheet!r}; its sheets are {listed}.")


def _grid(workbook: Workbook, name: str) -> list[tuple[Any, ...]]:
    worksheet = workbook[name]
    if not hasattr(worksheet, "reset_dimensions"):
        raise ValueError("a sheet without cells")
    # Some writers store a wrong size of the sheet, and openpyxl would believe it.
    worksheet.reset_dimensions()
    return list(worksheet.iter_rows(values_only=True))


def _chunk(cells: list[list[str | None]], origin: str, header_row: int | None) -> Chunk:
    if not any(map(_width, cells)):
        raise SourceUnreadable(f"{origin} has no filled cell in that sheet; nothing was read.")
    first, named = row_of_names(cells, header_row, origin)
    width = max(map(_width, [named, *cells[first:]]))
    refuse_title(cells[first - 1 :], width, origin, first)
    names = header([*named, *[None] * width][:width], origin)
    records = [[*row, *[None] * width][:width] for row in cells[first:]]
    columns = {name: [row[place] for row in records] for place, name in enumerate(names)}
    return chunk(columns, range(first + 1, len(cells) + 1))


def _width(row: Sequence[str | None]) -> int:
    return max((place for place, cell in enumerate(row, start=1) if _full(cell)), default=0)


def _full(cell: str | None) -> bool:
    return bool(cell and cell.strip())


def sheets(data: bytes) -> dict[str, list[list[str]]]:
    """The cells of each row, "" where empty, sheet by sheet; none where the workbook cannot be
    read, which `read_excel` says better."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        grids = {name: _grid(book, name) for name in book.sheetnames}
    except BROKEN:
        return {}
    return {
        name: [[(cell_text(value) or "").strip() for value in row] for row in grid]
        for name, grid in grids.items()
    }
