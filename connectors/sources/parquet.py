"""Parquet: typed columns as text. Its footer stands at the end, so a readable file is whole."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet

from connectors.errors import SourceUnreadable
from connectors.sources.cells import cell_text
from connectors.sources.extract import Extract, assemble, header


def read_parquet(data: bytes, origin: str) -> Extract:
    """Read every column; nested structs become columns with dots, lists become JSON text."""
    try:
        table = pyarrow.parquet.read_table(pa.BufferReader(data))
        while any(pa.types.is_struct(field.type) for field in table.schema):
            table = table.flatten()
        columns = [_cells(column) for column in table.columns]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceUnreadable(
            f"{origin} is not a readable Parquet file ({type(error).__name__}); "
            "it may have been cut off, or `format` is another one."
        ) from error
    names = header(table.column_names, origin)
    numbers = range(1, table.num_rows + 1)
    return assemble(dict(zip(names, columns, strict=True)), numbers, origin)


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray | list[str | None]:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_float32(kind):
        return column.cast(pa.large_string())
    return [cell_text(value) for value in column.to_pylist()]
