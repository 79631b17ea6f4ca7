"""The disk as the state and the reports use it: the seam where a simulation makes it fail.

Promises that what is created here is private (0600), and that a file which is written here takes
its name when it is complete and durable, or not at all.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

PRIVATE = 0o600


class Disk:
    """The disk of this machine. Every method raises OSError, or sqlite3.Error, where it fails."""

    def connect(self, uri: str) -> sqlite3.Connection:
        """A connection that several threads may use, one at a time."""
        # isolation_level=None: sqlite3 never begins a transaction by itself.
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    def create(self, path: Path) -> int:
        """An open private file, new unless it is there already."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
        os.fchmod(descriptor, PRIVATE)
        return descriptor

    def rename(self, draft: Path, path: Path) -> None:
        """Give a file another name, even one that is taken, so that it survives a power cut."""
        draft.replace(path)
        self.sync(path.parent)

    def sync(self, path: Path) -> None:
        """Make the contents of a file, or the names in a folder, survive a power cut."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def write_whole(self, path: Path, pieces: Iterable[str]) -> None:
        """A text file that is there complete, or as it was before."""
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        try:
            # A damaged source may hold half a character; a report shows it as its escape.
            with os.fdopen(
                self.create(draft), "w", encoding="utf-8", errors="backslashreplace"
            ) as file:
                file.writelines(pieces)
            self.sync(draft)
            self.rename(draft, path)
        finally:
            draft.unlink(missing_ok=True)


LOCAL_DISK = Disk()


def reading_mode(path: Path) -> Literal["ro", "rw"]:
    """How to open a state so that reading it leaves no trace.

    A read-only connection leaves an empty `-wal` and `-shm` behind where there were none, and a
    normal one folds a dead run's `-wal` into the file.
    """
    return "ro" if path.with_name(f"{path.name}-wal").exists() else "rw"
