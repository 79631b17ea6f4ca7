"""Keeps lock codes out of the words that an API says back to us.

storEDGE echoes the request in `meta.parameters` and may quote a value in an error message. Hidden
is what stands in a text as a word of its own, escaped or not: the code 34196 in "34196-B" and in
"%2234196%22", but not in "341960".
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.spellings import ESCAPE, spellings

__all__ = ["HIDDEN", "Redactor"]

HIDDEN = "•••"
_TELLING = re.compile(r"[^\W_]")
# Letters and digits; whatever else stands in a code stands between them.
_WORD = re.compile(rf"{ESCAPE}|[^\W_]+")


class Redactor:
    """Replaces every secret that it has learnt; safe to share between threads.

    A text is looked through once, however many secrets there are.
    """

    def __init__(self) -> None:
        self._by_word: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def learn(self, secrets: Mapping[str, Mapping[str, Any]]) -> None:
        """Secrets by unit key and field, about to be sent."""
        codes = {str(value) for fields in secrets.values() for value in fields.values()}
        # What holds neither a letter nor a digit opens nothing, and would hide every dash.
        telling = filter(_TELLING.search, codes)
        values = {spelling for code in telling for spelling in spellings(code)}
        with self._lock:
            for value in values:
                if word := _WORD.search(value):
                    self._by_word.setdefault(word[0].casefold(), set()).add(value)

    def __call__(self, text: str) -> str:
        """The text with every secret in it hidden."""
        with self._lock:
            places = list(self._places(text))
        shown, end = [], 0
        for start, stop in places:
            shown += [text[end:start], HIDDEN]
            end = stop
        return "".join([*shown, text[end:]])

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        end = 0
        for word in _WORD.finditer(text):
            secrets = self._by_word.get(word[0].casefold(), ())
            stops = [_stop(secret, text, word.start()) for secret in secrets]
            if word.start() >= end and (end := max([end, *stops])) > word.start():
                yield word.start(), end


def _stop(secret: str, text: str, start: int) -> int:
    """Where a secret ends whose first word starts here; 0 when it is another one."""
    first = _WORD.search(secret)
    told = secret[first.start() :] if first else secret
    stop = start + len(told)
    runs_on = told[-1:].isalnum() and text[stop : stop + 1].isalnum()
    return stop if not runs_on and text[start:stop].casefold() == told.casefold() else 0
