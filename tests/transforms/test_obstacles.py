"""What a reading shows to stand in the way: whose group it is not, and who was made anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.transforms.inventory import STOREDGE, TRAVTUS
from transforms.obstacles import obstacles, readdressed
from transforms.plan import Change, Live, LiveGroup, LiveUnit

MOVE = Change(
    "unit", "F1", "k1", "A1", "move", {"unit_group": "old"}, {"unit_group": "new"}, "u1", "new"
)
STREET = {"address.address_line_1": "1 Main Street", "external_ref": "k1"}
ELSEWHERE = {**STREET, "address.address_line_1": "9 Side Street"}
READDRESSED = Change(
    "unit",
    "C1",
    "k1",
    "1",
    "update",
    {"address.address_line_1": "1 Main Street"},
    {"address.address_line_1": "9 Side Street"},
    "gone",
    whole=ELSEWHERE,
)


def in_group(remote_id: str, group: str | None = "g9") -> LiveUnit:
    return LiveUnit(remote_id, remote_id.upper(), {}, group_id=group)


def held_in(group: LiveGroup, *units: LiveUnit, moves: tuple[Change, ...] = (MOVE,)) -> set[str]:
    live = Live("F1", units, (group,))
    return set(obstacles(moves, live, {"u1", "u2"}, {"g1"}, STOREDGE))


def of_stranger(reference: str = "u1") -> LiveGroup:
    return LiveGroup("g9", "theirs", {"reference_unit_id": reference})


def test_who_represents_a_group_of_somebody_elses_that_others_stay_in_is_held() -> None:
    assert {"k1"} == held_in(of_stranger(), in_group("u1"), in_group("u9"))


def test_who_leaves_such_a_group_empty_may_go() -> None:
    assert set() == held_in(of_stranger(), in_group("u1"))


def test_who_leaves_it_together_with_all_others_may_go() -> None:
    both = MOVE, replace(MOVE, key="k2", remote_id="u2")

    assert set() == held_in(of_stranger(), in_group("u1"), in_group("u2"), moves=both)


def test_who_does_not_represent_it_may_go() -> None:
    assert set() == held_in(of_stranger("u9"), in_group("u1"), in_group("u9"))


def test_a_group_of_our_own_hands_over_by_itself() -> None:
    ours = replace(of_stranger(), remote_id="g1")

    assert set() == held_in(ours, in_group("u1", "g1"), in_group("u9", "g1"))


def test_a_unit_that_is_not_moved_is_in_nobodys_way() -> None:
    update = replace(MOVE, action="update", after={"standard_rate": 9})

    assert set() == held_in(of_stranger(), in_group("u1"), in_group("u9"), moves=(update,))


def homes(*found: tuple[str, dict[str, Any]]) -> Live:
    return Live("C1", tuple(LiveUnit(remote_id, "1", payload) for remote_id, payload in found))


@pytest.mark.parametrize("shared", [STREET, {"external_ref": "k1"}, {**STREET, "external_ref": ""}])
def test_a_home_that_was_made_anew_is_not_given_another_address(shared: dict[str, Any]) -> None:
    found = obstacles([READDRESSED], homes(("anew", shared)), {"gone"}, set(), TRAVTUS)

    assert "--confirm k1=anew" in found["k1"]


def test_a_home_that_is_live_may_get_another_address() -> None:
    both = homes(("gone", STREET), ("anew", {"external_ref": "k1"}))

    assert {} == obstacles([READDRESSED], both, {"gone"}, set(), TRAVTUS)


def test_a_home_that_is_gone_without_another_in_its_place_is_made_again() -> None:
    assert {} == obstacles([READDRESSED], homes(("other", {})), {"gone"}, set(), TRAVTUS)


def test_a_home_that_another_key_stands_for_is_nobodys_double() -> None:
    live = homes(("known", STREET))

    assert {} == obstacles([READDRESSED], live, {"gone", "known"}, set(), TRAVTUS)


def test_only_an_address_that_changes_calls_for_a_look() -> None:
    rate = replace(READDRESSED, after={"sqft": 9})
    new = replace(READDRESSED, action="create", remote_id=None)

    assert [READDRESSED] == readdressed([rate, new, READDRESSED, replace(READDRESSED, held="no")])
