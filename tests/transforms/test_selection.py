"""Who is meant: masks over the rows of a source, valid or rejected."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.inventory import SCOPE, desired, unit
from transforms.selection import at, between, candidates, named

KNOWN = pd.DataFrame({"key": ["k9"], "name": ["A9"], "group_key": ["5x5"]})
DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 9))


def rows(wanted, known=KNOWN) -> pd.DataFrame:
    return candidates(wanted, "name", lambda scope: known)


def keys(found: pd.DataFrame, mask) -> list[str]:
    return found.loc[mask, "key"].tolist()


def test_every_row_is_there_once_valid_or_rejected() -> None:
    found = rows(desired([unit("k1"), unit("k2")], [(SCOPE, "k9"), ("", "k8"), (SCOPE, "")]))

    assert found["key"].tolist() == ["k1", "k2", "k9", "", "k8"]
    assert found.index.is_unique


def test_a_rejected_row_bears_what_its_unit_is_known_by() -> None:
    found = rows(desired([unit("k1")], [(SCOPE, "k9"), (SCOPE, "k7")])).set_index("key")

    assert found.loc["k9", ["name", "group"]].tolist() == ["A9", "5x5"]
    assert found.loc["k7", ["name", "group"]].tolist() == ["", ""]


def test_a_source_without_groups_has_rows_without_one() -> None:
    wanted = desired([{name: v for name, v in unit("k1").items() if "group" not in name}])

    assert rows(wanted)[["group", "group_name"]].to_numpy().tolist() == [["", ""]]


def test_a_name_is_looked_for_only_where_no_key_is_called_so() -> None:
    found = rows(desired([unit("k1", name="k2"), unit("k2", name="A2"), unit("k3", name="A3")]))

    assert keys(found, named(found, ["k2"], ["key", "name"])) == ["k2"]
    assert keys(found, named(found, ["A3", "k1"], ["key", "name"])) == ["k1", "k3"]
    assert keys(found, named(found, ["zzz"], ["key", "name"])) == []


def test_a_place_is_a_scope_and_a_key_and_without_a_scope_any() -> None:
    found = rows(desired([unit("k1"), unit("k1", _scope="F2"), unit("k2")]))

    assert found[at(found, {("F2", "k1")})]["scope"].tolist() == ["F2"]
    assert found[at(found, {("", "k1")})]["scope"].tolist() == [SCOPE, "F2"]
    assert not at(found, set()).any()


@given(days=st.lists(DAYS, min_size=1), since=st.none() | DAYS, until=st.none() | DAYS)
def test_the_days_between_two_include_both(days, since, until) -> None:
    cells = pd.Series([f"{day}" for day in days], dtype="str")

    mask, untold = between(cells, since, until)

    expected = [(since or day) <= day <= (until or day) for day in days]
    assert (mask.tolist(), untold) == (expected, 0)


@pytest.mark.parametrize("cell", [None, "", "soon", "31.01.2026"])
def test_a_cell_that_tells_no_day_is_selected_by_none_and_counted(cell) -> None:
    mask, untold = between(pd.Series(["2026-01-31 10:00", cell], dtype="str"), None, None)

    assert (mask.tolist(), untold) == ([True, False], 1)


def test_a_part_is_never_complete_nor_in_step_and_knows_what_stands_in_several_scopes() -> None:
    whole = desired([unit("k1"), unit("k2"), unit("k1", _scope="F2")], [(SCOPE, "k9")])

    part = whole.part(pd.Index([2, 1000]))

    assert (part.scopes(), part.digest(SCOPE), part.complete) == ([SCOPE], "", False)
    scope = part.scope(SCOPE)
    assert (scope.part, scope.rows, scope.rejected) == (True, 2, {"k9"})
    assert scope.units["_key"].tolist() == ["k1"]
    assert [key for key in ("k1", "k2", "k9") if key in scope.shared] == ["k1"]
