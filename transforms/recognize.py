"""Whether an inventory is storage or apartments, by what its columns are called and hold."""

from __future__ import annotations

from typing import Final

from transforms.proposal import Proposal
from transforms.proposal_apartments import propose_apartments
from transforms.proposal_storage import propose_storage
from transforms.shapes import is_bed_bath, is_size
from transforms.survey import Survey

PROPOSERS: Final = {"storedge": propose_storage, "travtus": propose_apartments}
# Roles that only one kind of inventory has.
_OWN: Final = {
    "storedge": frozenset(
        {
            "width",
            "length",
            "door_width",
            "door_height",
            "door_type",
            "access_type",
            "combination_lock_number",
            "overlock_lock_number",
            "walk_thru_order",
            "size",
        }
    ),
    "travtus": frozenset(
        {
            "number_of_bedrooms",
            "number_of_bathrooms",
            "full_baths",
            "half_baths",
            "bed_bath",
            "sqft",
            "has_flex_wall",
            "address_line_1",
            "postal_code",
            "building_name",
        }
    ),
}


def recognize(survey: Survey) -> tuple[str, bool]:
    """The target that the inventory is for, and whether that is beyond doubt."""
    points = {target: _points(survey, target) for target in PROPOSERS}
    best, other = sorted(points, key=lambda target: points[target], reverse=True)
    return best, points[best] >= points[other] + 2


def propose(survey: Survey, target: str) -> Proposal:
    """The whole mapping for a target (`storedge`, `travtus`)."""
    return PROPOSERS[target](survey)


def _points(survey: Survey, target: str) -> int:
    own = {match.role for _, match in survey.matches(target) if match.sure} & _OWN[target]
    sizes = [column.cells for column in survey.columns.values() if is_size(column.cells)]
    rooms = any(map(is_bed_bath, sizes))
    return len(own) + 2 * (bool(sizes) and rooms is (target == "travtus"))
