"""How a text may stand within another: as it is, or escaped for JSON, HTML or an address.

An API that shows what it did not understand quotes our request as it came, or packed into its own
format. Two layers are looked through: a JSON body within JSON, within HTML, within an address.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

__all__ = ["ESCAPE", "spellings"]

LAYERS = 2
# One escaped character, as a pattern: what comes after it begins a word of its own.
ESCAPE = r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[bfnrt]"


def spellings(text: str) -> set[str]:
    """The text in every form in which it may be quoted; plain letters and digits have one."""
    found = {text}
    if text.isascii() and text.isalnum():  # as nearly all of 100,000 lock codes are
        return found
    for _ in range(LAYERS):
        found |= {escaped(each) for each in found for escaped in _ESCAPES}
    return found


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _in_ascii_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _in_an_address(text: str) -> str:
    return quote(text, safe="")


_ESCAPES: tuple[Callable[[str], str], ...] = (
    _in_json,
    _in_ascii_json,
    _in_an_address,
    quote,
    quote_plus,
    html.escape,
)
