"""Reading: a preview writes nothing, sees one moment, and stands in nobody's way."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from state.errors import (
    StateIsCorrupt,
    StateIsForeign,
    StateIsMissing,
    StateIsNewer,
    StateIsUnwritable,
)
from state.store import Store

KILLED_WRITER = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from state.store import Store
now = datetime(2026, 1, 5, tzinfo=UTC)
store = Store.open(Path(sys.argv[1]), clock=lambda: now, new_id=lambda: "x")
store.begin_run("killed", "sync", ["storage"])
os.kill(os.getpid(), signal.SIGKILL)
"""


def everything_in(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def test_reading_a_missing_state_is_an_empty_one_and_makes_no_file(path: Path) -> None:
    with Store.open_for_reading(path) as store:
        assert store.serial == 0
        assert store.lineage == ""
        assert store.runs() == []
        assert store.known_counts("storage") == {}
        assert store.known_index("storage", "facility").empty

    assert everything_in(path.parent) == {}


def test_reading_an_empty_file_leaves_it_empty(path: Path) -> None:
    path.touch()

    with Store.open_for_reading(path) as store:
        assert store.serial == 0

    assert everything_in(path.parent) == {"unitsync.db": b""}


def test_reading_a_state_whose_creation_was_killed_is_an_empty_one(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    before = everything_in(path.parent)

    with Store.open_for_reading(path) as store:
        assert store.serial == 0

    assert everything_in(path.parent) == before


def test_reading_leaves_no_file_and_changes_no_byte(store: Store, path: Path) -> None:
    store.begin_run("run-1", "sync", ["storage"])
    store.close()
    before = everything_in(path.parent)

    with Store.open_for_reading(path) as reader:
        assert reader.serial == 1

    assert everything_in(path.parent) == before


def test_reading_after_a_kill_sees_the_log_and_leaves_it_where_it_is(
    path: Path, run_python: Callable[[str, Path], subprocess.CompletedProcess[str]]
) -> None:
    assert run_python(KILLED_WRITER, path).returncode == -9
    before = everything_in(path.parent)
    assert before["unitsync.db-wal"]

    with Store.open_for_reading(path) as reader:
        assert [run["run_id"] for run in reader.runs()] == ["killed"]

    after = everything_in(path.parent)
    assert after.keys() == before.keys()
    assert after["unitsync.db"] == before["unitsync.db"]
    assert after["unitsync.db-wal"] == before["unitsync.db-wal"]


def test_a_store_opened_for_reading_refuses_every_write(store: Store, path: Path) -> None:
    store.close()

    with Store.open_for_reading(path) as reader:
        with pytest.raises(StateIsUnwritable, match="opened for reading"):
            reader.begin_run("run-1", "sync", ["storage"])
        with pytest.raises(StateIsUnwritable, match="opened for reading"):
            reader.plan_changes("storage", "run-1", [])
        with (
            pytest.raises(StateIsUnwritable, match="readonly"),
            reader._transactions.reading() as db,
        ):
            db.execute("DELETE FROM meta")


def test_a_reader_does_not_block_the_writer_and_sees_one_moment(store: Store, path: Path) -> None:
    with Store.open_for_reading(path) as reader:
        assert reader.serial == 0

        store.begin_run("run-1", "sync", ["storage"])

        assert store.serial == 1
        assert reader.serial == 0
        assert reader.runs() == []


def test_a_plain_program_that_reads_does_not_block_the_writer(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as browser:
        browser.execute("BEGIN")
        assert browser.execute("SELECT count(*) FROM runs").fetchone() == (0,)

        store.begin_run("run-1", "sync", ["storage"])

        assert browser.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_a_writer_does_not_block_a_reader(store: Store, path: Path) -> None:
    store.begin_run("run-1", "sync", ["storage"])

    with store.one_transaction():
        store.accept_extract("storage", "facility", "run-1", 3, ["1", "2", "3"])
        with Store.open_for_reading(path) as reader:
            assert reader.scope_records("storage") == {}


@pytest.mark.parametrize("content", [None, b""])
def test_a_lost_state_is_refused_for_reading_too(
    store: Store, path: Path, content: bytes | None
) -> None:
    store.close()
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(StateIsMissing):
        Store.open_for_reading(path)


def test_a_tableless_database_in_place_of_a_state_is_refused_for_reading_too(
    store: Store, path: Path
) -> None:
    store.close()
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")

    with pytest.raises(StateIsMissing):
        Store.open_for_reading(path)


def test_damage_foreign_and_newer_files_are_refused_for_reading_too(
    store: Store, path: Path, look: Callable[..., list[tuple[Any, ...]]]
) -> None:
    store.close()
    good = path.read_bytes()

    path.write_bytes(good[:5000])
    with pytest.raises(StateIsCorrupt):
        Store.open_for_reading(path)

    path.write_bytes(good)
    look(path, "PRAGMA user_version = 99")
    with pytest.raises(StateIsNewer):
        Store.open_for_reading(path)

    path.write_bytes(good)
    look(path, "PRAGMA application_id = 1")
    with pytest.raises(StateIsForeign):
        Store.open_for_reading(path)


def test_an_older_schema_is_read_without_touching_the_file(
    store: Store, path: Path, look: Callable[..., list[tuple[Any, ...]]]
) -> None:
    store.begin_run("run-1", "sync", ["storage"])
    store.close()
    look(path, "PRAGMA user_version = 0")
    before = everything_in(path.parent)

    with Store.open_for_reading(path) as reader:
        assert reader.serial == 1
        assert [run["run_id"] for run in reader.runs()] == ["run-1"]

    assert everything_in(path.parent) == before


def test_an_older_copy_is_flagged_to_a_reader(store: Store, path: Path) -> None:
    before = path.with_name("before.db")
    store.close()
    before.write_bytes(path.read_bytes())
    with Store.open(path, clock=store._clock_of_writer(), new_id=lambda: "x") as later:
        later.begin_run("run-1", "sync", ["storage"])
    path.write_bytes(before.read_bytes())

    with Store.open_for_reading(path) as reader:
        assert reader.restored_from_older
