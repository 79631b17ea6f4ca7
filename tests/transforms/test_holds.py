"""What waits drags along what leans on it: nothing goes that cannot go without it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.inventory import (
    OF_TRAVTUS,
    RETIRING,
    TRAVTUS,
    World,
    apartment,
    facility,
    going,
    held,
    only,
    unit,
)
from tests.transforms.nights import KEYS, Night, inconsistencies, nights
from transforms.diff import ScopePlan
from transforms.holds import hold_dependants
from transforms.plan import Change

SMALL = {"_group": "small"}
LARGE = {"_group": "large"}


def group_of(plan: ScopePlan, key: str) -> Change:
    return only(change for change in plan.of("group") if change.key == key)


def test_a_plan_in_which_nothing_waits_stays_as_it_is() -> None:
    plan = World().plan(facility([unit("k1"), unit("k2")]))

    assert hold_dependants(plan.changes) == plan.changes


def test_a_name_that_is_not_given_up_is_not_taken() -> None:
    world = World().night(facility([unit("k1", name="A1"), unit("k2", name="A2")]))
    plan = world.plan(facility([unit("k1", name="A2"), unit("k2", name="A1")]))
    waiting = held(plan.holding_units({"k1": "ask first"}))

    assert waiting["k1"] == "ask first"
    assert "still borne by unit 'k1'" in waiting["k2"]


def test_an_address_that_is_not_given_up_is_not_taken() -> None:
    world = World().night(facility([apartment("k1", "5")], schema=TRAVTUS), OF_TRAVTUS)
    rows = [apartment("k1", "6"), apartment("k2", "5")]
    plan = world.plan(facility(rows, schema=TRAVTUS), OF_TRAVTUS)

    assert held(plan) == {}
    assert "still borne by unit 'k1'" in held(plan.holding_units({"k1": "ask first"}))["k2"]


def test_a_group_is_not_made_for_units_that_do_not_come() -> None:
    plan = World().plan(facility([unit("k1", **SMALL), unit("k2", **LARGE)]))
    waiting = plan.holding_units({"k2": "ask first"})

    assert "it would stay empty" in str(group_of(waiting, "large").held)
    assert group_of(waiting, "small").held is None


def test_a_unit_does_not_go_into_a_group_that_is_not_made() -> None:
    plan = World().plan(facility([unit("k1", **SMALL), unit("k2", **LARGE)]))
    waiting = held(plan.holding("no", lambda change: change.entity == "group"))

    assert waiting["k1"] == waiting["k2"] == "its group cannot be created: no"


def test_a_group_is_made_for_those_who_come_and_waits_for_its_reference_unit() -> None:
    plan = World().plan(facility([unit("k1"), unit("k2")]))
    waiting = plan.holding_units({"k1": "ask first"})

    assert held(waiting).keys() == {"k1"}
    assert group_of(waiting, "10x10").after == {"name": "10x10"}


def test_a_group_takes_no_attributes_from_a_unit_whose_change_waits() -> None:
    """Else the group would count as settled with a rate that its unit never got."""
    world = World().night(facility([unit("k1")]))
    plan = world.plan(facility([unit("k1", standard_rate=500.0)]))

    assert [change.entity for change in plan.changes] == ["group", "unit"]
    assert [change.entity for change in plan.holding_units({"k1": "no"}).changes] == ["unit"]


def test_the_rest_of_a_group_change_does_not_wait_for_the_reference_unit() -> None:
    world = World().night(facility([unit("k1")]))
    rows = [unit("k1", standard_rate=500.0, _group_name="Ten by ten")]
    plan = world.plan(facility(rows)).holding_units({"k1": "no"})

    assert group_of(plan, "10x10").after == {"name": "Ten by ten"}
    assert group_of(plan, "10x10").before == {"name": "10x10"}


def test_a_change_that_touches_no_shared_attribute_holds_up_no_group() -> None:
    world = World().night(facility([unit("k1", width=5.0), unit("k2"), unit("k3")]))
    rows = [unit("k1", width=5.0), unit("k2", _group="other"), unit("k3", name="A3")]
    plan = world.plan(facility(rows)).holding_units({"k3": "no"})

    assert "reference_unit" in group_of(plan, "10x10").after


def test_what_leans_on_nothing_that_waits_goes() -> None:
    world = World().night(facility([unit("k1"), unit("k2"), unit("k3")]))
    rows = [unit(key, standard_rate=120.0) for key in ("k1", "k2", "k3")]
    plan = world.plan(facility(rows)).holding_units({"k3": "no"})

    assert {change.key for change in going(plan)} == {"10x10", "k1", "k2"}


def test_a_reason_that_was_given_is_kept() -> None:
    plan = World().plan(facility([unit("k1")])).holding_units({"k1": "first"})

    assert held(plan.holding_units({"k1": "second"}))["k1"] == "first"
    assert held(plan.holding("third", lambda _: True))["k1"] == "first"


@settings(max_examples=25)
@given(nights(), nights(complete=True), nights(), st.sets(st.sampled_from(KEYS)))
def test_whatever_waits_the_rest_can_go_and_the_next_night_finishes_it(
    first: Night, second: Night, third: Night, waiting: set[str]
) -> None:
    world = World().night(first.desired, RETIRING).night(second.desired, RETIRING)
    plan = world.plan(third.desired, RETIRING)
    partial = plan.holding_units(dict.fromkeys(waiting, "ask first"))

    assert held(plan).keys() | (waiting & {c.key for c in plan.of("unit")}) <= held(partial).keys()
    assert inconsistencies(world, partial) == []

    after = world.after(partial)
    rest = after.plan(third.desired, RETIRING)

    assert inconsistencies(after, rest) == []
    assert going(after.after(rest).plan(third.desired, RETIRING)) == ()
