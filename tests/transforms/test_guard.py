"""Guardrails: what a person must decide is held, and the message says all that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.inventory import (
    POLICY,
    RETIRING,
    SCOPE,
    World,
    facility,
    going,
    held,
    unit,
)
from tests.transforms.nights import KEYS, Night, inconsistencies, nights
from transforms.allowance import NOTHING, Allowed
from transforms.diff import ScopePlan
from transforms.guard import Guarded
from transforms.guard import guard as judge
from transforms.guardrails import Guardrails
from transforms.plan import AcceptedExtract

OFF = Guardrails(max_missing=None, max_updates=None, max_rejected=None, at_least=0)


def plan_of(**said) -> ScopePlan:
    """A plan of which only the numbers count."""
    numbers = {
        "changes": (),
        "unchanged": 0,
        "missing": (),
        "rows": 0,
        "rejected": 0,
        "refreshed": {},
        "keys": frozenset(),
        "known": 0,
        "digest": "",
        **said,
    }
    return ScopePlan(scope=SCOPE, **numbers)


def guard(
    plan: ScopePlan,
    accepted: frozenset[str] | AcceptedExtract | None,
    rails: Guardrails,
    allowed: Allowed = NOTHING,
    held_of: Mapping[str, int] | None = None,
) -> Guarded:
    """Judged by an accepted extract of which only the keys count, unless one is given."""
    if isinstance(accepted, frozenset):
        accepted = AcceptedExtract(0, accepted, ())
    return judge(plan, accepted, rails, allowed, "COMMAND", held_of or {})


def keys(count: int) -> frozenset[str]:
    return frozenset(f"k{n}" for n in range(count))


def names(guarded: Guarded) -> list[str]:
    return [tripped.guard for tripped in guarded.tripped]


def limits(**said) -> Guardrails:
    return OFF.model_copy(update=said)


# The source against the last accepted extract


@pytest.mark.parametrize(("gone", "trips"), [(0, False), (10, False), (11, True), (100, True)])
def test_a_source_may_shrink_by_the_share_that_is_allowed_and_no_more(gone, trips) -> None:
    guarded = guard(plan_of(keys=keys(100 - gone)), keys(100), limits(max_missing=0.1))

    assert names(guarded) == (["SourceShrank"] if trips else [])
    assert guarded.accepted == (not trips)


def test_a_shrinking_source_is_seen_without_a_floor() -> None:
    """A floor let 17 of 20 units pass, and two of them were deleted."""
    guarded = guard(plan_of(keys=keys(4)), keys(5), Guardrails(at_least=20))

    assert names(guarded) == ["SourceShrank"]


def test_units_that_are_new_do_not_make_up_for_those_that_are_gone() -> None:
    others = frozenset(f"n{n}" for n in range(100))

    assert names(guard(plan_of(keys=others), keys(100), limits(max_missing=0.1))) == [
        "SourceShrank"
    ]


def test_a_first_run_is_the_baseline() -> None:
    guarded = guard(plan_of(keys=frozenset()), None, Guardrails(at_least=0))

    assert (guarded.tripped, guarded.accepted) == ((), True)


@pytest.mark.parametrize(("rows", "trips"), [(90, False), (89, True), (120, False)])
def test_a_source_may_not_lose_its_rows_either(rows, trips) -> None:
    """Rows without a key are no unit, and still they may be gone."""
    accepted = AcceptedExtract(100, keys(9), ())
    guarded = guard(plan_of(keys=keys(9), rows=rows), accepted, limits(max_missing=0.1))

    assert (names(guarded), guarded.accepted) == (["SourceShrank"] * trips, not trips)


def test_a_row_that_names_no_scope_is_not_gone() -> None:
    accepted = AcceptedExtract(2, keys(2), ())

    assert guard(plan_of(keys=keys(2), rows=1, astray=1), accepted, Guardrails()).tripped == ()


@pytest.mark.parametrize(("gone", "trips"), [(0, False), (1, False), (2, True), (10, True)])
def test_a_source_may_not_lose_its_columns(gone, trips) -> None:
    columns = tuple(f"c{n}" for n in range(10))
    accepted = AcceptedExtract(0, frozenset(), columns)
    plan = plan_of(columns=("new", *columns[gone:]))

    assert names(guard(plan, accepted, limits(max_missing=0.1))) == ["SourceShrank"] * trips


def test_an_extract_of_which_no_column_is_known_judges_none() -> None:
    """A state of before columns were kept."""
    accepted = AcceptedExtract(9, keys(9), ())
    plan = plan_of(keys=keys(9), rows=9, columns=("id",))

    assert guard(plan, accepted, limits(max_missing=0.0)).tripped == ()


def test_an_extract_that_was_accepted_empty_cannot_shrink() -> None:
    assert guard(plan_of(), frozenset(), limits(max_missing=0.0)).tripped == ()


def test_only_a_shrinking_source_keeps_an_extract_from_being_accepted() -> None:
    guarded = guard(plan_of(rejected=50, known=100, keys=keys(9)), keys(9), Guardrails())

    assert (names(guarded), guarded.accepted) == (["max_rejected"], True)


# The plan against what is known


@pytest.mark.parametrize(
    ("missing", "known", "trips"),
    [(20, 100, True), (19, 100, False), (20, 200, False), (21, 200, True), (20, 0, False)],
)
def test_a_share_trips_only_from_its_floor_on_and_beyond_its_limit(missing, known, trips) -> None:
    plan = plan_of(missing=tuple(keys(missing)), known=known)

    assert names(guard(plan, None, Guardrails())) == (["max_missing"] if trips else [])


@pytest.mark.parametrize("share", [0.29, 0.07, 0.57, 0.1])
def test_exactly_the_share_that_is_allowed_is_allowed(share: float) -> None:
    """29 of 100 is 29%, although 0.29 * 100 is less than 29 in binary."""
    count = round(share * 100)
    plan = plan_of(rejected=count, known=100)

    assert guard(plan, None, limits(max_rejected=share)).tripped == ()
    assert guard(replace(plan, rejected=count + 1), None, limits(max_rejected=share)).tripped


def test_a_guardrail_that_is_off_never_trips() -> None:
    plan = plan_of(missing=tuple(keys(50)), rejected=50, known=50)

    assert guard(plan, keys(50), OFF).tripped == ()


def test_a_limit_of_nothing_holds_the_first_one_and_lets_none_pass() -> None:
    assert names(guard(plan_of(rejected=1, known=10), None, limits(max_rejected=0.0))) == [
        "max_rejected"
    ]
    assert guard(plan_of(known=10), None, limits(max_rejected=0.0)).tripped == ()


# What is held


ROWS = [unit(f"k{n}", standard_rate=100.0) for n in range(10)]
DEARER = [row | {"standard_rate": 120.0} for row in ROWS]
WORLD = World().night(facility(ROWS))


def test_missing_units_are_not_retired_by_the_dozen() -> None:
    plan = WORLD.plan(facility([*DEARER[:5], unit("n1")]), RETIRING)
    guarded = guard(plan, None, limits(max_missing=0.1))

    assert names(guarded) == ["max_missing"]
    assert held(guarded.plan).keys() == {"k5", "k6", "k7", "k8", "k9"}
    assert {"k0", "n1"} <= {change.key for change in going(guarded.plan)}


def test_a_slow_erosion_is_noticed() -> None:
    """No night lost much, and where missing units are only reported all of them stay known."""
    plan = plan_of(missing=tuple(keys(30)), known=100, keys=frozenset())

    assert names(guard(plan, frozenset(), Guardrails())) == ["max_missing"]
    assert names(guard(plan, None, Guardrails())) == ["max_missing"]


def test_what_a_person_let_go_is_no_news_until_it_was_seen_again() -> None:
    plan = plan_of(missing=tuple(keys(30)), known=100, keys=frozenset())
    let_go = Allowed(let_go=keys(30))

    assert guard(plan, frozenset(), Guardrails(), let_go).tripped == ()
    assert "max_missing" in names(guard(plan, keys(30), Guardrails(), let_go))


def test_units_that_have_long_been_missing_are_not_retired_by_the_dozen() -> None:
    """`missing: report` became `missing: retire`, and nobody thought of what that would do."""
    plan = WORLD.plan(facility(ROWS[:5]), RETIRING)
    guarded = guard(plan, keys(5), limits(max_missing=0.1))

    assert names(guarded) == ["max_missing"]
    assert held(guarded.plan).keys() == {"k5", "k6", "k7", "k8", "k9"}


def test_a_group_does_not_take_another_reference_unit_because_the_source_shrank() -> None:
    plan = WORLD.plan(facility(ROWS[5:]), POLICY)
    guarded = guard(plan, keys(10), limits(max_missing=0.1))

    assert [change.after.get("reference_unit") for change in plan.of("group")] == ["k5"]
    assert going(guarded.plan) == ()


def test_a_flood_of_updates_is_held_and_new_units_go() -> None:
    plan = WORLD.plan(facility([*DEARER, unit("n1")]))
    guarded = guard(plan, keys(10), limits(max_updates=0.5))

    assert names(guarded) == ["max_updates"]
    assert [change.key for change in going(guarded.plan)] == ["n1"]


@pytest.mark.parametrize(("held_of", "trips"), [(None, False), (8, False), (7, True), (90, False)])
def test_units_that_came_since_make_what_was_held_no_smaller(held_of, trips) -> None:
    earlier = {} if held_of is None else {"max_missing": held_of}
    plan = plan_of(missing=tuple(keys(4)), known=10)

    guarded = guard(plan, None, limits(max_missing=0.5), held_of=earlier)

    assert names(guarded) == ["max_missing"] * trips
    assert [one.concern.known for one in guarded.tripped] == [held_of] * trips


def test_a_flood_of_moves_makes_no_groups() -> None:
    moved = [row | {"_group": f"g{n}", "_group_name": f"G{n}"} for n, row in enumerate(ROWS)]
    guarded = guard(WORLD.plan(facility(moved)), keys(10), limits(max_updates=0.5))

    assert going(guarded.plan) == ()


def test_retirements_are_no_updates_but_wait_with_them() -> None:
    plan = WORLD.plan(facility(DEARER[:9]), RETIRING)
    guarded = guard(plan, None, limits(max_updates=0.5))

    assert "9 of 10 known units (90%) would be updated" in guarded.tripped[0].message
    assert "k9" in held(guarded.plan)


def test_what_is_held_already_is_no_flood() -> None:
    plan = WORLD.plan(facility(DEARER)).holding_units(dict.fromkeys(keys(5), "ask first"))

    assert guard(plan, keys(10), limits(max_updates=0.5)).tripped == ()


def test_where_too_much_was_rejected_nothing_is_sent() -> None:
    plan = WORLD.plan(facility([*DEARER[:5], unit("n1")], keys(10) - keys(5)))
    guarded = guard(plan, keys(10), limits(max_rejected=0.2))

    assert names(guarded) == ["max_rejected"]
    assert going(guarded.plan) == ()


def test_a_tripped_guardrail_leaves_a_reason_that_was_there() -> None:
    plan = WORLD.plan(facility(DEARER)).holding_units({"k1": "ask first"})

    assert held(guard(plan, keys(10), limits(max_updates=0.5)).plan)["k1"] == "ask first"


# The first run of a scope, after it has been adopted


def test_on_a_first_run_what_was_adopted_may_be_completed_by_the_hundred() -> None:
    """Tax rates cannot be read, so that a first run has to send those of every unit."""
    taxed = [row | {"tax_rates": '["t"]'} for row in ROWS]
    plan = WORLD.plan(facility(taxed))

    assert guard(plan, None, limits(max_updates=0.5)).tripped == ()
    assert names(guard(plan, keys(10), limits(max_updates=0.5))) == ["max_updates"]


def test_on_a_first_run_what_stands_there_is_not_replaced_by_the_hundred() -> None:
    plan = WORLD.plan(facility(DEARER))

    assert names(guard(plan, None, limits(max_updates=0.5))) == ["max_updates"]


# Rates


def rate_of(before: float, after: float, limit: float | None = 0.3) -> dict[str, str]:
    world = World().night(facility([unit("k1", standard_rate=before), unit("k2")]))
    plan = world.plan(facility([unit("k1", standard_rate=after), unit("k2", floor=2)]))
    guarded = guard(plan, keys(0), limits(max_rate_change=limit))

    assert names(guarded) == ["max_rate_change"] * bool(held(guarded.plan))
    assert "k2" in {change.key for change in going(guarded.plan)}
    return held(guarded.plan)


@pytest.mark.parametrize(("before", "after"), [(100, 131), (100, 69), (100, 0), (0, 0.01)])
def test_a_rate_that_jumps_holds_its_unit_alone(before, after) -> None:
    assert rate_of(before, after).keys() == {"k1"}


@pytest.mark.parametrize(("before", "after"), [(100, 130), (100, 70), (110, 143), (104.99, 105)])
def test_a_rate_may_move_as_far_as_is_allowed(before, after) -> None:
    assert rate_of(before, after) == {}


def test_rates_are_free_where_no_limit_is_set() -> None:
    assert rate_of(100, 900, limit=None) == {}


def test_the_rate_of_a_new_unit_is_no_jump() -> None:
    plan = World().plan(facility([unit("k1", standard_rate=900.0)]))

    assert held(guard(plan, None, limits(max_rate_change=0.3)).plan) == {}


def test_a_rate_that_is_not_known_is_no_measure() -> None:
    """After a request without an answer it is forgotten, and a person could not tell either."""
    forgotten = {
        name: v for name, v in WORLD.units["k0"].payload.items() if name != "standard_rate"
    }
    unsure = replace(WORLD.units["k0"], payload=forgotten, digest="")
    plan = replace(WORLD, units={**WORLD.units, "k0": unsure}).plan(facility(ROWS))

    assert held(guard(plan, keys(10), limits(max_rate_change=0.3)).plan) == {}


def test_a_held_rate_is_not_given_to_its_group() -> None:
    plan = WORLD.plan(facility([unit("k0", standard_rate=500.0), *ROWS[1:]]))
    guarded = guard(plan, keys(10), limits(max_rate_change=0.3))

    assert [change.key for change in plan.changes] == ["10x10", "k0"]
    assert [change.key for change in guarded.plan.changes] == ["k0"]


# Messages


def test_the_message_has_counts_share_threshold_setting_and_the_way_through() -> None:
    plan = plan_of(missing=tuple(keys(62)), known=500)
    message = guard(plan, None, Guardrails()).tripped[0].message

    assert message == (
        "max_missing: 62 of 500 known units (12.4%) are missing in F1; guardrails.max_missing "
        "allows 10%. The dangerous changes of this scope are held; if the source is right, let it "
        "through once: COMMAND"
    )


def test_the_message_of_a_shrinking_source_names_the_setting_that_judges_it() -> None:
    guarded = guard(plan_of(keys=keys(80)), keys(100), Guardrails())
    message = guarded.tripped[0].message

    assert message.startswith(
        "SourceShrank: 20 of 100 units (20%) of the last accepted extract are gone in F1; "
        "guardrails.max_missing allows 10%."
    )


def test_one_message_names_all_that_the_source_has_lost() -> None:
    accepted = AcceptedExtract(40, keys(40), ("id", "name", "rate", "note"))
    plan = plan_of(keys=keys(30), rows=30, columns=("id", "name", "rate"))
    guarded = guard(plan, accepted, Guardrails())

    assert names(guarded) == ["SourceShrank"]
    assert guarded.tripped[0].message.startswith(
        "SourceShrank: 10 of 40 units (25%) and 10 of 40 rows (25%) and 1 of 4 columns (25%) of "
        "the last accepted extract are gone in F1; "
    )


def test_the_message_never_says_that_a_share_exceeds_itself() -> None:
    plan = plan_of(rejected=1001, known=10_000)
    message = guard(plan, None, limits(max_rejected=0.1)).tripped[0].message

    assert "(10.01%)" in message
    assert "allows 10%" in message


def test_more_rows_may_be_rejected_than_units_are_known() -> None:
    plan = plan_of(rejected=50, known=20)
    message = guard(plan, None, Guardrails()).tripped[0].message

    assert "50 rows against 20 known units (250%) were rejected" in message


def test_the_message_says_that_something_was_allowed_already() -> None:
    allowed = Allowed(missing=keys(20))
    message = guard(plan_of(keys=frozenset()), keys(100), Guardrails(), allowed).tripped[0].message

    assert "80 of 100 units (80%) of the last accepted extract are gone besides what was" in message


def test_every_held_change_carries_the_message() -> None:
    guarded = guard(WORLD.plan(facility(DEARER)), keys(10), limits(max_updates=0.5))

    assert set(held(guarded.plan).values()) == {guarded.tripped[0].message}


def test_held_rates_have_one_reason_with_the_limit_and_the_command() -> None:
    reason = (
        "max_rate_change: its rate would move by more than the 30% that guardrails.max_rate_change "
        "allows; if the source is right, let it through once: COMMAND"
    )

    assert rate_of(100, 150)["k1"] == rate_of(0, 150)["k1"] == reason


SHARES = st.sampled_from([None, 0.0, 0.3])


@settings(max_examples=25)
@given(
    nights(),
    nights(complete=True),
    nights(),
    st.builds(
        Guardrails,
        max_missing=SHARES,
        max_updates=SHARES,
        max_rejected=SHARES,
        max_rate_change=SHARES,
        at_least=st.sampled_from([0, 2]),
    ),
    st.none() | st.just(frozenset(KEYS)),
)
def test_whatever_the_guardrails_hold_the_rest_can_go(
    first: Night, second: Night, third: Night, rails: Guardrails, accepted
) -> None:
    world = World().night(first.desired, RETIRING).night(second.desired, RETIRING)
    plan = world.plan(third.desired, RETIRING)
    guarded = guard(plan, accepted, rails)

    assert inconsistencies(world, guarded.plan) == []
    assert held(plan).items() <= held(guarded.plan).items()
    assert {c.identity for c in plan.of("unit")} == {c.identity for c in guarded.plan.of("unit")}
