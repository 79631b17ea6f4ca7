"""Identities: who is meant by a key, a name or an id, and when two places are one unit."""

from __future__ import annotations

from typing import Any

import pandas as pd

from transforms.standing import Standing


def places(night: Any, unit: str) -> list[tuple[str, str | None, bool]]:
    return [(one.scope, one.key, one.standing) for one in night.store.history(unit)]


def link(night: Any, scope: str, unit: Any) -> None:
    night.store.link("storage", scope, night.run_id, [unit], [])


def test_a_unit_that_left_its_scope_is_found_in_both_by_any_name(night: Any, make: Any) -> None:
    link(night, "first", make.unit("1", name="A1"))
    night.store.settle_scope("storage", "first", "run-1", None, ["1"], [])
    link(night, "second", make.unit("1", name="B1"))

    moved = [("first", "1", False), ("second", "1", True)]
    assert moved == places(night, "A1") == places(night, "B1") == places(night, "1")


def test_units_that_stand_in_two_scopes_under_one_key_are_two(night: Any, make: Any) -> None:
    link(night, "first", make.unit("1", name="A1"))
    link(night, "second", make.unit("1", name="B1"))

    assert [("first", "1", True)] == places(night, "A1")
    assert [("second", "1", True)] == places(night, "B1")
    assert [("first", "1", True), ("second", "1", True)] == places(night, "1")


def test_a_key_comes_before_an_id_that_reads_the_same(night: Any, make: Any) -> None:
    night.link(make.unit("1", remote_id="2"), make.unit("2", remote_id="3"))

    assert [("facility", "2", True)] == places(night, "2")
    assert [("facility", "2", True)] == places(night, "3")


def test_a_stranger_is_found_until_it_is_linked(night: Any, make: Any) -> None:
    stranger = Standing("facility", "unit", None, "X9", "remote-9", "unmanaged")
    night.store.add_standings(
        "storage", "run-1", "facility", {("unit", "unmanaged"): 1}, [stranger]
    )
    assert [("facility", None, False)] == places(night, "X9") == places(night, "remote-9")

    night.link(make.unit("9", remote_id="remote-9", name="X9"))

    assert [("facility", "9", True)] == places(night, "X9") == places(night, "remote-9")


def test_what_is_near_may_be_a_unit_that_only_a_rejected_row_names(night: Any, make: Any) -> None:
    night.link(make.unit("1"))
    problem = (7, "facility", "only-rejected", "width", "required", None, "width is missing")
    columns = ["row", "scope", "key", "field", "rule", "value", "message"]
    night.store.add_rejections("storage", "run-1", pd.DataFrame([problem], columns=columns))

    assert ["1", "A1", "only-rejected"] == sorted(night.store.unit_names())
