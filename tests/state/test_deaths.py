"""A run whose process died is told of by the next that comes to its end, and by no other."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

VERSION_1 = Path(__file__).parent / "version_1.sql"


@pytest.fixture
def left(night: Any, make: Any) -> Any:
    """What a process leaves that died: one change done, one sent, two that were never sent."""
    changes = {key: make.create(key) for key in ("done", "sent", "never", "nor this")}
    night.plan(*changes.values())
    night.answer(night.send(changes["done"]), make.applied(changes["done"]))
    night.send(changes["sent"])
    return changes


def test_a_dead_run_is_told_with_its_place_and_all_that_it_left(
    night: Any, left: Any, next_night: Callable[..., Any]
) -> None:
    following = next_night()

    (death,) = following.store.untold_deaths()
    assert (death.run_id, death.kind) == ("run-1", "sync")
    assert (death.host, death.pid) == (socket.gethostname(), os.getpid())
    assert (death.requests, death.scopes, death.unsent) == (1, ("facility",), 2)


def test_it_is_told_once(night: Any, next_night: Callable[..., Any]) -> None:
    following = next_night()
    following.store.finish_run("run-2", "ok", {})

    assert next_night("run-3").store.untold_deaths() == []


def test_it_is_told_by_the_run_after_the_next_where_the_next_died_too(
    night: Any, left: Any, next_night: Callable[..., Any]
) -> None:
    (first,) = next_night().store.untold_deaths()

    both = next_night("run-3").store.untold_deaths()

    assert [death.run_id for death in both] == ["run-1", "run-2"]
    assert both[0] == first


def test_what_the_next_run_settled_was_open_when_the_first_died(
    night: Any, left: Any, make: Any, next_night: Callable[..., Any]
) -> None:
    following = next_night()
    (before,) = following.store.untold_deaths()

    following.store.settle_request(night.sent[-1], [make.applied(left["sent"])])

    assert following.store.untold_deaths() == [before]


def test_a_run_under_way_is_not_dead(night: Any) -> None:
    assert night.store.untold_deaths() == []


def test_who_died_before_anybody_told_of_such_things_is_no_news(
    path: Path, open_store: Callable[..., Any]
) -> None:
    with closing(sqlite3.connect(path)) as older:
        older.executescript(VERSION_1.read_text("utf-8"))
        older.execute("UPDATE runs SET status = 'died', finished_at = NULL WHERE serial = 1")
        older.commit()

    assert open_store().untold_deaths() == []
