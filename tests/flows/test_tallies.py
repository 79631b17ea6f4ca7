"""Counts in words: complete, in order, and in grammar."""

from __future__ import annotations

from flows.summary import COUNTS
from flows.tallies import tallied
from transforms.standing import STANDINGS


def test_counts_stand_in_the_order_of_the_work_whatever_order_they_were_kept_in() -> None:
    kept = {"created": 32, "extracted": 2_369, "groups_created": 1, "groups_updated": 7, "held": 0}

    assert tallied(kept) == "2,369 extracted, 32 created, 1 group created, 7 groups updated"


def test_standings_are_counted_as_units_and_groups() -> None:
    kept = {"group drifted": 2, "unit conflict": 1, "unit drifted": 1, "unit in step": 2_341}

    assert tallied(kept) == (
        "2,341 units in step, 1 unit drifted, 1 unit in conflict, 2 groups drifted"
    )


def test_nothing_that_was_counted_is_left_out() -> None:
    names = [*COUNTS, *(f"unit {name}" for name in STANDINGS), "counted by a later version"]

    assert len(tallied(dict.fromkeys(names, 1)).split(", ")) == len(names)


def test_where_nothing_was_counted_nothing_is_said() -> None:
    assert tallied({"extracted": 0}) == ""
