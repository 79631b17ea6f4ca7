"""The planner: one night's source against what is known."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.transforms.nights import *
from tests.transforms.inventory import *
from transforms.group import REFERENCE, ATTRIBUTES

@settings(max_examples=1500)
@given(nights(), nights(complete=True), nights(), st.booleans())
def test_fuzz(first, second, third, retire):
    policy = RETIRING if retire else POLICY
    world = World().night(first.desired, policy).night(second.desired, policy)
    assert not clashing_names(world.units) and not clashing_names(world.groups)
    wanted = third.desired
    plan = world.plan(wanted, policy)
    after = world.after(plan)
    assert not clashing_names(after.units)
    assert not clashing_names(after.groups)
    asserted = {c.key for c in going(plan) if c.entity=="group" and {REFERENCE, ATTRIBUTES} & set(c.after)}
    assert broken_references(after, asserted) == {}
    assert {u.group for u in after.units.values()} <= set(after.groups)
    again = after.plan(wanted, policy)
    assert going(again) == ()
    assert set(held(again)) <= set(held(plan))
