"""A sandbox of its own for every test, on a clock that stands still."""

from __future__ import annotations

import pytest

from connectors.sandbox import ManualClock, Sandbox, demo_sandbox

from .callers import START, StoredgeCaller, TravtusCaller


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    return demo_sandbox(clock=clock, seed="test")


@pytest.fixture
def storedge(sandbox: Sandbox, clock: ManualClock) -> StoredgeCaller:
    return StoredgeCaller(sandbox, clock)


@pytest.fixture
def travtus(sandbox: Sandbox) -> TravtusCaller:
    return TravtusCaller(sandbox)
