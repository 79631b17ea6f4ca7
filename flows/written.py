"""What the file says at a place: the one way from a place to a problem that may be printed.

Promises: what a problem shows is the text of the file, never what an environment variable put
there, never the password in an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flows.config_errors import Problem
from flows.environment import Expanded
from flows.yaml_file import Document, Place, dotted

# A value is shown shortened: the place says where the rest is.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Written:
    """A document as its author wrote it, beside what its placeholders became."""

    document: Document
    expanded: Expanded

    def at(self, place: Place) -> Any:
        """The value at `place`, placeholders and all; None where there is nothing."""
        return _at(self.document.data, place)

    def value(self, place: Place) -> Any:
        """The value at `place` once expanded; it may be a secret and must not be printed."""
        return _at(self.expanded.data, place)

    def problem(self, place: Place, found: str, allowed: str = "", hint: str = "") -> Problem:
        """A problem at `place`, with its position."""
        line, column = self.document.position(place)
        return Problem(dotted(place), found, allowed, hint, line, column)

    def hide(self, text: str) -> str:
        """What another room says about an expanded value, without that value."""
        return self.expanded.hide(text)

    def place_of(self, location: Iterable[str | int]) -> Place:
        """The place that pydantic means: its names of alternatives are not in the file."""
        place: Place = ()
        value: Any = self.document.data
        steps = list(location)
        for step in steps[:-1]:
            if holds(value, step):
                value, place = value[step], (*place, step)
        inside = isinstance(value, dict) or holds(value, steps[-1])
        return (*place, steps[-1]) if inside else place


def _at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step] if holds(value, step) else None
    return value


def holds(value: Any, step: str | int) -> bool:
    """Whether `value` is a section with the key `step`, or a list with that item."""
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


def show(value: Any) -> str:
    """A value fit to be printed: shortened, and without the password of an address."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a section of settings" if value else "an empty section"
        case list():
            return "a list" if value else "an empty list"
        case str():
            text = re.sub(r"(?<=://)[^/@\s]*@", "…@", value)
            return f'"{text}"' if len(text) <= _SHOWN else f'"{text[:_SHOWN]}…"'
    return str(value)
