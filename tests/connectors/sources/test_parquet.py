"""Parquet: every type as the text that a person reads."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.errors import SourceUnreadable
from connectors.sources import parquet as source
from tests.connectors.sources.whole import Whole, whole_of


def read_parquet(data: bytes, origin: str) -> Whole:
    return whole_of(origin, source.read_parquet(io.BytesIO(data), origin))


def parquet(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def cells(table: pa.Table) -> dict[str, list[Any]]:
    frame = read_parquet(parquet(table), "units.parquet").rows
    return {
        str(name): [None if pd.isna(cell) else cell for cell in column]
        for name, column in frame.items()
    }


def test_every_type_becomes_text_and_null_stays_null() -> None:
    table = pa.table(
        {
            "text": ["007", None, ""],
            "whole": pa.array([7, None, -1], pa.int64()),
            "part": [7.0, 20.5, float("nan")],
            "small": pa.array([20.1, 7, None], pa.float32()),
            "exact": pa.array([Decimal("12.50"), None, Decimal(3)], pa.decimal128(9, 2)),
            "flag": [True, False, None],
            "day": [datetime.date(2026, 1, 31), None, None],
            "moment": [datetime.datetime(2026, 1, 31, 8), datetime.datetime(2026, 1, 31), None],
            "tags": [["a", "b"], [], None],
            "kind": pa.array(["x", "y", "x"]).dictionary_encode(),
        }
    )

    assert cells(table) == {
        "text": ["007", None, ""],
        "whole": ["7", None, "-1"],
        "part": ["7", "20.5", None],
        "small": ["20.1", "7", None],
        "exact": ["12.50", None, "3.00"],
        "flag": ["true", "false", None],
        "day": ["2026-01-31", None, None],
        "moment": ["2026-01-31T08:00:00", "2026-01-31", None],
        "tags": ['["a", "b"]', "[]", None],
        "kind": ["x", "y", "x"],
    }


def test_nested_structs_flatten_with_dots() -> None:
    table = pa.table({"id": ["1"], "address": [{"city": "Redding", "at": {"lat": 40.5}}]})

    assert cells(table) == {"id": ["1"], "address.city": ["Redding"], "address.at.lat": ["40.5"]}


def test_records_are_numbered_from_one_and_a_readable_file_is_complete() -> None:
    extract = read_parquet(parquet(pa.table({"id": ["a", "b"]})), "units.parquet")

    assert extract.rows.index.tolist() == [1, 2]
    assert extract.rows.index.name == "row"
    assert {str(kind) for kind in extract.rows.dtypes} == {"str"}
    assert extract.complete


@pytest.mark.parametrize("keep", [0.5, 0.95])
def test_a_file_cut_short_is_unreadable(keep: float) -> None:
    data = parquet(pa.table({"id": ["a"] * 1000}))

    with pytest.raises(SourceUnreadable, match="not a readable Parquet file"):
        read_parquet(data[: int(len(data) * keep)], "units.parquet")


def test_no_records_are_unreadable() -> None:
    with pytest.raises(SourceUnreadable, match="no records"):
        read_parquet(parquet(pa.table({"id": pa.array([], pa.string())})), "units.parquet")
