"""What the tests of the state share: a clock that ticks, a store on a real disk, and a night."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from state.store import Store
from transforms.plan import Change, KnownGroup, KnownUnit, Result

REPOSITORY = Path(__file__).parents[2]
FIRST_NIGHT = datetime(2026, 1, 5, 2, tzinfo=UTC)


@dataclass
class Clock:
    """Every look at it is a second later."""

    at: datetime = FIRST_NIGHT

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class Make:
    """Changes, results and known rows with only what a test is about."""

    scope: str = "facility"

    def create(
        self, key: str, *, name: str | None = None, entity: Any = "unit", **after: Any
    ) -> Change:
        name = name or f"A{key}"
        return Change(
            entity=entity,
            scope=self.scope,
            key=key,
            name=name,
            action="create",
            before={},
            after={"name": name, **after},
            group="10x10" if entity == "unit" else None,
            digest=f"digest of {key}" if entity == "unit" else "",
        )

    def change(self, key: str, action: Any, **given: Any) -> Change:
        options: dict[str, Any] = {
            "entity": "unit",
            "scope": self.scope,
            "name": f"A{key}",
            "before": {},
            "after": {},
            "remote_id": f"remote-{key}",
            "digest": f"later digest of {key}",
        }
        return Change(key=key, action=action, **{**options, **given})

    def applied(self, change: Change, **given: Any) -> Result:
        options: dict[str, Any] = {
            "words": "ok",
            "status": 200,
            "remote_id": f"remote-{change.key}",
            "known": change.after,
        }
        return Result(change, "applied", **{**options, **given})

    def unit(self, key: str, **given: Any) -> KnownUnit:
        options: dict[str, Any] = {
            "remote_id": f"remote-{key}",
            "name": f"A{key}",
            "group": "10x10",
            "payload": {"name": f"A{key}", "width": 10},
            "digest": f"digest of {key}",
        }
        return KnownUnit(key, **{**options, **given})

    def group(self, key: str, **given: Any) -> KnownGroup:
        options: dict[str, Any] = {
            "remote_id": f"uuid-{key}",
            "name": key,
            "payload": {"name": key},
        }
        return KnownGroup(key, **{**options, **given})


@dataclass
class Night:
    """A run under way in one scope of one pipeline."""

    store: Store
    path: Path
    run_id: str = "run-1"
    pipeline: str = "storage"
    scope: str = "facility"
    sent: list[int] = field(default_factory=list)

    def begin(self) -> None:
        self.store.begin_run(self.run_id, "sync", [self.pipeline])

    def plan(self, *changes: Change) -> None:
        self.store.plan_changes(self.pipeline, self.run_id, changes)

    def send(self, *changes: Change, path: str = "/units", purpose: str = "create units") -> int:
        identities = [change.identity for change in changes]
        request_id = self.store.request_sent(
            self.pipeline, self.scope, self.run_id, "POST", path, purpose, identities
        )
        self.sent.append(request_id)
        return request_id

    def answer(self, request_id: int, *results: Result, status: int | None = 200) -> None:
        self.store.request_answered(request_id, status, "ok", "req-1", results)

    def record(self, *results: Result) -> None:
        self.store.record_results(self.pipeline, self.scope, self.run_id, results)

    def link(self, *units: KnownUnit, groups: tuple[KnownGroup, ...] = ()) -> None:
        self.store.link(self.pipeline, self.scope, self.run_id, units, groups)

    def settle_scope(
        self,
        digest: str | None = "in step",
        missing: Sequence[str] = (),
        seen: Sequence[str] = (),
    ) -> bool:
        return self.store.settle_scope(
            self.pipeline, self.scope, self.run_id, digest, missing, seen
        )

    def known(self, *keys: str) -> dict[str, KnownUnit]:
        return self.store.known_units(self.pipeline, self.scope, keys)

    def outcomes(self, run_id: str | None = None) -> dict[str, str]:
        rows = rows_of(
            self.path,
            "SELECT key, outcome FROM changes WHERE run_id = ? ORDER BY change_id",
            run_id or self.run_id,
        )
        return dict(rows)

    def in_flight(self) -> str | None:
        return self.store.scope_records(self.pipeline)[self.scope].in_flight


def rows_of(path: Path, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What another program sees in the file: only what was committed."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query, parameters).fetchall()
    finally:
        connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unitsync.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make() -> Make:
    return Make()


@pytest.fixture
def look() -> Callable[..., list[tuple[Any, ...]]]:
    return rows_of


@pytest.fixture
def open_store(path: Path, clock: Clock) -> Iterator[Callable[..., Store]]:
    stores: list[Store] = []
    numbers = count(1)

    def open_(at: Path = path, **options: Any) -> Store:
        store = Store.open(at, clock=clock, new_id=lambda: f"lineage-{next(numbers)}", **options)
        stores.append(store)
        return store

    yield open_
    for store in stores:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()


@pytest.fixture
def night(store: Store, path: Path) -> Night:
    night = Night(store, path)
    night.begin()
    return night


@pytest.fixture
def next_night(open_store: Callable[..., Store], path: Path) -> Callable[..., Night]:
    """The run after this one, on a store opened anew, as after the death of a process."""

    def begin(run_id: str = "run-2") -> Night:
        following = Night(open_store(), path, run_id)
        following.begin()
        return following

    return begin


@pytest.fixture
def run_python() -> Callable[[str, Path], subprocess.CompletedProcess[str]]:
    """Run a script in a process of its own, with the state's path as its argument."""

    def run(script: str, state: Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        return subprocess.run(
            [sys.executable, "-c", script, str(state)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
            check=False,
        )

    return run
