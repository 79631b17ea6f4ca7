"""The words of a review: every table, column and query has its own, and no other does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from state.review import metadata as module
from state.review.metadata import metadata
from state.review.tables import make

WORDS = metadata()["databases"]["unitsync"]
QUERIES = Path(module.__file__).parent / "queries"


@pytest.fixture
def columns(night: Any, path: Path, tmp_path: Path) -> dict[str, list[str]]:
    """The columns of every table of a copy."""
    folder = tmp_path / "private"
    folder.mkdir()
    with closing(sqlite3.connect(make(path, folder))) as db:
        names = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {
            name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for name in names
        }


def test_every_table_and_column_is_described(columns: dict[str, list[str]]) -> None:
    described = {name: list(table["columns"]) for name, table in WORDS["tables"].items()}

    assert {name: sorted(of) for name, of in described.items()} == {
        name: sorted(of) for name, of in columns.items()
    }
    for table in WORDS["tables"].values():
        assert table["title"]
        assert table["description"]
        assert all(table["columns"].values())


def test_facets_and_orders_are_of_columns_that_are_there(columns: dict[str, list[str]]) -> None:
    for name, table in WORDS["tables"].items():
        assert {*table["facets"]} <= {*columns[name]}
        assert {table.get("sort_desc"), table.get("label_column")} <= {None, *columns[name]}


def test_every_query_is_offered_with_its_words() -> None:
    assert {path.stem for path in QUERIES.glob("*.sql")} == set(WORDS["queries"])
    for query in WORDS["queries"].values():
        assert query["title"]
        assert query["description"]
        assert query["sql"]
