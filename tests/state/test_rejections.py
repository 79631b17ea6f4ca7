"""Rejections: every row that did not pass is kept, whatever it holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

COLUMNS = ["row", "scope", "key", "field", "rule", "value", "message"]
Look = Callable[..., list[tuple[Any, ...]]]


def kept(path: Path, look: Look) -> list[tuple[Any, ...]]:
    return look(path, f"SELECT {', '.join(COLUMNS)} FROM rejections ORDER BY rejection_id")


def test_every_line_is_kept_with_its_row_and_reason(night: Any, path: Path, look: Look) -> None:
    lines = [
        (2, "facility", "1", "width", "above_zero", "-3", "width must be above 0"),
        (9, "facility", "2", "name", "required", None, "name is required"),
    ]

    night.store.add_rejections("storage", "run-1", pd.DataFrame(lines, columns=COLUMNS))

    assert kept(path, look) == lines


def test_missing_scope_key_and_value_are_kept_as_missing(
    night: Any, path: Path, look: Look
) -> None:
    frame = pd.DataFrame([(3, "f", "k", "n", "r", "v", "m")] * 2, columns=COLUMNS)
    frame.loc[1, ["row", "scope", "key", "value"]] = pd.NA
    frame = frame.astype(dict.fromkeys(COLUMNS[1:], "str"))

    night.store.add_rejections("storage", "run-1", frame)

    assert kept(path, look)[1] == (None, None, None, "n", "r", None, "m")


def test_values_of_any_type_and_broken_text_are_kept_readable(
    night: Any, path: Path, look: Look
) -> None:
    frame = pd.DataFrame(
        [
            (2, "f", "k", "width", "r", 12.5, "m"),
            (3, "f", "k", "tax_rates", "r", ["x"], "m"),
            (4, "f", "k", "name", "r", "half\ud800", "m"),
        ],
        columns=COLUMNS,
    )

    night.store.add_rejections("storage", "run-1", frame)

    assert [line[5] for line in kept(path, look)] == ["12.5", "['x']", "half\\ud800"]


def test_no_rejection_is_no_line(night: Any, path: Path, look: Look) -> None:
    night.store.add_rejections("storage", "run-1", pd.DataFrame(columns=COLUMNS))

    assert kept(path, look) == []
