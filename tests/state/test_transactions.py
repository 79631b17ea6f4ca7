"""Transactions: wholly there or not at all, from any thread, and never begun deferred."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from state.errors import LedgerConflict, StateIsLocked, StateIsUnwritable
from state.store import Store

Look = Callable[..., list[tuple[Any, ...]]]


class Interrupted(BaseException):
    """What a simulated crash or Ctrl-C looks like: no Exception."""


def test_small_writes_joined_in_one_transaction_are_one_commit(
    night: Any, path: Path, look: Look
) -> None:
    with night.store.one_transaction():
        night.store.accept_extract("storage", "facility", "run-1", 1, ["1"])
        night.settle_scope()
        assert look(path, "SELECT scope FROM scopes") == []

    assert look(path, "SELECT scope FROM scopes") == [("facility",)]


@pytest.mark.parametrize("error", [ValueError, Interrupted])
def test_an_exception_undoes_every_write_of_the_block(
    night: Any, path: Path, look: Look, error: type[BaseException]
) -> None:
    def interrupted() -> None:
        with night.store.one_transaction():
            night.store.accept_extract("storage", "facility", "run-1", 1, ["1"])
            raise error

    with pytest.raises(error):
        interrupted()

    assert look(path, "SELECT scope FROM scopes") == []
    assert night.settle_scope()


def test_the_journal_refuses_to_be_part_of_another_transaction(
    night: Any, make: Any, path: Path, look: Look
) -> None:
    change = make.create("1")
    night.plan(change)

    with pytest.raises(LedgerConflict), night.store.one_transaction():
        night.send(change)

    assert look(path, "SELECT request_id FROM requests") == []


def test_a_write_takes_the_lock_before_it_reads(night: Any, make: Any) -> None:
    """A deferred transaction that reads first fails at once when another program writes."""
    statements: list[str] = []
    night.plan(make.create("1"))
    with night.store._transactions.reading() as db:
        db.set_trace_callback(statements.append)

    night.send(make.create("1"))
    night.settle_scope()

    begins = [text for text in statements if text.startswith("BEGIN")]
    assert begins == ["BEGIN IMMEDIATE"] * 2
    assert statements[0] == "BEGIN IMMEDIATE"


def test_another_program_that_writes_for_ever_is_named_as_a_lock(store: Store, path: Path) -> None:
    with store._transactions.reading() as db:
        db.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as browser:
        browser.execute("BEGIN IMMEDIATE")

        with pytest.raises(StateIsLocked, match="another program"):
            store.begin_run("run-1", "sync", ["storage"])

        browser.execute("ROLLBACK")
    store.begin_run("run-1", "sync", ["storage"])
    assert store.serial == 1


def test_a_full_disk_loses_nothing_that_was_recorded(
    night: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    small, large = make.create("1"), make.create("2", attribute_description="x" * 500_000)
    night.plan(small)
    with night.store._transactions.reading() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages + 2}")

    with pytest.raises(StateIsUnwritable, match="free space"):
        night.plan(large)

    assert night.outcomes() == {"1": "planned"}
    assert next_night().outcomes("run-1") == {"1": "abandoned"}


def test_many_threads_record_through_one_store(night: Any, make: Any) -> None:
    changes = [make.create(f"{number:03}") for number in range(80)]
    night.plan(*changes)

    def push(change: Any) -> None:
        request_id = night.send(change)
        night.answer(request_id, make.applied(change))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(push, changes))

    assert set(night.outcomes().values()) == {"applied"}
    assert len(night.known(*(change.key for change in changes))) == 80
