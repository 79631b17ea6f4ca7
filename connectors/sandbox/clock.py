"""A clock for the sandbox that moves only when it is told to.

The vendors receive any callable that returns an aware UTC time and never read the time themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

Clock = Callable[[], datetime]


class ManualClock:
    """A clock for tests and simulations: calling it tells the time, `sleep` moves it."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self) -> datetime:
        """The time that it is."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass; nobody waits for it."""
        self._now += timedelta(seconds=seconds)
