"""How values become text in the file: payloads, times, and the seal of a row.

Promises that one value has one text, so that a seal computed again is the same seal. A flipped
byte in a payload passes SQLite's own `integrity_check`; only the seal sees it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

# 64 bits: enough to see damage (this is no defence against a forger, who could seal again).
_SEAL_BYTES = 8
_SEPARATOR = "\x1f"
# Built once: `json.dumps` with options builds an encoder per call, half the time of a large plan.
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)


def to_json(value: Mapping[str, Any] | list[Any] | tuple[Any, ...]) -> str:
    """The one text of a payload or list. NaN and infinity are refused: no API takes them."""
    return _ENCODER.encode(value)


def to_text(moment: datetime) -> str:
    """A moment as UTC text. A naive one is refused: nobody knows what it means."""
    if moment.tzinfo is None:
        raise ValueError("the state keeps aware times only")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_moment(text: str | None) -> datetime | None:
    """The moment that `to_text` wrote."""
    return None if text is None else datetime.fromisoformat(text)


def storable(text: str) -> str:
    """Text that SQLite can hold: a lone surrogate of a damaged source becomes its escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def seal(columns: Iterable[str | int | None]) -> str:
    """The fingerprint of a stored row, over its columns in order."""
    text = _SEPARATOR.join("\x00" if column is None else str(column) for column in columns)
    return blake2b(text.encode(), digest_size=_SEAL_BYTES).hexdigest()
