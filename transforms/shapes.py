"""What the texts of a column look like: sizes, amounts, yes and no, ids.

All look at trimmed texts without empty ones, and answer for the column as a whole; a few cells
that are otherwise (a typing error) do not change what a column is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from transforms.parse import FALSE, TRUE, Unfit, integer, money, number, with_point

UUID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_SIZE: Final = re.compile(r"\D{0,3}[\d.,]+\D{0,8}?[x×X*]\D{0,3}[\d.,]+\D{0,8}(?P<more>.*)")
_ROOMS: Final = re.compile(r"[0-4]\s?x\s?[1-4]([.,]5)?", re.IGNORECASE)
_POINT: Final = re.compile(r"\D{0,5}(\d+|\d{1,3}(,\d{3})+)\.\d{1,2}\D{0,5}|\d+\.\d+")
_COMMA: Final = re.compile(
    r"\D{0,5}(\d+|\d{1,3}([. \u00a0\u202f]\d{3})+),\d{1,2}\D{0,5}|\d{1,2},\d{4,}"
)
_IN_WORDS: Final = re.compile(r"\D{0,6}?(-?(\d{1,3}([ \u00a0\u202f]\d{3})+)?[\d.,]*\d)\D{0,12}")
_METRES: Final = re.compile(r".*\d ?(m|cm|metros|mètres|meters?|metres?)\b\W*", re.IGNORECASE)
_THREE: Final = re.compile(r"\D*\d{1,3}\.\d{3}\D*")
_PADDED: Final = re.compile(r"\d+\.0+")
_MONEY: Final = re.compile(
    r"\(?-?([$€£] ?[\d.,]*\d|[\d.,]*\d ?([$€£]|[A-Z]{3})|[\d.,]*\d[.,]\d\d)\)?(/\w+)?"
)
TOTAL: Final = re.compile(
    r"((sub|grand|report|page)[ -]?)?totals?\b|(gesamt|end)?summe\b|gesamt\b|averages?\b|count\b|"
    r"total général|suma\b|sum\b|\W*end of (report|list|file)\b|printed (on|by|at)\b|"
    r"report (generated|printed|run)\b|page \d+|seite \d+",
    re.IGNORECASE,
)
# What people write for yes and no beyond what every boolean field reads anyway.
_YES: Final = TRUE | {"x", "ja", "j", "oui", "o", "si", "sí", "s", "on", "✓", "wahr"}
_NO: Final = FALSE | {"-", "nein", "nee", "non", "off", "falsch"}
# Of a text with a second number in it, such as an amount with a blank in it, it is no part.
NUMBER_IN_TEXT: Final = r"^[^\d-]*(-?[\d.,\s]*\d)\D*$"
MOST: Final = 0.9  # the share that decides what a column is


def mostly(texts: Sequence[str], fits: Callable[[str], Any]) -> bool:
    """Whether there are texts, and nearly all of them fit."""
    return bool(texts) and sum(bool(fits(text)) for text in texts) >= MOST * len(texts)


def decimal_of(columns: Iterable[Sequence[str]]) -> str:
    """`,` when more columns of numbers have decimals behind a comma than behind a point."""
    commas = points = 0
    for texts in columns:
        signed = [text for text in texts if _POINT.fullmatch(text) or _COMMA.fullmatch(text)]
        # A column of words with a number here and there says nothing.
        if mostly(texts, lambda text: any(sign.isdigit() for sign in text)) and signed:
            with_comma = sum(_COMMA.fullmatch(text) is not None for text in signed)
            commas += with_comma > len(signed) / 2
            points += with_comma < len(signed) / 2
    return "," if commas > points else "."


def reads_as(parse: Callable[[str], Any], decimal: str) -> Callable[[str], bool]:
    """Whether a text can be read by one of the parsers, with this decimal sign."""

    def reads(text: str) -> bool:
        try:
            parse(with_point(text) if decimal == "," else text)
        except Unfit:
            return False
        return True

    return reads


def is_amount(texts: Sequence[str], decimal: str) -> bool:
    """`$1,234.50`, `(45.00)`, `89`."""
    return mostly(texts, reads_as(money, decimal))


def is_money(text: str) -> bool:
    """Whether a text is an amount beyond doubt: with a currency, or with two decimals."""
    return _MONEY.fullmatch(text) is not None


def is_number(texts: Sequence[str], decimal: str) -> bool:
    """`12`, `12.50`."""
    return mostly(texts, reads_as(number, decimal))


def is_whole(texts: Sequence[str], decimal: str) -> bool:
    """`12`, `12.0`."""
    return mostly(texts, reads_as(integer, decimal))


def has_number(texts: Sequence[str]) -> bool:
    """One number between a few other signs: `10 ft`, `850 sf`, `89,00 EUR`."""
    return mostly(texts, _IN_WORDS.fullmatch)


def is_size(texts: Sequence[str]) -> bool:
    """`10x15`, `10' X 15'`, `5 x 5 x 8`."""
    return mostly(texts, _SIZE.fullmatch)


def is_bed_bath(texts: Sequence[str]) -> bool:
    """`1x1`, `2x1.5`: bedrooms and bathrooms, for no storage is so small."""
    return mostly(texts, _ROOMS.fullmatch)


def is_size_with_height(texts: Sequence[str]) -> bool:
    """`5 x 5 x 8`."""
    thrice = re.compile(r".*\d.*[x×X*].*\d.*[x×X*].*\d.*")
    return mostly(texts, thrice.fullmatch)


def is_uuid(texts: Sequence[str]) -> bool:
    """Every text is a uuid."""
    return bool(texts) and all(UUID.fullmatch(text) for text in texts)


def in_metres(texts: Sequence[str]) -> bool:
    """`2,5 m`, `3,0 x 4,5 m`."""
    return mostly(texts, _METRES.fullmatch)


def is_padded(texts: Sequence[str]) -> bool:
    """`1.0`, `17.0`: numbers of units that went through a spreadsheet or a program."""
    return bool(texts) and all(map(_PADDED.fullmatch, texts))


def is_ambiguous(texts: Sequence[str]) -> bool:
    """`1.250` and no other number with a point: thousands in one country, decimals in another."""
    pointed = [text for text in texts if "." in text]
    return bool(pointed) and all(map(_THREE.fullmatch, pointed))


def plain_booleans(texts: Sequence[str]) -> bool:
    """Nearly every text is one that a boolean field reads anyway."""
    return mostly(texts, lambda text: text.casefold() in TRUE | FALSE)


def booleans(texts: Sequence[str], *, empty: bool) -> dict[str, bool] | None:
    """Each text as yes or no; None where too many are neither. An empty cell beside marks is no."""
    if not mostly(texts, lambda text: text.casefold() in _YES | _NO):
        return None
    folded = {text: text.casefold() for text in texts}
    meant = {text: fold in _YES for text, fold in folded.items() if fold in _YES | _NO}
    return {**meant, "": False} if empty and all(meant.values()) else meant
