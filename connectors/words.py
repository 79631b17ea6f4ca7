"""The API's own words: what a person should read of an error reply.

Understood are the envelopes that the vendors are known to send (contracts A.2 and B.2): Travtus'
`error`, Django's field maps, storEDGE's `meta.message`, `error_hash` and `errors`, plain text and
HTML pages. Records that a reply echoes are never quoted, since they hold lock codes and tenants.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from connectors.spellings import ESCAPE, spellings

__all__ = ["Redact", "error_type_of", "hide", "tidy", "words_of", "words_of_text"]

Redact = Callable[[str], str]

# Enough for fifty offenders with a sentence each; the whole reply stays in the error's `body`.
LONGEST = 2_000
# What stands where a credential stood.
HIDDEN = "…"
# Deeper than any known envelope; what lies deeper is not meant for people.
DEEPEST = 6

# Keys that hold records or machine matters, not words.
_NOT_WORDS = frozenset({"units", "unit", "unit_groups", "unit_group", "communities", "last_id"})
# Keys whose text speaks for itself, without being told the key.
_UNLABELLED = frozenset(
    {"message", "detail", "error_description", "non_field_errors", "error", "errors", "error_hash"}
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def words_of(body: Mapping[str, Any]) -> str:
    """The sentences of a JSON reply, one after the other."""
    return "; ".join(dict.fromkeys(_sentences(body)))


def error_type_of(body: Mapping[str, Any]) -> str | None:
    """The machine's name of the error: Travtus' `error.type`, or OAuth's `error`."""
    error = body.get("error")
    if isinstance(error, Mapping):
        error = error.get("type")
    return error if isinstance(error, str) else None


def words_of_text(text: str) -> str:
    """The words of a reply that is not JSON: the title of a page, or the text itself."""
    return title_of(text) if text.lstrip().startswith("<") else text


def title_of(text: str) -> str:
    """The title of an HTML page; nothing else of it is worth reading, or safe to keep."""
    found = _TITLE.search(text)
    return html.unescape(found.group(1)) if found else ""


def hide(secrets: Iterable[str], text: str) -> str:
    """The text with each secret that stands in it as a word replaced, escaped or not."""
    for secret in filter(None, secrets):
        for form in sorted(spellings(secret), key=len, reverse=True):
            # Nearly all are not there, and a pattern for each of 100,000 lock codes is not free.
            if form.casefold() not in text.casefold():
                continue
            text = re.sub(
                rf"({ESCAPE}|(?<!\w)){re.escape(form)}(?!\w)",
                rf"\1{HIDDEN}",
                text,
                flags=re.IGNORECASE,
            )
    return text


def tidy(text: str, redact: Redact) -> str:
    """On one line, without secrets, and short; redacted before it is cut, never after."""
    return " ".join(redact(text).split())[:LONGEST]


def _sentences(body: Mapping[str, Any]) -> Iterator[str]:
    meta = body.get("meta")
    if isinstance(meta, Mapping):
        for key in ("message", "errors", "error_hash"):
            yield from _spoken(meta.get(key), _label("", key), DEEPEST)
    for key, value in body.items():
        if key != "meta" and key not in _NOT_WORDS:
            yield from _spoken(value, _label("", key), DEEPEST)


def _spoken(value: object, label: str, depth: int) -> Iterator[str]:
    if depth == 0 or value is None or isinstance(value, bool):
        return
    if isinstance(value, Mapping):
        yield from _spoken_mapping(value, label, depth)
    elif isinstance(value, list):
        for item in value:
            yield from _spoken(item, label, depth - 1)
    elif str(value):
        yield f"{label}: {value}" if label else str(value)


def _spoken_mapping(value: Mapping[str, Any], label: str, depth: int) -> Iterator[str]:
    message = value.get("message")
    if isinstance(message, str):
        who = value.get("name") or value.get("id")
        yield ": ".join(part for part in (label, str(who or ""), message) if part)
        return
    for key, item in value.items():
        yield from _spoken(item, _label(label, key), depth - 1)


def _label(label: str, key: str) -> str:
    if key in _UNLABELLED:
        return label
    return f"{label}.{key}" if label else key
