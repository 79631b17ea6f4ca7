"""One connection, used by several threads, one at a time.

Promises that every write happens in a transaction that began with `BEGIN IMMEDIATE` (a deferred one
that reads and then writes fails at once, whatever the busy timeout), and that it is either wholly
durable when the block ends or wholly absent.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from state.errors import LedgerConflict, explained


class Transactions:
    """Hands out the connection, for reading or for writing."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._lock = threading.RLock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, to read from."""
        with self._lock, explained(self._path):
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction; inside another one of the same thread, a part of it."""
        with self._lock, explained(self._path):
            if self._connection.in_transaction:
                yield self._connection
                return
            with immediate(self._connection):
                yield self._connection

    @contextmanager
    def durable(self) -> Iterator[sqlite3.Connection]:
        """A write transaction that is on the disk when the block ends, never a part of another."""
        with self._lock:
            if self._connection.in_transaction:
                raise LedgerConflict("the journal cannot be written inside another transaction")
            with self.writing() as connection:
                yield connection

    def close(self) -> None:
        """Close the connection. The last one to close folds the write-ahead log into the file."""
        with self._lock, explained(self._path):
            self._connection.close()


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock from the first statement; commit at the end, or leave no trace."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        # Not committed: an error in the block, or SQLite rolled back by itself (disk full).
        if connection.in_transaction:
            connection.execute("ROLLBACK")
