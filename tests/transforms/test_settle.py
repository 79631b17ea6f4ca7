"""What a reading proves about changes in doubt, and which live units a created one may be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.inventory import (
    MASK,
    OF_TRAVTUS,
    STOREDGE,
    TRAVTUS,
    World,
    apartment,
    facility,
    only,
)
from transforms.change import GROUP_FIELD
from transforms.plan import Change, KnownUnit, Live, LiveGroup, LiveUnit, Result
from transforms.settle import Identities, adopt, settle

NOBODY = Identities({}, {})
CODE = MASK.hashed("1234")
SENT = {
    "name": "A1",
    "width": 10,
    "standard_rate": 104.99,
    "walk_thru_order": 3,
    "tax_rates": ["t"],
}
READ = {"name": "A1", "width": 10, "standard_rate": 104.99, "rentable": True}


def create(key: str = "k1", name: str = "A1", group: str | None = None, **after) -> Change:
    fields = {**SENT, "name": name, **after}
    return Change("unit", "F1", key, name, "create", {}, fields, group=group, whole=fields)


def update(group: str | None = None, **after) -> Change:
    action = "move" if GROUP_FIELD in after else "update"
    return Change("unit", "F1", "k1", "A1", action, {}, after, remote_id="u1", group=group)


def live_unit(
    remote_id: str = "u1", name: str = "A1", group: str | None = None, **said
) -> LiveUnit:
    return LiveUnit(remote_id, name, {**READ, "name": name, **said}, group, "vacant")


def live(*units: LiveUnit, groups: tuple[LiveGroup, ...] = ()) -> Live:
    return Live("F1", units, groups)


def result_of(change: Change, reading: Live, known: Identities = NOBODY, schema=STOREDGE) -> Result:
    return only(settle([change], reading, known, schema))


def silent(change: Change, reading: Live, known: Identities = NOBODY, schema=STOREDGE) -> bool:
    return settle([change], reading, known, schema) == []


KNOWN = Identities({"k1": "u1"}, {"g1": "uuid-1"})

# Created units


def test_a_created_unit_that_is_live_as_it_was_sent_is_applied() -> None:
    result = result_of(create(), live(live_unit()))

    assert (result.outcome, result.remote_id) == ("applied", "u1")
    assert result.known == {**READ, **SENT}


def test_a_created_unit_that_is_not_live_has_no_result() -> None:
    assert silent(create(), live(live_unit(name="A2")))


def test_a_unit_of_another_key_is_not_the_one_that_was_created() -> None:
    assert silent(create("k2"), live(live_unit()), KNOWN)


def test_a_created_unit_that_is_live_otherwise_is_adopted_as_it_stands() -> None:
    result = result_of(create(), live(live_unit(standard_rate=99)))

    assert (result.outcome, result.remote_id) == (None, "u1")
    assert result.known == {**READ, "standard_rate": 99}


def test_what_no_reading_shows_does_not_speak_against_a_created_unit() -> None:
    """Contracts B.3: tax rates and the order are write-only, the overlock number reads as null."""
    change = create(overlock_lock_number=CODE, combination_lock_number=CODE)
    result = result_of(change, live(live_unit(combination_lock_number=CODE)))

    assert result.outcome == "applied"


def test_an_empty_text_that_reads_as_null_does_not_either() -> None:
    assert result_of(create(attribute_description=""), live(live_unit())).outcome == "applied"


def test_a_created_unit_outside_of_its_group_is_adopted_and_has_yet_to_move() -> None:
    known = Identities({}, {"g1": "uuid-1"})

    assert result_of(create(group="g1"), live(live_unit()), known).outcome is None
    assert result_of(create(group="g1"), live(live_unit(group="uuid-9")), known).outcome is None
    assert result_of(create(group="g9"), live(live_unit()), known).outcome is None
    assert (
        result_of(create(group="g1"), live(live_unit(group="uuid-1")), known).outcome == "applied"
    )


def test_without_groups_of_ours_a_created_unit_may_stand_in_any() -> None:
    assert result_of(create(), live(live_unit(group="automatic"))).outcome == "applied"


def test_between_two_live_units_of_one_name_nobody_guesses() -> None:
    result = result_of(create(), live(live_unit("u2"), live_unit("u1")))

    assert (result.outcome, result.remote_id) == ("held", None)
    assert "2 live units could be this one (u1, u2)" in result.words


def test_a_linked_namesake_makes_a_created_unit_no_more_ambiguous() -> None:
    reading = live(live_unit("u1"), live_unit("u2"))

    assert result_of(create("k2"), reading, KNOWN).remote_id == "u2"


# Updated units


def test_an_update_that_reads_back_is_applied_with_what_it_changed() -> None:
    result = result_of(update(standard_rate=104.99), live(live_unit()), KNOWN)

    assert (result.outcome, result.known) == ("applied", {"standard_rate": 104.99})


@pytest.mark.parametrize("after", [{"standard_rate": 105}, {"tax_rates": ["t"]}, {"floor": 1}])
def test_an_update_that_a_reading_does_not_prove_has_no_result(after) -> None:
    assert silent(update(**after), live(live_unit()), KNOWN)


def test_a_retirement_reads_back_as_rentable_or_not() -> None:
    change = replace(update(rentable=False), action="retire")

    assert silent(change, live(live_unit()), KNOWN)
    assert result_of(change, live(live_unit(rentable=False)), KNOWN).outcome == "applied"


def test_a_move_is_proven_by_the_group_that_the_unit_is_live_in() -> None:
    change = update("g1", **{GROUP_FIELD: "g1"})

    assert result_of(change, live(live_unit(group="uuid-1")), KNOWN).outcome == "applied"
    assert silent(change, live(live_unit(group="uuid-9")), KNOWN)
    assert silent(change, live(live_unit()), KNOWN)


def test_a_move_into_a_group_that_is_not_known_is_proven_by_nothing() -> None:
    change = update("g9", **{GROUP_FIELD: "g9"})

    assert silent(change, live(live_unit()), KNOWN)


def test_a_unit_that_was_taken_out_of_its_group_is_live_in_none() -> None:
    change = update(None, **{GROUP_FIELD: None})

    assert result_of(change, live(live_unit()), KNOWN).outcome == "applied"
    assert silent(change, live(live_unit(group="uuid-1")), KNOWN)


def test_what_is_known_of_a_move_is_no_field_of_the_unit() -> None:
    change = update("g1", **{GROUP_FIELD: "g1", "width": 10})

    assert result_of(change, live(live_unit(group="uuid-1")), KNOWN).known == {"width": 10}


def test_a_unit_that_is_gone_fails_and_says_so() -> None:
    result = result_of(update(width=10), live(live_unit("u9")), KNOWN)

    assert (result.outcome, result.remote_id) == ("failed", None)
    assert "gone" in result.words


def test_an_update_goes_by_the_id_that_it_was_planned_with_where_no_other_is_known() -> None:
    assert result_of(update(width=10), live(live_unit())).outcome == "applied"


# Groups

SMALL = LiveGroup("uuid-1", "Small", {})


def group(action: str = "create", remote_id: str | None = None, **after) -> Change:
    return Change(
        "group", "F1", "g1", str(after.get("name", "Small")), action, {}, after, remote_id
    )


def test_a_created_group_is_found_by_its_exact_name() -> None:
    result = result_of(group(name="Small"), live(groups=(SMALL,)))

    assert (result.outcome, result.remote_id, result.known) == (
        "applied",
        "uuid-1",
        {"name": "Small"},
    )
    assert silent(group(name="SMALL"), live(groups=(SMALL,)))


def test_a_created_group_with_more_to_settle_is_on_its_way() -> None:
    result = result_of(group(name="Small", reference_unit="k1"), live(groups=(SMALL,)))

    assert (result.outcome, result.remote_id, result.known) == (None, "uuid-1", {"name": "Small"})


def test_a_group_of_another_key_and_two_of_one_name_are_not_taken() -> None:
    twin = LiveGroup("uuid-2", "Small", {})
    other = Identities({}, {"g9": "uuid-1"})

    assert silent(group(name="Small"), live(groups=(SMALL,)), other)
    assert silent(group(name="Small"), live(groups=(SMALL, twin)))
    assert result_of(group(name="Small"), live(groups=(SMALL, twin)), other).remote_id == "uuid-2"


def test_a_group_that_was_made_already_is_not_looked_for_by_name() -> None:
    assert result_of(group(name="Small"), live(groups=(SMALL,)), KNOWN).outcome == "applied"
    assert silent(group(name="Large"), live(groups=(SMALL,)), KNOWN)


def test_a_rename_of_a_group_reads_back_and_nothing_else_of_it_does() -> None:
    renamed = group("update", "uuid-1", name="Small")
    settled = group("update", "uuid-1", name="Small", reference_unit="k1")

    assert result_of(renamed, live(groups=(SMALL,)), KNOWN).outcome == "applied"
    assert silent(settled, live(groups=(SMALL,)), KNOWN)
    assert silent(group("update", "uuid-1", name="Tiny"), live(groups=(SMALL,)), KNOWN)


def test_a_group_that_is_gone_fails_and_says_so() -> None:
    result = result_of(group("update", "uuid-1", name="Small"), live(), KNOWN)

    assert result.outcome == "failed"
    assert "gone" in result.words


# Travtus


def apartments(*rows: dict) -> tuple[Change, ...]:
    return World().plan(facility(rows, schema=TRAVTUS), OF_TRAVTUS).changes


def found(remote_id: str, number: str, **said) -> LiveUnit:
    """As `units/find` answers: no reference of ours, and other bathrooms (contracts A.4)."""
    payload = {
        "unit_number": number,
        "address.address_line_1": "1 Main St",
        "address.address_line_2": f"Unit {number}",
        "sqft": 500,
        **said,
    }
    return LiveUnit(remote_id, number, payload)


BATHS = {"number_of_bathrooms": 2, "bathrooms": '[{"has_sink":true},{"has_sink":true}]'}


def test_a_created_apartment_is_applied_although_no_reading_shows_all_of_it() -> None:
    (change,) = apartments(apartment("a1", "5", **BATHS))
    result = result_of(change, live(found("t1", "5")), schema=TRAVTUS)

    assert (result.outcome, result.remote_id) == ("applied", "t1")
    assert result.known["external_ref"] == "a1"
    assert result.known["number_of_bathrooms"] == 2


def test_an_apartment_is_found_by_its_reference_before_its_address() -> None:
    (change,) = apartments(apartment("a1", "5"))
    reading = live(found("t1", "5"), found("t2", "6", external_ref="a1"))

    assert result_of(change, reading, schema=TRAVTUS).remote_id == "t2"


def test_an_apartment_that_another_is_by_its_reference_is_not_taken_for_its_address() -> None:
    changes = apartments(apartment("a1", "5"), apartment("a2", "6"))
    reading = live(found("t2", "5", external_ref="a2"))
    result = only(settle(changes, reading, NOBODY, TRAVTUS))

    assert (result.change.key, result.remote_id) == ("a2", "t2")


def test_an_apartment_is_found_by_its_address_however_it_is_written() -> None:
    (change,) = apartments(apartment("a1", "5"))
    reading = live(found("t1", "5", **{"address.address_line_2": "UNIT 5."}))

    assert result_of(change, reading, schema=TRAVTUS).outcome is None


# Adoption


def adopted(changes, reading: Live, known: Identities = NOBODY, schema=STOREDGE):
    return adopt(changes, reading, known, schema)


def test_a_new_unit_is_linked_to_the_one_that_is_live_under_its_name() -> None:
    units, groups, ambiguous = adopted([create()], live(live_unit()))

    assert units == [KnownUnit("k1", "u1", "A1", None, READ)]
    assert (groups, ambiguous) == ([], {})


def test_an_adopted_unit_is_compared_again() -> None:
    """Without a fingerprint, and without what no reading shows."""
    (linked,), _, _ = adopted([create()], live(live_unit(standard_rate=99)))

    assert linked.digest == ""
    assert linked.payload["standard_rate"] == 99
    assert "tax_rates" not in linked.payload


def test_an_empty_text_is_not_sent_where_the_api_has_none() -> None:
    (linked,), _, _ = adopted([create(attribute_description="")], live(live_unit()))

    assert linked.payload["attribute_description"] == ""


def test_nothing_is_known_to_be_empty_that_no_reading_shows() -> None:
    (linked,), _, _ = adopted([create(tax_rates=[])], live(live_unit()))

    assert "tax_rates" not in linked.payload


def test_an_adopted_unit_stands_in_the_group_that_is_known_or_adopted_with_it() -> None:
    changes = [group(name="Small"), create(group="g1"), create("k2", "A2", "g1")]
    reading = live(
        live_unit(group="uuid-1"),
        live_unit("u2", "A2", group="uuid-9"),
        groups=(LiveGroup("uuid-1", "Small", {"reference_unit_id": "u1", "fully_enclosed": True}),),
    )
    units, groups, _ = adopted(changes, reading)

    assert [linked.group for linked in units] == ["g1", None]
    assert only(groups).remote_id == "uuid-1"
    assert only(groups).payload == {
        "name": "Small",
        "fully_enclosed": True,
        "reference_unit": "k1",
    }


def test_a_reference_unit_that_nobody_is_linked_to_is_none_of_ours() -> None:
    reading = live(groups=(LiveGroup("uuid-1", "Small", {"reference_unit_id": "u9"}),))
    _, groups, _ = adopted([group(name="Small")], reading)

    assert only(groups).payload == {"name": "Small"}


def test_a_group_is_adopted_by_its_exact_name_and_never_by_guessing() -> None:
    twins = (SMALL, LiveGroup("uuid-2", "Small", {}))

    assert adopted([group(name="SMALL")], live(groups=(SMALL,)))[1] == []
    assert adopted([group(name="Small")], live(groups=twins))[1] == []


def test_two_live_units_of_one_name_are_for_a_person_to_choose_between() -> None:
    units, _, ambiguous = adopted([create()], live(live_unit("u1"), live_unit("u2")))

    assert units == []
    assert "u1, u2" in ambiguous["k1"]


def test_a_live_unit_whose_name_differs_in_case_only_is_neither_taken_nor_doubled() -> None:
    units, _, ambiguous = adopted([create(name="a1")], live(live_unit(name="A1")))

    assert units == []
    assert "'A1' (u1)" in ambiguous["k1"]


def test_only_what_is_to_be_created_is_adopted() -> None:
    units, groups, ambiguous = adopted([update(width=5)], live(live_unit(), groups=(SMALL,)))

    assert (units, groups, ambiguous) == ([], [], {})


UNITS = st.lists(
    st.builds(
        found,
        st.sampled_from(["t1", "t2", "t3", "t4"]),
        st.sampled_from("123"),
        external_ref=st.sampled_from(["a1", "a2", "a9"]),
    ),
    unique_by=lambda live: live.remote_id,
)


@settings(max_examples=60)
@given(UNITS, st.sets(st.sampled_from(["t1", "t2"])))
def test_no_live_unit_is_ever_linked_twice(units, linked) -> None:
    changes = apartments(*(apartment(f"a{n}", str(n)) for n in (1, 2, 3)))
    known = Identities({f"x{remote}": remote for remote in linked}, {})
    links, _, ambiguous = adopted(changes, live(*units), known, TRAVTUS)
    results = settle(changes, live(*units), known, TRAVTUS)

    taken = [link.remote_id for link in links]
    settled = [result.remote_id for result in results if result.remote_id]
    assert len(set(taken)) == len(taken)
    assert linked.isdisjoint(taken)
    assert sorted(settled) == sorted(taken)
    assert {link.key for link in links}.isdisjoint(ambiguous)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["A1", "a1", "A2"]), max_size=4))
def test_a_name_is_linked_exactly_if_one_live_unit_bears_it(names) -> None:
    reading = live(*(live_unit(f"u{n}", name) for n, name in enumerate(names)))
    units, _, ambiguous = adopted([create()], reading)

    assert bool(units) == (names.count("A1") == 1)
    assert bool(ambiguous) == (names.count("A1") > 1 or (names.count("A1") == 0 and "a1" in names))
