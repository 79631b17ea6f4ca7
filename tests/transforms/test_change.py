"""One unit or one group: what differs is in its change, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.inventory import STOREDGE, TRAVTUS
from transforms import storedge
from transforms.change import (
    GROUP_FIELD,
    DesiredUnit,
    changed_fields,
    group_change,
    retirement,
    unit_change,
)
from transforms.group import DesiredGroup
from transforms.plan import KnownGroup, KnownUnit

PAYLOAD = {"name": "A1", "width": 10, "standard_rate": 104.99, "rentable": True}


def row(group: str | None = "g1", **cells) -> DesiredUnit:
    return DesiredUnit(2, "k1", group, "digest", {**PAYLOAD, **cells})


def known(group: str | None = "g1", *, retired: bool = False, **cells) -> KnownUnit:
    return KnownUnit("k1", "id-k1", "A1", group, {**PAYLOAD, **cells}, "old", retired)


def change_of(desired: DesiredUnit, unit: KnownUnit | None, schema=STOREDGE, *, whole=False):
    return unit_change("F1", desired, unit, schema, whole=whole)


def test_a_unit_that_is_not_known_is_created_whole() -> None:
    change = change_of(row(), None)

    assert (change.action, change.key, change.name, change.row) == ("create", "k1", "A1", 2)
    assert change.after == change.whole == PAYLOAD
    assert (change.before, change.group, change.digest) == ({}, "g1", "digest")


def test_a_unit_that_is_as_it_should_be_has_no_change() -> None:
    assert change_of(row(), known()) is None


def test_only_the_fields_that_differ_are_sent_and_what_stood_before_is_told() -> None:
    change = change_of(row(width=12, floor=2), known())

    assert change.action == "update"
    assert (change.before, change.after) == ({"width": 10}, {"width": 12, "floor": 2})
    assert change.remote_id == "id-k1"
    assert change.whole == {}


def test_a_field_of_which_the_source_says_nothing_is_not_touched() -> None:
    assert change_of(row(), known(floor=2, attribute_description="old")) is None


def test_an_empty_text_that_the_source_means_is_sent() -> None:
    change = change_of(row(attribute_description=""), known(attribute_description="old"))

    assert change.after == {"attribute_description": ""}


def test_an_order_is_given_once_and_never_compared() -> None:
    """Contracts S21: `walk_thru_order` may be renumbered by the vendor."""
    assert change_of(row(walk_thru_order=5), known()) is None
    assert change_of(row(walk_thru_order=5), None).after["walk_thru_order"] == 5


def test_under_tiered_pricing_a_rate_never_differs() -> None:
    """Contracts S19: it is required and ignored."""
    tiered = storedge.schema(tiered=True)

    assert change_of(row(standard_rate=1), known(), tiered) is None
    assert change_of(row(standard_rate=1), None, tiered).after["standard_rate"] == 1


def test_a_unit_whose_group_is_another_moves() -> None:
    change = change_of(row("g2", width=12), known())

    assert change.action == "move"
    assert change.group == "g2"
    assert change.after == {"width": 12, GROUP_FIELD: "g2"}
    assert change.before == {"width": 10, GROUP_FIELD: "g1"}


def test_a_unit_that_was_adopted_outside_of_every_known_group_moves_into_its_own() -> None:
    change = change_of(row("g1"), known(None))

    assert change.action == "move"
    assert (change.before, change.after) == ({GROUP_FIELD: None}, {GROUP_FIELD: "g1"})


def test_a_source_that_does_not_speak_of_groups_takes_no_unit_out_of_one() -> None:
    assert change_of(row(None), known("g1")) is None


def test_a_rename_keeps_the_key() -> None:
    change = change_of(row(name="B7"), known())

    assert (change.key, change.name, change.after) == ("k1", "B7", {"name": "B7"})


# Units that were retired


def test_a_retirement_takes_a_unit_off_the_market_and_out_of_nothing() -> None:
    change = retirement("F1", known())

    assert change.action == "retire"
    assert (change.before, change.after) == ({"rentable": True}, {"rentable": False})
    assert (change.group, change.remote_id, change.name) == ("g1", "id-k1", "A1")


def test_a_retired_unit_that_is_back_is_let_again_as_the_source_says() -> None:
    change = change_of(row(), known(retired=True, rentable=False))

    assert change.action == "update"
    assert change.after == {"rentable": True}


def test_it_is_let_again_also_where_the_source_does_not_speak_of_it() -> None:
    """We took it off the market, so it is ours to put it on again."""
    silent = DesiredUnit(2, "k1", "g1", "digest", {"name": "A1", "width": 10})
    change = change_of(silent, known(retired=True, rentable=False))

    assert change.after == {"rentable": True}


def test_a_retired_unit_that_the_source_does_not_let_needs_no_request() -> None:
    unit = known(retired=True, rentable=False)

    assert change_of(row(rentable=False), unit) is None
    assert change_of(row(rentable=False, width=12), unit).after == {"width": 12}


# Whole records, for Travtus


def test_a_travtus_update_carries_the_complete_known_record() -> None:
    """Contracts T8: what is left out of an update may be lost."""
    unit = KnownUnit(
        "k1", "id", "5", None, {"unit_number": "5", "sqft": 400, "has_flex_wall": True}
    )
    desired = DesiredUnit(2, "k1", None, "digest", {"unit_number": "5", "sqft": 500})
    change = change_of(desired, unit, TRAVTUS, whole=True)

    assert change.after == {"sqft": 500}
    assert change.whole == {"unit_number": "5", "sqft": 500, "has_flex_wall": True}


def test_an_apartment_goes_by_its_number_or_else_by_its_key() -> None:
    numbered = DesiredUnit(2, "k1", None, "d", {"unit_number": "5", "sqft": 500})
    nameless = DesiredUnit(2, "k1", None, "d", {"sqft": 500})

    assert change_of(numbered, None, TRAVTUS).name == "5"
    assert change_of(nameless, None, TRAVTUS).name == "k1"


# Groups

GROUP = {"name": "Small", "reference_unit": "k1", "reference_attributes": {"width": 10}}


def group(arrives: bool = False, before: dict | None = None, **said):
    known_group = KnownGroup("g1", "uuid", before["name"], before) if before else None
    return group_change("F1", DesiredGroup("g1", {**GROUP, **said}), known_group, arrives=arrives)


def test_a_group_that_is_not_known_is_created_with_all_that_is_to_be_settled() -> None:
    change = group(arrives=True, fully_enclosed=True)

    assert (change.action, change.remote_id) == ("create", None)
    assert change.after == change.whole == {**GROUP, "fully_enclosed": True}


def test_a_group_that_is_as_it_should_be_has_no_change() -> None:
    assert group(before=GROUP) is None


def test_a_rename_of_a_group_is_nothing_but_a_rename() -> None:
    change = group(before=GROUP, name="Tiny")

    assert (change.action, change.remote_id, change.name) == ("update", "uuid", "Tiny")
    assert (change.before, change.after) == ({"name": "Small"}, {"name": "Tiny"})


def test_a_reference_unit_that_changes_is_asserted_again() -> None:
    """Seed 002: a group copies the attributes only when its reference unit is set."""
    change = group(before=GROUP, reference_attributes={"width": 12})

    assert change.after == {"reference_attributes": {"width": 12}}
    assert change.whole["reference_unit"] == "k1"


def test_an_attribute_of_which_the_source_says_nothing_any_more_is_no_change() -> None:
    before = {**GROUP, "reference_attributes": {"width": 10, "floor": 2}}

    assert group(before=before) is None
    assert group(before=before, reference_attributes={"width": 12}).after == {
        "reference_attributes": {"width": 12, "floor": 2}
    }


def test_another_reference_unit_brings_its_own_attributes() -> None:
    before = {**GROUP, "reference_attributes": {"width": 10, "floor": 2}}
    change = group(before=before, reference_unit="k2")

    assert change.after == {"reference_unit": "k2", "reference_attributes": {"width": 10}}


def test_a_reference_unit_that_comes_back_into_its_group_is_asserted_again() -> None:
    """What it was meanwhile, the group has not seen."""
    change = group(before=GROUP, arrives=True)

    assert change.after == {"reference_unit": "k1", "reference_attributes": {"width": 10}}


VALUES = st.integers(0, 2) | st.sampled_from(["", "x", [], ["a"]])
PAYLOADS = st.dictionaries(
    st.sampled_from(["name", "width", "floor", "tax_rates", "walk_thru_order"]), VALUES
)


@given(PAYLOADS, PAYLOADS)
def test_once_the_changed_fields_are_known_none_is_left(before, wanted) -> None:
    changed = changed_fields(before, wanted, STOREDGE)
    after = {**before, **{name: wanted[name] for name in changed}}

    assert changed_fields(after, wanted, STOREDGE) == []
    assert "walk_thru_order" not in changed


@pytest.mark.parametrize("kept", [None, 104.99])
def test_a_rate_is_compared_to_the_cent(kept) -> None:
    before = {} if kept is None else {"standard_rate": kept}

    assert changed_fields(before, {"standard_rate": 104.99}, STOREDGE) == (
        ["standard_rate"] if kept is None else []
    )
