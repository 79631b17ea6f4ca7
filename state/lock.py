"""One run per state: a lock that the operating system takes back when the process dies.

Promises that a second run is refused at once, with the name of the first; and that no lock is ever
left over, not even by `kill -9`: it is an `flock` on an open file, and what is written in that file
is only for the message. The file itself stays: removing it would let two runs lock two files.

A run that gives way looks now and then whether anybody `is_asked_for` it. Who asks holds a lock of
its own while it waits, so that an ask, too, is gone with its process.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

from state.disk import PRIVATE
from state.encoding import to_text
from state.errors import StateIsLocked, StateIsUnwritable
from state.marker import beside

# More than any holder needs; a strange file in this place is not read whole.
_HOLDER_BYTES = 4096


class RunLock:
    """Held from `acquire` (or `with`) to `release`, or to the end of the process."""

    def __init__(self, state: Path, holder: str, *, now: datetime, gives_way: bool = False) -> None:
        """`holder` is the command that a second run will be told about; one that `gives_way` ends
        early when it is asked to."""
        self._state = state.resolve()
        self._path = beside(self._state, ".lock")
        self._holder = holder
        self._since = now
        self._gives_way = gives_way
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise `StateIsLocked` naming who has it. Never waits."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE)
        except OSError as error:
            raise _unusable(self._path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._introduce(descriptor)
        except BlockingIOError as error:
            content = os.pread(descriptor, _HOLDER_BYTES, 0)
            os.close(descriptor)
            refusal = StateIsLocked(
                f"Another run holds {self._state.name}: {_describe(content)}. Nothing was touched."
                " Wait until it ends; if its process is gone, the lock is gone with it."
            )
            refusal.gives_way = _would_give_way(content)
            raise refusal from error
        except OSError as error:
            os.close(descriptor)
            raise _unusable(self._path, error) from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; without it, nothing happens."""
        if self._descriptor is None:
            return
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _introduce(self, descriptor: int) -> None:
        holder = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "command": self._holder,
            "since": to_text(self._since),
            "gives_way": self._gives_way,
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)


@contextmanager
def asking(state: Path) -> Iterator[None]:
    """Asks the run that holds the state to give way, until the end of the block or the process."""
    path = _asks(state)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        # Several may ask at once; it waits only while the holder looks whether anybody does.
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def is_asked_for(state: Path) -> bool:
    """Whether anybody asks for the state right now. Only who holds its lock may look, in one thread
    at a time: two who look would take each other for one who asks."""
    try:
        descriptor = os.open(_asks(state), os.O_RDWR)
    except OSError:  # nobody ever asked
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _asks(state: Path) -> Path:
    return beside(state.resolve(), ".asks")


def _unusable(path: Path, error: OSError) -> StateIsUnwritable:
    return StateIsUnwritable(
        f"{path} cannot be locked ({error.strerror}). Make its folder, mend its permissions or free"
        " some space, or correct `state:` in the configuration, and run again. Nothing was touched."
    )


def _would_give_way(content: bytes) -> bool | None:
    try:
        return bool(json.loads(content).get("gives_way"))
    except (ValueError, AttributeError):
        return None


def _describe(content: bytes) -> str:
    try:
        holder = json.loads(content)
        return (
            f"`{holder['command']}` (process {holder['pid']} on {holder['host']},"
            f" since {holder['since']})"
        )
    except (ValueError, TypeError, KeyError):
        return "it is only just starting or ending"
