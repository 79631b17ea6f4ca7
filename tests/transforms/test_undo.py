"""What of a change is taken back: what it left, and nothing that is somebody else's by now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from transforms import storedge, undo
from transforms.former import Former
from transforms.plan import Change, KnownGroup, KnownUnit
from transforms.undo import Undone

SCHEMA = storedge.schema()
KNOWN = KnownUnit("u1", "id-1", "A1", "10x10", {"standard_rate": 120, "name": "A1"})
DEARER: dict[str, Any] = {"before": {"standard_rate": 100}, "after": {"standard_rate": 120}}


def change(**given: Any) -> Change:
    fields: dict[str, Any] = {
        "entity": "unit",
        "scope": "s",
        "key": "u1",
        "name": "A1",
        "action": "update",
        "before": {},
        "after": {},
        "remote_id": "id-1",
    }
    return Change(**{**fields, **given})


def judged(
    one: Change, known: KnownUnit | KnownGroup | None = KNOWN, schema: Any = SCHEMA, **since: str
) -> Undone:
    return undo.undo(one, known, since, schema, {"10x10", "5x5"})


def reasons(done: Undone) -> list[tuple[str | None, str]]:
    return [(left.field, left.reason) for left in done.left]


def test_a_field_that_still_is_what_was_sent_goes_back() -> None:
    assert Undone(Former("unit", "u1", {"standard_rate": 100})) == judged(change(**DEARER))


def test_what_was_only_sent_again_is_neither_undone_nor_left() -> None:
    again = change(before={"standard_rate": 120}, after={"standard_rate": 120})

    assert Undone(None) == judged(again)


@pytest.mark.parametrize(
    ("one", "known", "reason"),
    [
        (change(action="create"), KNOWN, undo.CREATED),
        (change(**DEARER), None, undo.FORGOTTEN),
        (change(**DEARER), replace(KNOWN, remote_id="id-2"), undo.REPLACED),
        (change(**DEARER), replace(KNOWN, retired=True), undo.RETIRED),
        (change(action="retire", after={"rentable": False}), KNOWN, undo.RETURNED),
        (
            change(action="retire", before={"rentable": False}, after={"rentable": False}),
            replace(KNOWN, retired=True),
            undo.OFF_BEFORE,
        ),
    ],
)
def test_a_change_that_cannot_be_taken_back_says_why(
    one: Change, known: KnownUnit | None, reason: str
) -> None:
    done = judged(one, known)

    assert (None, [(None, reason)]) == (done.former, reasons(done))


@pytest.mark.parametrize(
    ("before", "after", "known", "reason"),
    [
        ({"rank": 1}, {"rank": 2}, {"rank": 3}, "it is not what that run sent, but 3"),
        ({"rank": 1}, {"rank": 2}, {}, "it is not what that run sent, but not known"),
        ({}, {"rank": 2}, {"rank": 2}, undo.NOT_KNOWN_BEFORE),
        ({"walk_thru_order": 1}, {"walk_thru_order": 2}, {"walk_thru_order": 2}, undo.UNSENT),
        ({"unit_group": "gone"}, {"unit_group": "10x10"}, {}, undo.GROUPLESS),
        ({"unit_group": None}, {"unit_group": "10x10"}, {}, undo.NOT_KNOWN_BEFORE),
        (
            {"combination_lock_number": "hmac:1"},
            {"combination_lock_number": "hmac:2"},
            {},
            undo.LOCK_CODE,
        ),
    ],
)
def test_a_field_that_cannot_go_back_says_why(
    before: dict[str, Any], after: dict[str, Any], known: dict[str, Any], reason: str
) -> None:
    done = judged(change(before=before, after=after), replace(KNOWN, payload=known))

    assert (None, [(next(iter(after)), reason)]) == (done.former, reasons(done))


def test_a_field_that_somebody_changed_since_is_left_and_the_others_go_back() -> None:
    one = change(
        before={"standard_rate": 100, "name": "B"}, after={"standard_rate": 120, "name": "A1"}
    )

    done = judged(one, standard_rate="run 7 has changed it since")

    assert Former("unit", "u1", {"name": "B"}) == done.former
    assert [("standard_rate", "run 7 has changed it since")] == reasons(done)


def test_a_retired_unit_of_which_nobody_said_so_was_on_the_market() -> None:
    retired = replace(KNOWN, retired=True, payload={"rentable": False})

    done = judged(change(action="retire", before={}, after={"rentable": False}), retired)

    assert Former("unit", "u1", {"rentable": True}) == done.former


def test_of_a_group_the_name_goes_back_and_its_attributes_follow_its_unit() -> None:
    group = KnownGroup("10x10", "g-1", "new", {"name": "new", "reference_attributes": {"width": 2}})
    one = change(
        entity="group",
        key="10x10",
        remote_id="g-1",
        before={"name": "old", "reference_attributes": {"width": 1}},
        after={"name": "new", "reference_attributes": {"width": 2}},
    )

    assert Undone(Former("group", "10x10", {"name": "old"})) == judged(one, group)


def test_where_no_groups_are_sent_none_goes_back() -> None:
    group = KnownGroup("10x10", "g-1", "new", {"name": "new"})
    renamed = {"before": {"name": "old"}, "after": {"name": "new"}, "remote_id": "g-1"}
    moved = change(action="move", before={"unit_group": "5x5"}, after={"unit_group": "10x10"})

    one = undo.undo(change(entity="group", key="10x10", **renamed), group, {}, SCHEMA, None)
    two = undo.undo(moved, KNOWN, {}, SCHEMA, None)

    assert [(None, undo.UNSENT)] == reasons(one)
    assert [("unit_group", undo.UNSENT)] == reasons(two)
