"""A disk that is full, or a file that may not grow, in the middle of a night."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.inventory import Inventory
from tests.real.place import CONFIG, SYNC, Ended, Place

# Enough for the tables, and for the journal of some requests but not of all.
SCARCE_KILOBYTES = 400
PLENTY = "8m"


@pytest.fixture
def small_disk(place) -> Iterator[Path]:
    """The state on a file system of its own."""
    disk = place.folder / "disk"
    disk.mkdir()
    place.config.write_text(CONFIG.replace("state: ", "state: disk/"))
    place.state = disk / "unitsync.db"
    size = f"size={SCARCE_KILOBYTES}k"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small tmpfs takes root: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> None:
    """Not one byte is left."""
    free = os.statvfs(disk)
    (disk / "filler").write_bytes(b"x" * free.f_bavail * free.f_frsize)


def assert_refused(night: Ended) -> None:
    assert 4 == night.code
    assert "Look at the free space and the permissions of" in night.message
    assert "nothing confirmed was lost" in night.message
    assert "error" == night.document["status"]


def assert_all_that_was_sent_is_in_the_journal(place: Place) -> None:
    assert 0 < place.writes() == len(place.rows_of("SELECT * FROM requests"))


def assert_heals(place: Place, inventory: Inventory) -> None:
    assert 0 == place.night().exit_code
    assert [] == inventory.differences(place.sandbox)
    place.quiet_night()


def test_a_disk_that_fills_up_ends_the_night_with_nothing_sent_unwritten(
    place, inventory, small_disk
):
    in_the_push = place.run(*SYNC)
    assert_refused(in_the_push)
    assert_all_that_was_sent_is_in_the_journal(place)

    fill(small_disk)
    at_the_start = place.run(*SYNC)
    assert 4 == at_the_start.code
    assert "free some space" in at_the_start.message
    assert_all_that_was_sent_is_in_the_journal(place)

    subprocess.run(["mount", "-o", f"remount,size={PLENTY}", str(small_disk)], check=True)
    assert_heals(place, inventory)


def test_a_file_that_may_not_grow_ends_the_night_with_nothing_sent_unwritten(place, inventory):
    limit = SCARCE_KILOBYTES * 1024

    night = place.sync(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))

    assert_refused(night)
    assert_all_that_was_sent_is_in_the_journal(place)
    assert_heals(place, inventory)
