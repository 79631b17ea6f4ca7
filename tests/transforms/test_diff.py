"""The planner: one night's source against what is known, one scope at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.inventory import (
    OF_TRAVTUS,
    POLICY,
    RETIRING,
    SCOPE,
    STOREDGE,
    TRAVTUS,
    Row,
    World,
    apartment,
    desired,
    facility,
    frame_of,
    going,
    held,
    only,
    unit,
)
from tests.transforms.nights import KEYS, Night, communities, inconsistencies, nights
from transforms.canonical import payloads
from transforms.change import changed_fields
from transforms.diff import ScopePlan, diff
from transforms.plan import Change, KnownUnit

TWO = [unit("k1"), unit("k2")]


def actions(plan: ScopePlan) -> dict[str, str]:
    return {change.key: change.action for change in plan.changes}


def community(rows: Sequence[Row], **said):
    return facility(rows, schema=TRAVTUS, **said)


# The rules of every plan


@settings(max_examples=25)
@given(nights(), nights(complete=True), nights(), st.booleans())
def test_a_plan_that_came_through_leaves_what_the_source_wants_and_nothing_to_do(
    first: Night, second: Night, third: Night, retires: bool
) -> None:
    policy = RETIRING if retires else POLICY
    world = World().night(first.desired, policy).night(second.desired, policy)
    plan = world.plan(third.desired, policy)
    after = world.after(plan)
    again = after.plan(third.desired, policy)

    assert inconsistencies(world, plan) == []
    assert going(again) == ()
    assert held(again).keys() <= held(plan).keys()
    for row, payload in zip(third.rows, payloads(frame_of(third.rows), STOREDGE), strict=True):
        if row["_key"] not in held(plan):
            found = after.units[row["_key"]]
            assert changed_fields(found.payload, payload, STOREDGE) == []
            assert (found.name, found.group) == (row["name"], row["_group"])


@settings(max_examples=20)
@given(nights(), nights(complete=True), nights(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(first, second, third, random) -> None:
    world = World().night(first.desired, RETIRING).night(second.desired, RETIRING)
    rows = list(third.rows)
    random.shuffle(rows)
    shuffled = replace(third, rows=tuple(rows))
    one, other = world.plan(third.desired, RETIRING), world.plan(shuffled.desired, RETIRING)

    def told(plan: ScopePlan) -> list[Change]:
        changes = (replace(change, row=None) for change in plan.changes)
        return sorted(changes, key=lambda change: change.identity)

    assert told(one) == told(other)
    assert (one.missing, one.keys, one.unchanged) == (other.missing, other.keys, other.unchanged)


@settings(max_examples=20)
@given(nights(), nights(), st.sets(st.sampled_from(KEYS)))
def test_more_rows_never_make_more_units_missing(first, second, dropped) -> None:
    world = World().night(first.desired, RETIRING)
    fewer = tuple(row for row in second.rows if row["_key"] not in dropped)
    all_rows = world.plan(second.desired, RETIRING)
    some_rows = world.plan(replace(second, rows=fewer).desired, RETIRING)

    def retired(plan: ScopePlan) -> set[str]:
        return {change.key for change in plan.changes if change.action == "retire"}

    assert set(all_rows.missing) <= set(some_rows.missing)
    assert retired(all_rows) <= retired(some_rows)


@settings(max_examples=20)
@given(nights(), nights())
def test_every_row_is_accounted_for_and_a_rejected_unit_stays_untouched(
    first: Night, second: Night
) -> None:
    plan = World().night(first.desired, RETIRING).plan(second.desired, RETIRING)
    units = plan.of("unit")
    planned = [change for change in units if change.action != "retire"]

    assert plan.rows == plan.rejected + plan.unchanged + len(planned)
    assert second.rejected.isdisjoint(plan.missing)
    assert second.rejected.isdisjoint(change.key for change in units)
    assert second.rejected <= plan.keys


@settings(max_examples=20)
@given(communities(), communities(), communities(), st.sets(st.sampled_from(KEYS)))
def test_no_apartment_is_ever_sent_to_the_address_of_another(first, second, third, waiting) -> None:
    world = World().night(first, OF_TRAVTUS).night(second, OF_TRAVTUS)
    plan = world.plan(third, OF_TRAVTUS)
    partial = plan.holding_units(dict.fromkeys(waiting, "ask first"))

    assert inconsistencies(world, plan) == inconsistencies(world, partial) == []
    assert going(world.after(plan).plan(third, OF_TRAVTUS)) == ()


# What is looked at


def test_a_row_whose_fingerprint_is_known_is_not_looked_at() -> None:
    def none(keys: Sequence[str]) -> dict[str, KnownUnit]:
        assert list(keys) == []
        return {}

    known = replace(World().night(facility(TWO)).known, units=none)
    plan = diff(facility(TWO), known, POLICY)

    assert (plan.changes, plan.unchanged, plan.refreshed) == ((), 2, {})


def test_only_the_payloads_of_touched_units_are_read() -> None:
    world, asked = World().night(facility(TWO)), []

    class Watched(dict):
        def __contains__(self, key: object) -> bool:
            asked.append(key)
            return super().__contains__(key)

    watched = replace(world, units=Watched(world.units))
    watched.plan(facility([unit("k1", standard_rate=90.0), unit("k2")]))

    assert asked == ["k1"]


def test_a_row_that_only_looks_different_is_refreshed_and_not_sent() -> None:
    """A mapping that says less, or says it otherwise, moves fingerprints and no unit."""
    world = World().night(facility([unit("k1", floor=1, tax_rates='["b","a"]')]))
    plan = world.plan(facility([unit("k1", tax_rates='["a","b"]')]))

    assert plan.changes == ()
    assert plan.refreshed.keys() == {"k1"}
    assert plan.unchanged == 1
    assert world.after(plan).plan(facility([unit("k1", tax_rates='["a","b"]')])).refreshed == {}


def test_the_real_fingerprints_work_as_the_stand_ins_of_these_tests_do() -> None:
    rows = [unit("k1", combination_lock_number="1234"), unit("k2", floor=None)]
    world = World().night(desired(rows).scope(SCOPE))
    changed = [rows[0] | {"combination_lock_number": "1235"}, rows[1]]
    plan = world.plan(desired(changed).scope(SCOPE))
    change = only(plan.changes)

    assert world.plan(desired(rows).scope(SCOPE)).changes == ()
    assert (change.key, change.after.keys()) == ("k1", {"combination_lock_number"})
    assert str(change.after).count("hmac:") == 1


# Missing, and retired


def test_a_unit_that_a_complete_extract_lacks_is_missing_and_left_alone() -> None:
    plan = World().night(facility(TWO)).plan(facility(TWO[:1]))

    assert plan.missing == ("k2",)
    assert plan.changes == ()
    assert plan.missing_count == 1


def test_it_is_retired_where_the_settings_say_so() -> None:
    plan = World().night(facility(TWO)).plan(facility(TWO[:1]), RETIRING)

    assert actions(plan) == {"k2": "retire"}
    assert plan.missing == ("k2",)


def test_a_retired_unit_is_not_missing_any_more() -> None:
    world = World().night(facility(TWO)).night(facility(TWO[:1]), RETIRING)
    plan = world.plan(facility(TWO[:1]), RETIRING)

    assert (plan.missing, plan.changes, plan.known) == ((), (), 1)


def test_a_retired_unit_that_is_back_is_let_as_the_source_says() -> None:
    rows = [unit("k1", rentable=True), unit("k2", rentable=True)]
    world = World().night(facility(rows)).night(facility(rows[:1]), RETIRING)
    plan = world.plan(facility(rows), RETIRING)

    assert only(plan.changes).after == {"rentable": True}
    assert not world.after(plan).units["k2"].retired


def test_a_retired_unit_that_is_back_off_the_market_is_settled_without_a_request() -> None:
    rows = [unit("k1"), unit("k2", rentable=False)]
    world = World().night(facility(rows)).night(facility(rows[:1]), RETIRING)
    plan = world.plan(facility(rows), RETIRING)

    assert (plan.changes, plan.unchanged) == ((), 2)


@pytest.mark.parametrize("policy", [POLICY, RETIRING])
def test_an_extract_that_is_not_complete_makes_nothing_missing(policy) -> None:
    plan = World().night(facility(TWO)).plan(facility(TWO[:1], complete=False), policy)

    assert (plan.missing, plan.changes) == ((), ())


def test_a_rejected_row_that_names_no_scope_spares_its_unit_in_every_scope() -> None:
    plan = World().night(facility(TWO)).plan(facility(TWO[:1], astray=["k2"]), RETIRING)

    assert (plan.missing, plan.changes) == ((), ())


def test_it_belongs_to_the_extract_of_a_scope_only_where_it_is_known() -> None:
    """Else the next night would miss it in every scope, and call that a shrinking source."""
    plan = World().night(facility(TWO)).plan(facility(TWO[:1], astray=["k2", "k9"]))

    assert plan.keys == {"k1", "k2"}


def test_a_scope_all_of_whose_rows_were_rejected_changes_nothing() -> None:
    world = World().night(facility(TWO))
    plan = world.plan(facility([], ["k1", "k2"]), RETIRING)

    assert (plan.changes, plan.missing) == ((), ())
    assert (plan.rows, plan.rejected, plan.known) == (2, 2, 2)


def test_a_scope_that_vanished_from_a_complete_extract_misses_all_of_its_units() -> None:
    world = World().night(desired(TWO).scope(SCOPE))
    plan = world.plan(desired([unit("k9", _scope="F2")]).scope(SCOPE))

    assert plan.missing == ("k1", "k2")


# Names


def test_a_swap_of_two_names_goes_through() -> None:
    world = World().night(facility([unit("k1", name="A1"), unit("k2", name="A2")]))
    plan = world.plan(facility([unit("k1", name="A2"), unit("k2", name="A1")]))

    assert actions(plan) == {"k1": "update", "k2": "update"}
    assert held(plan) == {}


@pytest.mark.parametrize("retired", [False, True])
def test_the_name_of_a_missing_or_retired_unit_is_not_free(retired: bool) -> None:
    world = World().night(facility([unit("k1"), unit("k2", name="A2")]))
    if retired:
        world = world.night(facility([unit("k1")]), RETIRING)
    plan = world.plan(facility([unit("k1"), unit("k3", name="a2")]), RETIRING)

    assert world.units["k2"].retired == retired
    assert "still borne by unit 'k2'" in held(plan)["k3"]


def test_the_name_of_a_unit_whose_row_was_rejected_is_not_free() -> None:
    world = World().night(facility([unit("k1"), unit("k2", name="A2")]))
    plan = world.plan(facility([unit("k1", name="A2")], ["k2"]))

    assert held(plan).keys() == {"k1"}


def test_a_name_collision_holds_one_unit_and_lets_the_others_go() -> None:
    world = World().night(facility(TWO))
    plan = world.plan(facility([unit("k1", standard_rate=90.0), unit("k3", name="k2")]))

    assert held(plan).keys() == {"k3"}
    assert {change.key for change in going(plan)} == {"k1", "10x10"}


# Groups


def test_groups_stand_before_the_units_that_go_into_them() -> None:
    plan = World().plan(facility(TWO))

    assert [change.entity for change in plan.changes] == ["group", "unit", "unit"]
    assert actions(plan) == {"10x10": "create", "k1": "create", "k2": "create"}


def test_a_unit_that_was_adopted_outside_of_every_known_group_moves_once() -> None:
    world = World().night(facility(TWO))
    adopted = replace(world.units["k1"], group=None, digest="")
    world = replace(world, units={**world.units, "k1": adopted})
    plan = world.plan(facility(TWO))

    assert actions(plan)["k1"] == "move"
    assert world.after(plan).plan(facility(TWO)).changes == ()


def test_where_groups_are_off_no_unit_moves_and_no_group_is_made() -> None:
    plan = World().plan(facility(TWO), replace(POLICY, groups=False))

    assert actions(plan) == {"k1": "create", "k2": "create"}
    assert [change.group for change in plan.changes] == [None, None]


def test_a_source_that_stops_speaking_of_groups_takes_no_unit_out_of_one() -> None:
    world = World().night(facility(TWO))
    silent = [{n: cell for n, cell in row.items() if not n.startswith("_group")} for row in TWO]

    assert world.plan(facility(silent)).changes == ()


def test_a_group_name_that_another_group_keeps_holds_the_group_and_its_units() -> None:
    world = World().night(facility([unit("k1", _group="old", _group_name="Ten")]))
    plan = world.plan(facility([unit("k2", _group="new", _group_name="TEN")], ["k1"]))

    assert "still borne by group 'old'" in held(plan)["new"]
    assert held(plan)["k2"].startswith("its group cannot be created")


def test_two_groups_may_swap_their_names() -> None:
    rows = [unit("k1", _group="a", _group_name="A"), unit("k2", _group="b", _group_name="B")]
    swapped = [row | {"_group_name": name} for row, name in zip(rows, "BA", strict=True)]
    plan = World().night(facility(rows)).plan(facility(swapped))

    assert [dict(change.after) for change in plan.changes] == [{"name": "B"}, {"name": "A"}]
    assert held(plan) == {}


def test_a_reference_unit_whose_row_is_rejected_tonight_stays_the_reference_unit() -> None:
    world = World().night(facility(TWO))

    assert world.plan(facility(TWO[1:], ["k1"])).changes == ()


def test_a_missing_reference_unit_is_replaced_if_the_extract_is_complete_and_only_then() -> None:
    world = World().night(facility(TWO))
    gone = only(world.plan(facility(TWO[1:])).changes)

    assert (gone.entity, gone.after["reference_unit"]) == ("group", "k2")
    assert world.plan(facility(TWO[1:], complete=False)).changes == ()


def test_a_reference_unit_that_was_away_is_set_again_when_it_is_back() -> None:
    """It was 5 wide elsewhere when its group last copied it: 10 wide."""
    world = World().night(facility([unit("k1")]))
    world = world.night(facility([unit("k1", _group="5x5", width=5.0)]))
    world = world.night(facility([unit("k1")]))

    group = world.groups["10x10"].payload
    assert (group["reference_unit"], group["reference_attributes"]["width"]) == ("k1", 10)
    assert inconsistencies(world, world.plan(facility([unit("k1")]))) == []


# Travtus


def test_a_unit_that_changed_its_community_is_held() -> None:
    world = World(elsewhere={"a1": "C9"})
    plan = world.plan(community([apartment("a1", "1"), apartment("a2", "2")]), OF_TRAVTUS)

    assert held(plan).keys() == {"a1"}
    assert "known in group 'C9'" in held(plan)["a1"]
    assert "by hand" in held(plan)["a1"]


def test_units_of_two_communities_may_have_one_key() -> None:
    world = World(elsewhere={"a1": "C9"})

    assert held(world.plan(community([apartment("a1", "1")], shared=["a1"]), OF_TRAVTUS)) == {}


def test_a_storage_unit_that_changed_its_facility_is_a_new_one_there() -> None:
    plan = World(elsewhere={"k1": "F9"}).plan(facility([unit("k1")]))

    assert held(plan) == {}


def test_the_address_of_a_missing_unit_is_not_written_over() -> None:
    """Travtus would match the new unit by it, and overwrite the old one (seed 000)."""
    world = World().night(community([apartment("a1", "1")]), OF_TRAVTUS)
    plan = world.plan(community([apartment("a2", "1")]), OF_TRAVTUS)

    assert "address is still borne by unit 'a1'" in held(plan)["a2"]


def test_an_address_is_found_taken_though_more_is_known_of_it_than_the_source_says() -> None:
    world = World().night(community([apartment("a1", "1")]), OF_TRAVTUS)
    adopted = world.units["a1"]
    payload = {**adopted.payload, "address.country": "United States"}
    world = replace(world, units={"a1": replace(adopted, payload=payload)})

    assert held(world.plan(community([apartment("a2", "1")]), OF_TRAVTUS)).keys() == {"a2"}


def test_an_address_is_not_free_while_the_unit_that_leaves_it_is_held() -> None:
    world = World().night(community([apartment("a1", "1"), apartment("a2", "2")]), OF_TRAVTUS)
    plan = world.plan(community([apartment("a1", "2"), apartment("a3", "1")]), OF_TRAVTUS)

    assert held(plan).keys() == {"a1", "a3"}


def test_a_unit_that_moves_on_leaves_its_address_to_a_new_one() -> None:
    world = World().night(community([apartment("a1", "1")]), OF_TRAVTUS)
    plan = world.plan(community([apartment("a1", "2"), apartment("a2", "1")]), OF_TRAVTUS)

    assert held(plan) == {}
    assert actions(plan) == {"a1": "update", "a2": "create"}


# Size


def test_a_facility_of_many_new_units_is_planned_in_a_moment() -> None:
    """0.3 s were measured for 10,000; a reading of each row per row would take minutes."""
    rows = [unit(f"k{n}", name=f"A{n}", _group=f"g{n % 20}") for n in range(10_000)]
    wanted = facility(rows)
    started = time.perf_counter()
    plan = World().plan(wanted)
    spent = time.perf_counter() - started

    assert len(plan.changes) == 10_020
    assert spent < 3
