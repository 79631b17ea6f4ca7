"""An answer that says no although half of the request was done: nothing is made twice, and nothing
is believed that may be otherwise.
"""

from __future__ import annotations

import pytest

from connectors.sandbox import StoredgeHabits, demo_sandbox

FACILITY = "11111111-1111-4111-8111-111111111111"
CREATE = "POST units/bulk_create"
CREATE_GROUPS = "POST unit_groups"
UPDATE = "PUT units/bulk_update"
UPSERT = "POST units/multiple"
# Of 429, and of a first 401, is believed that nothing was done (DESIGN 6).
REFUSALS = [302, 307, 400, 403, 404, 409, 410, 413, 414, 422]


@pytest.fixture
def desk(desk):
    """A facility whose units may share a name: that they may not is stated nowhere (S5)."""
    desk.sandbox = demo_sandbox(clock=desk.clock, habits=StoredgeHabits(unique_names=False))
    return desk


@pytest.fixture
def community(community):
    """A community that does not recognise an address that it stored (T5)."""
    community.sandbox = demo_sandbox(clock=community.clock, matches_addresses=False)
    return community


def reads(desk) -> int:
    return int(desk.sandbox.counts()["reads"])


@pytest.mark.parametrize("status", REFUSALS)
def test_units_that_were_made_although_the_answer_said_no_are_not_made_again(desk, unit, status):
    desk.sync(unit(1))
    wanted = [unit(number) for number in range(1, 6)]
    desk.fault("partial", CREATE, status=status)

    desk.sync(*wanted)
    desk.sync()

    assert {"A1", "A2", "A3", "A4", "A5"} == set(desk.live())
    assert 0 == desk.sync().exit_code
    assert 0 == desk.sync().pipelines[0].requests


@pytest.mark.parametrize("meta", [{"error_code": 2}, {"status_code": 401}, {"status_code": 429}])
def test_units_that_were_made_although_a_success_said_no_inside_are_not_made_again(
    desk, unit, meta
):
    desk.sync(unit(1))
    desk.fault("malformed", CREATE, body={"units": [], "meta": meta | {"message": "no"}})

    desk.sync(*(unit(number) for number in range(1, 6)))

    assert {"A1", "A2", "A3", "A4", "A5"} == set(desk.live())
    assert 0 == desk.sync().exit_code
    assert 0 == desk.sync().pipelines[0].requests


@pytest.mark.parametrize("status", REFUSALS)
def test_groups_that_were_made_although_the_answer_said_no_are_not_made_again(desk, unit, status):
    desk.sync(unit(1))
    wanted = [unit(n, group=f"g{n}", group_name=f"group {n}") for n in range(1, 5)]
    desk.fault("partial", CREATE_GROUPS, status=status)

    desk.sync(*wanted)
    desk.sync()

    names = [group["name"] for group in desk.sandbox.groups(FACILITY)]
    assert len(set(names)) == len(names)
    assert 0 == desk.sync().exit_code
    assert 0 == desk.sync().pipelines[0].requests


@pytest.mark.parametrize("status", REFUSALS)
def test_apartments_that_were_made_although_the_answer_said_no_are_not_made_again(
    community, apartment, status
):
    community.sync(apartment(1))
    community.fault("partial", UPSERT, status=status)

    community.sync(*(apartment(number) for number in range(1, 6)))
    community.sync()

    assert 5 == len(community.live("COMM-1"))
    assert 0 == community.sync().exit_code
    assert 0 == community.sync().pipelines[0].requests


@pytest.mark.parametrize("status", REFUSALS)
def test_an_update_that_may_have_landed_is_not_known_to_have_failed(desk, unit, status):
    before, after = [unit(1), unit(2)], [unit(1, rate="120"), unit(2, rate="130")]
    desk.sync(*before)
    desk.fault("partial", UPDATE, status=status)
    desk.sync(*after)

    desk.sync(*before)

    assert [100, 100] == [live["standard_rate"] for live in desk.live().values()]
    assert 0 == desk.sync().pipelines[0].requests


def test_a_rate_that_may_have_landed_is_still_what_a_jump_is_measured_by(desk, unit):
    desk.configure("missing: report", "missing: report\n    guardrails: {max_rate_change: 30%}")
    desk.sync(unit(1), unit(2))
    desk.fault("partial", UPDATE, status=403)
    desk.sync(unit(1, rate="110"), unit(2, rate="110"))

    summary = desk.sync(unit(1, rate="1100"), unit(2, rate="1100"))

    assert 2 == summary.pipelines[0].counts["held"]
    assert {100, 110} == {live["standard_rate"] for live in desk.live().values()}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_move_that_may_have_landed_is_taken_back_with_the_source(desk, unit, status):
    other = {"group": "5x10", "group_name": "5x10 indoor"}
    before = [unit(1), unit(2), unit(3), unit(4), unit(5, **other)]
    after = [unit(1), unit(2), unit(3, **other), unit(4, **other), unit(5, **other)]
    desk.sync(*before)
    home = desk.live()["A3"]["unit_group_id"]
    desk.fault("partial", UPDATE, status=status)
    desk.sync(*after)

    desk.sync(*before)

    assert [home, home] == [desk.live()[name]["unit_group_id"] for name in ("A3", "A4")]
    assert 0 == desk.sync().exit_code
    assert 0 == desk.sync().pipelines[0].requests


def test_a_unit_that_was_made_goes_by_the_name_that_was_sent(desk, unit):
    desk.sync(unit(1))
    desk.fault("partial", CREATE, status=403)
    desk.sync(unit(1), unit(2), unit(3))
    made = desk.live()["A2"]["id"]

    desk.sync(unit(1), unit(2, name="A3"), unit(3, name="A2"))

    assert {"A1", "A2", "A3"} == set(desk.live())
    assert made == desk.live()["A3"]["id"]
    assert 0 == desk.sync().exit_code
    assert 0 == desk.sync().pipelines[0].requests


def test_a_create_that_was_never_taken_costs_one_reading_the_next_night(desk, unit):
    desk.sync(unit(1))
    desk.fault("status", CREATE, status=403)
    desk.sync(unit(1), unit(2))
    received = desk.sandbox.counts()["requests"]["GET units"]

    assert 1 == desk.sync().pipelines[0].counts["created"]

    assert received + 1 == desk.sandbox.counts()["requests"]["GET units"]
    assert 0 == desk.sync().pipelines[0].requests


def test_a_throttled_create_costs_no_reading(desk, unit):
    desk.sync(unit(1))
    read = reads(desk)
    desk.fault("status", CREATE, status=429, count=None)
    desk.sync(unit(1), unit(2))
    desk.sandbox.clear_faults()

    desk.sync()

    assert read == reads(desk)
