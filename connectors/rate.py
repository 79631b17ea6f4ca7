"""The rate that a target was configured for, kept over all threads.

Requests are spaced evenly rather than let through in bursts. Each thread reserves the next free
moment and sleeps until then by itself: nobody polls, and nobody sleeps with the lock in hand.
"""

from __future__ import annotations

import threading

from connectors.clock import Clock

__all__ = ["RateLimit"]


class RateLimit:
    """Evenly spaced moments for requests; `None` per second means as fast as it goes."""

    def __init__(self, requests_per_second: float | None, clock: Clock) -> None:
        if requests_per_second is not None and not requests_per_second > 0:
            raise ValueError(f"requests_per_second must be above 0, not {requests_per_second}")
        self._interval = 0.0 if requests_per_second is None else 1.0 / requests_per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._next_at = float("-inf")

    def reserve(self) -> float:
        """Take the next free moment; the caller waits that many seconds before it sends."""
        with self._lock:
            now = self._clock.monotonic()
            moment = max(now, self._next_at)
            self._next_at = moment + self._interval
            return moment - now

    def hold(self, seconds: float) -> None:
        """Give out no moment for so long: the API has had too many requests, whoever sent them."""
        with self._lock:
            self._next_at = max(self._next_at, self._clock.monotonic() + seconds)
