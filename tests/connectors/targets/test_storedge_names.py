"""Names that change hands tonight: swaps, chains, rings, and what is left when they break off."""

from __future__ import annotations

import pytest

from connectors.targets.storedge_names import room_for_names
from transforms.plan import Change

from .desk import unit

UPDATE_UNITS = "PUT units/bulk_update"
UPDATE_GROUPS = "PATCH unit_groups"


def named(**names):
    return {key: unit(name) for key, name in names.items()}


def sent_names(pushed, endpoint=UPDATE_UNITS, resource="units"):
    return [
        [item["name"] for item in body[resource] if "name" in item]
        for body in pushed.bodies(endpoint)
    ]


def test_a_name_that_is_free_goes_along_with_the_rest(desk):
    desk.night(named(a="A", b="B"))

    pushed = desk.night({"a": unit("C", standard_rate=130), "b": unit("B", standard_rate=130)})

    assert [["C"]] == sent_names(pushed)
    desk.assert_in_step({"a": unit("C", standard_rate=130), "b": unit("B", standard_rate=130)})


def test_a_name_that_changes_its_case_only_needs_no_room(desk):
    desk.night(named(a="a1"))

    pushed = desk.night(named(a="A1"))

    assert [["A1"]] == sent_names(pushed)


def test_a_name_that_is_given_up_for_a_new_unit_is_given_up_once_and_for_good(desk):
    desk.night(named(a="A", b="B"))

    pushed = desk.night(named(a="C", b="B", new="A"))

    assert [UPDATE_UNITS, "POST units/bulk_create"] == pushed.endpoints
    assert [["C"]] == sent_names(pushed)
    desk.assert_in_step(named(a="C", b="B", new="A"))


def test_what_else_changes_about_it_is_sent_without_the_name_again(desk):
    desk.night(named(a="A"))
    wanted = {"a": unit("C", standard_rate=130), "new": unit("A")}

    pushed = desk.night(wanted)

    assert [UPDATE_UNITS, "POST units/bulk_create", UPDATE_UNITS] == pushed.endpoints
    [first, second] = pushed.bodies(UPDATE_UNITS)
    assert {"id", "name"} == set(first["units"][0])
    assert {"id", "standard_rate"} == set(second["units"][0])
    desk.assert_in_step(wanted)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_ring_of_names_takes_two_requests(desk, count):
    desk.night({f"u{n}": unit(f"N{n}") for n in range(count)})
    turned = {f"u{n}": unit(f"N{(n + 1) % count}") for n in range(count)}

    pushed = desk.night(turned)

    assert [UPDATE_UNITS, UPDATE_UNITS] == pushed.endpoints
    assert {"applied": count} == pushed.ends()
    desk.assert_in_step(turned)


def test_a_chain_of_names_takes_two_requests_and_its_end_is_named_once(desk):
    desk.night(named(a="A", b="B", c="C"))
    wanted = named(a="B", b="C", c="D")

    pushed = desk.night(wanted)

    assert [UPDATE_UNITS, UPDATE_UNITS] == pushed.endpoints
    assert 1 == sum(names.count("D") for names in sent_names(pushed))
    desk.assert_in_step(wanted)


def test_names_of_groups_change_hands_too(desk):
    units = {"u1": unit("A1", "small"), "u2": unit("A2", "large")}
    desk.night(units)
    groups = {"small": {"name": "large"}, "large": {"name": "small"}}

    pushed = desk.night(units, groups)

    assert [UPDATE_GROUPS, UPDATE_GROUPS] == pushed.endpoints
    desk.assert_in_step(units, groups)


def test_a_group_makes_room_before_a_new_group_takes_its_name(desk):
    desk.night({"u1": unit("A1", "old")}, {"old": {"name": "10x10"}})
    units = {"u1": unit("A1", "old"), "u2": unit("A2", "new")}
    groups = {"old": {"name": "Ten"}, "new": {"name": "10x10"}}

    pushed = desk.night(units, groups)

    assert [
        UPDATE_GROUPS,
        "POST unit_groups",
        "POST units/bulk_create",
        UPDATE_GROUPS,
    ] == pushed.endpoints
    desk.assert_in_step(units, groups)


