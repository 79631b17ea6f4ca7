"""A sandbox of its own for every test, on a clock that stands still."""

from __future__ import annotations

import pytest

from connectors.clock import FakeClock
from connectors.sandbox import Sandbox, demo_sandbox

from .callers import START, StoredgeCaller, TravtusCaller


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def sandbox(clock: FakeClock) -> Sandbox:
    return demo_sandbox(clock=clock, seed="test")


@pytest.fixture
def storedge(sandbox: Sandbox, clock: FakeClock) -> StoredgeCaller:
    return StoredgeCaller(sandbox, clock)


@pytest.fixture
def travtus(sandbox: Sandbox) -> TravtusCaller:
    return TravtusCaller(sandbox)
