"""Parquet: typed columns as text. Its footer stands at the end, so a readable file is whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet

from connectors.errors import SourceUnreadable
from connectors.sources.extract import Chunk, chunk, header
from connectors.sources.tables import flat, text_of

# As many cells as a chunk of text has, or so.
CHUNK_CELLS = 2**22


def read_parquet(file: BinaryIO, origin: str) -> Iterator[Chunk]:
    """Read every column; nested structs become columns with dots, lists become JSON text."""
    row = 0
    try:
        whole = pyarrow.parquet.ParquetFile(file)
        names = header(flat(whole.schema_arrow.empty_table()).column_names, origin)
        for batch in whole.iter_batches(max(1, CHUNK_CELLS // max(1, len(names)))):
            table = flat(pa.Table.from_batches([batch]))
            cells = map(text_of, table.columns)
            numbers = range(row + 1, row + 1 + table.num_rows)
            yield chunk(dict(zip(names, cells, strict=True)), numbers)
            row += table.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceUnreadable(
            f"{origin} is not a readable Parquet file ({type(error).__name__}); "
            "it may have been cut off, or `format` is another one."
        ) from error