def test_a_swap_that_breaks_off_half_way_is_finished_the_next_night(desk):
    desk.night(named(a="A", b="B"))
    swapped = named(a="B", b="A")
    desk.fault("status", UPDATE_UNITS, status=429, count=None, skip=1)

    broken = desk.night(swapped)

    assert {"failed": 2} == broken.ends()
    temporary = {
        f"{name} ~{desk.book.units[key].remote_id}" for name, key in (("B", "a"), ("A", "b"))
    }
    assert temporary == set(desk.live())
    assert temporary == {one.name for one in desk.book.units.values()}
    desk.sandbox.clear_faults()
    desk.night(swapped)
    desk.assert_in_step(swapped)


def test_a_swap_that_broke_off_is_taken_back_when_the_source_takes_it_back(desk):
    desk.night(named(a="A", b="B"))
    desk.fault("status", UPDATE_UNITS, status=429, count=None, skip=1)
    desk.night(named(a="B", b="A"))
    desk.sandbox.clear_faults()

    desk.night(named(a="A", b="B"))

    desk.assert_in_step(named(a="A", b="B"))


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "malformed", "status_after"])
@pytest.mark.parametrize("skip", [0, 1])
def test_a_temporary_name_whose_answer_is_lost_is_not_taken_for_the_last_one(desk, kind, skip):
    desk.night(named(a="A", b="B"))
    swapped = named(a="B", b="A")
    desk.fault(kind, UPDATE_UNITS, count=5, skip=skip)

    pushed = desk.night(swapped)

    assert {"applied": 2} == pushed.ends()
    assert {"A", "B"} == set(desk.live())
    desk.night(swapped)  # a lost one may still be carried out: the names are sent once more
    desk.assert_in_step(swapped)


def test_a_unit_that_could_not_make_room_fails_and_takes_nobodys_name(desk):
    desk.night(named(a="A", b="B", c="C"))
    refusal = {"error_hash": {"name": [{"id": desk.book.units["a"].remote_id, "message": "no"}]}}
    desk.fault("status", UPDATE_UNITS, status=400, body=refusal)

    pushed = desk.night(named(a="D", b="A", c="E"))

    assert ("failed", "name: no") == pushed.of("a")
    assert ("failed", "not sent: unit 'a' did not give up its name") == pushed.of("b")
    assert ("applied", "") == pushed.of("c")
    assert {"A", "B", "E"} == set(desk.live())


def test_names_of_which_nobody_is_sure_go_through_temporary_ones(desk):
    """A refusal that names nobody may hide a swap that went through, and is then taken back."""
    desk.night(named(a="A", b="B"))
    desk.fault("status_after", UPDATE_UNITS, status=400, skip=1)
    desk.night(named(a="B", b="A"))
    assert {"A", "B"} == set(desk.live())

    pushed = desk.night(named(a="A", b="B"))

    assert {"applied": 2} == pushed.ends()
    desk.assert_in_step(named(a="A", b="B"))


def test_one_name_of_which_nobody_is_sure_is_in_nobodys_way(desk):
    desk.night(named(a="A", b="B"))
    desk.fault("status_after", UPDATE_UNITS, status=400)
    desk.night(named(a="C", b="B"))

    pushed = desk.night(named(a="A", b="B"))

    assert [["A"]] == sent_names(pushed)
    desk.assert_in_step(named(a="A", b="B"))


def test_nobody_makes_room_for_nobody():
    change = Change("unit", "f", "a", "B", "update", {"name": "A"}, {"name": "B"}, "id-a")

    assert [] == room_for_names([change], {"a": "A", "c": "C"}, {"a": "id-a", "c": "id-c"})
