"""Backups: whole, checked, private, the last few kept; restoring never mixes two states."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from state import backup as backup_module
from state.backup import backup, backups, restore
from state.errors import StateIsCorrupt, StateIsForeign, StateIsMissing, StateIsUnwritable
from state.store import Store

NOW = datetime(2026, 1, 5, 2, tzinfo=UTC)
KILLED_RUN = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from state.store import Store
now = datetime(2026, 1, 5, tzinfo=UTC)
store = Store.open(Path(sys.argv[1]), clock=lambda: now, new_id=lambda: "x")
store.begin_run("killed", "sync", ["storage"])
os.kill(os.getpid(), signal.SIGKILL)
"""


def run(store: Store, number: int) -> None:
    store.begin_run(f"run-{number}", "sync", ["storage"])
    store.finish_run(f"run-{number}", "ok", {})


def run_ids(path: Path) -> list[str]:
    with Store.open_for_reading(path) as reader:
        return [record["run_id"] for record in reader.runs()]


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_backup_is_a_whole_state_in_one_private_file(night: Any, make: Any, path: Path) -> None:
    night.link(make.unit("1"))

    copy = backup(path, now=NOW)

    assert copy == path.parent / "backups" / "unitsync-20260105T020000Z-000001.db"
    assert names_in(copy.parent) == [copy.name]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    with Store.open_for_reading(copy) as reader:
        assert list(reader.known_units("storage", "facility", ["1"])) == ["1"]
        assert (reader.lineage, reader.serial) == ("lineage-1", 1)


def test_the_store_stays_usable_while_it_is_backed_up(store: Store, path: Path) -> None:
    backup(path, now=NOW)

    run(store, 1)

    assert store.serial == 1


def test_the_last_seven_are_kept_by_the_count_of_runs_not_by_the_clock(
    store: Store, path: Path
) -> None:
    for number in range(1, 11):
        run(store, number)
        backup(path, now=NOW - timedelta(days=number))

    kept = backups(path)
    assert [run_ids(copy)[0] for copy in kept] == [f"run-{number}" for number in range(4, 11)]


def test_many_backfills_leave_the_backups_of_the_last_seven_nights_alone(
    store: Store, path: Path
) -> None:
    for number in range(1, 9):
        run(store, number)
        backup(path, now=NOW)
    for number in range(9, 18):
        run(store, number)
        backup(path, now=NOW, kind="backfill")

    kept = [run_ids(copy)[0] for copy in backups(path)]
    assert kept == [f"run-{number}" for number in (*range(2, 9), *range(11, 18))]
    assert backups(path)[-1].name == "unitsync-20260105T020000Z-000017-backfill.db"


def test_two_backups_of_the_same_moment_are_one(store: Store, path: Path) -> None:
    assert backup(path, now=NOW) == backup(path, now=NOW)
    assert len(backups(path)) == 1


def test_files_of_others_are_neither_counted_nor_removed(
    store: Store, open_store: Callable[..., Store], path: Path, tmp_path: Path
) -> None:
    other = tmp_path / "unitsync-2.db"
    open_store(other)
    backup(other, now=NOW)
    (tmp_path / "backups" / "unitsync-notes.db").touch()

    copy = backup(path, now=NOW, keep=1)

    assert backups(path) == [copy]
    assert len(names_in(tmp_path / "backups")) == 3


def test_there_are_no_backups_before_the_first(path: Path) -> None:
    assert backups(path) == []


def test_nothing_is_not_backed_up(path: Path) -> None:
    with pytest.raises(StateIsMissing, match="Nothing was changed"):
        backup(path, now=NOW)

    assert not path.exists()


