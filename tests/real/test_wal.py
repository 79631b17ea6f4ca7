"""The write-ahead log of a night that was killed: lost, or put beside a later state."""

from __future__ import annotations

import shutil

import pytest

from tests.real.place import SYNC, Place


def killed_in_the_middle(place: Place) -> None:
    """A night that is killed while its third write is under way."""
    process = place.start(*SYNC)
    writes = place.writes()
    place.wire.watch = lambda *_: process.kill() if place.writes() == writes + 3 else None
    process.communicate(timeout=60)
    place.wire.watch = lambda number, side: None
    assert place.state.with_name("unitsync.db-wal").stat().st_size > 0


@pytest.fixture
def killed(place, inventory) -> Place:
    """A place with a good night, and one that was killed after the source had changed."""
    assert 0 == place.night().exit_code
    inventory.change()
    inventory.export(place.folder)
    killed_in_the_middle(place)
    return place


def test_a_lost_log_is_a_state_that_is_older_so_every_scope_is_read_again(killed, inventory):
    killed.state.with_name("unitsync.db-wal").unlink()
    reads = killed.sandbox.counts()["reads"]

    night = killed.run(*SYNC)

    assert 0 == night.code, night.stderr
    assert killed.sandbox.counts()["reads"] - reads >= 6
    assert [] == inventory.differences(killed.sandbox)
    killed.quiet_night()


def test_the_log_of_another_night_is_never_believed(killed, inventory, tmp_path):
    log = tmp_path / "another night"
    shutil.copy(killed.state.with_name("unitsync.db-wal"), log)
    assert 0 == killed.night().exit_code
    inventory.change()
    inventory.export(killed.folder)
    shutil.copy(log, killed.state.with_name("unitsync.db-wal"))
    before, received = killed.bytes_of_state(), killed.wire.received

    night = killed.run(*SYNC)
    seen = killed.run("state", "verify")

    assert (4, 1) == (night.code, seen.code)
    for told in (night, seen):
        assert "Move unitsync.db-wal away and run again" in told.message
    after = killed.bytes_of_state()
    kept = ("unitsync.db", "unitsync.db-wal", "unitsync.db.lineage")
    assert [before[name] for name in kept] == [after[name] for name in kept]
    assert received == killed.wire.received
    killed.state.with_name("unitsync.db-wal").unlink()
    assert 0 == killed.night().exit_code
    assert [] == inventory.differences(killed.sandbox)
