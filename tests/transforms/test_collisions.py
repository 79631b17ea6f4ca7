"""Names and addresses that two would bear at once are found before they are sent."""

from __future__ import annotations

import time

import pytest

from transforms.collisions import (
    address_claim,
    address_label,
    address_members,
    hold_collisions,
    name_claim,
)
from transforms.plan import Change
from transforms.unique import folded

STREET, SECOND, CITY = "address.address_line_1", "address.address_line_2", "address.city"
MEMBERS = address_members([STREET, SECOND, "sqft"])


def rename(key: str, before: str, after: str, held: str | None = None) -> Change:
    names = {"name": before}, {"name": after}
    return Change("unit", "F1", key, after, "update", *names, remote_id=f"id-{key}", held=held)


def newcomer(key: str, name: str) -> Change:
    return Change("unit", "F1", key, name, "create", {}, {"name": name})


def held(changes: list[Change], **standing: str) -> dict[str, str]:
    """By key why a change waits; `standing` are the names that are borne now, by key."""
    found = hold_collisions(
        changes, name_claim(), lambda: ((folded(name), key) for key, name in standing.items())
    )

    assert [change.key for change in found] == [change.key for change in changes]
    return {change.key: change.held for change in found if change.held is not None}


def test_a_free_name_is_free() -> None:
    assert held([newcomer("k1", "A1"), rename("k2", "A2", "A3")], k2="A2") == {}


def test_a_name_that_another_bears_is_not_taken_and_the_other_is_named() -> None:
    (reason,) = held([newcomer("k1", "A1")], k2="A1").values()

    assert "still borne by unit 'k2'" in reason
    assert "rename or remove one of the two" in reason


@pytest.mark.parametrize("other", ["a1", " A1", "Ａ1"])
def test_case_blanks_and_unicode_form_make_no_other_name(other: str) -> None:
    assert held([newcomer("k1", "A1")], k2=other).keys() == {"k1"}


def test_a_unit_may_write_its_own_name_otherwise() -> None:
    assert held([rename("k1", "a1", "A1")], k1="a1") == {}


def test_two_that_swap_their_names_make_room_for_each_other() -> None:
    changes = [rename("k1", "A1", "A2"), rename("k2", "A2", "A1")]

    assert held(changes, k1="A1", k2="A2") == {}


def test_a_ring_of_names_turns() -> None:
    names = {f"k{n}": f"A{n}" for n in range(5)}
    ring = [rename(f"k{n}", f"A{n}", f"A{(n + 1) % 5}") for n in range(5)]

    assert held(ring, **names) == {}


def test_a_change_that_waits_keeps_its_name_and_so_holds_up_all_behind_it() -> None:
    changes = [rename("k1", "A1", "A2"), rename("k2", "A2", "A3"), newcomer("k3", "A1")]
    found = held(changes, k1="A1", k2="A2", k9="A3")

    assert found.keys() == {"k1", "k2", "k3"}
    assert "unit 'k9'" in found["k2"]
    assert "unit 'k2'" in found["k1"]


def test_a_change_that_was_held_before_keeps_its_reason_and_its_name() -> None:
    changes = [rename("k1", "A1", "A2", held="why not"), newcomer("k2", "A1")]
    found = held(changes, k1="A1")

    assert found["k1"] == "why not"
    assert "unit 'k1'" in found["k2"]


def test_a_unit_that_only_changes_the_case_of_its_name_does_not_give_it_up() -> None:
    changes = [rename("k1", "a1", "A1"), newcomer("k2", "a1")]

    assert held(changes, k1="a1").keys() == {"k2"}


def test_a_name_that_two_bear_already_is_free_only_when_both_have_left() -> None:
    leaving = rename("k1", "A1", "A9")
    both = hold_collisions(
        [leaving, newcomer("k3", "A1")], name_claim(), lambda: [("a1", "k1"), ("a1", "k2")]
    )

    assert [change.held is not None for change in both] == [False, True]


def test_who_wants_nothing_makes_nobody_ask_who_stands() -> None:
    def nobody() -> list[tuple[str, str]]:
        raise AssertionError

    rate = Change("unit", "F1", "k1", "A1", "update", {}, {"standard_rate": 5})

    assert hold_collisions([rate], name_claim(), nobody) == [rate]


def test_a_long_chain_is_worked_through_at_once() -> None:
    """One by one it would take minutes; 0.2 s were measured."""
    length = 20_000
    chain = [rename(f"k{n}", f"A{n}", f"A{n + 1}") for n in range(length)]
    names = {f"k{n}": f"A{n}" for n in range(length + 1)}
    started = time.perf_counter()

    assert len(held(chain, **names)) == length
    assert time.perf_counter() - started < 5


# Addresses


def apartment(key: str, second: str, action="create", before=None, **more) -> Change:
    whole = {STREET: "1 Main St", SECOND: second, **more}
    after = whole if action == "create" else {SECOND: second}
    return Change("unit", "C1", key, key, action, before or {}, after, whole=whole)


def test_an_address_is_compared_by_what_the_source_says_of_it() -> None:
    live = {STREET: "1 MAIN ST.", SECOND: "Unit 5", CITY: "Redding"}

    assert address_label(live, MEMBERS) == address_claim(MEMBERS).wanted(apartment("k", "unit 5"))


def test_where_no_member_says_anything_there_is_no_address() -> None:
    assert address_label({CITY: "Redding"}, MEMBERS) is None
    assert address_label({STREET: " - "}, MEMBERS) is None


def test_a_change_that_leaves_the_address_as_it_is_wants_none() -> None:
    claim = address_claim(MEMBERS)
    change = Change("unit", "C1", "k", "k", "update", {}, {"sqft": 5}, whole={STREET: "x"})

    assert claim.wanted(change) is None
    assert claim.borne(change) is None


def test_until_it_is_sent_a_unit_bears_the_address_that_it_is_known_under() -> None:
    claim = address_claim(MEMBERS)
    moved = apartment("k", "Unit 6", "update", {SECOND: "Unit 5"})
    completed = apartment("k", "Unit 6", "update")

    assert claim.borne(moved) == address_label({STREET: "1 Main St", SECOND: "Unit 5"}, MEMBERS)
    assert claim.borne(completed) == address_label({STREET: "1 Main St"}, MEMBERS)
    assert claim.borne(apartment("k", "Unit 6")) is None


def test_an_address_is_not_taken_from_a_unit_that_keeps_it() -> None:
    stands = address_label({STREET: "1 Main St", SECOND: "Unit 5"}, MEMBERS)
    (found,) = hold_collisions(
        [apartment("k1", "Unit 5")], address_claim(MEMBERS), lambda: [(str(stands), "k2")]
    )

    assert found.held
    assert "address is still borne by unit 'k2'" in found.held
