"""Opening: a lost, damaged, foreign or newer state is refused, and nothing is written to it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from state.errors import (
    StateIsCorrupt,
    StateIsForeign,
    StateIsMissing,
    StateIsNewer,
    StateIsUnwritable,
)
from state.schema import APPLICATION_ID, SCHEMA_VERSION
from state.store import Store

OpenStore = Callable[..., Store]


@pytest.fixture
def used(open_store: OpenStore, path: Path) -> bytes:
    """A state that has seen a run, closed; returns the bytes of its file."""
    store = open_store()
    store.begin_run("run-1", "sync", ["storage"])
    store.finish_run("run-1", "ok", {})
    store.close()
    return path.read_bytes()


@pytest.fixture
def generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def marker_of(path: Path) -> Path:
    return path.with_name(path.name + ".lineage")


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def set_pragma(path: Path, pragma: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA {pragma}")


def test_a_first_night_creates_the_state_and_its_marker(open_store: OpenStore, path: Path) -> None:
    store = open_store()

    assert (store.lineage, store.serial) == ("lineage-1", 0)
    assert marker_of(path).exists()
    assert not store.restored_from_older


@pytest.mark.usefixtures("generous_umask")
def test_every_file_is_private_whatever_the_umask(open_store: OpenStore, path: Path) -> None:
    store = open_store()
    store.begin_run("run-1", "sync", ["storage"])

    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    assert modes == dict.fromkeys(
        ["unitsync.db", "unitsync.db-wal", "unitsync.db-shm", "unitsync.db.lineage"], 0o600
    )


@pytest.mark.usefixtures("used")
def test_a_file_that_was_made_readable_for_others_is_made_private_again(
    open_store: OpenStore, path: Path
) -> None:
    path.chmod(0o644)

    open_store()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_says_whose_it_is_and_which_schema_it_has(
    open_store: OpenStore, path: Path, look: Callable[..., list[tuple[int]]]
) -> None:
    open_store()

    assert look(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert look(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert look(path, "PRAGMA journal_mode") == [("wal",)]


def test_commits_are_on_the_disk_and_references_are_checked(store: Store) -> None:
    with store._transactions.reading() as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)


@pytest.mark.usefixtures("used")
def test_the_state_is_the_same_one_when_it_is_opened_again(open_store: OpenStore) -> None:
    store = open_store()

    assert (store.lineage, store.serial) == ("lineage-1", 1)
    assert not store.restored_from_older


def test_a_missing_file_is_refused_where_the_caller_knows_that_it_existed(
    open_store: OpenStore, path: Path
) -> None:
    with pytest.raises(StateIsMissing, match="unitsync state restore"):
        open_store(expect_existing=True)

    assert names_in(path.parent) == []


@pytest.mark.usefixtures("used")
def test_a_missing_file_is_refused_where_its_marker_remains(
    open_store: OpenStore, path: Path
) -> None:
    path.unlink()

    with pytest.raises(StateIsMissing, match="is gone"):
        open_store()

    assert names_in(path.parent) == ["unitsync.db.lineage"]


@pytest.mark.usefixtures("used")
def test_a_file_emptied_by_accident_is_refused(open_store: OpenStore, path: Path) -> None:
    path.write_bytes(b"")

    with pytest.raises(StateIsMissing, match="is empty"):
        open_store()

    assert path.read_bytes() == b""


def test_an_empty_file_that_was_never_a_state_is_a_first_night(
    open_store: OpenStore, path: Path
) -> None:
    path.touch(mode=0o644)

    assert open_store().serial == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_process_killed_while_creating_leaves_a_first_night(
    open_store: OpenStore, path: Path
) -> None:
    set_pragma(path, "journal_mode = WAL")
    assert path.stat().st_size > 0

    assert open_store().serial == 0


@pytest.mark.usefixtures("used")
def test_a_database_without_tables_is_no_first_night_where_a_state_was(
    open_store: OpenStore, path: Path
) -> None:
    path.unlink()
    set_pragma(path, "journal_mode = WAL")

    with pytest.raises(StateIsMissing):
        open_store()


@pytest.mark.parametrize("size", [2, 50, 100, 600, 4096, 20_000])
def test_a_truncated_file_is_refused_and_left_alone(
    open_store: OpenStore, path: Path, used: bytes, size: int
) -> None:
    path.write_bytes(used[:size])

    with pytest.raises(StateIsCorrupt, match="unitsync state"):
        open_store()

    assert path.read_bytes() == used[:size]


def test_a_damaged_header_is_refused_and_left_alone(
    open_store: OpenStore, path: Path, used: bytes
) -> None:
    damaged = b"\xff" * 16 + used[16:]
    path.write_bytes(damaged)

    with pytest.raises(StateIsCorrupt, match="not a database"):
        open_store()

    assert path.read_bytes() == damaged


def test_a_damaged_page_is_refused(open_store: OpenStore, path: Path, used: bytes) -> None:
    path.write_bytes(used[: 4 * 4096] + b"\xff" * 4096 + used[5 * 4096 :])

    with pytest.raises(StateIsCorrupt):
        open_store()


def test_a_file_that_is_no_database_is_refused(open_store: OpenStore, path: Path) -> None:
    path.write_text("UnitID,sUnitName\n" * 100)

    with pytest.raises(StateIsCorrupt, match="not a database"):
        open_store()

    assert path.read_text().startswith("UnitID")


def test_the_database_of_another_program_is_refused_and_left_alone(
    open_store: OpenStore, path: Path
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()

    with pytest.raises(StateIsForeign, match="not a state of unitsync"):
        open_store()

    assert path.read_bytes() == before
    assert names_in(path.parent) == ["unitsync.db"]


@pytest.mark.usefixtures("used")
def test_a_newer_schema_is_refused(open_store: OpenStore, path: Path) -> None:
    set_pragma(path, f"user_version = {SCHEMA_VERSION + 1}")

    with pytest.raises(StateIsNewer, match="Upgrade unitsync"):
        open_store()


@pytest.mark.usefixtures("used")
def test_an_older_schema_is_brought_up_to_date(
    open_store: OpenStore, path: Path, look: Callable[..., list[tuple[int]]]
) -> None:
    set_pragma(path, "user_version = 0")

    assert open_store().serial == 1
    assert look(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]


@pytest.mark.usefixtures("used")
def test_the_state_of_another_place_is_refused(
    open_store: OpenStore, path: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    open_store(elsewhere).close()
    shutil.copy(elsewhere, path)

    with pytest.raises(StateIsForeign, match="another one than unitsync.db.lineage"):
        open_store()


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"lineage": "x", "serial": "?"}', b"\xff"]
)
def test_a_marker_that_cannot_be_read_stops_everything(
    open_store: OpenStore, path: Path, content: bytes
) -> None:
    marker_of(path).write_bytes(content)

    with pytest.raises(StateIsCorrupt, match="unitsync.db.lineage"):
        open_store()


@pytest.mark.usefixtures("used")
def test_a_state_without_its_marker_gets_it_back(open_store: OpenStore, path: Path) -> None:
    before = marker_of(path).read_text()
    marker_of(path).unlink()

    open_store()

    assert marker_of(path).read_text() == before


def test_a_folder_in_the_place_of_the_state_is_refused(open_store: OpenStore, path: Path) -> None:
    path.mkdir()

    with pytest.raises(StateIsUnwritable, match="is not a file"):
        open_store()


def test_a_mistyped_folder_is_not_made(open_store: OpenStore, tmp_path: Path) -> None:
    with pytest.raises(StateIsUnwritable, match="Make its folder"):
        open_store(tmp_path / "mistyped" / "unitsync.db")

    assert names_in(tmp_path) == []


def test_a_name_with_special_characters_is_only_a_name(
    open_store: OpenStore, tmp_path: Path
) -> None:
    open_store(tmp_path / "a b?c#d%20.db")

    assert "a b?c#d%20.db" in names_in(tmp_path)


def test_an_older_copy_opens_but_is_flagged(open_store: OpenStore, path: Path, used: bytes) -> None:
    second = open_store()
    second.begin_run("run-2", "sync", ["storage"])
    second.close()
    path.write_bytes(used)

    restored = open_store()

    assert restored.restored_from_older
    assert restored.serial == 1


def test_after_an_older_copy_no_serial_is_given_twice(
    open_store: OpenStore, path: Path, used: bytes
) -> None:
    second = open_store()
    second.begin_run("run-2", "sync", ["storage"])
    second.close()
    path.write_bytes(used)
    restored = open_store()

    restored.begin_run("run-3", "sync", ["storage"])

    assert restored.serial == 3
    assert [run["run_id"] for run in restored.runs()] == ["run-3", "run-1"]


def test_a_state_that_cannot_be_created_names_the_disk(
    open_store: OpenStore, path: Path, tmp_path: Path
) -> None:
    path.symlink_to(tmp_path / "gone" / "unitsync.db")

    with pytest.raises(StateIsUnwritable):
        open_store()
