"""The rate limit: evenly spaced, over all threads, and never in the way when there is none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.clock import FakeClock
from connectors.rate import RateLimit


def test_requests_are_spaced_evenly() -> None:
    """Four a second means one every quarter, the first at once."""
    limit = RateLimit(4, FakeClock())

    assert [limit.reserve() for _ in range(4)] == [0, 0.25, 0.5, 0.75]


def test_time_that_was_not_used_is_not_saved_up() -> None:
    """After a quiet minute there is no burst."""
    clock = FakeClock()
    limit = RateLimit(2, clock)
    limit.reserve()
    clock.advance(60)

    assert [limit.reserve() for _ in range(3)] == [0, 0.5, 1]


def test_threads_share_the_rate() -> None:
    """Whatever thread asks, no two get the same moment."""
    limit = RateLimit(8, FakeClock())
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: limit.reserve(), range(200)))

    assert sorted(waits) == [number / 8 for number in range(200)]


def test_a_hold_is_for_everybody_and_ends() -> None:
    """Whoever was told that there were too many requests speaks for all."""
    clock = FakeClock()
    limit = RateLimit(None, clock)
    limit.hold(7)
    limit.hold(3)
    clock.advance(2)

    assert limit.reserve() == 5

    clock.advance(5)

    assert limit.reserve() == 0


def test_no_rate_means_no_waiting() -> None:
    """Without a configured rate every request goes at once."""
    limit = RateLimit(None, FakeClock())

    assert [limit.reserve() for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    """A rate that would never send is a configuration error."""
    with pytest.raises(ValueError, match="above 0"):
        RateLimit(rate, FakeClock())
