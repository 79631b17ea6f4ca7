"""Errors: one tree, each with an answer, and every word of SQLite mapped."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from state import errors
from state.errors import (
    BrokenSeal,
    LedgerConflict,
    StateError,
    StateIsCorrupt,
    StateIsLocked,
    StateIsUnwritable,
    explained,
)

LEAVES = StateError.__subclasses__()


def sqlite_error(code: int | None, text: str = "words of SQLite") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    if code is not None:
        error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_CORRUPT, StateIsCorrupt),
        (sqlite3.SQLITE_CORRUPT_INDEX, StateIsCorrupt),
        (sqlite3.SQLITE_NOTADB, StateIsCorrupt),
        (sqlite3.SQLITE_BUSY, StateIsLocked),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StateIsLocked),
        (sqlite3.SQLITE_LOCKED, StateIsLocked),
        (sqlite3.SQLITE_FULL, StateIsUnwritable),
        (sqlite3.SQLITE_READONLY, StateIsUnwritable),
        (sqlite3.SQLITE_READONLY_DBMOVED, StateIsUnwritable),
        (sqlite3.SQLITE_IOERR_FSYNC, StateIsUnwritable),
        (sqlite3.SQLITE_CANTOPEN, StateIsUnwritable),
        (sqlite3.SQLITE_PERM, StateIsUnwritable),
    ],
)
def test_what_sqlite_says_of_the_disk_becomes_ours(code: int, expected: type[StateError]) -> None:
    with pytest.raises(expected, match="words of SQLite"), explained(Path("/x/unitsync.db")):
        raise sqlite_error(code)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, None])
def test_what_sqlite_says_of_our_own_mistakes_stays_a_bug(code: int | None) -> None:
    with pytest.raises(sqlite3.OperationalError), explained(Path("/x/unitsync.db")):
        raise sqlite_error(code)


def test_a_broken_seal_and_undecodable_text_are_damage() -> None:
    with pytest.raises(StateIsCorrupt, match="unit 7"), explained(Path("unitsync.db")):
        raise BrokenSeal("unit 7 does not match its seal")
    with pytest.raises(StateIsCorrupt), explained(Path("unitsync.db")):
        raise sqlite_error(None, "Could not decode to UTF-8 column 'payload'")


def test_every_error_answers_what_became_of_the_work_and_when_to_try_again() -> None:
    assert LEAVES
    for leaf in LEAVES:
        assert leaf.outcome == "not sent"
        assert leaf.retry in ("now", "next run", "never")
        assert leaf.__doc__


def test_every_error_is_drawn_in_the_tree() -> None:
    assert errors.__doc__ is not None
    for leaf in [StateError, LedgerConflict, *LEAVES]:
        assert leaf.__name__ in errors.__doc__


def test_a_broken_promise_is_not_mistaken_for_a_bad_disk() -> None:
    assert not issubclass(LedgerConflict, StateError)
