"""How names, values and numbers are written on a page that people read in a browser.

Promises that text from outside is escaped, isolated (a right-to-left name does not turn the line
around) and short, and that a lock code is never shown, nor its hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from flows.unseen import UNSEEN
from transforms.cells import HIDDEN
from transforms.secrets import MARK

# A name of 10,000 characters must not push everything else off the page; the whole of an ordinary
# long one shows when one points at it.
_SHOWN_CHARACTERS = 80
_TITLE_CHARACTERS = 1_000
# What an API or a guardrail says is read as a sentence, so more of it stands on the page: the
# longest of a guardrail, which ends with the command to type, has some 480 characters.
SENTENCE_CHARACTERS = 600
_BDI, _END = Markup("<bdi>"), Markup("</bdi>")
_COMMAND = re.compile(r'unitsync allow .+ --reason "…"|--confirm [^=]+=\S+')


def clip(value: Any, most: int = _SHOWN_CHARACTERS) -> Markup:
    """A text or value on its own: escaped, isolated and cut."""
    text = shown(value)
    if len(text) <= most:
        return _BDI + text + _END  # `+` escapes, and is four times as fast as `format`
    return Markup('<bdi title="{}">{}</bdi>').format(
        _cut(text, _TITLE_CHARACTERS), _cut(text, most)
    )


def sentence(text: str) -> Markup:
    """Words of an API or a message of ours; a command in it is marked, and picked with a click."""
    found = _COMMAND.search(text)
    if found is None:
        return clip(text, SENTENCE_CHARACTERS)
    command = Markup('<code class="command">{}</code>').format(visible(found[0]))
    around = (text[: found.start()], text[found.end() :])
    before, after = (clip(part, SENTENCE_CHARACTERS) if part else "" for part in around)
    return before + command + after


def parted(text: str) -> tuple[str, str]:
    """What a message says, and the command in it, if there is one; not what leads over to it."""
    found = _COMMAND.search(text)
    if found is None:
        return text, ""
    return text[: found.start()].rpartition("; ")[0] or text, found[0]


def shown(value: Any) -> str:
    """A value of a payload for a person; what is absent and what is empty can be told apart."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return HIDDEN if value.startswith(MARK) else value.translate(UNSEEN) or "empty"
        case list():
            return ", ".join(map(shown, value)) or "an empty list"
        case dict():
            return f"({', '.join(f'{name}: {shown(inner)}' for name, inner in value.items())})"
    return str(value)


def visible(text: str) -> str:
    """The text with what is not seen but acts replaced."""
    return text.translate(UNSEEN)


def number(count: int) -> str:
    """`2,364`."""
    return f"{count:,}"


def counted(count: int, noun: str) -> str:
    """`1 unit`, `2,364 units`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = [*parts] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def span(seconds: float) -> str:
    """How long something took: `0.8 s`, `45 s`, `3 min 12 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, rest_minutes = divmod(minutes, 60)
    return _largest_two(((hours, "h"), (rest_minutes, "min"), (rest, "s")))


def _largest_two(parts: Sequence[tuple[int, str]]) -> str:
    first = next((place for place, (amount, _) in enumerate(parts) if amount), len(parts) - 1)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
