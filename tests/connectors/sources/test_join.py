"""A second source beside the first: every row once, with what has its key, or told without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from connectors.errors import SourceUnreadable
from connectors.sources.by_scope import Extract, by_scope
from connectors.sources.extract import Chunk, Chunks, Malformed, chunk
from connectors.sources.join import Join, joined
from connectors.sources.shelf import Shelf

Columns = dict[str, Sequence[str | None]]
UNITS: Columns = {"site": ["F1", "F1", "F2"], "id": ["1", " 2", "3"]}
RATES: Columns = {"id": ["3", "1 "], "rate": ["30.00", None]}


def source(origin: str, *each: Columns | Chunk) -> Chunks:
    first, made = 2, []
    for one in each:
        if not isinstance(one, Chunk):
            numbers = range(first, first + len(next(iter(one.values()))))
            first = numbers.stop
            made.append(chunk(one, numbers))
        else:
            made.append(one)
    return Chunks(origin, iter(made))


def join(by: Any = "id", **settings: Any) -> Join:
    said = {"source": {"kind": "file", "path": "rates.csv"}, "by": by}
    return Join.model_validate({**said, **settings})


def read(
    *units: Columns | Chunk, rates: Any = RATES, **settings: Any
) -> tuple[pd.DataFrame, Extract]:
    beside = rates if isinstance(rates, list) else [rates]
    chunks = joined(source("units.csv", *units), join(**settings), source("rates.csv", *beside))
    with Shelf() as shelf:
        extract = by_scope(chunks, "site", shelf)
        return pd.concat(extract.parts()).fillna("-"), extract


def message(*units: Columns | Chunk, **settings: Any) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        read(*units, **settings)
    return str(caught.value)


def test_every_row_stays_once_with_what_has_its_key() -> None:
    rows, extract = read(UNITS, {"site": ["F3"], "id": ["3"]})

    assert rows["rate"].tolist() == ["-", "-", "30.00", "30.00"]
    assert rows.index.tolist() == [2, 3, 4, 5]
    assert rows.columns.tolist() == ["site", "id", "rate"]
    assert extract.complete


def test_rows_that_find_nothing_are_told_with_their_number() -> None:
    _, extract = read(UNITS, {"site": ["F3", "F3"], "id": ["9", None]})

    assert extract.notices == ("3 of 5 rows of units.csv found nothing beside them in rates.csv",)
    assert read({"site": ["F1"], "id": ["3"]})[1].notices == ()


def test_a_key_that_stands_twice_is_refused_with_its_rows() -> None:
    twice = {"id": ["1", "2", "1"], "rate": ["1", "2", "3"]}

    assert "rates.csv has a key more than once" in message(UNITS, rates=twice)
    assert "“1” in rows 2, 4" in message(UNITS, rates=twice)


def test_keys_may_have_other_names_and_several_parts() -> None:
    rates = {"facility": ["F1", "F2", "F2"], "unit": ["1", "1", "3"], "rate": ["a", "b", "c"]}

    rows, _ = read(UNITS, rates=rates, by={"site": "facility", "id": "unit"})

    assert rows["rate"].tolist() == ["a", "-", "c"]
    assert rows.columns.tolist() == ["site", "id", "rate"]
    again = {**rates, "unit": ["1", "3", "3"]}
    assert "“F2 3” in rows 3, 4" in message(
        UNITS, rates=again, by={"site": "facility", "id": "unit"}
    )


def test_an_empty_key_matches_nothing_and_is_no_key_that_stands_twice() -> None:
    rates = {"id": ["", None, "1"], "rate": ["x", "y", "z"]}

    rows, _ = read({"site": ["F1", "F1"], "id": ["", "1"]}, rates=rates)

    assert rows["rate"].tolist() == ["-", "z"]


def test_a_column_that_both_have_wants_a_prefix() -> None:
    rates = {**RATES, "site": ["a", "b"]}

    assert "both have a column “site”; set `prefix`" in message(UNITS, rates=rates)
    rows, _ = read(UNITS, rates=rates, prefix="rate ")
    assert rows.columns.tolist() == ["site", "id", "rate rate", "rate site"]


def test_a_key_that_is_no_column_names_a_near_one() -> None:
    assert "units.csv has no column “ids”, which `join.by` names; did you mean “id”?" in message(
        UNITS, by={"ids": "id"}
    )
    assert "rates.csv has no column “ids”" in message(UNITS, by={"id": "ids"})


def test_what_is_in_doubt_in_one_is_in_doubt_in_both() -> None:
    cut = chunk(RATES, [2, 3], malformed=[Malformed(4, "it is cut off")], doubt="no end")

    _, extract = read(UNITS, UNITS | {"id": ["7", "8", "9"]}, rates=[cut])

    assert [(bad.row, bad.message) for bad in extract.malformed] == [
        (4, "rates.csv, row 4: it is cut off")
    ]
    assert extract.reason == "rates.csv: no end"


def test_a_second_source_that_has_nothing_is_no_source_without_matches() -> None:
    assert "rates.csv has no records" in message(UNITS, rates=chunk({"id": []}, []))
