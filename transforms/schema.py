"""What a target API calls a field, and how each field is typed, required, kept and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FieldType = Literal["text", "number", "money", "integer", "boolean", "ids", "objects"]


@dataclass(frozen=True, slots=True)
class Field:
    """One API field.

    `ids` is a list of text ids, `objects` a list of JSON objects; both travel through frames as
    canonical JSON text. `secret` fields are kept as keyed hashes. `readable` is false for what
    the API never returns. `create_only` fields are sent once and never compared again.
    """

    type: FieldType
    required: bool = False
    choices: tuple[str, ...] = ()
    secret: bool = False
    readable: bool = True
    create_only: bool = False
    above_zero: bool = False
    not_negative: bool = False
    between: tuple[float, float] | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class TargetSchema:
    """The fields of one target API, by flat name, and the rules across the rows of a scope.

    `name_field` must be unique within a scope, trimmed and case-folded. `address_fields`, when
    given, must be distinct within a scope once normalised.
    """

    target: str
    fields: Mapping[str, Field]
    name_field: str | None = None
    address_fields: tuple[str, ...] = ()
    memoised_fields: tuple[str, ...] = ()
    not_compared: frozenset[str] = field(default_factory=frozenset)
    version: str = "1"
