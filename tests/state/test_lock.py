"""The lock: one run per state, refused at once by name, and free as soon as its process is gone."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from state.errors import StateIsLocked, StateIsUnwritable
from state.lock import RunLock, asking, is_asked_for

REPOSITORY = Path(__file__).parents[2]
NOW = datetime(2026, 1, 5, 2, tzinfo=UTC)
HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from state.lock import RunLock
now = datetime(2026, 1, 5, 2, tzinfo=UTC)
RunLock(Path(sys.argv[1]), "unitsync sync storage", now=now).acquire()
print("held", flush=True)
sys.stdin.read()
"""
ASKER = """
import sys
from pathlib import Path
from state.lock import asking
with asking(Path(sys.argv[1])):
    print("asking", flush=True)
    sys.stdin.read()
"""


def lock_file(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def test_a_second_run_is_refused_and_told_who_is_first(path: Path) -> None:
    with RunLock(path, "unitsync sync storage", now=NOW), pytest.raises(StateIsLocked) as refused:
        RunLock(path, "unitsync backfill", now=NOW).acquire()

    message = str(refused.value)
    assert "`unitsync sync storage`" in message
    assert f"process {os.getpid()}" in message
    assert "since 2026-01-05T02:00:00" in message
    assert refused.value.retry == "next run"


def test_the_lock_is_free_again_after_the_run(path: Path) -> None:
    with RunLock(path, "unitsync sync", now=NOW):
        pass

    with RunLock(path, "unitsync sync", now=NOW):
        assert json.loads(lock_file(path).read_text())["command"] == "unitsync sync"
    assert lock_file(path).read_text() == ""


def test_the_lock_is_free_again_after_a_run_that_failed(path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), RunLock(path, "unitsync sync", now=NOW):
        raise KeyboardInterrupt

    RunLock(path, "unitsync sync", now=NOW).acquire()


def test_the_lock_of_a_killed_process_is_free_at_once(path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StateIsLocked, match=f"process {holder.pid} "):
            RunLock(path, "unitsync sync", now=NOW).acquire()

        holder.send_signal(signal.SIGKILL)
        holder.wait()

        with RunLock(path, "unitsync sync", now=NOW):
            assert json.loads(lock_file(path).read_text())["pid"] == os.getpid()


def test_a_link_to_the_state_is_the_same_lock(path: Path, tmp_path: Path) -> None:
    path.touch()
    alias = tmp_path / "alias.db"
    alias.symlink_to(path)

    with RunLock(path, "first", now=NOW), pytest.raises(StateIsLocked):
        RunLock(alias, "second", now=NOW).acquire()


def test_states_do_not_lock_each_other(path: Path, tmp_path: Path) -> None:
    with RunLock(path, "first", now=NOW), RunLock(tmp_path / "other.db", "second", now=NOW):
        assert lock_file(path).exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_holder_that_cannot_be_read_is_still_a_lock(path: Path, content: str) -> None:
    with RunLock(path, "first", now=NOW):
        lock_file(path).write_text(content)

        with pytest.raises(StateIsLocked, match="only just starting or ending"):
            RunLock(path, "second", now=NOW).acquire()


def test_the_lock_is_private_and_makes_no_state(path: Path) -> None:
    before = os.umask(0)
    try:
        with RunLock(path, "first", now=NOW):
            assert stat.S_IMODE(lock_file(path).stat().st_mode) == 0o600
    finally:
        os.umask(before)

    assert not path.exists()


def test_releasing_twice_is_releasing_once(path: Path) -> None:
    lock = RunLock(path, "first", now=NOW)
    lock.acquire()
    lock.release()
    lock.release()

    with RunLock(path, "second", now=NOW):
        assert lock_file(path).exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StateIsUnwritable, match="Make its folder"):
        RunLock(tmp_path / "gone" / "unitsync.db", "first", now=NOW).acquire()


def test_who_asks_is_seen_by_the_holder_for_as_long_as_it_asks(path: Path) -> None:
    with RunLock(path, "unitsync backfill", now=NOW, gives_way=True):
        assert not is_asked_for(path)
        with asking(path), asking(path):
            assert is_asked_for(path)
        assert not is_asked_for(path)


@pytest.mark.parametrize("gives_way", [True, False])
def test_who_is_refused_knows_whether_the_holder_gives_way(path: Path, gives_way: bool) -> None:
    with RunLock(path, "first", now=NOW, gives_way=gives_way):
        with pytest.raises(StateIsLocked) as refused:
            RunLock(path, "second", now=NOW).acquire()
        assert refused.value.gives_way is gives_way

        lock_file(path).write_text("")
        with pytest.raises(StateIsLocked) as unclear:
            RunLock(path, "second", now=NOW).acquire()
        assert unclear.value.gives_way is None


def test_the_ask_of_a_killed_process_is_gone_with_it(path: Path) -> None:
    asker = subprocess.Popen(
        [sys.executable, "-c", ASKER, str(path)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with asker, RunLock(path, "unitsync backfill", now=NOW, gives_way=True):
        assert asker.stdout is not None
        assert asker.stdout.readline() == "asking\n"
        assert is_asked_for(path)

        asker.send_signal(signal.SIGKILL)
        asker.wait()

        assert not is_asked_for(path)


def test_an_ask_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    with (
        pytest.raises(StateIsUnwritable, match="Make its folder"),
        asking(tmp_path / "gone" / "unitsync.db"),
    ):
        pass
