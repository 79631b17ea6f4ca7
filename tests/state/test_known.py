"""Known: only sealed rows are believed, and one remote object belongs to one key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from state.errors import LedgerConflict, StateIsCorrupt


def test_the_index_has_every_unit_by_key_without_its_payload(night: Any, make: Any) -> None:
    night.link(make.unit("2", group=None), make.unit("1", retired=True))

    index = night.store.known_index("storage", "facility")

    assert list(index.columns) == ["key", "remote_id", "name", "group_key", "digest", "retired"]
    assert index.key.tolist() == ["1", "2"]
    assert index.retired.tolist() == [True, False]
    assert index.group_key.isna().tolist() == [False, True]
    assert [str(dtype) for dtype in index.dtypes] == ["str"] * 5 + ["bool"]


def test_an_empty_index_has_the_same_columns_and_types(night: Any, make: Any) -> None:
    empty = night.store.known_index("storage", "facility")
    night.link(make.unit("1"))

    assert empty.empty
    assert empty.dtypes.equals(night.store.known_index("storage", "facility").dtypes)


def test_keys_stay_text(night: Any, make: Any) -> None:
    night.link(make.unit("007"), make.unit("7"), make.unit("1e5"), make.unit("NA"))

    assert night.store.known_index("storage", "facility").key.tolist() == ["007", "1e5", "7", "NA"]
    assert list(night.known("007", "1e5")) == ["007", "1e5"]


def test_units_come_back_as_they_were_linked(night: Any, make: Any) -> None:
    unit = make.unit(
        "1",
        payload={
            "name": "Ä\u2028'1\"",
            "width": 7.5,
            "floor": -1,
            "rentable": True,
            "tax_rates": ["x", "y"],
        },
        retired=True,
        group=None,
    )
    night.link(unit)

    assert night.known("1", "2") == {"1": unit}


def test_any_number_of_keys_can_be_asked_for_at_once(night: Any, make: Any) -> None:
    night.link(make.unit("1"))

    assert list(night.known(*map(str, range(50_000)))) == ["1"]


def test_counts_leave_out_what_is_retired(night: Any, make: Any) -> None:
    night.link(make.unit("1"), make.unit("2"), make.unit("3", retired=True))
    night.store.link("storage", "elsewhere", "run-1", [make.unit("1")], [])
    night.store.link("apartments", "facility", "run-1", [make.unit("1")], [])

    assert night.store.known_counts("storage") == {"facility": 2, "elsewhere": 1}


def test_a_key_is_found_in_the_scope_where_it_is_known(night: Any, make: Any) -> None:
    night.link(make.unit("1"))
    night.store.link("storage", "elsewhere", "run-1", [make.unit("2")], [])

    assert night.store.key_scopes("storage", ["1", "2", "3"]) == {"1": "facility", "2": "elsewhere"}
    assert night.store.key_scopes("apartments", ["1"]) == {}


def test_groups_come_back_as_they_were_linked(night: Any, make: Any) -> None:
    night.link(groups=(make.group("10x10"), make.group("5x5", payload={"fully_enclosed": True})))

    groups = night.store.known_groups("storage", "facility")
    assert groups == {
        "10x10": make.group("10x10"),
        "5x5": make.group("5x5", payload={"fully_enclosed": True}),
    }
    assert night.store.known_groups("storage", "elsewhere") == {}


def test_one_remote_unit_is_never_given_to_two_keys(night: Any, make: Any) -> None:
    night.link(make.unit("1", remote_id="same"))

    with pytest.raises(LedgerConflict, match="same of facility already belongs to key 1"):
        night.link(make.unit("2", remote_id="same"))
    with pytest.raises(LedgerConflict, match="two keys"):
        night.link(make.unit("3", remote_id="x"), make.unit("4", remote_id="x"))

    assert list(night.known("1", "2", "3", "4")) == ["1"]


def test_one_remote_group_is_never_given_to_two_keys(night: Any, make: Any) -> None:
    night.link(groups=(make.group("10x10", remote_id="same"),))

    with pytest.raises(LedgerConflict, match="same"):
        night.link(groups=(make.group("5x5", remote_id="same"),))


def test_two_keys_may_swap_their_remote_units_in_one_step(night: Any, make: Any) -> None:
    night.link(make.unit("1", remote_id="a"), make.unit("2", remote_id="b"))

    night.link(make.unit("1", remote_id="b"), make.unit("2", remote_id="a"))

    assert {key: unit.remote_id for key, unit in night.known("1", "2").items()} == {
        "1": "b",
        "2": "a",
    }


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("payload", '{"name":"A1","width":11}'),
        ("remote_id", "remote-2"),
        ("name", "B1"),
        ("digest", "digest of 2"),
        ("retired", 1),
        ("group_key", None),
    ],
)
def test_a_damaged_unit_is_not_believed(
    night: Any, make: Any, column: str, value: str | int | None
) -> None:
    night.link(make.unit("1"))
    damage(night, f"UPDATE units SET {column} = ?", value)

    with pytest.raises(StateIsCorrupt, match="1 of facility does not match its seal"):
        night.known("1")


def test_a_damaged_group_is_not_believed(night: Any, make: Any) -> None:
    night.link(groups=(make.group("10x10"),))
    damage(night, "UPDATE groups SET payload = ?", "{}")

    with pytest.raises(StateIsCorrupt, match="10x10 of facility"):
        night.store.known_groups("storage", "facility")


def test_a_byte_that_is_no_text_any_more_is_damage(
    night: Any, make: Any, look: Callable[..., Any], path: Path
) -> None:
    night.link(make.unit("1"))
    damage(night, "UPDATE units SET payload = CAST(? AS TEXT)", b'{"name":"\xff"}')

    with pytest.raises(StateIsCorrupt, match="unitsync state verify"):
        night.known("1")


def damage(night: Any, statement: str, value: Any) -> None:
    with night.store._transactions.writing() as db:
        db.execute(statement, (value,))
