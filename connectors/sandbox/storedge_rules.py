"""What storEDGE accepts in a unit or a unit group: types, enumerations and the meanings of null.

Nothing here knows about facilities; rules that need one live in `storedge_units` and
`storedge_groups`. An unknown field is refused, because a silent one would hide a typing error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Check = Callable[[object], str | None]
Meaning = Literal["refused", "keep", "clear"]

LARGEST_NUMBER = 1e12  # far above any rate; JSON itself allows 1e999
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
DOOR_TYPES = ("none", "roll_up", "swing")
ACCESS_TYPES = ("indoor", "outdoor")


def is_text(value: object) -> str | None:
    """Any string, also an empty one."""
    return None if isinstance(value, str) else "must be a String"


def is_filled_text(value: object) -> str | None:
    """A string with something in it."""
    if isinstance(value, str) and not value.strip():
        return "can't be blank"
    return is_text(value)


def is_integer(value: object) -> str | None:
    """A JSON integer: neither a decimal nor a boolean."""
    ok = isinstance(value, int) and not isinstance(value, bool)
    return None if ok else "must be a Integer"


def is_number(value: object) -> str | None:
    """A JSON number. The seeds call these fields Integer and send 764.95 (contracts S18)."""
    is_numeric = isinstance(value, int | float) and not isinstance(value, bool)
    ok = is_numeric and abs(_number(value)) <= LARGEST_NUMBER
    return None if ok else "must be a Integer"


def above_zero(value: object) -> str | None:
    """A number that a dimension can have."""
    return is_number(value) or (None if _number(value) > 0 else "must be greater than 0")


def not_negative(value: object) -> str | None:
    """A number that a rate, or a door that is not there, can have."""
    return is_number(value) or (
        None if _number(value) >= 0 else "must be greater than or equal to 0"
    )


def is_boolean(value: object) -> str | None:
    """One of true, false, 1, 0, as JSON values or as text."""
    return None if _boolean_key(value) in BOOLEANS else "must be one of: true, false, 1, 0"


def is_texts(value: object) -> str | None:
    """A list of strings."""
    ok = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return None if ok else "must be an array of String"


def is_objects(value: object) -> str | None:
    """A list of JSON objects."""
    ok = isinstance(value, list) and all(isinstance(item, dict) for item in value)
    return None if ok else "must be an Array of nested elements"


def one_of(*choices: str) -> Check:
    """A check for an enumeration."""

    def check(value: object) -> str | None:
        return None if value in choices else f"must be one of: {', '.join(choices)}"

    return check


@dataclass(frozen=True, slots=True)
class Rule:
    """One field: its check, whether a create needs it, and what null means on each call.

    On a create `keep` leaves the default, which is what an omitted field gets too.
    """

    check: Check
    required: bool = False
    null_on_create: Meaning = "refused"
    null_on_update: Meaning = "refused"

    def null_means(self, *, creating: bool) -> Meaning:
        """What a null does in this kind of call."""
        return self.null_on_create if creating else self.null_on_update


_OPTIONAL_TEXT = Rule(is_text, null_on_update="clear")
_IDS = Rule(is_texts, null_on_update="keep")  # [] deletes all values, null keeps them

CREATE_RULES: Mapping[str, Rule] = {
    "name": Rule(is_filled_text, required=True),
    "width": Rule(above_zero, required=True),
    "length": Rule(above_zero, required=True),
    "height": Rule(above_zero, required=True),
    "door_height": Rule(not_negative, required=True),
    "door_width": Rule(not_negative, required=True),
    "door_type": Rule(one_of(*DOOR_TYPES), required=True),
    "access_type": Rule(one_of(*ACCESS_TYPES), required=True),
    "standard_rate": Rule(not_negative, required=True),
    "walk_thru_order": Rule(is_integer, required=True),
    "unit_type": Rule(is_filled_text, required=True),
    "floor": Rule(is_integer, null_on_create="clear", null_on_update="clear"),
    "rentable": Rule(is_boolean, null_on_update="keep"),
    "combination_lock_number": _OPTIONAL_TEXT,
    "overlock_lock_number": _OPTIONAL_TEXT,
    "attribute_description": _OPTIONAL_TEXT,
    "tax_rates": _IDS,
    "unit_amenities": _IDS,
    "unit_group_id": Rule(is_text, null_on_create="clear", null_on_update="keep"),
    "tier": Rule(is_filled_text, null_on_update="clear"),
    "rank": Rule(is_integer),
    "exclude_from_api": Rule(is_boolean),
}

UPDATE_RULES: Mapping[str, Rule] = {
    **CREATE_RULES,
    "allow_future_move_ins_limit": Rule(is_integer),
    "custom_field_values_attributes": Rule(is_objects, null_on_update="keep"),
}

GROUP_CREATE_RULES: Mapping[str, Rule] = {"name": Rule(is_filled_text, required=True)}

GROUP_UPDATE_RULES: Mapping[str, Rule] = {
    "name": Rule(is_filled_text),
    "reference_unit_id": Rule(is_text),
    "fully_enclosed": Rule(is_boolean),
}

_DECIMALS = frozenset({"width", "length", "height", "door_height", "door_width", "standard_rate"})
_FLAGS = frozenset({"rentable", "exclude_from_api", "fully_enclosed"})


def complaints(
    item: Mapping[str, Any], rules: Mapping[str, Rule], *, creating: bool
) -> Iterator[tuple[str, str]]:
    """Every field of the item that breaks its rule, with the reason."""
    for field in sorted(item.keys() - rules.keys()):
        yield field, "is not a known parameter"
    for field, rule in rules.items():
        if field not in item:
            if creating and rule.required:
                yield field, "is required"
        elif item[field] is None:
            if rule.null_means(creating=creating) == "refused":
                yield field, "can't be null"
        elif complaint := rule.check(item[field]):
            yield field, complaint


def accepted_values(
    item: Mapping[str, Any], rules: Mapping[str, Rule], *, creating: bool
) -> dict[str, Any]:
    """The fields of a valid item as they are stored, without the nulls that mean no change."""
    return {
        field: stored(field, value)
        for field, value in item.items()
        if value is not None or rules[field].null_means(creating=creating) == "clear"
    }


def stored(field: str, value: Any) -> Any:
    """A valid value as the vendor keeps and returns it."""
    if value is None:
        return None
    if field in _DECIMALS:
        return float(value)
    if field in _FLAGS:
        return BOOLEANS[_boolean_key(value)]
    if field == "unit_group_id":
        return value or None  # "" removes the unit from its group
    return tuple(value) if isinstance(value, list) else value


def folded(name: str) -> str:
    """The form in which two names are the same name (contracts S5, S6)."""
    return name.strip().casefold()


def _boolean_key(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} has passed for a number")
    return value
