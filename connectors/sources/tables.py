"""Arrow tables as text: nested structs become columns with dots, lists become JSON text."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from connectors.sources.cells import cells_of


def flat(table: pa.Table) -> pa.Table:
    """The table with a column for each field of its structs."""
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def text_of(column: pa.ChunkedArray) -> pa.ChunkedArray | Sequence[str | None]:
    """The cells of a column of a flat table."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_float32(kind):
        return column.cast(pa.large_string())
    return cells_of(column.to_pylist())
