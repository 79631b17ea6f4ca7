"""One run per state: a lock that the operating system takes back when the process dies.

Promises that a second run is refused at once, with the name of the first; and that no lock is ever
left over, not even by `kill -9`: it is an `flock` on an open file, and what is written in that file
is only for the message. The file itself stays: removing it would let two runs lock two files.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
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

    def __init__(self, state: Path, holder: str, *, now: datetime) -> None:
        """`holder` is the command that a second run will be told about."""
        self._state = state.resolve()
        self._path = beside(self._state, ".lock")
        self._holder = holder
        self._since = now
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise `StateIsLocked` naming who has it. Never waits."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._introduce(descriptor)
        except BlockingIOError as error:
            holder = _describe(os.pread(descriptor, _HOLDER_BYTES, 0))
            os.close(descriptor)
            raise StateIsLocked(
                f"Another run holds {self._state.name}: {holder}. Nothing was touched. Wait until"
                " it ends; if its process is gone, the lock is gone with it."
            ) from error
        except OSError as error:
            os.close(descriptor)
            raise self._unusable(error) from error
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

    def _unusable(self, error: OSError) -> StateIsUnwritable:
        return StateIsUnwritable(
            f"{self._path} cannot be locked ({error.strerror}). Make its folder, mend its"
            " permissions or free some space, or correct `state:` in the configuration, and run"
            " again. Nothing was touched."
        )

    def _introduce(self, descriptor: int) -> None:
        holder = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "command": self._holder,
            "since": to_text(self._since),
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _describe(content: bytes) -> str:
    try:
        holder = json.loads(content)
        return (
            f"`{holder['command']}` (process {holder['pid']} on {holder['host']},"
            f" since {holder['since']})"
        )
    except (ValueError, TypeError, KeyError):
        return "it is only just starting or ending"
