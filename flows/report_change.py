"""What of a change is shown: the fields that say most, and how many more there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from state.run_details import ChangeLine
from transforms.canonical import flatten
from transforms.plan import Payload

# A created unit has some twenty fields; these say most, and stand first.
_FIELDS_SHOWN = 6
_FIRST_FIELDS = (
    *("name", "standard_rate", "width", "length", "unit_group", "rentable"),
    *("unit_number", "number_of_bedrooms", "number_of_bathrooms", "sqft"),
)


@dataclass(frozen=True)
class FieldChange:
    """One field, before and after; a created one has no before."""

    name: str
    after: Any
    before: Any = None
    had_before: bool = False


def fields_of(line: ChangeLine) -> tuple[tuple[FieldChange, ...], int]:
    """The fields that say most first, and how many are not shown; a created unit's own name stands
    beside it already."""
    created = line.action == "create"
    before, after = ({}, line.after) if created else _differing(line.before, line.after)
    names = [name for name in _FIRST_FIELDS if name in after]
    names += [name for name in after if name not in _FIRST_FIELDS]
    if created and "name" in names:
        names.remove("name")
    told = names[:_FIELDS_SHOWN]
    fields = (FieldChange(name, after[name], before.get(name), not created) for name in told)
    return tuple(fields), len(names) - len(told)


def _differing(before: Payload, after: Payload) -> tuple[Payload, Payload]:
    """The fields of objects on their own, as far as they differ: the rest would hide them."""
    if not any(isinstance(value, dict) for value in after.values()):
        return before, after
    old, new = flatten(before), flatten(after)
    return old, {name: new.get(name) for name in {**new, **old} if old.get(name) != new.get(name)}
