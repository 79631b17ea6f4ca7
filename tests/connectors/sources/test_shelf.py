"""The shelf: rows come back as they were, and nobody else can read them."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from connectors.errors import SourceUnreadable
from connectors.sources.shelf import Shelf, Shelved


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def shelf(folder: Path) -> Iterator[Shelf]:
    with Shelf() as made:
        yield made


def typed() -> pd.DataFrame:
    """A row of each type that `normalize` promises, and one in which all is absent."""
    return pd.DataFrame(
        {
            "text": pd.array(["a", None, "", "café"], dtype="str"),
            "number": [1.5, float("nan"), -0.0, 2.0],
            "whole": pd.array([1, None, 3, 2**53], dtype="Int64"),
            "flag": pd.array([True, None, False, True], dtype="boolean"),
        },
        index=pd.Index([2, 3, 5, 9], name="row"),
    )


def test_rows_come_back_as_they_were_laid_down(shelf: Shelf) -> None:
    frame = typed()

    places = shelf.put(frame, pd.Series(["x", "y", "x", "y"]))

    for label, rows in (("x", [2, 5]), ("y", [3, 9])):
        pd.testing.assert_frame_equal(shelf.get(places[label]), frame.loc[rows])
        assert places[label].rows == 2


def test_rows_of_a_scope_are_found_by_its_name_and_those_of_an_unknown_one_are_none(
    shelf: Shelf,
) -> None:
    rows, frame = Shelved(shelf), typed()
    rows.add(frame.iloc[:2], pd.Series(["x", "y"]))
    rows.add(frame.iloc[2:], pd.Series(["z", "z"]))

    pd.testing.assert_frame_equal(rows.of("z"), frame.iloc[2:])
    pd.testing.assert_frame_equal(rows.of("nowhere"), frame.iloc[:0])
    pd.testing.assert_frame_equal(pd.concat(rows.each()), frame)


def test_nothing_is_on_the_disk_until_something_is_laid_down(shelf: Shelf) -> None:
    assert shelf.put(typed().iloc[:0], pd.Series(dtype="str")) == {}
    assert shelf._file < 0


def test_what_lies_there_has_no_name_and_cannot_be_read(shelf: Shelf, folder: Path) -> None:
    frame = pd.DataFrame({"sLockCode": pd.array(["31337"] * 100, dtype="str")})
    shelf.put(frame, pd.Series(np.zeros(100)))

    there = Path(f"/proc/self/fd/{shelf._file}")
    assert list(folder.iterdir()) == []
    assert there.stat().st_mode & 0o777 == 0o600
    assert there.stat().st_size > 0
    assert b"31337" not in there.read_bytes()
    assert b"sLockCode" not in there.read_bytes()


def test_a_disk_without_room_says_so_and_what_to_do(shelf: Shelf, folder: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limit[1]))
    try:
        with pytest.raises(SourceUnreadable) as caught:
            shelf.put(typed(), pd.Series(["x"] * 4))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    assert f"{folder} has no room to lay it aside (File too large)" in str(caught.value)
    assert "set TMPDIR" in str(caught.value)
