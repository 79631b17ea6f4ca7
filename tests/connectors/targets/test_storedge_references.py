"""Reference units that leave their groups: who takes over, who waits, and how it all ends."""

from __future__ import annotations

import itertools

import pytest

from connectors.targets.storedge_facility import Facility
from connectors.targets.storedge_references import departures
from connectors.targets.work import Member, ScopeWork

from .desk import FacilityDesk, unit

UPDATE_UNITS = "PUT units/bulk_update"
UPDATE_GROUPS = "PATCH unit_groups"
CREATE_UNITS = "POST units/bulk_create"
CREATE_GROUPS = "POST unit_groups"


def placed(**groups):
    """Units by key, each in the group that is named; unit `u3` is called A3."""
    return {
        key: unit(f"A{key[1:]}", group, width=5 + int(key[1:])) for key, group in groups.items()
    }


def moved(desk, *, groups=None, **placing):
    wanted = placed(**placing)
    pushed = desk.night(wanted, groups)
    assert {"applied"} == set(pushed.ends()), {k: r.words for k, r in pushed.outcomes.items()}
    desk.assert_in_step(wanted, groups)
    return pushed


def test_a_reference_unit_hands_over_before_it_leaves(desk):
    moved(desk, u1="a", u2="a", u3="b")

    pushed = moved(desk, u1="b", u2="a", u3="b")

    assert [UPDATE_GROUPS, UPDATE_UNITS] == pushed.endpoints


def test_what_is_settled_already_goes_along_with_the_hand_over(desk):
    moved(desk, u1="a", u2="a", u3="b")

    pushed = moved(desk, u1="b", u2="a", u3="b", groups={"b": {"name": "Bigger"}})

    assert [UPDATE_GROUPS, UPDATE_UNITS] == pushed.endpoints
    assert 2 == len(pushed.bodies(UPDATE_GROUPS)[0]["unit_groups"])


def test_an_heir_that_changes_tonight_is_asserted_again_when_it_has(desk):
    moved(desk, u1="a", u2="a", u3="b")
    wanted = placed(u1="b", u2="a", u3="b")
    wanted["u2"]["width"] = 30

    pushed = desk.night(wanted)

    assert [UPDATE_GROUPS, UPDATE_UNITS, UPDATE_GROUPS] == pushed.endpoints
    assert 30 == desk.live_groups()["a"]["memo"]["width"]
    desk.assert_in_step(wanted)


def test_an_heir_that_will_look_like_the_last_reference_is_asserted_again_too(desk):
    desk.night({"u1": unit("A1", "a", width=10), "u2": unit("A2", "a", width=11)})
    wanted = {"u1": unit("A1", "b", width=10), "u2": unit("A2", "a", width=10)}

    pushed = desk.night(wanted)

    assert {"applied"} == set(pushed.ends())
    assert 10 == desk.live_groups()["a"]["memo"]["width"]
    desk.assert_in_step(wanted)


def test_an_heir_whose_change_fails_after_the_hand_over_is_asserted_the_next_night(desk):
    desk.night({"u1": unit("A1", "a", width=10), "u2": unit("A2", "a", width=11)})
    wanted = {"u1": unit("A1", "b", width=10), "u2": unit("A2", "a", width=10)}
    refusal = {"error_hash": {"width": [{"name": "A2", "message": "no"}]}}
    desk.fault("status", UPDATE_UNITS, status=400, body=refusal)

    pushed = desk.night(wanted)

    assert ("failed", "width: no") == pushed.of("u2")
    assert "failed" == pushed.of("a", "group")[0]
    desk.night(wanted)
    assert 10 == desk.live_groups()["a"]["memo"]["width"]
    desk.assert_in_step(wanted)


def test_a_group_that_is_emptied_needs_no_hand_over(desk):
    moved(desk, u1="a", u2="a", u3="b")

    pushed = moved(desk, u1="b", u2="b", u3="b")

    assert [UPDATE_UNITS] == pushed.endpoints


def test_a_group_that_is_emptied_over_several_batches_loses_its_reference_last():
    desk = FacilityDesk()
    desk.renew(batch_size=2)
    moved(desk, u1="a", u2="a", u3="a", u4="a", u5="a", u6="b")

    pushed = moved(desk, u1="b", u2="b", u3="b", u4="b", u5="b", u6="b")

    assert [UPDATE_UNITS] * 3 == pushed.endpoints
    assert ["A1"] == [
        row["name"]
        for item in pushed.bodies(UPDATE_UNITS)[2]["units"]
        for row in desk.live().values()
        if row["id"] == item["id"]
    ]


def test_a_reference_unit_waits_for_one_that_arrives_tonight(desk):
    moved(desk, u1="a", u2="b", u3="b")

    pushed = moved(desk, u1="b", u2="b", u3="a")

    assert [UPDATE_UNITS, UPDATE_GROUPS, UPDATE_UNITS] == pushed.endpoints


def test_a_reference_unit_waits_for_one_that_is_made_tonight(desk):
    moved(desk, u1="a", u2="b")

    pushed = moved(desk, u1="b", u2="b", u3="a")

    assert [CREATE_UNITS, UPDATE_GROUPS, UPDATE_UNITS] == pushed.endpoints


