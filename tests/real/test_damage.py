"""A state that is lost, damaged, or not ours, met by a real night: refused, told, left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from state.schema import SCHEMA_VERSION
from tests.real.inventory import Inventory
from tests.real.place import SYNC, Ended, Place, opened

Files = dict[str, bytes]


def header_garbage(state: Path) -> None:
    state.write_bytes(b"\xff" * 100 + state.read_bytes()[100:])


def truncated(state: Path) -> None:
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])


def zero_length(state: Path) -> None:
    state.write_bytes(b"")


def missing(state: Path) -> None:
    state.unlink()


def of_another_program(state: Path) -> None:
    state.unlink()
    executed(state, "CREATE TABLE recipes (name TEXT)")


def of_another_place(state: Path) -> None:
    executed(state, "UPDATE meta SET lineage = 'another'")


def of_a_newer_unitsync(state: Path) -> None:
    executed(state, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def one_flipped_byte(state: Path) -> None:
    """In a known rate, which SQLite cannot see: its own check finds the file in order."""
    content = bytearray(state.read_bytes())
    places = [at for at in range(len(content)) if content.startswith(b'"standard_rate":100', at)]
    for at in places:
        content[at + len('"standard_rate":')] ^= 0b0000_0010
    assert places
    state.write_bytes(content)
    assert executed(state, "PRAGMA integrity_check") == [("ok",)]


def a_marker_of_words(state: Path) -> None:
    state.with_name("unitsync.db.lineage").write_text("no marker")


def executed(state: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(state, isolation_level=None)) as db:
        return db.execute(statement).fetchall()


# What a person is told to do.
DAMAGES: dict[Callable[[Path], None], str] = {
    header_garbage: "go back to a good copy with `unitsync state restore",
    truncated: "go back to a good copy with `unitsync state restore",
    zero_length: "Put it back with `unitsync state restore",
    missing: "Put it back with `unitsync state restore",
    of_another_program: "Correct `state:` in the configuration, or move the file away",
    of_another_place: "Put the right file back",
    of_a_newer_unitsync: "Upgrade unitsync, or restore a backup",
    a_marker_of_words: "delete unitsync.db.lineage and run again",
}


@dataclass(frozen=True)
class Met:
    """A night that met a damaged state, and the state's files before and after."""

    place: Place
    ended: Ended
    before: Files
    after: Files


@pytest.fixture(scope="module")
def used(tmp_path_factory) -> Iterator[Place]:
    """A state that has seen a night, and a source that has changed since."""
    with opened(tmp_path_factory.mktemp("damage") / "used") as place:
        inventory = Inventory(Random(1))
        inventory.export(place.folder)
        assert 0 == place.night().exit_code
        inventory.change()
        inventory.export(place.folder)
        yield place


@pytest.fixture(scope="module")
def met(used) -> dict[Callable[[Path], None], Met]:
    """Every damage, met by a night."""

    def meet(damage: Callable[[Path], None]) -> Met:
        place = used.moved_to(used.folder.with_name(damage.__name__))
        damage(place.state)
        before = place.bytes_of_state()
        return Met(place, place.run(*SYNC, "storage"), before, place.bytes_of_state())

    received = used.wire.received
    nights = {damage: meet(damage) for damage in (*DAMAGES, one_flipped_byte)}
    assert received == used.wire.received
    return nights


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_state_that_cannot_be_trusted_is_refused_with_what_to_do_and_left_alone(met, damage):
    night = met[damage]

    assert 4 == night.ended.code
    assert DAMAGES[damage] in night.ended.message
    assert "othing was written" in night.ended.message
    assert "error" == night.ended.document["status"]
    assert night.before == {name: night.after[name] for name in night.before}


def test_one_flipped_byte_is_found_before_anything_is_sent(used, met):
    """The run is in the list of runs by then; of what is known nothing is touched."""
    night = met[one_flipped_byte]

    assert 4 == night.ended.code
    assert "does not match its seal" in night.ended.message
    assert "go back to a good copy with `unitsync state restore" in night.ended.message
    sound = used.rows_of("SELECT key, row_hash FROM units")
    assert sound == night.place.rows_of("SELECT key, row_hash FROM units")
    verified = night.place.run("state", "verify")
    assert 1 == verified.code
    assert "was damaged on the disk" in verified.message
