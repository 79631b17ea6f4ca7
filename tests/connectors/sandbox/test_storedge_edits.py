"""What a person changes by hand, past the rules of the API."""

from __future__ import annotations

from typing import Any

import pytest

from .callers import StoredgeCaller, unit


def edit(caller: StoredgeCaller, entity: str, remote_id: str, **fields: Any) -> str | None:
    return caller.sandbox.edit("storedge", entity, remote_id, fields)


def test_a_unit_is_edited(storedge: StoredgeCaller) -> None:
    unit_id = storedge.new_unit("A1")

    assert edit(storedge, "unit", unit_id, name="B1", standard_rate=5, status="reserved") is None
    shown = storedge.units()["B1"]
    assert (shown["standard_rate"], shown["status"]) == (5.0, "reserved")
    assert storedge.create(unit("A1")).status == 201


def test_a_group_is_edited_and_its_name_is_free_again(storedge: StoredgeCaller) -> None:
    group = storedge.new_group("A")
    unit_id = storedge.new_unit("A1", unit_group_id=group)

    assert edit(storedge, "group", group, name="B", fully_enclosed=True) is None
    assert edit(storedge, "group", group, reference_unit_id=unit_id) is None
    assert storedge.groups()["B"]["reference_unit_id"] == unit_id
    assert storedge.create_groups({"name": "A"}).status == 201


def test_a_reference_unit_that_is_taken_away_leaves_no_reference(
    storedge: StoredgeCaller,
) -> None:
    group = storedge.new_group("A")
    unit_id = storedge.new_unit("A1", unit_group_id=group)
    storedge.new_unit("A2", unit_group_id=group)
    storedge.update_groups({"id": group, "reference_unit_id": unit_id})

    assert edit(storedge, "unit", unit_id, unit_group_id="") is None
    assert storedge.groups()["A"]["reference_unit_id"] is None


def test_a_deleted_group_leaves_its_units_ungrouped(storedge: StoredgeCaller) -> None:
    group = storedge.new_group("A")
    storedge.new_unit("A1", unit_group_id=group)

    assert edit(storedge, "group", group, deleted=True) is None
    assert storedge.groups() == {}
    assert storedge.units()["A1"]["unit_group_id"] is None


@pytest.mark.parametrize(
    ("entity", "fields", "complaint"),
    [
        ("unit", {"colour": "red"}, "unknown fields: colour"),
        ("unit", {"width": "wide"}, "width must be a Integer"),
        ("unit", {"unit_group_id": "x"}, "no group has the id x"),
        ("group", {"size": "5x5"}, "unknown fields: size"),
    ],
)
def test_an_edit_that_cannot_be_is_refused(
    storedge: StoredgeCaller, entity: str, fields: dict[str, Any], complaint: str
) -> None:
    group = storedge.new_group("A")
    unit_id = storedge.new_unit("A1")

    assert edit(storedge, entity, unit_id if entity == "unit" else group, **fields) == complaint


@pytest.mark.parametrize("entity", ["unit", "group"])
def test_an_unknown_id_is_told(storedge: StoredgeCaller, entity: str) -> None:
    storedge.new_unit("A1")

    assert edit(storedge, entity, "gone", name="B") == f"no {entity} has the id gone"
