"""Verify: what is wrong with a file, found without writing to it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from state.store import Store
from state.verify import verify


@pytest.fixture
def sound(night: Any, make: Any, path: Path) -> Path:
    """A closed state with two units and a group."""
    night.link(
        make.unit("1"),
        make.unit("2", payload={"attribute_description": "PRICELESS"}),
        groups=(make.group("10x10", payload={"note": "ENCLOSED"}),),
    )
    night.store.close()
    return path


def checks(path: Path) -> list[str]:
    return [finding.check for finding in verify(path)]


def test_a_sound_state_has_no_finding_and_is_left_alone(sound: Path) -> None:
    before = {entry.name: entry.read_bytes() for entry in sound.parent.iterdir()}

    assert verify(sound) == []

    assert {entry.name: entry.read_bytes() for entry in sound.parent.iterdir()} == before


@pytest.mark.parametrize(
    ("text", "who"),
    [(b"PRICELESS", "unit 2 of facility"), (b"ENCLOSED", "group 10x10 of facility")],
)
@pytest.mark.parametrize("damage", [b"p", b"\xff"])
def test_one_flipped_byte_in_a_payload_is_found(
    sound: Path, text: bytes, who: str, damage: bytes
) -> None:
    """SQLite's own integrity_check says ok to this."""
    content = sound.read_bytes()
    assert content.count(text) == 1
    sound.write_bytes(content.replace(text, damage + text[1:]))
    with closing(sqlite3.connect(sound)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    (finding,) = verify(sound)
    assert finding.check == "seal"
    assert who in finding.message


def test_a_damaged_page_is_found(sound: Path) -> None:
    content = bytearray(sound.read_bytes())
    content[4096 * 5 : 4096 * 6] = b"\xff" * 4096
    sound.write_bytes(content)

    assert "structure" in checks(sound) or "file" in checks(sound)


def test_a_row_that_refers_to_nothing_is_found(sound: Path) -> None:
    with closing(sqlite3.connect(sound)) as connection, connection:
        connection.execute("DELETE FROM scopes")

    assert checks(sound) == ["references"] * 3
    assert "units refers to no row of scopes" in verify(sound)[0].message


def test_an_index_that_lost_an_entry_is_found(sound: Path) -> None:
    with closing(sqlite3.connect(sound, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE INDEX units_by_name ON units (group_key)'"
            " WHERE name = 'units_by_name'"
        )

    assert "structure" in checks(sound)


@pytest.mark.parametrize("content", [b"no database at all", b"\xff" * 9000])
def test_a_file_that_cannot_be_opened_is_a_finding(sound: Path, content: bytes) -> None:
    sound.write_bytes(content)

    assert checks(sound) == ["file"]


def test_a_lost_state_is_a_finding(sound: Path) -> None:
    sound.unlink()

    (finding,) = verify(sound)
    assert "is gone" in finding.message


def test_a_state_that_never_was_is_a_finding_and_is_not_made(path: Path) -> None:
    (finding,) = verify(path)

    assert "There is no state" in finding.message
    assert not path.exists()


def test_a_database_without_tables_is_a_finding(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")

    (finding,) = verify(path)
    assert "There is no state" in finding.message


def test_the_state_of_another_place_is_a_finding(
    sound: Path, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    open_store(other).close()
    shutil.copy(other, sound)

    (finding,) = verify(sound)
    assert (finding.check, "another one" in finding.message) == ("file", True)
