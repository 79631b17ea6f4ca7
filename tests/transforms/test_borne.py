"""A name that a reading shows to be another's is not asked for; one that is given up tonight is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from transforms.borne import borne
from transforms.plan import Change, Live, LiveGroup, LiveUnit

IDS = {"k1": "r1", "k2": "r2", "k4": "r4"}
RENAMED = Change("unit", "F1", "k1", "B", "update", {"name": "A"}, {"name": "B"}, "r1")
MADE = Change("unit", "F1", "k3", "B", "create", {}, {"name": "B"})
GIVES_UP = Change("unit", "F1", "k2", "C", "update", {"name": "X"}, {"name": "C"}, "r2")
ASKS = "give one of the two another name"


def shows(**names: str) -> Live:
    return Live(
        "F1",
        tuple(LiveUnit(remote_id, name, {}) for remote_id, name in names.items()),
        tuple(LiveGroup(remote_id, name, {}) for remote_id, name in names.items()),
    )


@pytest.mark.parametrize("change", [RENAMED, MADE])
@pytest.mark.parametrize("name", ["B", "b", " B"])
def test_a_name_that_another_of_ours_bears_live_is_not_asked_for(change, name) -> None:
    [(key, reason)] = borne([change], shows(r1="A", r2=name), "unit", IDS).items()

    assert key == change.key
    assert "'B' is borne at the vendor by unit 'k2' (r2)" in reason
    assert ASKS in reason


def test_who_gives_a_name_up_tonight_is_in_nobodys_way() -> None:
    live = shows(r1="A", r2="B")

    assert borne([RENAMED, GIVES_UP], live, "unit", IDS) == {}
    assert borne([RENAMED, replace(GIVES_UP, held="wait")], live, "unit", IDS).keys() == {"k1"}
    same = replace(GIVES_UP, name="B", after={"name": "b"})
    assert borne([RENAMED, same], live, "unit", IDS).keys() == {"k1"}


def test_who_cannot_give_a_name_up_keeps_it() -> None:
    """k2 wants C, which k4 bears by now."""
    found = borne([RENAMED, GIVES_UP], shows(r1="A", r2="B", r4="C"), "unit", IDS)

    assert "by unit 'k2' (r2)" in found["k1"]
    assert "by unit 'k4' (r4)" in found["k2"]


def test_who_bears_the_name_already_and_who_is_held_is_no_matter() -> None:
    assert borne([RENAMED], shows(r1="B"), "unit", IDS) == {}
    assert borne([replace(RENAMED, held="wait")], shows(r2="B"), "unit", IDS) == {}


def test_a_live_unit_that_is_nobodys_is_told_of_elsewhere_and_a_group_here() -> None:
    live = shows(r9="B")
    group = replace(RENAMED, entity="group")

    assert borne([RENAMED], live, "unit", IDS) == {}
    assert "by a live group (r9)" in borne([RENAMED, group], live, "group", IDS)["k1"]