def test_a_copy_that_does_not_check_out_is_no_backup(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = backup(path, now=NOW)

    def damage(copy: Path) -> None:
        content = bytearray(copy.read_bytes())
        content[4096 * 3 : 4096 * 4] = b"\xff" * 4096
        copy.write_bytes(content)

    original = backup_module._check
    monkeypatch.setattr(
        backup_module, "_check", lambda copy, expected: (damage(copy), original(copy, expected))
    )
    with pytest.raises(StateIsCorrupt):
        backup(path, now=NOW + timedelta(days=1))

    assert names_in(path.parent / "backups") == [good.name]


def test_a_backup_that_cannot_be_written_says_so(store: Store, path: Path) -> None:
    (path.parent / "backups").write_text("in the way")

    with pytest.raises(StateIsUnwritable, match="free space"):
        backup(path, now=NOW)


def test_a_restored_state_is_the_older_one_and_says_so(
    store: Store, path: Path, open_store: Callable[..., Store]
) -> None:
    run(store, 1)
    copy = backup(path, now=NOW)
    run(store, 2)
    store.close()

    replaced = restore(copy, path, now=NOW)

    assert run_ids(path) == ["run-1"]
    restored = open_store()
    assert restored.restored_from_older
    assert replaced is not None
    assert run_ids(replaced) == ["run-2", "run-1"]
    assert replaced not in backups(path)


def test_a_snapshot_of_a_restored_state_says_so_too(
    store: Store, path: Path, tmp_path: Path
) -> None:
    run(store, 1)
    copy = backup(path, now=NOW)
    run(store, 2)
    store.close()
    restore(copy, path, now=NOW)

    shot = tmp_path / "shot.db"
    backup_module.snapshot(path, shot)

    with Store.open(shot, clock=lambda: NOW, new_id=lambda: "unused") as previewed:
        assert previewed.restored_from_older


def test_the_log_of_a_killed_run_is_not_mixed_into_the_restored_state(
    store: Store,
    path: Path,
    run_python: Callable[[str, Path], subprocess.CompletedProcess[str]],
) -> None:
    run(store, 1)
    copy = backup(path, now=NOW)
    store.close()
    assert run_python(KILLED_RUN, path).returncode == -9
    assert path.with_name("unitsync.db-wal").stat().st_size > 0

    replaced = restore(copy, path, now=NOW)

    assert not path.with_name("unitsync.db-wal").exists()
    assert run_ids(path) == ["run-1"]
    assert replaced is not None
    assert run_ids(replaced) == ["killed", "run-1"]


def test_a_lost_state_is_put_back(
    store: Store, path: Path, open_store: Callable[..., Store]
) -> None:
    run(store, 1)
    copy = backup(path, now=NOW)
    store.close()
    path.unlink()

    assert restore(copy, path, now=NOW) is None

    assert open_store().serial == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_state_is_put_back(
    store: Store, path: Path, open_store: Callable[..., Store]
) -> None:
    copy = backup(path, now=NOW)
    store.close()
    path.write_bytes(b"\xff" * 9000)

    replaced = restore(copy, path, now=NOW)

    assert replaced is not None
    assert replaced.read_bytes() == b"\xff" * 9000
    assert open_store().lineage == "lineage-1"


def test_a_state_can_be_brought_to_a_new_machine(store: Store, path: Path, tmp_path: Path) -> None:
    run(store, 1)
    copy = backup(path, now=NOW)
    fresh = tmp_path / "fresh" / "unitsync.db"
    fresh.parent.mkdir()

    restore(copy, fresh, now=NOW)

    assert run_ids(fresh) == ["run-1"]
    assert fresh.with_name("unitsync.db.lineage").exists()


def test_the_backup_of_another_state_is_refused_and_nothing_is_touched(
    store: Store, path: Path, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    open_store(other)
    copy = backup(other, now=NOW)
    store.close()
    before = path.read_bytes()

    with pytest.raises(StateIsForeign):
        restore(copy, path, now=NOW)

    assert path.read_bytes() == before
    assert "unitsync.db.restoring" not in names_in(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no database", b"\xff" * 9000])
def test_what_is_no_good_copy_is_not_put_back(store: Store, path: Path, content: bytes) -> None:
    store.close()
    before = path.read_bytes()
    bad = path.with_name("bad.db")
    bad.write_bytes(content)

    with pytest.raises((StateIsCorrupt, StateIsMissing)):
        restore(bad, path, now=NOW)

    assert path.read_bytes() == before
    assert "unitsync.db.restoring" not in names_in(path.parent)


def test_a_restore_cut_short_is_refused_loudly_and_can_be_done_again(
    store: Store,
    path: Path,
    open_store: Callable[..., Store],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = backup(path, now=NOW)
    store.close()
    set_aside = backup_module._set_aside

    def cut(state: Path, now: datetime) -> None:
        set_aside(state, now)
        raise KeyboardInterrupt

    monkeypatch.setattr(backup_module, "_set_aside", cut)
    with pytest.raises(KeyboardInterrupt):
        restore(copy, path, now=NOW)
    with pytest.raises(StateIsMissing, match="unitsync state restore"):
        open_store()

    monkeypatch.undo()
    restore(copy, path, now=NOW)
    assert open_store().lineage == "lineage-1"


def test_a_plain_copy_of_the_file_can_be_restored_too(
    store: Store, path: Path, tmp_path: Path
) -> None:
    run(store, 1)
    store.close()
    copy = tmp_path / "by hand.db"
    shutil.copy(path, copy)

    restore(copy, path, now=NOW)

    assert run_ids(path) == ["run-1"]


def test_a_snapshot_is_a_copy_for_a_preview_and_touches_nothing(
    store: Store, path: Path, tmp_path: Path
) -> None:
    run(store, 1)
    store.close()
    before = {name: (path.parent / name).read_bytes() for name in names_in(path.parent)}
    copy = tmp_path / "elsewhere" / "copy.db"
    copy.parent.mkdir()

    backup_module.snapshot(path, copy)

    assert run_ids(copy) == ["run-1"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    after = {name: (path.parent / name).read_bytes() for name in before}
    assert after == before
