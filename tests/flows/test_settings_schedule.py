"""A schedule that can never fire is found when the configuration is read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flows.schedule import Schedule


@pytest.mark.parametrize(
    "line",
    [
        "0 2 * * *",
        "*/15 * * * *",
        "0 2,14 1-15 * mon-fri",
        "0 0 1 JAN,jul *",
        "5-50/5 0 * * 7",
        "  0   2 * * *  ",
    ],
)
def test_cron_lines_that_fire_are_accepted(line: str) -> None:
    """Lists, ranges, steps and names, in any case; spare blanks do no harm."""
    assert Schedule(sync=line).sync == " ".join(line.split())


@pytest.mark.parametrize(
    ("line", "found", "hint"),
    [
        ("@daily", "found 1 instead of five cron fields", '"0 2 * * *" is every night at 2:00'),
        ("0 0 2 * * *", "found 6 instead of", '"0 2 * * *" is every night at 2:00'),
        ("60 2 * * *", 'found the minute "60"', "the minute is 0 to 59, or *"),
        ("0 2:00 * * *", 'found the hour "2:00"', "the hour is 0 to 23, or *"),
        ("0 2 0 * *", 'found the day of the month "0"', "the day of the month is 1 to 31, or *"),
        ("0 2 * foo *", 'found the month "foo"', "the month is 1 to 12 or jan to dec, or *"),
        ("0 2 * * 8", 'found the day of the week "8"', "day of the week is 0 to 7 or sun to sat"),
        ("*/0 2 * * *", 'found the minute "*/0"', "the minute is 0 to 59, or *"),
        ("30-10 2 * * *", 'found the minute "30-10"', "the minute is 0 to 59, or *"),
        ("0 ٢ * * *", 'found the hour "٢"', "the hour is 0 to 23, or *"),
        ("0,, 2 * * *", 'found the minute ""', "the minute is 0 to 59, or *"),
        (200, "found a number", '"0 2 * * *" is every night at 2:00'),
        ([], "found no text", '"0 2 * * *" is every night at 2:00'),
    ],
)
def test_cron_lines_that_never_fire_are_refused(line: object, found: str, hint: str) -> None:
    """The message names the field that is wrong and what it may be."""
    with pytest.raises(ValidationError) as caught:
        Schedule.model_validate({"reconcile": line})

    (error,) = caught.value.errors()
    assert found in error["ctx"]["found"]
    assert hint in error["ctx"]["hint"]


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("america/chicago", 'did you mean "America/Chicago"?'),
        ("/etc/passwd", "write a city: America/New_York"),
        ("../UTC", ""),
        ("America", ""),
        ("", "write a city: America/New_York"),
    ],
)
def test_a_time_zone_that_does_not_exist_is_refused(zone: str, hint: str) -> None:
    """Names are those of the IANA database, in its own spelling."""
    with pytest.raises(ValidationError) as caught:
        Schedule(timezone=zone)

    (error,) = caught.value.errors()
    assert hint in error["ctx"]["hint"]


def test_a_schedule_is_optional_and_utc() -> None:
    """Nothing runs by itself unless it is asked for."""
    assert Schedule() == Schedule(sync=None, reconcile=None, timezone="UTC")
