"""What somebody deleted or moved at the vendor by hand: the API's own answer tells, a reading
proves it, and the night after puts it right. Nothing is believed gone because a listing lacks it.
"""

from __future__ import annotations

import pytest

from flows.linking import Wish
from flows.reconcile import reconcile
from tests.flows.conftest import COMMUNITY_CONFIG, CONFIG, Desk


def by_hand(desk, entity, remote_id, **fields):
    vendor = "storedge" if entity != "apartment" else "travtus"
    entity = "unit" if entity == "apartment" else entity
    assert desk.sandbox.edit(vendor, entity, remote_id, fields) is None


def live(desk) -> dict[str, dict]:
    """The units at the vendor that nobody deleted, by name."""
    return {unit["name"]: unit for unit in desk.sandbox.units() if unit.get("deleted") is False}


def counts(summary) -> dict[str, int]:
    """What became of the units; groups follow them."""
    told = summary.pipelines[0].counts.items()
    return {name: count for name, count in told if count and not name.startswith("groups")}


def test_a_unit_deleted_by_hand_fails_once_and_is_then_made_anew(desk, unit):
    desk.sync(unit(1), unit(2))
    by_hand(desk, "unit", live(desk)["A2"]["id"], deleted=True)

    first = desk.sync(unit(1), unit(2, rate="120.00"))
    second = desk.sync(unit(1), unit(2, rate="120.00"))
    third = desk.sync(unit(1), unit(2, rate="120.00"))

    assert {"extracted": 2, "unchanged": 1, "failed": 1} == counts(first)
    assert {"extracted": 2, "unchanged": 1, "created": 1} == counts(second)
    assert {"extracted": 2, "unchanged": 2} == counts(third)
    assert 120.0 == live(desk)["A2"]["standard_rate"]


def test_a_unit_made_anew_by_others_is_adopted_and_not_made_twice(desk, unit):
    desk.sync(unit(1), unit(2))
    by_hand(desk, "unit", live(desk)["A2"]["id"], deleted=True)
    others = desk.folder / "others"
    others.mkdir()
    their_desk = Desk(others, CONFIG, "units.csv")
    their_desk.sandbox, their_desk.clock, their_desk._ids = desk.sandbox, desk.clock, desk._ids
    their_desk.sync(unit(2))
    theirs = live(desk)["A2"]["id"]

    desk.sync(unit(1), unit(2, rate="120.00"))
    summary = desk.sync(unit(1), unit(2, rate="120.00"))

    assert {"extracted": 2, "unchanged": 1, "updated": 1} == counts(summary)
    assert theirs == live(desk)["A2"]["id"]
    assert 120.0 == live(desk)["A2"]["standard_rate"]


def test_a_unit_that_nobody_says_is_gone_stays_known_whatever_a_listing_lacks(desk, unit):
    desk.sync(unit(1), unit(2))
    by_hand(desk, "unit", live(desk)["A2"]["id"], deleted=True)
    by_hand(desk, "unit", live(desk)["A1"]["id"], deleted=True)

    desk.sync(unit(1, rate="120.00"), unit(2))
    summary = desk.sync(unit(1, rate="120.00"), unit(2))

    assert {"extracted": 2, "unchanged": 1, "created": 1} == counts(summary)
    assert {"A1"} == set(live(desk))


def test_a_group_deleted_by_hand_is_made_anew_with_all_its_units(desk, unit):
    desk.sync(unit(1), unit(2))
    by_hand(desk, "group", live(desk)["A1"]["unit_group_id"], deleted=True)

    desk.sync(unit(1), unit(2), unit(3))
    desk.sync(unit(1), unit(2), unit(3))
    summary = desk.sync(unit(1), unit(2), unit(3))

    groups = {live["unit_group_id"] for live in live(desk).values()}
    assert {"extracted": 3, "unchanged": 3} == counts(summary)
    assert 1 == len(groups)
    assert None not in groups


def test_a_reference_unit_moved_by_hand_is_moved_back_once_the_api_refuses_it(desk, unit):
    desk.sync(unit(1), unit(2), unit(3, group="5x10", group_name="5x10 indoor"))
    elsewhere = live(desk)["A3"]["unit_group_id"]
    by_hand(desk, "unit", live(desk)["A1"]["id"], unit_group_id=elsewhere)
    changed = [
        unit(1, rate="120.00"),
        unit(2, rate="120.00"),
        unit(3, group="5x10", group_name="5x10 indoor"),
    ]

    first = desk.sync(*changed)
    desk.sync(*changed)
    third = desk.sync(*changed)

    assert 1 == first.exit_code
    assert {"extracted": 3, "unchanged": 3} == counts(third)
    assert live(desk)["A1"]["unit_group_id"] == live(desk)["A2"]["unit_group_id"] != elsewhere


