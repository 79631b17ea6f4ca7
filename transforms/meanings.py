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
    r"outdoor|outside|exterior|external|\bext\b|véhicule|drive|parking|vehicle|\brv\b|boat|car\b|auß|aussen|uncovered"
    r"|covered|carport|außen|extérieur|buiten|\Aout\Z",
    re.IGNORECASE,
)
_INDOOR: Final = re.compile(
    r"indoor|inside|interior|internal|\bint\b|climate|climatis|hallway|locker|elevator|innen|heated|wine|\bcc\b|"
    r"temperature|intérieur|binnen|\Ain\Z",
    re.IGNORECASE,
)
_DOORS: Final = {
    "roll_up": re.compile(r"roll|overhead|sectional|garage|rolltor|persiana|rideau", re.IGNORECASE),
    "swing": re.compile(
        r"swing|hinge|single door|walk|drehtür|flügel|batiente|battant", re.IGNORECASE
    ),
    "none": re.compile(r"none|no door|open|n/?a\Z|keine", re.IGNORECASE),
}
# As SiteLink writes iDoorType.
_DOOR_CODES: Final = {"0": "none", "1": "roll_up", "2": "swing"}
_RENTABLE: Final = re.compile(
    r"vacant|available|occupied|rented|reserved|leased|notice|frei|vermietet|reserviert|"
    r"disponible|(rentad|alquilad|ocupad|reservad)[ao]|libre|loué|réservé",
    re.IGNORECASE,
)
_UNRENTABLE: Final = re.compile(
    r"un-?rentable|not rentable|damaged|out of (service|order)|maintenance|company|offline|down\b|"
    r"unavailable|gesperrt|defekt|vacant not ready|mantenimiento|fuera de servicio|no disponible|"
    r"hors service",
    re.IGNORECASE,
)
_GROUND: Final = re.compile(
    r"eg|erdgeschoss|parterre|g|gf|gr|ground( floor| level)?|street level|rdc|"
    r"rez[- ]de[- ]chaussée|(planta )?baja|pb|begane grond",
    re.IGNORECASE,
)
_BELOW: Final = re.compile(
    r"((?P<number>\d+)\. ?)?(ug|kg|untergeschoss)|keller|basement|bsmt|cellar|b(?P<level>\d)?|"
    r"sous[- ]sol|sótano|sotano|kelder",
    re.IGNORECASE,
)
_STOREY: Final = re.compile(
    r"(?:(?:floor|level|lvl|fl|etage|étage|stock|planta|piso|nivel)\W*)?(?P<number>-?\d+)"
    r" ?(?:st|nd|rd|th|er|ère|e|ème|eme|º|ª|\.)? ?"
    r"(?:og|obergeschoss|stock|stockwerk|etage|étage|floor|flr|fl|level|planta|piso|verdieping)?",
    re.IGNORECASE,
)
_ORDINALS: Final = {
    **dict.fromkeys(("first", "primera", "primero", "premier"), 1),
    **dict.fromkeys(("second", "segunda", "segundo", "deuxième"), 2),
    **dict.fromkeys(("third", "tercera", "tercero", "troisième"), 3),
}
_BEDROOMS: Final = re.compile(r"(stu\w*|eff\w*|sro|bachelor|\d+)", re.IGNORECASE)
_BATHROOMS: Final = re.compile(r"\d+(?:[.,]\d+)?")
_BED_BATH: Final = re.compile(
    r"(?P<beds>stu\w*|eff\w*|bachelor|\d+)(?![.,]\d)\D*?(?:[/x&|,-]|\s|b[dr]?\D*)\s*"
    r"(?P<baths>\d+(?:[.,]\d+)?)\D*|(?P<none>stu\w*|eff\w*|bachelor)",
    re.IGNORECASE,
)
_IN_LETTERS: Final = re.compile(
    r"(\b\d+ ?(br|bd|bdrm|beds?|bedrooms?)\b|\bstudio\b|\bstu\b)\W*(and )?"
    r"\d+([.,]\d)? ?(ba|bth|baths?|bathrooms?)\b",
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


def floor(text: str) -> int | None:
    """The number of a floor: `EG` is 0, `1.OG` and `1st floor` are 1, `UG` is -1."""
    text = text.casefold().strip()
    if _GROUND.fullmatch(text):
        return 0
    if below := _BELOW.fullmatch(text):
        return -int(below["number"] or below["level"] or 1)
    if storey := _STOREY.fullmatch(text):
        return int(storey["number"])
    return _ORDINALS.get(text.split(" ")[0])


def bedrooms(text: str) -> int | None:
    """`2 BR` is 2, `Studio` none."""
    found = _BEDROOMS.match(text)
    return _count(found[1]) if found else None


def bathrooms(text: str) -> int | None:
    """`1.5 BA` is 2: half a bathroom is a room of its own, and Travtus takes whole numbers."""
    found = _BATHROOMS.match(text)
    return math.ceil(_decimal(found[0])) if found else None


def in_letters(text: str) -> bool:
    """Whether a text says both beyond doubt: `2BR/1BA`, `A1 - 1 Bed / 1.5 Bath`."""
    return _IN_LETTERS.search(text) is not None


def bedrooms_of_both(text: str) -> int | None:
    """The bedrooms of `2/1.5`, `2x1`, `2BR/1BA`, `Studio / 1`, `A1 - 1BR/1BA`."""
    found = _BED_BATH.fullmatch(_both(text))
    return _count(found["beds"] or found["none"]) if found else None


def bathrooms_of_both(text: str) -> int | None:
    """The bathrooms of the same."""
    found = _BED_BATH.fullmatch(_both(text))
    return math.ceil(_decimal(found["baths"])) if found and found["baths"] else None


def _both(text: str) -> str:
    """The part that says both, without the name of a plan before it."""
    found = _IN_LETTERS.search(text)
    return found[0] if found else text


def _count(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))
