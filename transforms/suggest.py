"""Which live unit a unit of the source may be that no name or reference ties to it.

A suggestion is for a person to confirm: the two look alike, and nobody else looks like either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from transforms.plan import Change, LiveUnit, Payload
from transforms.schema import TargetSchema

# What one sees of a unit: size, floor and rate, or rooms and area.
LOOKS = {
    "storedge": ("width", "length", "floor", "standard_rate"),
    "travtus": ("number_of_bedrooms", "number_of_bathrooms", "sqft"),
}

T = TypeVar("T")


def suggested(
    creates: Iterable[Change], live: Iterable[LiveUnit], schema: TargetSchema
) -> dict[str, LiveUnit]:
    """By unit key the one live unit that looks like it, where it alone looks so."""
    names = LOOKS[schema.target]
    wanted = _by_looks(((change.after, change) for change in creates), names)
    found = _by_looks(((unit.payload, unit) for unit in live), names)
    return {
        changes[0].key: found[looks][0]
        for looks, changes in wanted.items()
        if len(changes) == len(found.get(looks, ())) == 1
    }


def _by_looks(
    things: Iterable[tuple[Payload, T]], names: tuple[str, ...]
) -> Mapping[tuple[Any, ...], list[T]]:
    """What has no looks at all is like nobody."""
    alike: defaultdict[tuple[Any, ...], list[T]] = defaultdict(list)
    for payload, thing in things:
        looks = tuple(payload.get(name) for name in names)
        if any(value is not None for value in looks):
            alike[looks].append(thing)
    return alike