def test_a_reference_unit_set_by_hand_hands_over_once_the_api_has_refused_its_move(desk, unit):
    other = {"group": "5x10", "group_name": "5x10 indoor"}
    desk.sync(unit(1), unit(2), unit(3), unit(4, **other))
    theirs = live(desk)["A2"]
    by_hand(desk, "group", theirs["unit_group_id"], reference_unit_id=theirs["id"])
    changed = [unit(1), unit(2, **other), unit(3), unit(4, **other)]

    first = desk.sync(*changed)
    second = desk.sync(*changed)
    third = desk.sync(*changed)

    assert {"extracted": 4, "unchanged": 3, "failed": 1} == counts(first)
    assert {"extracted": 4, "unchanged": 3, "moved": 1} == counts(second)
    assert {"extracted": 4, "unchanged": 4} == counts(third)
    assert live(desk)["A4"]["unit_group_id"] == live(desk)["A2"]["unit_group_id"]


def test_an_apartment_deleted_by_hand_is_found_under_its_new_identifier(community, apartment):
    community.sync(apartment(1), apartment(2))
    [gone] = [u for u in community.sandbox.units("COMM-1") if u["external_ref"] == "c1-2"]
    by_hand(community, "apartment", gone["identifier"], deleted=True)

    first = community.sync(apartment(1), apartment(2, sqft=800))
    second = community.sync(apartment(1), apartment(2, sqft=800))
    third = community.sync(apartment(1), apartment(2, sqft=800))

    assert {"extracted": 2, "unchanged": 1, "failed": 1} == counts(first)
    assert 0 == second.exit_code
    assert {"extracted": 2, "unchanged": 2} == counts(third)
    assert 2 == len(community.sandbox.units("COMM-1"))


@pytest.fixture
def made_anew(community, apartment):
    """The home c1-2 is deleted by hand and made again by others; its identifiers, old and new."""
    community.sync(apartment(1), apartment(2))
    gone = homes(community)["c1-2"]
    by_hand(community, "apartment", gone, deleted=True)
    others = community.folder / "others"
    others.mkdir()
    their_desk = Desk(others, COMMUNITY_CONFIG, "apartments.csv")
    their_desk.sandbox, their_desk.clock = community.sandbox, community.clock
    their_desk.sync(apartment(2))
    return gone, homes(community)["c1-2"]


def homes(community) -> dict[str, str]:
    """The identifiers of the homes at the vendor, by their references."""
    units = community.sandbox.units("COMM-1")
    return {unit["external_ref"]: unit["identifier"] for unit in units}


def test_a_home_that_was_made_anew_is_not_made_twice_by_a_new_address(
    community, apartment, made_anew
):
    moved = [apartment(1), apartment(2, street="9 Side Street")]

    nights = [community.sync(*moved) for _ in range(2)]

    assert [{"extracted": 2, "unchanged": 1, "held": 1}] * 2 == [counts(night) for night in nights]
    assert 2 == len(community.sandbox.units("COMM-1"))
    [row] = community.rows_of("SELECT DISTINCT words FROM changes WHERE outcome = 'held'")
    assert f"--confirm c1-2={made_anew[1]}" in row["words"]


def test_a_home_that_a_person_calls_the_same_is_kept_in_step_again(community, apartment, made_anew):
    moved = [apartment(1), apartment(2, street="9 Side Street")]
    community.sync(*moved)

    reconcile(community.settings(), community.world(), Wish(confirmed={"c1-2": made_anew[1]}))
    summary = community.sync(*moved)

    assert {"extracted": 2, "unchanged": 1, "updated": 1} == counts(summary)
    assert {"c1-1", "c1-2"} == set(homes(community))
    assert 2 == len(community.sandbox.units("COMM-1"))


def test_a_deleted_home_that_nobody_made_again_is_made_at_its_new_address(community, apartment):
    community.sync(apartment(1), apartment(2))
    by_hand(community, "apartment", homes(community)["c1-2"], deleted=True)
    moved = [apartment(1), apartment(2, street="9 Side Street")]

    nights = [community.sync(*moved) for _ in range(3)]

    assert 0 == nights[1].exit_code
    assert {"extracted": 2, "unchanged": 2} == counts(nights[2])
    assert 2 == len(community.sandbox.units("COMM-1"))
