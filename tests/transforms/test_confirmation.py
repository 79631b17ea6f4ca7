"""What a reading contradicts of what was confirmed: every field that it shows, and no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.inventory import MASK, STOREDGE, TRAVTUS
from transforms import storedge
from transforms.change import GROUP_FIELD
from transforms.confirmation import contradictions
from transforms.group import ATTRIBUTES, REFERENCE
from transforms.plan import Change, Live, LiveGroup, LiveUnit
from transforms.settle import Identities

KNOWN = Identities({"k1": "u1", "k2": "u2"}, {"g1": "uuid-1", "g2": "uuid-2"})
CODE, OTHER_CODE = MASK.hashed("1234"), MASK.hashed("9876")
SENT: dict[str, Any] = {
    "name": "A1",
    "width": 10,
    "standard_rate": 104.99,
    "rentable": True,
    "combination_lock_number": CODE,
    "walk_thru_order": 3,
    "tax_rates": ["t"],
}
READ = {name: value for name, value in SENT.items() if STOREDGE.fields[name].readable}


def create(group: str | None = None, **after: Any) -> Change:
    fields = {**SENT, **after}
    return Change("unit", "F1", "k1", "A1", "create", {}, fields, group=group, whole=fields)


def update(group: str | None = None, **after: Any) -> Change:
    action = "move" if GROUP_FIELD in after else "update"
    return Change("unit", "F1", "k1", "A1", action, {}, after, remote_id="u1", group=group)


def group(**after: Any) -> Change:
    return Change("group", "F1", "g1", "Large", "update", {}, after, remote_id="uuid-1")


def live(place: str | None = None, **read: Any) -> Live:
    return Live("F1", (LiveUnit("u1", "A1", {**READ, **read}, place, "vacant"),))


def live_group(name: str = "Large", **read: Any) -> Live:
    return Live("F1", (), (LiveGroup("uuid-1", name, read),))


def said(change: Change, reading: Live, schema=STOREDGE) -> list[str]:
    return list(contradictions([change], reading, KNOWN, schema))


def test_what_reads_as_it_was_confirmed_is_no_contradiction() -> None:
    assert said(create(), live()) == []


def test_a_field_that_reads_otherwise_is_told_on_both_sides() -> None:
    assert said(update(standard_rate=120), live(standard_rate=100)) == [
        "unit 'A1' (k1) reads otherwise: standard_rate was confirmed as 120 and is 100 live"
    ]


def test_a_field_that_is_not_live_at_all_is_told() -> None:
    (words,) = said(update(floor=2), live())

    assert words.endswith("floor was confirmed as 2 and is nothing live")


def test_null_reads_as_empty() -> None:
    assert said(update(attribute_description=""), live()) == []


def test_a_unit_that_is_not_live_is_told() -> None:
    assert said(create(), Live("F1", ())) == ["unit 'A1' (k1) was confirmed and is not live"]


def test_what_this_run_did_not_send_is_not_compared() -> None:
    assert said(update(standard_rate=120), live(standard_rate=120, width=99)) == []


@pytest.mark.parametrize("name", ["walk_thru_order", "tax_rates", "overlock_lock_number"])
def test_what_no_reading_shows_is_not_compared(name: str) -> None:
    assert said(create(**{name: "sent"}), live(**{name: "read"})) == []


def test_a_rate_that_tiers_decide_is_not_compared() -> None:
    tiered = storedge.schema(tiered=True)

    assert said(update(standard_rate=120), live(standard_rate=100), tiered) == []


def test_a_lock_code_is_compared_and_never_shown() -> None:
    (words,) = said(create(), live(combination_lock_number=OTHER_CODE))

    assert "combination_lock_number was confirmed as ••• and is ••• live" in words
    assert "hmac" not in words


def test_a_travtus_unit_is_compared_as_the_whole_that_was_sent() -> None:
    whole = {"external_ref": "r", "sqft": 700, "number_of_bathrooms": 2, "unit_number": "1"}
    change = replace(update(sqft=700), whole=whole)
    unit = LiveUnit("u1", "1", {"sqft": 700, "number_of_bathrooms": 1, "unit_number": "7"})

    (words,) = said(change, Live("F1", (unit,)), TRAVTUS)

    assert "unit_number was confirmed as 1 and is 7 live" in words


@pytest.mark.parametrize(
    ("change", "place", "agrees"),
    [
        (create(group="g1"), "uuid-1", True),
        (create(group="g1"), "uuid-2", False),
        (create(group="g1"), None, False),
        (create(), "uuid-2", True),
        (update("g2", **{GROUP_FIELD: "g2"}), "uuid-2", True),
        (update("g2", **{GROUP_FIELD: "g2"}), "uuid-1", False),
        (update(None, **{GROUP_FIELD: None}), None, True),
        (update(None, **{GROUP_FIELD: None}), "uuid-1", False),
        (update("g1", standard_rate=104.99), "uuid-2", True),
    ],
)
def test_a_unit_stands_where_it_was_put(change: Change, place: str | None, agrees: bool) -> None:
    assert (said(change, live(place)) == []) is agrees


def test_a_group_in_the_wrong_place_is_told_by_ids() -> None:
    (words,) = said(create(group="g1"), live("uuid-2"))

    assert words.endswith("its group was confirmed as uuid-1 and is uuid-2 live")


@pytest.mark.parametrize(
    ("after", "reading", "agrees"),
    [
        ({"name": "Large"}, live_group(), True),
        ({"name": "Larger"}, live_group(), False),
        ({REFERENCE: "k2", ATTRIBUTES: {}}, live_group(reference_unit_id="u2"), True),
        ({REFERENCE: "k2"}, live_group(reference_unit_id="u1"), False),
        ({REFERENCE: "k2"}, live_group(), False),
        ({"fully_enclosed": True}, live_group(fully_enclosed=False), False),
        ({"fully_enclosed": True}, live_group(), True),
        ({"name": "Large"}, Live("F1", ()), False),
    ],
)
def test_a_group_is_compared_by_what_a_listing_shows(
    after: dict[str, Any], reading: Live, agrees: bool
) -> None:
    assert (said(group(**after), reading) == []) is agrees


READABLE = sorted(set(READ) - {"name"})


@given(st.sets(st.sampled_from(READABLE)), st.sets(st.sampled_from(READABLE)))
def test_exactly_what_was_sent_and_reads_otherwise_is_told(sent: set[str], moved: set[str]) -> None:
    change = update(**{name: SENT[name] for name in sent})
    reading = live(**dict.fromkeys(moved, "something else"))

    told = said(change, reading)

    assert len(told) == len(sent & moved)
    assert all(any(f": {name} was" in words for words in told) for name in sent & moved)
