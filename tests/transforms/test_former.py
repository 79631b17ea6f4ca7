"""Whatever a night did, its inverse leaves nothing at the vendor that does not fit together."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from tests.transforms.inventory import POLICY, RETIRING, World, facility, going, unit
from tests.transforms.nights import Night, inconsistencies, nights
from transforms.diff import ScopePlan
from transforms.former import bring_back
from transforms.group import ATTRIBUTES, REFERENCE
from transforms.undo import undo

FIELDS = tuple(unit("k1"))


def inverse(world: World, plan: ScopePlan) -> ScopePlan:
    """What takes back all of a plan that came through."""
    known = {
        **{("unit", key): one for key, one in world.units.items()},
        **{("group", key): one for key, one in world.groups.items()},
    }
    judged = [
        undo(c, known.get(c.identity), {}, POLICY.schema, world.groups)
        for c in (replace(c, remote_id=None) for c in going(plan))
    ]
    formers = [one.former for one in judged if one.former is not None]
    return bring_back(plan.scope, formers, world.known, POLICY, FIELDS)


@given(first=nights(complete=True), second=nights())
def test_an_inverse_fits_together_makes_nobody_and_gives_back_what_was(
    first: Night, second: Night
) -> None:
    stood = World().night(first.desired)
    plan = stood.plan(second.desired, RETIRING)
    left = stood.after(plan)

    back = inverse(left, plan)

    assert inconsistencies(left, back) == []
    assert {change.action for change in back.changes} <= {"update", "move"}
    after = left.after(back)
    for change in going(back):
        if change.entity == "unit" and (before := stood.units.get(change.key)) is not None:
            fields = set(change.after) & set(before.payload)
            now = after.units[change.key]
            assert {n: now.payload[n] for n in fields} == {n: before.payload[n] for n in fields}
            assert change.action == "update" or now.group == before.group


def test_a_group_takes_over_what_its_reference_unit_has_again() -> None:
    stood = World().night(facility([unit("A1"), unit("A2")]))
    plan = stood.plan(facility([unit("A1", standard_rate=120.0), unit("A2")]))
    left = stood.after(plan)

    after = left.after(inverse(left, plan))

    assert stood.groups == after.groups
    assert after.groups["10x10"].payload[ATTRIBUTES]["standard_rate"] == 100


def test_a_reference_unit_that_moves_back_represents_its_group_again() -> None:
    stood = World().night(facility([unit("A1"), unit("A2")]))
    plan = stood.plan(facility([unit("A1", _group="5x5"), unit("A2")]))
    left = stood.after(plan)
    assert left.groups["10x10"].payload[REFERENCE] == "A2"

    after = left.after(inverse(left, plan))

    assert after.units["A1"].group == "10x10"
    assert after.groups["10x10"].payload[REFERENCE] == "A1"
