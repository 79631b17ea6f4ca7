"""What a reading says of units and groups that are linked, where nothing better is known."""

from __future__ import annotations

from dataclasses import replace

from tests.transforms.inventory import STOREDGE
from transforms.plan import KnownGroup, KnownUnit, Live, LiveGroup, LiveUnit
from transforms.refresh import completed, group_payload, refreshed

UNIT = KnownUnit("k1", "u1", "A1", "g1", {"name": "A1", "width": 10}, "digest")
GROUPS = [KnownGroup(key, f"uuid-{key}", key, {"name": key}) for key in ("g1", "g2")]
ASTRAY = replace(UNIT, group=None, digest="")


def live(group: str | None, **said) -> Live:
    unit = LiveUnit("u1", "A1", {"name": "A1", "width": 10, **said}, group, "vacant")
    return Live("F1", (unit,))


def test_what_was_forgotten_of_a_unit_is_known_as_it_is_live() -> None:
    forgotten = replace(UNIT, payload={"name": "A1"}, digest="")

    [unit] = completed([forgotten], GROUPS, live("uuid-g2", width=12), STOREDGE)

    assert replace(forgotten, payload={"name": "A1", "width": 12}) == unit


def test_a_unit_that_stands_nobody_knows_where_is_known_where_it_is_live() -> None:
    assert [replace(ASTRAY, group="g2")] == completed([ASTRAY], GROUPS, live("uuid-g2"), STOREDGE)


def test_what_is_known_of_a_unit_is_not_taken_back_by_a_reading() -> None:
    known = replace(UNIT, digest="")

    assert [] == completed([known], GROUPS, live("uuid-g2", width=12), STOREDGE)


def test_a_unit_that_is_vouched_for_is_left_as_it_is_known() -> None:
    vouched_for = [UNIT, replace(UNIT, group=None, payload={})]

    assert [] == completed(vouched_for, GROUPS, live("uuid-g2"), STOREDGE)


def test_a_unit_that_no_reading_shows_in_one_of_our_groups_stays_in_none() -> None:
    for reading in (live(None), live("somebody else's"), Live("F1", ())):
        assert [] == completed([ASTRAY], GROUPS, reading, STOREDGE)


def test_a_forgotten_name_is_sent_again_whatever_is_live() -> None:
    nameless = replace(UNIT, payload={"width": 10}, digest="")

    assert [] == completed([nameless], GROUPS, live("uuid-g1"), STOREDGE)


def test_an_older_state_gives_way_to_what_is_live() -> None:
    [unit], groups = refreshed([UNIT], GROUPS, live("uuid-g2", width=12), STOREDGE)

    assert ("g2", 12, "") == (unit.group, unit.payload["width"], unit.digest)
    assert [] == groups


def test_the_reference_unit_of_a_live_group_goes_by_our_key() -> None:
    group = LiveGroup("uuid-g1", "one", {"reference_unit_id": "u1", "fully_enclosed": True})

    assert {"name": "one", "reference_unit": "k1", "fully_enclosed": True} == group_payload(
        group, {"u1": "k1"}
    )
    assert "reference_unit" not in group_payload(group, {})
