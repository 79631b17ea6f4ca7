"""What was sent may be sent again to whom is there, and makes, retires or returns nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.transforms.test_undo import KNOWN, SCHEMA, change
from transforms import sent
from transforms.former import Former
from transforms.plan import Change, KnownGroup, KnownUnit
from transforms.sent import Again, again


def judged(one: Change, known: KnownUnit | KnownGroup | None = KNOWN) -> Again:
    return again(one, known, SCHEMA, {"10x10"})


def test_a_unit_that_was_made_is_updated_in_the_group_that_it_was_made_in() -> None:
    made = change(
        action="create",
        group="10x10",
        after={"name": "A1", "standard_rate": 100, "walk_thru_order": 1, "floor": None},
    )

    fields = {"name": "A1", "standard_rate": 100, "unit_group": "10x10"}
    assert Again(Former("unit", "u1", fields)) == judged(made)


def test_an_update_moves_nobody() -> None:
    update = change(group="10x10", after={"standard_rate": 100})

    assert Again(Former("unit", "u1", {"standard_rate": 100})) == judged(update)


@pytest.mark.parametrize(
    ("one", "known", "reason"),
    [
        (change(action="create", after={"name": "A1"}), None, sent.UNKNOWN),
        (change(action="retire", after={"rentable": False}), KNOWN, sent.RETIREMENT),
        (change(after={"standard_rate": 1}), replace(KNOWN, retired=True), sent.RETIRED),
        (change(after={"combination_lock_number": "hmac:1"}), KNOWN, sent.LOCK_CODE),
        (change(action="move", group="5x5", after={"unit_group": "5x5"}), KNOWN, sent.GROUPLESS),
    ],
)
def test_what_is_not_sent_again_says_why(one: Change, known: KnownUnit | None, reason: str) -> None:
    assert Again(None, (reason,)) == judged(one, known)


def test_of_a_group_all_but_its_attributes_is_sent_again() -> None:
    group = KnownGroup("10x10", "g-1", "new", {"name": "new"})
    after: dict[str, Any] = {"name": "new", "reference_unit": "u1", "reference_attributes": {}}

    former = judged(change(entity="group", key="10x10", after=after), group).former

    assert Former("group", "10x10", {"name": "new", "reference_unit": "u1"}) == former
