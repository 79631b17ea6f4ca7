"""What a proposed configuration leaves open, and where a person finds what belongs there.

An id that only the vendor knows and a size that no column holds are never invented: `FILL_IN`
stands in their place, and a configuration with one in it is refused before anything is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from transforms.schema import Field, TargetSchema

GAP: Final = "FILL_IN"

_FEET: Final = "the number of feet, of every unit alike, or the column that holds it"
_CURES: Final = {
    ("storedge", "scope"): (
        "the facility's id: your operator gave it with the API key, and "
        "GET /v1/companies/COMPANY/facilities/short lists the id of each"
    ),
    ("travtus", "scope"): (
        "the reference of the community (or Travtus' own id, with group_by: group_id), as Travtus "
        "gave it with your credentials"
    ),
    ("storedge", "fields.unit_type"): (
        "storEDGE's id of this unit type: it lists none, but each unit that "
        "GET /v1/FACILITY/units returns has one in unit_type.id, with its name; once the facility "
        "is filled in, `unitsync check` shows them"
    ),
    ("storedge", "key"): "the column that holds your own id of a unit, or its name",
    ("travtus", "key"): "the column that holds your own id of a unit, or its number",
    ("storedge", "fields.name"): "the column that holds the name of a unit",
    ("storedge", "fields.tax_rates"): "storEDGE's ids of the tax rates of the facility",
    ("storedge", "fields.tier"): (
        "storEDGE's id of the tier, or tiered_pricing: false if rates come from no tiers"
    ),
    ("storedge", "fields.width"): _FEET,
    ("storedge", "fields.length"): _FEET,
    ("storedge", "fields.height"): _FEET,
    ("storedge", "fields.door_width"): _FEET,
    ("storedge", "fields.door_height"): _FEET,
    ("storedge", "fields.door_type"): "none, roll_up or swing",
    ("storedge", "fields.access_type"): "indoor or outdoor",
    ("storedge", "fields.standard_rate"): "the column that holds the asking rate",
    ("travtus", "fields.address.address_line_1"): (
        "the street and number of the community, or the column that holds them"
    ),
    ("travtus", "fields.number_of_bathrooms"): "how many bathrooms are meant, a whole number",
    ("travtus", "fields.number_of_bedrooms"): "how many bedrooms are meant, a whole number",
}


def cure(target: str, setting: str) -> str:
    """Where to find what belongs at `setting` (`scope`, `fields.unit_type`, or something in it)."""
    found = [
        text
        for (of, name), text in _CURES.items()
        if of == target and (setting == name or setting.startswith(f"{name}."))
    ]
    return found[0] if found else "the value that is meant"


def count_gaps(value: Any) -> int:
    """How many gaps there are in a setting and in all that it holds."""
    if isinstance(value, dict):
        return sum(map(count_gaps, value.values()))
    return int(bool(value == GAP))


def filled(settings: Mapping[str, Any], schema: TargetSchema) -> dict[str, Any]:
    """The settings with something that fits in each gap, to see how the rows would fare."""
    fields = {name: _filled(spec, schema.fields[name]) for name, spec in settings["fields"].items()}
    scope = settings["scope"]
    if isinstance(scope, dict) and "values" in scope:
        scope = {**scope, "values": {text: text for text in scope["values"]}}
    return {**settings, "scope": scope, "fields": fields}


def _filled(value: Any, field: Field) -> Any:
    if isinstance(value, dict):
        return {name: _filled(item, field) for name, item in value.items()}
    if value != GAP:
        return value
    if field.choices:
        return field.choices[0]
    stand_ins: dict[str, Any] = {"text": GAP, "ids": [GAP], "boolean": True}
    return stand_ins.get(field.type, 1)
