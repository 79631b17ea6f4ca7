"""How a message names the other rows of one key, and what is the same."""

from __future__ import annotations

import pandas as pd
import pytest

from transforms.duplicates import collapse, conflicts, others
from transforms.normalize import Normalized, problem_table


def normalized(rows: list[tuple[str, str, float | None]]) -> Normalized:
    frame = pd.DataFrame(rows, columns=["_scope", "_key", "width"])
    frame.index = pd.RangeIndex(2, len(rows) + 2, name="row")
    return Normalized(frame, problem_table([]))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([1, 7], "7"),
        ([7, 1, 9], "7 and 9"),
        ([1, 2, 3, 4, 5, 6], "2, 3, 4, 5 and 6"),
        ([2, 3, 4, 5, 6, 7, 1], "2, 3, 4, 5, 6 and 1 more"),
        ([*range(100)], "0, 2, 3, 4, 5 and 94 more"),
    ],
)
def test_the_first_others_are_named_and_the_rest_counted(members: list[int], expected: str) -> None:
    assert others(members, 1) == expected


def test_absent_values_are_the_same_and_differ_from_present_ones() -> None:
    same = normalized([("S", "u", None), ("S", "u", None)])
    different = normalized([("S", "u", None), ("S", "u", 1.0)])

    assert collapse(same)[1] == 1
    assert collapse(different)[1] == 0
    assert [len(lines) for lines in conflicts(different)] == [2]


def test_rows_without_scope_or_key_are_left_alone() -> None:
    rows = normalized([("S", "", 1.0), ("S", "", 1.0), ("", "u", 1.0), ("", "u", 2.0)])

    assert collapse(rows) == (rows, 0)
    assert conflicts(rows) == []
