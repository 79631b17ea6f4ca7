"""Speed: a large portfolio takes moments. The limits are several times what was measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

UNITS = 10_000
SCOPES = 20


@contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < seconds


def test_ten_thousand_units_are_planned_and_indexed_in_no_time(night: Any, make: Any) -> None:
    """Measured for 100,000: planned in 2.2 s, all indexes in 0.3 s (two cores, 2026)."""
    changes = []
    for number in range(UNITS):
        make.scope = f"facility-{number % SCOPES:03}"
        changes.append(make.create(f"{number:06}", width=10, height=8, door_type="roll_up"))
    with within(2.0):
        night.plan(*changes)

    for number in range(SCOPES):
        scope = f"facility-{number:03}"
        units = [make.unit(change.key) for change in changes if change.scope == scope]
        night.store.link("storage", scope, "run-1", units, [])

    with within(0.5):
        indexes = [night.store.known_index("storage", f"facility-{n:03}") for n in range(SCOPES)]
    assert sum(map(len, indexes)) == UNITS


def test_an_answer_for_fifty_units_is_recorded_in_milliseconds(night: Any, make: Any) -> None:
    """Measured: 3 ms. The slowest of ten may have waited for the disk."""
    changes = [make.create(f"{number:03}", width=10) for number in range(500)]
    night.plan(*changes)
    seconds = []
    for start in range(0, 500, 50):
        batch = changes[start : start + 50]
        request_id = night.send(*batch)
        results = [make.applied(change) for change in batch]
        begun = time.perf_counter()
        night.answer(request_id, *results)
        seconds.append(time.perf_counter() - begun)

    assert sorted(seconds)[len(seconds) // 2] < 0.05
    assert len(night.known(*(change.key for change in changes))) == 500
