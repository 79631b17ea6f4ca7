"""The clock, and the one that tests live by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.clock import Clock, FakeClock, SystemClock


def test_the_clock_of_the_machine_is_aware_and_goes_forward() -> None:
    """Its wall time is in UTC, and its monotonic time never goes back."""
    clock: Clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0)

    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() >= before


def test_fake_time_passes_when_somebody_sleeps() -> None:
    """A sleep advances both times at once and is remembered."""
    clock = FakeClock(datetime(2026, 3, 1, tzinfo=UTC))
    clock.sleep(90)
    clock.advance(10)

    assert clock.now() == datetime(2026, 3, 1, 0, 1, 40, tzinfo=UTC)
    assert clock.monotonic() == 100
    assert clock.slept == 90


def test_a_jump_moves_the_wall_clock_alone() -> None:
    """Somebody setting the clock back does not undo time that has passed."""
    clock = FakeClock()
    start = clock.now()
    clock.jump(-3600)

    assert clock.now() == start - timedelta(hours=1)
    assert clock.monotonic() == 0
