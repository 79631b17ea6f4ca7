"""Allowances: exactly what was held goes through, and whatever else there is is judged as ever."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.inventory import RETIRING, World, facility, going, held, unit
from tests.transforms.nights import KEYS, Night, nights
from transforms.allowance import NOTHING, Allowed, Concern
from transforms.diff import ScopePlan
from transforms.guard import Guarded, guard
from transforms.guardrails import Guardrails
from transforms.plan import AcceptedExtract

OFF = Guardrails(max_missing=None, max_updates=None, max_rejected=None, at_least=0)
ROWS = [unit(f"k{n}", standard_rate=100.0) for n in range(10)]
WORLD = World().night(facility(ROWS))
ACCEPTED = AcceptedExtract(10, frozenset(f"k{n}" for n in range(10)), ("id", "name"))


def limits(**said) -> Guardrails:
    return OFF.model_copy(update=said)


def dearer(*numbers: int, rate: float = 120.0) -> list[dict]:
    """The rows, some of them with another rate."""
    return [
        row | {"standard_rate": rate} if number in numbers else row
        for number, row in enumerate(ROWS)
    ]


def plan_of(rows: list[dict], rejected: list[str] = (), *, columns=("id", "name")) -> ScopePlan:
    return replace(WORLD.plan(facility(rows, rejected), RETIRING), columns=columns)


def judged(plan: ScopePlan, rails: Guardrails, allowed: Allowed = NOTHING) -> Guarded:
    return guard(plan, ACCEPTED, rails, allowed, "COMMAND", {})


def allowance(guarded: Guarded) -> Allowed:
    """What a person lets through who lets through what was held, by way of the state."""
    concerns = [json.loads(json.dumps(asdict(one.concern))) for one in guarded.tripped]
    changes = [change for change in guarded.plan.changes if change.held is not None]
    return Allowed.of(map(Concern.read, concerns), changes)


def names(guarded: Guarded) -> list[str]:
    return [one.guard for one in guarded.tripped]


# Changes


UPDATES = limits(max_updates=0.2)
SIX = allowance(judged(plan_of(dearer(*range(6))), UPDATES))


def test_the_very_same_plan_goes_through_in_full() -> None:
    plan = plan_of(dearer(*range(6)))

    assert names(judged(plan, UPDATES)) == ["max_updates"]
    assert judged(plan, UPDATES, SIX).plan.changes == plan.changes


def test_a_plan_that_grew_a_little_goes_through() -> None:
    assert judged(plan_of(dearer(*range(8))), UPDATES, SIX).tripped == ()


def test_a_plan_that_grew_too_much_holds_what_it_grew_by() -> None:
    guarded = judged(plan_of(dearer(*range(9))), UPDATES, SIX)

    assert guarded.tripped[0].message.startswith("max_updates: 3 of 10 known units (30%)")
    assert held(guarded.plan).keys() >= {"k6", "k7", "k8"}
    assert {c.key for c in going(guarded.plan)} == {"10x10", *(f"k{n}" for n in range(6))}


def test_another_price_than_the_one_that_was_seen_is_judged_anew() -> None:
    guarded = judged(plan_of(dearer(*range(6), rate=999.0)), UPDATES, SIX)

    assert names(guarded) == ["max_updates"]
    assert going(guarded.plan) == ()


def test_a_rate_that_was_let_through_may_jump_there_and_nowhere_else() -> None:
    rails = limits(max_rate_change=0.3)
    allowed = allowance(judged(plan_of(dearer(1, rate=200.0)), rails))

    assert judged(plan_of(dearer(1, rate=200.0)), rails, allowed).tripped == ()
    assert names(judged(plan_of(dearer(1, rate=201.0)), rails, allowed)) == ["max_rate_change"]


def test_what_is_held_for_another_reason_is_not_let_through() -> None:
    plan = plan_of(dearer(*range(6))).holding_units({"k1": "it is not vacant"})
    allowed = allowance(judged(plan, UPDATES))

    assert ("unit", "k1") not in allowed.changes
    assert held(judged(plan, UPDATES, allowed).plan) == held(plan)


# What is missing and what the source has lost


def test_units_that_were_missing_then_may_be_missing_and_retired() -> None:
    plan = plan_of(ROWS[:6])
    guarded = judged(plan, limits(max_missing=0.1))
    again = judged(plan, limits(max_missing=0.1), allowance(guarded))

    assert names(guarded) == ["SourceShrank", "max_missing"]
    assert (again.tripped, again.accepted) == ((), True)
    assert again.plan.changes == plan.changes


def test_units_that_went_missing_since_are_judged_for_themselves() -> None:
    allowed = allowance(judged(plan_of(ROWS[:6]), limits(max_missing=0.1)))
    guarded = judged(plan_of(ROWS[:4]), limits(max_missing=0.1), allowed)

    assert guarded.tripped[0].message.startswith("SourceShrank: 2 of 10 units (20%)")
    assert not guarded.accepted
    assert held(guarded.plan).keys() >= {"k4", "k5"}
    assert {c.key for c in going(guarded.plan)} >= {"k6", "k7", "k8", "k9"}


def test_columns_that_were_gone_then_may_be_gone() -> None:
    rails = limits(max_missing=0.1)
    without = plan_of(ROWS, columns=("id",))
    allowed = allowance(judged(without, rails))

    assert judged(without, rails, allowed).accepted
    assert not judged(plan_of(ROWS, columns=("name",)), rails, allowed).accepted


# Rejected rows


def test_rows_that_were_rejected_then_may_be_rejected() -> None:
    rails = limits(max_rejected=0.2)
    plan = plan_of(dearer(1), [f"k{n}" for n in range(5, 10)])
    guarded = judged(plan, rails)

    assert names(guarded) == ["max_rejected"]
    assert judged(plan, rails, allowance(guarded)).plan.changes == plan.changes


def test_other_rows_that_are_rejected_count() -> None:
    allowed = Allowed(rejected={"k1": 1, "k2": 2, "": 1})

    assert allowed.rejected_of({"k1": 1, "k3": 1}) == 1
    assert allowed.rejected_of({"k1": 2, "k2": 2}) == 3
    assert allowed.rejected_of({"": 3}) == 1


# For all plans


SHARES = st.sampled_from([None, 0.0, 0.3])
RAILS = st.builds(
    Guardrails,
    max_missing=SHARES,
    max_updates=SHARES,
    max_rejected=SHARES,
    max_rate_change=SHARES,
    at_least=st.sampled_from([0, 2]),
)
COLUMNS = st.lists(st.sampled_from("abc"), unique=True).map(tuple)
EXTRACTS = st.none() | st.builds(
    AcceptedExtract,
    rows=st.integers(0, 6),
    keys=st.frozensets(st.sampled_from(KEYS)),
    columns=COLUMNS,
)


@st.composite
def plans(draw: st.DrawFn) -> ScopePlan:
    first, second, third = draw(nights()), draw(nights(complete=True)), draw(nights())
    world = World().night(first.desired, RETIRING).night(second.desired, RETIRING)
    plan = replace(world.plan(third.desired, RETIRING), columns=draw(COLUMNS))
    waiting = draw(st.frozensets(st.sampled_from(KEYS), max_size=2))
    return plan.holding_units(dict.fromkeys(waiting, "ask first"))


@settings(max_examples=60)
@given(plans(), EXTRACTS, RAILS)
def test_with_its_allowance_no_plan_is_held_by_a_guardrail(
    plan: ScopePlan, accepted: AcceptedExtract | None, rails: Guardrails
) -> None:
    guarded = guard(plan, accepted, rails, NOTHING, "COMMAND", {})
    again = guard(plan, accepted, rails, allowance(guarded), "COMMAND", {})

    assert again.tripped == ()
    assert again.accepted
    assert again.plan == plan


@settings(max_examples=30)
@given(plans(), EXTRACTS, RAILS, nights())
def test_an_allowance_of_something_else_lets_nothing_through(
    plan: ScopePlan, accepted: AcceptedExtract | None, rails: Guardrails, other: Night
) -> None:
    elsewhere = World().plan(facility([unit("z1"), unit("z2")]))
    strange = Allowed(
        changes={change.identity: change for change in elsewhere.of("unit")},
        missing=frozenset({"z1"}),
        columns=frozenset({"z"}),
        rejected=Counter({"z2": 5}),
    )
    before = guard(plan, accepted, rails, NOTHING, "COMMAND", {})
    after = guard(plan, accepted, rails, strange, "COMMAND", {})

    assert held(after.plan).keys() == held(before.plan).keys()
    assert names(after) == names(before)
    assert [one.concern for one in after.tripped] == [one.concern for one in before.tripped]
