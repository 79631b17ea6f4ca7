"""Templates such as `{dcWidth:g}x{dcLength:g} {sTypeName}`: columns, some of them as numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter

NUMBER_SPEC = re.compile(r"[^{}]*[deEfFgG%]")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a template: literal text, then perhaps a column with a number format."""

    literal: str
    column: str | None
    spec: str


def is_template(text: str) -> bool:
    """Whether a setting that may be a column is a template instead."""
    return "{" in text or "}" in text


def parts_of(template: str) -> tuple[Part, ...]:
    """The pieces of a template; a ValueError says what is wrong with it."""
    try:
        pieces = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(
            f"the template {template!r} is not well formed: {error}; write {{column}} or "
            "{column:g} with both braces, and {{ for a brace that is meant"
        ) from None
    parts = tuple(_part(template, *piece) for piece in pieces)
    if not columns_of(parts):
        raise ValueError(f"the template {template!r} names no column; write {{column}}, or a const")
    return parts


def columns_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """The columns that a template needs, each once."""
    return tuple(dict.fromkeys(part.column for part in parts if part.column is not None))


def formatted(number: float, spec: str) -> str:
    """A number by its format; `d` takes whole numbers only and says so by a ValueError."""
    return format(int(number) if spec.endswith("d") and number.is_integer() else number, spec)


def _part(
    template: str, literal: str, column: str | None, spec: str | None, conversion: str | None
) -> Part:
    if column == "":
        raise ValueError(f"the template {template!r} has empty braces; name the column in them")
    if conversion:
        raise ValueError(f"the template {template!r} has !{conversion}; write {{column:spec}}")
    if spec:
        _check_spec(template, spec)
    return Part(literal, column, spec or "")


def _check_spec(template: str, spec: str) -> None:
    try:
        if NUMBER_SPEC.fullmatch(spec):
            formatted(1.0, spec)
            return
    except ValueError:
        pass
    raise ValueError(
        f"the template {template!r} has the format {spec!r}; use one for numbers, "
        "such as g (10), d (10), .2f (10.00), or none for text"
    )
