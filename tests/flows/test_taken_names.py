"""A name that was given to another at the vendor by hand: refused once, then told and held.

The answer contradicts what is known, so that the scope is read (DESIGN 6); nobody is renamed who
was not asked for.
"""

from __future__ import annotations

import pytest


def edit(desk, entity, remote_id, **fields) -> None:
    assert desk.sandbox.edit("storedge", entity, remote_id, fields) is None


def words(desk, outcome) -> list[str]:
    rows = desk.rows_of(
        "SELECT words, outcome FROM changes JOIN runs USING (run_id)"
        " WHERE serial = (SELECT max(serial) FROM runs)"
    )
    return [row["words"] for row in rows if row["outcome"] == outcome]


@pytest.mark.parametrize("wanted", [1, 3], ids=["a unit is renamed", "a unit is made"])
def test_a_name_that_another_unit_was_given_by_hand_is_told_once_it_was_refused(desk, unit, wanted):
    desk.sync(unit(1), unit(2))
    second = desk.live()["A2"]["id"]
    edit(desk, "unit", second, name="B1")
    source = {1: unit(1), 2: unit(2)} | {wanted: unit(wanted, name="B1")}

    refused = desk.sync(*source.values())
    assert 1 == refused.pipelines[0].counts["failed"]
    before = desk.writes()
    for _ in range(2):
        told = desk.sync()
        assert (1, 1) == (told.exit_code, told.pipelines[0].counts["held"])
        [reason] = words(desk, "held")
        assert f"its name 'B1' is borne at the vendor by unit 'u2' ({second})" in reason
    assert before == desk.writes()

    edit(desk, "unit", second, name="A2")
    assert 0 == desk.sync().exit_code
    assert {"B1", "A2"} <= set(desk.live())
    assert 0 == desk.sync().pipelines[0].requests


def test_who_gets_another_name_tonight_is_in_nobodys_way(desk, unit):
    desk.sync(unit(1), unit(2))
    edit(desk, "unit", desk.live()["A2"]["id"], name="B1")

    assert 1 == desk.sync(unit(1, name="B1"), unit(2, name="C2")).pipelines[0].counts["failed"]
    assert 0 == desk.sync().exit_code

    assert {"B1", "C2"} == set(desk.live())


def test_a_name_of_a_group_that_another_was_given_by_hand_is_told_once_it_was_refused(desk, unit):
    other = {"group": "5x5", "group_name": "5x5 indoor"}
    desk.sync(unit(1), unit(2, **other))
    ids = {group["name"]: group["id"] for group in desk.sandbox.groups()}
    edit(desk, "group", ids["5x5 indoor"], name="big")

    desk.sync(unit(1, group_name="big"), unit(2, **other))
    assert 1 == len(words(desk, "failed"))
    before = desk.writes()
    for _ in range(2):
        assert 1 == desk.sync().exit_code
        [reason] = words(desk, "held")
        assert f"is borne at the vendor by group '5x5' ({ids['5x5 indoor']})" in reason
    assert before == desk.writes()

    edit(desk, "group", ids["5x5 indoor"], name="small")
    assert 0 == desk.sync().exit_code
    assert {"big", "small"} == {group["name"] for group in desk.sandbox.groups()}


def test_a_name_of_a_group_that_is_not_ours_is_told_once_it_was_refused(desk, unit):
    desk.sync(unit(1), unit(2, group="5x5", group_name="5x5 indoor"))
    theirs = {group["name"]: group["id"] for group in desk.sandbox.groups()}["5x5 indoor"]
    for name in ("unitsync.db", "unitsync.db.lineage"):
        desk.folder.joinpath(name).unlink()
    desk.sync(unit(1))

    desk.sync(unit(1, group_name="5X5 Indoor"))
    assert 1 == len(words(desk, "failed"))
    assert 1 == desk.sync().exit_code

    [reason] = words(desk, "held")
    assert f"its name '5X5 Indoor' is borne at the vendor by a live group ({theirs})" in reason
