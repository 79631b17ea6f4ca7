"""The inventory at the vendor by size and type, before a run and after it.

Counts what the API has confirmed, whoever lives there: occupancy does not move these numbers, so a
unit that appears, vanishes or leaves the market does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from flows.settings import Pipeline
from flows.summary import Stock
from state.archive import Archive

_FIELDS = {
    "storedge": ("width", "length", "unit_type"),
    "travtus": ("number_of_bedrooms", "number_of_bathrooms"),
}


def inventory(pipeline: str, settings: Pipeline, store: Archive) -> tuple[Stock, ...]:
    """What is known of a pipeline by kind, the small ones first. Travtus does not speak of rentable
    apartments, so there they are None."""
    target = settings.target.kind
    words = _storage(_type_names(settings)) if target == "storedge" else _apartment
    units, rentable = Counter[str](), Counter[str]()
    for one in sorted(store.kinds(pipeline, _FIELDS[target]), key=lambda one: _order(one.values)):
        kind = words(*one.values)
        units[kind] += one.units
        rentable[kind] += one.rentable
    return tuple(
        Stock(kind, count, rentable[kind] if target == "storedge" else None)
        for kind, count in units.items()
    )


def inventory_before(pipeline: str, run_id: str, store: Archive) -> tuple[Stock, ...] | None:
    """What there was when the last run before this one ended; None where that did not count."""
    with store.summaries_before(run_id) as summaries:
        for summary in summaries:
            for one in summary["pipelines"]:
                if one["pipeline"] == pipeline:
                    kept = one.get("inventory")
                    return None if kept is None else tuple(Stock(*stock) for stock in kept)
    return ()


def _order(values: tuple[Any, ...]) -> tuple[tuple[bool, float, str], ...]:
    return tuple(
        (value is None, value if isinstance(value, int | float) else 0, str(value))
        for value in values
    )


def _type_names(settings: Pipeline) -> Mapping[str, str]:
    """What the source calls the vendor's unit types, where the mapping says so."""
    spec = settings.mapping.fields.get("unit_type")
    named = spec.values or {} if spec is not None else {}
    return {str(type_id): name for name, type_id in named.items()}


def _storage(types: Mapping[str, str]) -> Callable[..., str]:
    def words(width: float | None, length: float | None, unit_type: str | None) -> str:
        size = f"{width:g} × {length:g}" if width and length else "size not known"
        return f"{size} {types.get(unit_type, unit_type)}" if unit_type else size

    return words


def _apartment(bedrooms: int | None, bathrooms: int | None) -> str:
    rooms = ((bedrooms, "bedroom"), (bathrooms, "bathroom"))
    told = [f"{count} {noun}{'s' * (count != 1)}" for count, noun in rooms if count is not None]
    return ", ".join(told) or "rooms not known"
