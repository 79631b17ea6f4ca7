"""The one clock: what time it is, how long something takes, and how to wait.

Nothing else in this room reads the time or sleeps, so a test can live through a night in a
millisecond. Durations are taken from `monotonic`, never from the wall clock, which people and NTP
move.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "FakeClock", "SystemClock"]

# Where fake time begins: a Monday, at the hour when the nightly sync starts.
A_NIGHT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


class Clock(Protocol):
    """What a part of unitsync may know about time."""

    def now(self) -> datetime:
        """The wall clock, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The wall clock, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread for that long."""
        time.sleep(seconds)


class FakeClock:
    """A clock for tests and simulations: time passes only when somebody sleeps.

    `slept` is the sum of all sleeps. `jump` moves the wall clock alone, as a person or NTP does.
    """

    def __init__(self, start: datetime = A_NIGHT) -> None:
        self._start = start
        self._elapsed = 0.0
        self._skew = 0.0
        self._lock = threading.Lock()
        self.slept = 0.0

    def now(self) -> datetime:
        """The wall clock: the start, what has passed since, and every jump."""
        return self._start + timedelta(seconds=self._elapsed + self._skew)

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Advance at once, and remember it."""
        with self._lock:
            self.slept += seconds
            self._elapsed += seconds

    def advance(self, seconds: float) -> None:
        """Let time pass without anybody sleeping, as while a server is slow."""
        with self._lock:
            self._elapsed += seconds

    def jump(self, seconds: float) -> None:
        """Move the wall clock, forward or back."""
        self._skew += seconds
