"""The unit of storEDGE: which fields it has, and what each may hold.

The table is seed 003 (`POST units/bulk_create`); what it leaves open follows the contracts.
"""

from __future__ import annotations

from transforms.schema import Field, TargetSchema

DOOR_TYPES = ("none", "roll_up", "swing")
ACCESS_TYPES = ("indoor", "outdoor")

FIELDS: dict[str, Field] = {
    "name": Field("text", required=True, source="seed 003, contracts S5 and S7"),
    "width": Field("number", required=True, above_zero=True, source="seed 003"),
    "length": Field("number", required=True, above_zero=True, source="seed 003"),
    "height": Field("number", required=True, above_zero=True, source="seed 003"),
    "door_width": Field("number", required=True, above_zero=True, source="seed 003"),
    "door_height": Field("number", required=True, above_zero=True, source="seed 003"),
    "door_type": Field("text", required=True, choices=DOOR_TYPES, source="seed 003"),
    "access_type": Field("text", required=True, choices=ACCESS_TYPES, source="seed 003"),
    "standard_rate": Field(
        "money", required=True, not_negative=True, source="seed 003, contracts S18 and S19"
    ),
    "walk_thru_order": Field(
        "integer",
        required=True,
        not_negative=True,
        readable=False,
        create_only=True,
        source="seed 003, contracts S21",
    ),
    "unit_type": Field("text", required=True, source="seed 003"),
    "floor": Field("integer", source="seed 003"),
    "rentable": Field("boolean", source="seed 003"),
    "combination_lock_number": Field("text", secret=True, source="seed 003"),
    "overlock_lock_number": Field(
        "text", secret=True, readable=False, source="seed 003, contracts B.3"
    ),
    "attribute_description": Field("text", source="seed 003"),
    "tax_rates": Field("ids", readable=False, source="seed 003, contracts B.3 and S22"),
    "unit_amenities": Field("ids", source="seed 003"),
    "tier": Field("text", source="seed 003"),
    "rank": Field("integer", not_negative=True, source="seed 003"),
    "exclude_from_api": Field("boolean", readable=False, source="seed 003, contracts B.3"),
}

# The unit attributes of seed 002's list; `area` and `size` are derived from them by storEDGE.
MEMOISED = (
    "access_type",
    "door_height",
    "door_width",
    "floor",
    "height",
    "length",
    "standard_rate",
    "unit_type",
    "width",
)


def schema(tiered: bool = False) -> TargetSchema:
    """The fields of a storEDGE unit.

    With tiered pricing `tier` is required, and `standard_rate`, which storEDGE then requires and
    ignores, is sent but never compared (contracts S19).
    """
    ignored = frozenset({"standard_rate"} if tiered else ())
    return TargetSchema(
        target="storedge",
        fields=FIELDS | {"tier": Field("text", required=tiered, source="seed 003")},
        name_field="name",
        memoised_fields=tuple(name for name in MEMOISED if name not in ignored),
        not_compared=ignored,
    )
