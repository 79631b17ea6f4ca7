"""A lost request that the vendor carries out after later ones have gone further: what it brings
back (a temporary name, no group, a passing reference) is put right the next night.
"""

from __future__ import annotations

import pytest

FACILITY = "11111111-1111-4111-8111-111111111111"
UPDATE = "PUT units/bulk_update"
UPDATE_GROUPS = "PATCH unit_groups"
LOSSES = ["drop_before", "drop_after", "malformed", "late"]


@pytest.fixture
def swapped(desk, unit):
    """Two units whose names the source has exchanged, and who they are at the vendor."""
    desk.sync(unit(1), unit(2), unit(3))
    return {name: live["id"] for name, live in desk.live().items()}


def exchange(desk, unit):
    return desk.sync(unit(1, name="A2"), unit(2, name="A1"), unit(3))


def names(desk) -> dict[str, str]:
    return {live["id"]: name for name, live in desk.live().items()}


def carried_out_late(desk) -> None:
    """What the vendor had put off is done before the day is over."""
    late = desk.sandbox._late
    for request in late._waiting:
        request.work()
    late.forget()


def test_a_temporary_name_that_comes_back_at_night_is_gone_the_next(desk, unit, swapped):
    desk.fault("late", UPDATE)
    exchange(desk, unit)
    carried_out_late(desk)
    assert any("~" in name for name in desk.live())

    desk.sync()

    assert {swapped["A1"]: "A2", swapped["A2"]: "A1", swapped["A3"]: "A3"} == names(desk)
    assert 0 == desk.sync().exit_code
    assert 0 == desk.sync().pipelines[0].requests


def test_a_temporary_name_that_comes_back_with_the_next_reading_does_not_stay(desk, unit, swapped):
    desk.fault("late", UPDATE)
    exchange(desk, unit)

    desk.sync()

    assert {swapped["A1"]: "A2", swapped["A2"]: "A1", swapped["A3"]: "A3"} == names(desk)
    assert 0 == desk.sync().pipelines[0].requests


def test_a_temporary_name_of_a_group_that_comes_back_is_gone_the_next_night(desk, unit):
    first, second = {"group": "a", "group_name": "one"}, {"group": "b", "group_name": "two"}
    desk.sync(unit(1, **first), unit(2, **second))
    ids = {group["name"]: group["id"] for group in desk.sandbox.groups(FACILITY)}
    desk.fault("late", UPDATE_GROUPS)
    desk.sync(unit(1, group="a", group_name="two"), unit(2, group="b", group_name="one"))
    for group_id, name in ((ids["one"], "two ~"), (ids["two"], "one ~")):
        desk.sandbox.edit("storedge", "group", group_id, {"name": f"{name}{group_id}"})

    desk.sync()

    found = {group["name"]: group["id"] for group in desk.sandbox.groups(FACILITY)}
    assert {"two": ids["one"], "one": ids["two"]} == found
    assert 0 == desk.sync().pipelines[0].requests


def test_a_unit_that_stepped_out_of_its_group_too_late_is_moved_back(desk, unit):
    left, right = {"group": "a", "group_name": "a"}, {"group": "b", "group_name": "b"}
    desk.sync(unit(1, **left), unit(2, **right))
    groups = {name: live["unit_group_id"] for name, live in desk.live().items()}
    desk.fault("late", UPDATE)  # two groups that swap their only units: one of them steps out
    desk.sync(unit(1, **right), unit(2, **left))
    carried_out_late(desk)
    assert None in {live["unit_group_id"] for live in desk.live().values()}

    desk.sync()

    found = {name: live["unit_group_id"] for name, live in desk.live().items()}
    assert {"A1": groups["A2"], "A2": groups["A1"]} == found
    assert 0 == desk.sync().exit_code
    assert 0 == desk.sync().pipelines[0].requests


def test_temporary_names_that_come_back_after_a_refusal_are_gone_the_next_night(desk, unit):
    desk.sync(*(unit(number) for number in range(1, 5)))
    ids = {name: live["id"] for name, live in desk.live().items()}
    desk.fault("late", UPDATE)  # the second attempt is refused, the halves of it are not
    body = {"error_hash": {"name": [{"name": "whose?", "message": "is taken"}]}}
    desk.fault("status", UPDATE, status=400, body=body)
    others = {1: "A2", 2: "A1", 3: "A4", 4: "A3"}
    exchanged = [unit(number, name=name) for number, name in others.items()]
    assert 4 == desk.sync(*exchanged).pipelines[0].counts["updated"]
    carried_out_late(desk)
    assert any("~" in name for name in desk.live())

    desk.sync()

    assert {ids[f"A{number}"]: name for number, name in others.items()} == names(desk)
    assert 0 == desk.sync().pipelines[0].requests


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_answer_to_a_last_word_costs_nothing_the_next_night(desk, unit, swapped, loss):
    desk.fault(loss, UPDATE)
    desk.sync(unit(1, rate="120"), unit(2, name="B2"), unit(3))

    assert 0 == desk.sync().pipelines[0].requests


def test_names_that_were_exchanged_without_a_loss_cost_nothing_the_next_night(desk, unit, swapped):
    exchange(desk, unit)

    assert 0 == desk.sync().pipelines[0].requests


@pytest.mark.parametrize("loss", LOSSES)
def test_a_scope_in_which_something_is_forgotten_is_planned_again(desk, unit, swapped, loss):
    desk.fault(loss, UPDATE)
    assert 2 == exchange(desk, unit).pipelines[0].counts["updated"]

    (scope,) = desk.rows_of("SELECT digest FROM scopes")
    assert scope["digest"] is None
    desk.sync()
    assert 0 == desk.sync().pipelines[0].requests


@pytest.mark.parametrize("loss", LOSSES)
def test_where_a_unit_stands_is_seen_before_it_is_moved_on(desk, unit, loss):
    left, right = {"group": "a", "group_name": "a"}, {"group": "b", "group_name": "b"}
    third = {"group": "c", "group_name": "c"}
    desk.sync(unit(1, **left), unit(2, **right))
    desk.fault(loss, UPDATE)
    desk.sync(unit(1, **right), unit(2, **left))

    # It represents the group that it leaves now, which somebody else enters.
    summary = desk.sync(unit(1, **third), unit(2, **left), unit(3, **right))

    assert 0 == summary.exit_code, summary
    assert 0 == desk.sync().pipelines[0].requests
