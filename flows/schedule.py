"""When the nightly sync and the reconciliation run: cron lines and their time zone.

Checked as far as cron's own grammar goes, so that a schedule that can never fire is found when
the configuration is read and not on the first quiet morning.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from flows.config_errors import did_you_mean

_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

# name, lowest, highest, names of the values counted from the lowest
_FIELDS: Final = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_ITEM = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[0-9]+))?\Z")
_ALLOWED: Final = "five fields: minute, hour, day of the month, month, day of the week"
_EXAMPLE: Final = '"0 2 * * *" is every night at 2:00'


def _cron(value: str) -> str:
    parts = value.split()
    if len(parts) != len(_FIELDS):
        raise _fault(f"{len(parts)} instead of five cron fields", _EXAMPLE)
    for part, (name, low, high, names) in zip(parts, _FIELDS, strict=True):
        for item in part.split(","):
            if not _fits(item, low, high, names):
                words = f" or {names[0]} to {names[-1]}" if names else ""
                raise _fault(f'the {name} "{item}"', f"the {name} is {low} to {high}{words}, or *")
    return " ".join(parts)


def _fits(item: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    match = _ITEM.match(item.casefold())
    if not match or match["step"] == "0":
        return False
    ends = [_number(end, low, names) for end in (match["first"], match["last"]) if end]
    return all(low <= end <= high for end in ends) and ends == sorted(ends)


def _number(text: str, low: int, names: tuple[str, ...]) -> int:
    """The number that a cron value stands for; -1 for none."""
    if text in names:
        return names.index(text) + low
    return int(text) if text.isascii() and text.isdigit() else -1


def _fault(found: str, hint: str) -> PydanticCustomError:
    said = {"found": f"found {found}", "allowed": _ALLOWED, "hint": hint}
    return PydanticCustomError("cron", "{found}", said)


def _time_zone(value: str) -> str:
    try:
        return ZoneInfo(value).key
    except (KeyError, ValueError, OSError):  # unknown; an absolute path; a folder of zones
        hint = _near_zone(value) or "write a city: America/New_York"
    said = {"allowed": "a name of the IANA time zone database", "hint": hint}
    raise PydanticCustomError("time_zone", "{allowed}", said)


def _near_zone(value: str) -> str:
    """The zone that was misspelt, or the one of the city that was written alone."""
    zones = sorted(available_timezones(), key=len)
    if near := did_you_mean(value, zones):
        return near
    cities = {zone.rpartition("/")[2].casefold(): zone for zone in reversed(zones)}
    city = value.strip().replace(" ", "_").casefold()
    return f'did you mean "{cities[city]}"?' if city in cities else ""


def _text(value: Any) -> Any:
    if isinstance(value, str | None):
        return value
    raise _fault("a number" if isinstance(value, int | float) else "no text", _EXAMPLE)


Cron = Annotated[str, AfterValidator(_cron), BeforeValidator(_text)]


class Schedule(BaseModel):
    """When `unitsync serve` runs what; both lines are cron in the given time zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sync: Cron | None = Field(
        default=None,
        description='Cron line of the nightly sync, in quotes: "0 2 * * *". null: never.',
    )
    reconcile: Cron | None = Field(
        default=None,
        description='Cron line of the reconciliation, in quotes: "0 5 * * 0". null: never.',
    )
    timezone: Annotated[str, AfterValidator(_time_zone)] = Field(
        default="UTC", description="Time zone of both lines: America/New_York."
    )
