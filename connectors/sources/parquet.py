"""Parquet: typed columns as text. Its footer stands at the end, so a readable file is whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet

from connectors.errors import SourceUnreadable
from connectors.sources.cells import cell_text
from connectors.sources.extract import Chunk, chunk, header

# As many cells as a chunk of text has, or so.
CHUNK_CELLS = 2**22


def read_parquet(file: BinaryIO, origin: str) -> Iterator[Chunk]:
    """Read every column; nested structs become columns with dots, lists become JSON text."""
    row = 0
    try:
        whole = pyarrow.parquet.ParquetFile(file)
        names = header(_flat(whole.schema_arrow.empty_table()).column_names, origin)
        for batch in whole.iter_batches(max(1, CHUNK_CELLS // max(1, len(names)))):
            table = _flat(pa.Table.from_batches([batch]))
            cells = map(_cells, table.columns)
            numbers = range(row + 1, row + 1 + table.num_rows)
            yield chunk(dict(zip(names, cells, strict=True)), numbers)
            row += table.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceUnreadable(
            f"{origin} is not a readable Parquet file ({type(error).__name__}); "
            "it may have been cut off, or `format` is another one."
        ) from error


def _flat(table: pa.Table) -> pa.Table:
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray | list[str | None]:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_float32(kind):
        return column.cast(pa.large_string())
    return [cell_text(value) for value in column.to_pylist()]
