"""What the words in a column mean to the APIs: indoor or outdoor, kinds of doors, bedrooms, status.

Each function takes one text and answers None where it says nothing that is known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from transforms.gaps import GAP

_OUTDOOR: Final = re.compile(
    r"outdoor|outside|exterior|external|drive|parking|vehicle|\brv\b|boat|car\b|auß|aussen|uncovered"
    r"|covered|carport|außen",
    re.IGNORECASE,
)
_INDOOR: Final = re.compile(
    r"indoor|inside|interior|internal|climate|hallway|locker|elevator|innen|heated|wine|\bcc\b|"
    r"temperature",
    re.IGNORECASE,
)
_DOORS: Final = {
    "roll_up": re.compile(r"roll|overhead|sectional|garage|rolltor", re.IGNORECASE),
    "swing": re.compile(r"swing|hinge|single door|walk|drehtür|flügel", re.IGNORECASE),
    "none": re.compile(r"none|no door|open|n/?a\Z|keine", re.IGNORECASE),
}
# As SiteLink writes iDoorType.
_DOOR_CODES: Final = {"0": "none", "1": "roll_up", "2": "swing"}
_RENTABLE: Final = re.compile(
    r"vacant|available|occupied|rented|reserved|leased|notice|frei|vermietet|reserviert",
    re.IGNORECASE,
)
_UNRENTABLE: Final = re.compile(
    r"un-?rentable|not rentable|damaged|out of (service|order)|maintenance|company|offline|down\b|"
    r"unavailable|gesperrt|defekt|vacant not ready",
    re.IGNORECASE,
)
_BEDROOMS: Final = re.compile(r"(stu\w*|eff\w*|sro|bachelor|\d+)", re.IGNORECASE)
_BATHROOMS: Final = re.compile(r"\d+(?:[.,]\d+)?")
_BED_BATH: Final = re.compile(
    r"(?P<beds>stu\w*|eff\w*|bachelor|\d+)(?![.,]\d)\D*?(?:[/x&|,-]|\s|b[dr]?\D*)\s*"
    r"(?P<baths>\d+(?:[.,]\d+)?)\D*|(?P<none>stu\w*|eff\w*|bachelor)",
    re.IGNORECASE,
)


def table(texts: Iterable[str], meaning: Callable[[str], Any]) -> dict[str, Any]:
    """Every text with its meaning; a gap where that is not known."""
    meant = {text: meaning(text) for text in texts}
    return {text: GAP if value is None else value for text, value in meant.items()}


def access(text: str) -> str | None:
    """`indoor` or `outdoor`."""
    outdoor, indoor = _OUTDOOR.search(text), _INDOOR.search(text)
    if outdoor and indoor:
        return None
    return "outdoor" if outdoor else "indoor" if indoor else None


def door(text: str) -> str | None:
    """`roll_up`, `swing` or `none`."""
    if text in _DOOR_CODES:
        return _DOOR_CODES[text]
    return next((kind for kind, words in _DOORS.items() if words.search(text)), None)


def rentable(text: str) -> bool | None:
    """Whether a unit of this status could be rented out."""
    if _UNRENTABLE.search(text):
        return False
    return True if _RENTABLE.search(text) else None


def bedrooms(text: str) -> int | None:
    """`2 BR` is 2, `Studio` none."""
    found = _BEDROOMS.match(text)
    return _count(found[1]) if found else None


def bathrooms(text: str) -> int | None:
    """`1.5 BA` is 2: half a bathroom is a room of its own, and Travtus takes whole numbers."""
    found = _BATHROOMS.match(text)
    return math.ceil(_decimal(found[0])) if found else None


def bedrooms_of_both(text: str) -> int | None:
    """The bedrooms of `2/1.5`, `2x1`, `2BR/1BA`, `Studio / 1`."""
    found = _BED_BATH.fullmatch(text)
    return _count(found["beds"] or found["none"]) if found else None


def bathrooms_of_both(text: str) -> int | None:
    """The bathrooms of the same."""
    found = _BED_BATH.fullmatch(text)
    return math.ceil(_decimal(found["baths"])) if found and found["baths"] else None


def _count(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))
