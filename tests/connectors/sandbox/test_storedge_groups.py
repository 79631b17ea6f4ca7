"""Unit groups: unique names, two ids, and attributes copied when the reference is set."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.clock import FakeClock
from connectors.sandbox import FacilitySettings, SandboxResponse, StoredgeHabits

from .callers import FACILITY, StoredgeCaller, storedge_caller


def conflicts(answer: SandboxResponse, kind: str) -> list[Any]:
    assert answer.status == 400, answer.payload
    assert "unit_groups" not in answer.payload
    listed = answer.payload["errors"][kind]
    assert isinstance(listed, list)
    return listed


def test_a_group_is_listed_by_its_uuid(storedge: StoredgeCaller) -> None:
    made = storedge.create_groups({"name": "10x20"}).payload["unit_groups"][0]
    listed = storedge.groups()["10x20"]

    assert listed["id"] == made["uuid"] != made["id"]
    assert listed["total_units_count"] == 0
    assert "fully_enclosed" not in listed


@pytest.mark.parametrize("name", ["10x20", "10X20", " 10x20 "])
def test_a_name_in_use_is_a_conflict_and_creates_nothing(
    storedge: StoredgeCaller, name: str
) -> None:
    storedge.new_group("10x20")
    answer = storedge.create_groups({"name": "5x5"}, {"name": name})

    assert conflicts(answer, "name_assignments") == [f"'{name}' is used by another unit group"]
    assert list(storedge.groups()) == ["10x20"]


def test_a_name_twice_in_one_request_is_a_conflict(storedge: StoredgeCaller) -> None:
    answer = storedge.create_groups({"name": "5x5"}, {"name": "5x5"})

    message = "'5x5' is not unique in the request"
    assert conflicts(answer, "name_assignments") == [message, message]


def test_partial_writes_keep_the_groups_without_conflict(clock: FakeClock) -> None:
    caller = storedge_caller(clock, habits=StoredgeHabits(partial_writes=True))
    group = caller.new_group("10x20")

    assert caller.create_groups({"name": "5x5"}, {"name": "10x20"}).status == 400
    assert sorted(caller.groups()) == ["10x20", "5x5"]
    other = caller.groups()["5x5"]["id"]
    answer = caller.update_groups({"id": group, "name": "5x5"}, {"id": other, "name": "6x6"})
    assert answer.status == 400
    assert sorted(caller.groups()) == ["10x20", "6x6"]


def test_conflicts_can_be_objects(clock: FakeClock) -> None:
    caller = storedge_caller(clock, habits=StoredgeHabits(conflict_items="object"))
    group = caller.new_group("10x20")

    assert conflicts(caller.create_groups({"name": "10x20"}), "name_assignments") == [
        {"name": "10x20", "message": "'10x20' is used by another unit group"}
    ]
    answer = caller.update_groups({"id": group, "reference_unit_id": "x"})
    (conflict,) = conflicts(answer, "reference_unit_assignments")
    assert (conflict["id"], conflict["reference_unit_id"]) == (group, "x")


@pytest.mark.parametrize(
    ("item", "field", "message"),
    [
        ({}, "name", "is required"),
        ({"name": None}, "name", "can't be null"),
        ({"name": 5}, "name", "must be a String"),
        ({"name": ""}, "name", "can't be blank"),
        ({"name": "A", "reference_unit_id": "x"}, "reference_unit_id", "is not a known parameter"),
    ],
)
def test_a_create_takes_a_name_and_nothing_else(
    storedge: StoredgeCaller, item: dict[str, Any], field: str, message: str
) -> None:
    answer = storedge.create_groups(item)

    assert answer.status == 400
    assert answer.payload["error_hash"][field] == [{"name": item.get("name"), "message": message}]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_groups_are_not_written_when_custom_groups_are_off(clock: FakeClock, method: str) -> None:
    caller = storedge_caller(clock, default_facility=FacilitySettings(custom_unit_groups=False))
    answer = caller.call(method, "unit_groups", {"unit_groups": [{"id": "x", "name": "A"}]})

    assert answer.status == 403
    assert "not enabled" in answer.payload["meta"]["message"]


def test_a_reply_to_an_update_says_only_what_each_item_touched(
    storedge: StoredgeCaller,
) -> None:
    first, second = storedge.new_group("A"), storedge.new_group("B")
    answer = storedge.update_groups({"id": first, "fully_enclosed": 0}, {"id": second, "name": "C"})

    assert answer.payload["unit_groups"] == [
        {"uuid": first, "name": "A", "fully_enclosed": False},
        {"uuid": second, "name": "C"},
    ]


def test_attributes_are_copied_when_the_reference_is_set_and_at_no_other_time(
    storedge: StoredgeCaller,
) -> None:
    group = storedge.new_group("A")
    reference = storedge.new_unit("A1", unit_group_id=group, standard_rate=50)
    assert storedge.groups()["A"]["standard_rate"] is None

    storedge.update_groups({"id": group, "reference_unit_id": reference})
    listed = storedge.groups()["A"]
    assert (listed["standard_rate"], listed["price"], listed["size"]) == (50.0, 50.0, "10x20x8")
    assert listed["reference_unit_id"] == reference

    storedge.update({"id": reference, "standard_rate": 75})
    assert storedge.groups()["A"]["standard_rate"] == 50.0
    storedge.update_groups({"id": group, "name": "B"})
    assert storedge.groups()["B"]["standard_rate"] == 50.0
    answer = storedge.update_groups({"id": group, "reference_unit_id": reference})
    assert answer.payload["unit_groups"][0]["standard_rate"] == 75.0


def test_a_price_is_null_under_tiered_pricing(clock: FakeClock) -> None:
    caller = storedge_caller(clock, default_facility=FacilitySettings(tiered_pricing=True))
    group = caller.new_group("A")
    reference = caller.new_unit("A1", unit_group_id=group, tier="t")
    caller.update_groups({"id": group, "reference_unit_id": reference})

    assert caller.groups()["A"]["price"] is None


def test_a_reference_unit_must_belong_to_the_group(storedge: StoredgeCaller) -> None:
    first, second = storedge.new_group("A"), storedge.new_group("B")
    stranger = storedge.new_unit("B1", unit_group_id=second)
    for unit_id in (stranger, "nowhere", ""):
        answer = storedge.update_groups(
            {"id": second, "name": "C"}, {"id": first, "reference_unit_id": unit_id}
        )
        (message,) = conflicts(answer, "reference_unit_assignments")
        assert f"'{unit_id}'" in message
        assert first in message
    assert sorted(storedge.groups()) == ["A", "B"]


def test_both_kinds_of_conflict_are_told_at_once(storedge: StoredgeCaller) -> None:
    first, second = storedge.new_group("A"), storedge.new_group("B")
    answer = storedge.update_groups(
        {"id": first, "name": "B"}, {"id": second, "reference_unit_id": "x"}
    )

    assert sorted(answer.payload["errors"]) == ["name_assignments", "reference_unit_assignments"]


def test_two_groups_cannot_swap_names_in_one_request(storedge: StoredgeCaller) -> None:
    first, second = storedge.new_group("A"), storedge.new_group("B")
    swap = storedge.update_groups({"id": first, "name": "B"}, {"id": second, "name": "A"})

    assert len(conflicts(swap, "name_assignments")) == 2
    for item in (
        {"id": first, "name": "temporary"},
        {"id": second, "name": "A"},
        {"id": first, "name": "B"},
    ):
        assert storedge.update_groups(item).status == 200
    assert {name: group["id"] for name, group in storedge.groups().items()} == {
        "A": second,
        "B": first,
    }


def test_a_group_may_keep_its_name_or_change_its_case(storedge: StoredgeCaller) -> None:
    group = storedge.new_group("a")

    assert storedge.update_groups({"id": group, "name": "a"}).status == 200
    assert storedge.update_groups({"id": group, "name": "A"}).status == 200
    assert list(storedge.groups()) == ["A"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("id", None, "is required and must be a String"),
        ("id", 3218, "is required and must be a String"),
        ("name", None, "can't be null"),
        ("name", 1, "must be a String"),
        ("reference_unit_id", None, "can't be null"),
        ("reference_unit_id", 1, "must be a String"),
        ("fully_enclosed", None, "can't be null"),
        ("fully_enclosed", "yes", "must be one of: true, false, 1, 0"),
        ("floor", 1, "is not a known parameter"),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(
    storedge: StoredgeCaller, field: str, value: object, message: str
) -> None:
    group = storedge.new_group("A")
    answer = storedge.update_groups({"id": group, field: value})

    assert answer.status == 400
    assert answer.payload["error_hash"][field][0]["message"] == message


def test_a_group_is_updated_once_in_a_request(storedge: StoredgeCaller) -> None:
    group = storedge.new_group("A")
    answer = storedge.update_groups({"id": group, "name": "B"}, {"id": group})

    assert answer.status == 400
    assert len(answer.payload["error_hash"]["id"]) == 2


def test_an_unknown_group_is_404_and_named(storedge: StoredgeCaller) -> None:
    group = storedge.new_group("A")
    answer = storedge.update_groups({"id": group, "name": "B"}, {"id": "gone", "name": "C"})

    assert answer.status == 404
    assert answer.payload["error_hash"] == {
        "id": [{"id": "gone", "name": "C", "message": "Record not found"}]
    }
    assert list(storedge.groups()) == ["A"]


def test_the_sandbox_shows_what_the_index_does_not(storedge: StoredgeCaller) -> None:
    group = storedge.new_group("A")
    unit_id = storedge.new_unit("A1", unit_group_id=group)
    storedge.update_groups({"id": group, "reference_unit_id": unit_id, "fully_enclosed": True})

    (row,) = storedge.sandbox.groups(FACILITY)
    assert (row["id"], row["fully_enclosed"], row["unit_ids"]) == (group, True, [unit_id])
    assert row["memo"]["access_type"] == "indoor"
    assert storedge.sandbox.groups("elsewhere") == []