def test_a_reference_that_arrives_tonight_is_stood_in_for_by_one_that_stays(desk):
    moved(desk, u1="a", u2="a", u3="b", u4="b")

    pushed = moved(desk, u1="b", u2="a", u3="a", u4="b", groups={"a": {"reference_unit": "u3"}})

    assert pushed.endpoints.count(UPDATE_UNITS) == 1
    assert pushed.endpoints.count(UPDATE_GROUPS) == 2


def test_two_groups_that_swap_their_only_units_get_them(desk):
    moved(desk, u1="a", u2="b")

    pushed = moved(desk, u1="b", u2="a")

    assert [UPDATE_UNITS, UPDATE_UNITS, UPDATE_GROUPS] == pushed.endpoints


def test_two_groups_that_swap_their_reference_units_get_them(desk):
    moved(desk, u1="a", u2="a", u3="b", u4="b")
    groups = {"a": {"reference_unit": "u3"}, "b": {"reference_unit": "u1"}}

    moved(desk, u1="b", u2="a", u3="a", u4="b", groups=groups)


@pytest.mark.parametrize("count", [3, 4])
def test_a_ring_of_groups_that_pass_on_their_only_units_gets_them(desk, count):
    moved(desk, **{f"u{n}": f"g{n}" for n in range(count)})

    pushed = moved(desk, **{f"u{n}": f"g{(n + 1) % count}" for n in range(count)})

    assert [UPDATE_UNITS, UPDATE_UNITS, UPDATE_GROUPS] == pushed.endpoints


@pytest.mark.parametrize("size", [1, 2])
def test_groups_that_all_move_on_by_one_get_their_units(desk, size):
    """As when groups are made by rate, and all rates rise."""
    units = [f"u{n}" for n in range(3 * size)]
    moved(desk, **{key: f"g{n // size}" for n, key in enumerate(units)})

    pushed = moved(desk, **{key: f"g{n // size + 1}" for n, key in enumerate(units)})

    assert len(pushed.endpoints) <= 7


def test_a_swap_that_breaks_off_half_way_is_finished_the_next_night(desk):
    moved(desk, u1="a", u2="b")
    desk.fault("status", UPDATE_UNITS, status=429, count=None, skip=1)

    broken = desk.night(placed(u1="b", u2="a"))

    assert {"failed": 4} == broken.ends()
    assert all("not sent" in broken.of(key, "group")[1] for key in "ab")
    desk.sandbox.clear_faults()
    moved(desk, u1="b", u2="a")


def test_a_unit_that_stays_behind_unseen_takes_over_from_the_last_that_leaves(desk):
    """As when all units of a group get another one, except one that is missing from the source."""
    moved(desk, u1="a", u2="a", u3="b")
    wanted = placed(u1="b", u3="b")

    pushed = desk.night(wanted)

    assert {"applied": 1} == pushed.ends()
    assert [UPDATE_GROUPS, UPDATE_UNITS] == pushed.endpoints
    assert desk.book.units["u2"].remote_id == desk.live_groups()["a"]["reference_unit_id"]


def test_a_unit_that_nobody_knows_keeps_a_reference_unit_and_the_api_says_why(desk):
    moved(desk, u1="a", u2="a", u3="b")
    del desk.book.units["u2"]

    pushed = desk.night(placed(u1="b", u3="b"))

    outcome, words = pushed.of("u1")
    assert "failed" == outcome
    assert "is the reference unit of its group, which would not be left empty" in words


def test_a_hand_over_that_is_refused_fails_the_group_and_the_move_in_the_words_of_the_api(desk):
    moved(desk, u1="a", u2="a", u3="b")
    errors = {"reference_unit_assignments": [desk.book.units["u2"].remote_id + " is not there"]}
    desk.fault("status", UPDATE_GROUPS, status=400, count=None, body={"errors": errors})

    pushed = desk.night(placed(u1="b", u2="a", u3="b"))

    assert {"failed": 2} == pushed.ends()
    assert "is not there" in pushed.of("a", "group")[1]
    assert "is not there" in pushed.of("u1")[1]
    desk.sandbox.clear_faults()
    moved(desk, u1="b", u2="a", u3="b")


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "malformed", "status"])
@pytest.mark.parametrize("endpoint", [UPDATE_GROUPS, UPDATE_UNITS])
def test_no_fault_on_the_way_leaves_a_swap_undone(desk, kind, endpoint):
    moved(desk, u1="a", u2="a", u3="b", u4="c")
    desk.fault(kind, endpoint, count=5)

    moved(desk, u1="b", u2="a", u3="c", u4="b")


def test_every_way_to_place_four_units_in_three_groups_is_reached_from_every_other():
    desk = FacilityDesk()
    keys = ("u1", "u2", "u3", "u4")
    placings = list(itertools.product("abc", repeat=4))
    for number, start in enumerate(placings):
        end = placings[(number * 37 + 11) % len(placings)]
        moved(desk, **dict(zip(keys, start, strict=True)))
        moved(desk, **dict(zip(keys, end, strict=True)))


def test_who_does_not_leave_does_not_depart(desk):
    moved(desk, u1="a", u2="a")
    members = {k: Member(u.remote_id, u.name, u.group) for k, u in desk.book.units.items()}
    work = ScopeWork(desk.scope, (), members, dict(desk.book.groups), {})

    assert [] == departures(Facility.of(work), desk.plan(placed(u1="a", u2="b")))
