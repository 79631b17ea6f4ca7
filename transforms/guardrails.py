"""The settings of the guardrails: how much of a scope one night may change before a person looks.

A share is kept as a fraction (`0.1` is ten per cent); None switches a guardrail off. Settings
only: `transforms.guard` judges by them.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

_NUMBER = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_PERCENT = re.compile(rf"({_NUMBER})\s*%\Z")
_FRACTION = re.compile(rf"-?(?:{_NUMBER})\Z")

# A rate may more than double, so its guardrail reaches further than a share of units does.
_MOST_OF_A_RATE: Final = 10.0

_JSON_SCHEMA: Final = {
    "anyOf": [
        {"type": "string", "pattern": rf"^\s*({_NUMBER})\s*%\s*$"},
        {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        {"type": "null"},
    ]
}


def _fraction(value: Any, most: float) -> float | None:
    if value is None:
        return None
    text = "" if isinstance(value, bool) else str(value).strip()
    percent = _PERCENT.match(text)
    if percent and float(percent[1]) / 100 <= most:
        return float(percent[1]) / 100
    if percent:
        raise _fault(most, f"{most:.0%} is the most")
    if not _FRACTION.match(text):
        raise _fault(most, 'write "10%", or null to switch it off')
    return _unsigned(float(text), text, most)


def _unsigned(number: float, text: str, most: float) -> float:
    """A number without a % sign is a fraction; `1` could mean 1% as well as 100%."""
    if number < 0:
        raise _fault(most, "it cannot be less than 0%")
    if number >= 1:
        raise _fault(most, f'did you mean "{text}%"?')
    return number


def _fault(most: float, hint: str) -> PydanticCustomError:
    allowed = f"a percentage from 0% to {most:.0%}, a fraction such as 0.1, or null (off)"
    return PydanticCustomError("share", "{allowed}", {"allowed": allowed, "hint": hint})


def _share(value: Any) -> float | None:
    return _fraction(value, 1.0)


def _rate_share(value: Any) -> float | None:
    return _fraction(value, _MOST_OF_A_RATE)


Share = Annotated[float | None, BeforeValidator(_share), WithJsonSchema(_JSON_SCHEMA)]
RateShare = Annotated[float | None, BeforeValidator(_rate_share), WithJsonSchema(_JSON_SCHEMA)]


class Guardrails(BaseModel):
    """How much of a scope one night may change before a person must allow it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_missing: Share = Field(
        default=0.10,
        description="Share of a scope's known units that may be missing from the source; also the "
        "share by which an extract may shrink against the last accepted one. null: off.",
    )
    max_updates: Share = Field(
        default=0.50,
        description="Share of a scope's known units that one night may update. null: off.",
    )
    max_rejected: Share = Field(
        default=0.20, description="Share of a scope's units that validation may reject. null: off."
    )
    max_rate_change: RateShare = Field(
        default=None,
        description="How far one unit's rate may move; holds that unit. Off unless set.",
    )
    at_least: int = Field(
        default=20, ge=0, description="Shares trip only when at least so many units are concerned."
    )
