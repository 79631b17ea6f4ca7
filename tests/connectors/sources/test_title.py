"""A title above the column names is told from names, and from a table that lacks some."""

from __future__ import annotations

import pytest

from connectors.errors import SourceUnreadable
from connectors.sources.title import Cells, refuse_title, row_below_title

NAMES = ["unit", "rate", "floor", "type"]
UNIT = ["1", "5.00", "1", "Box"]


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([["Report"], [], NAMES, UNIT], 2),
        ([["Report", None, "", " "], ["as of", "May"], NAMES, UNIT], 2),
        ([[], ["Report"], NAMES], 2),
        ([NAMES, UNIT], None),
        ([[], [], NAMES, UNIT], None),
        ([["unit"], UNIT, UNIT], None),
        ([["unit", "rate", "floor"], NAMES], None),
        ([["Report"], *[["more"]] * 20, NAMES], None),
        ([["Report"]], None),
    ],
)
def test_the_names_are_the_first_row_that_fills_most_columns(
    rows: list[Cells], place: int | None
) -> None:
    assert row_below_title(rows, len(NAMES)) == place


def test_of_two_columns_no_row_could_be_told_from_a_title() -> None:
    assert row_below_title([["Report"], ["unit", "rate"]], 2) is None


def test_the_message_names_both_rows_as_the_file_counts_them() -> None:
    with pytest.raises(SourceUnreadable) as refused:
        refuse_title([["Report"], [], NAMES, UNIT], len(NAMES), "units.csv", 3)

    assert "Row 3 of units.csv fills 1 of 4 columns" in str(refused.value)
    assert "set `header: 5`" in str(refused.value)
