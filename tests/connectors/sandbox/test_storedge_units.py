"""Bulk create and bulk update: what they accept, refuse, keep and return."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.clock import FakeClock
from connectors.sandbox import FacilitySettings, SandboxResponse, StoredgeHabits
from connectors.sandbox.storedge_rules import CREATE_RULES

from .callers import FACILITY, StoredgeCaller, storedge_caller, unit

REQUIRED = sorted(field for field, rule in CREATE_RULES.items() if rule.required)


def error_hash(answer: SandboxResponse, status: int = 400) -> dict[str, list[dict[str, Any]]]:
    assert answer.status == status, answer.payload
    assert answer.payload["meta"]["status_code"] == status
    assert "units" not in answer.payload
    errors = answer.payload["error_hash"]
    assert isinstance(errors, dict)
    return errors


def stored(caller: StoredgeCaller, name: str) -> dict[str, Any]:
    """The unit with everything that was written, also what no answer shows."""
    (row,) = [row for row in caller.sandbox.units(FACILITY) if row["name"] == name]
    return row


# Creating


@pytest.mark.parametrize("field", REQUIRED)
def test_a_unit_without_a_required_field_is_refused(storedge: StoredgeCaller, field: str) -> None:
    item = unit("A1")
    del item[field]
    name = item.get("name")

    assert error_hash(storedge.create(item)) == {field: [{"name": name, "message": "is required"}]}


@pytest.mark.parametrize("field", sorted(CREATE_RULES.keys() - {"floor", "unit_group_id"}))
def test_null_is_refused_on_create_where_it_is_not_documented(
    storedge: StoredgeCaller, field: str
) -> None:
    errors = error_hash(storedge.create(unit("A1") | {field: None}))

    assert errors[field][0]["message"] == "can't be null"


def test_null_means_no_floor_and_no_group_on_create(storedge: StoredgeCaller) -> None:
    answer = storedge.create(unit("A1", floor=None, unit_group_id=None))

    (made,) = answer.payload["units"]
    assert answer.status == 201
    assert made["floor"] is None
    assert made["unit_group_id"] is None


def test_an_omitted_group_is_no_group_on_create(storedge: StoredgeCaller) -> None:
    assert storedge.create(unit("A1")).payload["units"][0]["unit_group_id"] is None


def test_an_empty_group_id_is_refused_on_create(storedge: StoredgeCaller) -> None:
    errors = error_hash(storedge.create(unit("A1", unit_group_id="")))

    assert errors == {"unit_group_id": [{"name": "A1", "message": "can't be blank"}]}


def test_a_unit_is_created_in_the_group_that_it_names(storedge: StoredgeCaller) -> None:
    group = storedge.new_group("10x20")
    storedge.new_unit("A1", unit_group_id=group)

    assert storedge.units()["A1"]["unit_group_id"] == group
    assert storedge.groups()["10x20"]["total_units_count"] == 1


def test_the_integer_id_of_a_group_is_not_its_key(storedge: StoredgeCaller) -> None:
    made = storedge.create_groups({"name": "10x20"}).payload["unit_groups"][0]
    errors = error_hash(storedge.create(unit("A1", unit_group_id=str(made["id"]))))

    assert errors["unit_group_id"][0]["message"] == f"{made['id']} was not found"


WRONG_VALUES = [
    ("name", 12, "must be a String"),
    ("name", " ", "can't be blank"),
    ("name", "A1,A2", "can't contain a comma"),
    ("width", "10", "must be a Integer"),
    ("width", True, "must be a Integer"),
    ("length", 0, "must be greater than 0"),
    ("height", -8.0, "must be greater than 0"),
    ("height", 1e300, "must be a Integer"),
    ("door_width", -1, "must be greater than or equal to 0"),
    ("standard_rate", -0.01, "must be greater than or equal to 0"),
    ("standard_rate", "$99.50", "must be a Integer"),
    ("walk_thru_order", 1.5, "must be a Integer"),
    ("walk_thru_order", True, "must be a Integer"),
    ("door_type", "rollup", "must be one of: none, roll_up, swing"),
    ("access_type", "INDOOR", "must be one of: indoor, outdoor"),
    ("access_type", ["indoor"], "must be one of: indoor, outdoor"),
    ("unit_type", 3139, "must be a String"),
    ("floor", "1", "must be a Integer"),
    ("rentable", "yes", "must be one of: true, false, 1, 0"),
    ("rentable", 2, "must be one of: true, false, 1, 0"),
    ("rentable", 1.0, "must be one of: true, false, 1, 0"),
    ("combination_lock_number", 34196, "must be a String"),
    ("overlock_lock_number", 57201, "must be a String"),
    ("attribute_description", 1, "must be a String"),
    ("tax_rates", "b8e1", "must be an array of String"),
    ("unit_amenities", [1], "must be an array of String"),
    ("unit_group_id", 3218, "must be a String"),
    ("tier", 1, "must be a String"),
    ("rank", "1", "must be a Integer"),
    ("exclude_from_api", "maybe", "must be one of: true, false, 1, 0"),
    ("unit_number", "A1", "is not a known parameter"),
    ("status", "vacant", "is not a known parameter"),
    ("allow_future_move_ins_limit", 1, "is not a known parameter"),
]


@pytest.mark.parametrize(("field", "value", "message"), WRONG_VALUES)
def test_a_wrong_value_is_refused_by_its_field_with_the_units_name(
    storedge: StoredgeCaller, field: str, value: object, message: str
) -> None:
    item = unit("A1") | {field: value}

    errors = error_hash(storedge.create(item))
    assert {"name": item["name"], "message": message} in errors[field]
    assert storedge.units() == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), (1, True), (0, False), ("true", True), ("0", False)],
)
def test_a_boolean_may_be_written_in_four_ways(
    storedge: StoredgeCaller, value: object, expected: bool
) -> None:
    storedge.new_unit("A1", rentable=value)

    assert storedge.units()["A1"]["rentable"] is expected


def test_decimals_pass_where_the_table_says_integer(storedge: StoredgeCaller) -> None:
    storedge.new_unit("A1", width=7.5, standard_rate=764.95)

    made = storedge.units()["A1"]
    assert (made["width"], made["standard_rate"], made["price"]) == (7.5, 764.95, 764.95)
    assert (made["size"], made["area"]) == ("7.5x20x8", 150.0)


def test_every_offender_of_a_request_is_named(storedge: StoredgeCaller) -> None:
    errors = error_hash(
        storedge.create(unit("A1"), unit("A2", width=0, length="x"), unit("A3", width=-1))
    )

    assert [entry["name"] for entry in errors["width"]] == ["A2", "A3"]
    assert [entry["name"] for entry in errors["length"]] == ["A2"]


def test_a_refused_create_creates_nothing(storedge: StoredgeCaller) -> None:
    assert storedge.create(unit("A1"), unit("A2", width=0)).status == 400

    assert storedge.units() == {}


def test_partial_writes_keep_the_valid_units_of_a_refused_create(clock: FakeClock) -> None:
    caller = storedge_caller(clock, habits=StoredgeHabits(partial_writes=True))
    errors = error_hash(caller.create(unit("A1"), unit("A2", width=0)))

    assert [entry["name"] for entry in errors["width"]] == ["A2"]
    assert list(caller.units()) == ["A1"]


@pytest.mark.parametrize("name", ["A1", "a1", " A1 "])
def test_a_name_is_unique_in_the_facility(storedge: StoredgeCaller, name: str) -> None:
    storedge.new_unit("A1")
    errors = error_hash(storedge.create(unit(name)))

    assert errors == {"name": [{"name": name, "message": "has already been taken"}]}


def test_a_name_is_unique_in_the_request(storedge: StoredgeCaller) -> None:
    errors = error_hash(storedge.create(unit("A1"), unit("a1"), unit("A2")))

    assert [entry["name"] for entry in errors["name"]] == ["A1", "a1"]


def test_the_reply_shows_the_first_100_of_a_bigger_batch(storedge: StoredgeCaller) -> None:
    answer = storedge.create(*(unit(f"U{number}") for number in range(150)))

    assert answer.status == 201
    assert len(answer.payload["units"]) == 100
    pagination = answer.payload["meta"]["pagination"]
    assert (pagination["total_entries"], pagination["next_page"]) == (150, 2)
    ids = [made["id"] for made in answer.payload["units"]]
    assert ids == sorted(ids)
    listed = storedge.call("GET", "units").payload["meta"]["pagination"]
    assert listed["total_entries"] == 150


def test_what_is_write_only_is_kept_and_never_returned(storedge: StoredgeCaller) -> None:
    written = {
        "tax_rates": ["b8e13a42"],
        "walk_thru_order": 7,
        "exclude_from_api": True,
        "overlock_lock_number": "57201",
    }
    made = storedge.create(unit("A1", **written)).payload["units"][0]

    for shown in (made, storedge.units()["A1"]):
        assert not shown.keys() & {"tax_rates", "walk_thru_order", "exclude_from_api"}
        assert shown["overlock_lock_number"] is None
    assert {field: stored(storedge, "A1")[field] for field in written} == written | {
        "tax_rates": ("b8e13a42",)
    }


def test_exclude_from_api_needs_the_permission(clock: FakeClock) -> None:
    caller = storedge_caller(clock, habits=StoredgeHabits(read_excluded=False))
    errors = error_hash(caller.create(unit("A1", exclude_from_api=False)))

    assert "read_excluded" in errors["exclude_from_api"][0]["message"]


@pytest.mark.parametrize("field", ["unit_type", "tier", "unit_amenities", "tax_rates"])
def test_ids_of_a_facility_that_lists_them_must_be_known(clock: FakeClock, field: str) -> None:
    k = frozenset({"k"})
    settings = FacilitySettings(unit_types=k, tiers=k, unit_amenities=k, tax_rates=k)
    caller = storedge_caller(clock, default_facility=settings)
    good = unit("A1", unit_type="k", tier="k", unit_amenities=["k"], tax_rates=["k"])
    wrong = ["k", "x"] if isinstance(good[field], list) else "x"

    assert error_hash(caller.create(good | {field: wrong})) == {
        field: [{"name": "A1", "message": "x was not found"}]
    }
    assert caller.create(good).status == 201


def test_under_tiered_pricing_a_tier_is_required_and_the_rate_ignored(
    clock: FakeClock,
) -> None:
    caller = storedge_caller(clock, default_facility=FacilitySettings(tiered_pricing=True))

    assert "tier" in error_hash(caller.create(unit("A1")))
    rateless = unit("A1", tier="t")
    del rateless["standard_rate"]
    assert "standard_rate" in error_hash(caller.create(rateless))
    unit_id = caller.new_unit("A1", tier="t", standard_rate=99.5)
    assert caller.units()["A1"]["tier"]["id"] == "t"
    assert caller.units()["A1"]["standard_rate"] == 0.0
    assert caller.update({"id": unit_id, "standard_rate": 120}).status == 200
    assert caller.units()["A1"]["standard_rate"] == 0.0
    errors = error_hash(caller.update({"id": unit_id, "tier": None}))
    assert errors["tier"][0]["message"] == "is required"


# Custom unit groups off


@pytest.mark.parametrize("group", [None, "", "be2bc0d7"])
def test_a_group_id_is_refused_when_custom_groups_are_off(
    clock: FakeClock, group: str | None
) -> None:
    caller = storedge_caller(clock, default_facility=FacilitySettings(custom_unit_groups=False))
    unit_id = caller.new_unit("A1")

    for answer in (
        caller.create(unit("A2", unit_group_id=group)),
        caller.update({"id": unit_id, "unit_group_id": group}),
    ):
        messages = [entry["message"] for entry in error_hash(answer)["unit_group_id"]]
        assert "is only available when Custom Unit Groups are enabled" in messages


def test_a_facility_without_custom_groups_groups_its_units_by_itself(clock: FakeClock) -> None:
    caller = storedge_caller(clock, default_facility=FacilitySettings(custom_unit_groups=False))
    ids = [caller.new_unit(name, floor=1) for name in ("A1", "A2")]
    caller.new_unit("B1", width=5, floor=1)

    units, groups = caller.units(), caller.groups()
    assert units["A1"]["unit_group_id"] == units["A2"]["unit_group_id"]
    assert sorted(groups) == [
        "10x20x8 - $99.50 - 529 - [] - 1",
        "5x20x8 - $99.50 - 529 - [] - 1",
    ]
    assert all(group["group_key"] == name for name, group in groups.items())

    assert caller.update({"id": ids[0], "attribute_description": "corner"}).status == 200
    assert caller.units()["A1"]["unit_group_id"] == units["A1"]["unit_group_id"]
    assert caller.update({"id": ids[0], "standard_rate": 120}).status == 200
    assert caller.units()["A1"]["unit_group_id"] != units["A1"]["unit_group_id"]
    assert len(caller.groups()) == 3
    assert caller.update({"id": ids[1], "standard_rate": 120}).status == 200
    assert len(caller.groups()) == 2


# Updating


def test_an_update_changes_what_it_names_and_nothing_else(storedge: StoredgeCaller) -> None:
    unit_id = storedge.new_unit("A1", floor=2, attribute_description="corner")
    before = stored(storedge, "A1")
    answer = storedge.update({"id": unit_id, "name": "A2", "standard_rate": 120, "rank": 3})

    assert answer.status == 200
    assert [made["name"] for made in answer.payload["units"]] == ["A2"]
    assert answer.payload["meta"]["pagination"]["total_entries"] == 1
    assert stored(storedge, "A2") == before | {"name": "A2", "standard_rate": 120.0, "rank": 3}


def test_unrentable_units_are_not_available(storedge: StoredgeCaller) -> None:
    unit_id = storedge.new_unit("A1")
    assert storedge.units()["A1"]["available_for_move_in"] is True

    storedge.update({"id": unit_id, "rentable": False})
    shown = storedge.units()["A1"]
    assert (shown["rentable"], shown["unrentable"]) == (False, True)
    assert shown["available_for_move_in"] is False


def test_occupied_units_are_not_available(storedge: StoredgeCaller) -> None:
    unit_id = storedge.new_unit("A1")
    storedge.sandbox.edit("storedge", "unit", unit_id, {"status": "occupied"})

    shown = storedge.units()["A1"]
    assert (shown["status"], shown["available_for_move_in"]) == ("occupied", False)


def test_null_keeps_lists_and_an_empty_list_deletes_all_values(
    storedge: StoredgeCaller,
) -> None:
    full: dict[str, Any] = {"tax_rates": ["t"], "unit_amenities": ["a"]}
    unit_id = storedge.new_unit("A1", **full)
    storedge.update({"id": unit_id, "custom_field_values_attributes": [{"value": "x"}]})

    lists = (*full, "custom_field_values_attributes")
    assert storedge.update({"id": unit_id, **dict.fromkeys(lists)}).status == 200
    kept = stored(storedge, "A1")
    assert [kept[name] for name in lists] == [("t",), ("a",), ({"value": "x"},)]
    assert storedge.update({"id": unit_id, **{name: [] for name in lists}}).status == 200
    assert [stored(storedge, "A1")[name] for name in lists] == [(), (), ()]


def test_null_keeps_the_group_and_an_empty_text_leaves_it(storedge: StoredgeCaller) -> None:
    group = storedge.new_group("10x20")
    unit_id = storedge.new_unit("A1", unit_group_id=group)

    assert storedge.update({"id": unit_id, "unit_group_id": None}).status == 200
    assert storedge.units()["A1"]["unit_group_id"] == group
    assert storedge.update({"id": unit_id, "unit_group_id": ""}).status == 200
    assert storedge.units()["A1"]["unit_group_id"] is None


def test_null_clears_texts_and_floor_and_keeps_rentable(storedge: StoredgeCaller) -> None:
    texts = ("combination_lock_number", "overlock_lock_number", "attribute_description", "tier")
    unit_id = storedge.new_unit("A1", floor=1, rentable=False, **dict.fromkeys(texts, "x"))

    cleared = dict.fromkeys((*texts, "floor", "rentable"))
    assert storedge.update({"id": unit_id, **cleared}).status == 200
    kept = stored(storedge, "A1")
    assert [kept[name] for name in (*texts, "floor")] == [None] * 5
    assert kept["rentable"] is False


@pytest.mark.parametrize(
    "field", ["name", "width", "standard_rate", "door_type", "access_type", "unit_type"]
)
def test_null_is_refused_on_update_for_what_a_unit_must_have(
    storedge: StoredgeCaller, field: str
) -> None:
    unit_id = storedge.new_unit("A1")
    errors = error_hash(storedge.update({"id": unit_id, field: None}))

    assert errors[field] == [
        {"id": unit_id, "name": errors[field][0]["name"], "message": "can't be null"}
    ]


def test_an_update_error_names_id_name_and_reason(storedge: StoredgeCaller) -> None:
    unit_id = storedge.new_unit("A1")
    errors = error_hash(storedge.update({"id": unit_id, "name": "B1", "width": 0, "x": 1}))

    entry = {"id": unit_id, "name": "B1"}
    assert errors == {
        "width": [{**entry, "message": "must be greater than 0"}],
        "x": [{**entry, "message": "is not a known parameter"}],
    }


def test_a_refused_update_changes_nothing(storedge: StoredgeCaller) -> None:
    first, second = storedge.new_unit("A1"), storedge.new_unit("A2")
    answer = storedge.update({"id": first, "width": 5}, {"id": second, "width": 0})

    assert answer.status == 400
    assert storedge.units()["A1"]["width"] == 10.0


def test_unknown_ids_are_404_and_named(storedge: StoredgeCaller) -> None:
    known = storedge.new_unit("A1")
    items = [{"id": known, "width": 5}, {"id": "gone", "name": "A9"}, {"id": "lost"}]
    errors = error_hash(storedge.update(*items), 404)

    assert errors == {
        "id": [
            {"id": "gone", "name": "A9", "message": "Record not found"},
            {"id": "lost", "name": None, "message": "Record not found"},
        ]
    }
    assert storedge.units()["A1"]["width"] == 10.0


def test_names_may_be_shared_where_they_are_not_unique(clock: FakeClock) -> None:
    caller = storedge_caller(clock, habits=StoredgeHabits(unique_names=False))
    first, second = caller.new_unit("A1"), caller.new_unit("A1")
    third = caller.new_unit("A2")

    assert caller.update({"id": third, "name": "a1"}).status == 200
    assert caller.create(unit("B1"), unit("B1")).status == 201
    assert len({first, second, third}) == 3


def test_partial_writes_keep_the_valid_units_of_a_refused_update(clock: FakeClock) -> None:
    caller = storedge_caller(clock, habits=StoredgeHabits(partial_writes=True))
    first, second = caller.new_unit("A1"), caller.new_unit("A2")

    assert caller.update({"id": first, "width": 5}, {"id": "gone"}).status == 404
    assert caller.update({"id": first, "length": 5}, {"id": second, "width": 0}).status == 400
    assert (caller.units()["A1"]["width"], caller.units()["A1"]["length"]) == (5.0, 5.0)
    assert caller.units()["A2"]["width"] == 10.0


@pytest.mark.parametrize("unit_id", [None, 5])
def test_an_update_needs_an_id_that_is_text(storedge: StoredgeCaller, unit_id: object) -> None:
    errors = error_hash(storedge.update({"id": unit_id, "name": "A1"}))

    assert errors["id"][0]["message"] == "is required and must be a String"


def test_a_unit_is_updated_once_in_a_request(storedge: StoredgeCaller) -> None:
    unit_id = storedge.new_unit("A1")
    errors = error_hash(storedge.update({"id": unit_id, "width": 5}, {"id": unit_id}))

    assert len(errors["id"]) == 2


def test_a_new_name_must_be_free_before_the_request(storedge: StoredgeCaller) -> None:
    first, second = storedge.new_unit("A1"), storedge.new_unit("A2")
    swap = error_hash(storedge.update({"id": first, "name": "A2"}, {"id": second, "name": "A1"}))

    assert {entry["id"] for entry in swap["name"]} == {first, second}
    assert storedge.update({"id": first, "name": "a1"}).status == 200
    assert storedge.update({"id": first, "name": "temporary"}).status == 200
    assert storedge.update({"id": second, "name": "A1"}).status == 200
    assert storedge.update({"id": first, "name": "A2"}).status == 200
    assert sorted(storedge.units()) == ["A1", "A2"]


def test_a_deleted_unit_is_gone_for_updates_and_frees_its_name(storedge: StoredgeCaller) -> None:
    unit_id = storedge.new_unit("A1")
    storedge.sandbox.edit("storedge", "unit", unit_id, {"deleted": True})

    assert storedge.units()["A1"]["deleted"] is True
    assert error_hash(storedge.update({"id": unit_id, "width": 5}), 404)
    assert storedge.create(unit("A1")).status == 201


# The reference-unit guard (contracts B.6)


@pytest.fixture
def grouped(storedge: StoredgeCaller) -> dict[str, str]:
    """A group with a reference unit and one more, and an empty group."""
    ids = {name: storedge.new_group(name) for name in ("old", "new")}
    ids |= {name: storedge.new_unit(name, unit_group_id=ids["old"]) for name in ("R", "S")}
    storedge.update_groups({"id": ids["old"], "reference_unit_id": ids["R"]})
    return ids


@pytest.mark.parametrize("target", ["new", ""])
def test_a_reference_unit_may_not_leave_others_behind(
    storedge: StoredgeCaller, grouped: dict[str, str], target: str
) -> None:
    move = {"id": grouped["R"], "name": "R", "unit_group_id": grouped.get(target, "")}
    errors = error_hash(storedge.update(move))

    message = "is the reference unit of its group, which would not be left empty"
    assert errors == {"unit_group_id": [{"id": grouped["R"], "name": "R", "message": message}]}
    assert storedge.units()["R"]["unit_group_id"] == grouped["old"]


def test_a_reference_unit_may_leave_when_the_request_empties_its_group(
    storedge: StoredgeCaller, grouped: dict[str, str]
) -> None:
    moves = [{"id": grouped[name], "unit_group_id": grouped["new"]} for name in ("R", "S")]

    assert storedge.update(*moves).status == 200
    old = storedge.groups()["old"]
    assert (old["total_units_count"], old["reference_unit_id"]) == (0, None)


def test_a_reference_unit_may_not_leave_newcomers_behind(
    storedge: StoredgeCaller, grouped: dict[str, str]
) -> None:
    newcomer = storedge.new_unit("N")
    moves = [{"id": grouped[name], "unit_group_id": grouped["new"]} for name in ("R", "S")]
    errors = error_hash(storedge.update(*moves, {"id": newcomer, "unit_group_id": grouped["old"]}))

    assert [entry["id"] for entry in errors["unit_group_id"]] == [grouped["R"]]


def test_a_reference_unit_may_leave_after_the_reference_was_given_to_another(
    storedge: StoredgeCaller, grouped: dict[str, str]
) -> None:
    storedge.update_groups({"id": grouped["old"], "reference_unit_id": grouped["S"]})

    moved = storedge.update({"id": grouped["R"], "unit_group_id": grouped["new"]})
    assert moved.status == 200
    assert storedge.groups()["old"]["reference_unit_id"] == grouped["S"]


def test_a_reference_unit_that_is_assigned_its_own_group_stays_the_reference(
    storedge: StoredgeCaller, grouped: dict[str, str]
) -> None:
    assert storedge.update({"id": grouped["R"], "unit_group_id": grouped["old"]}).status == 200

    assert storedge.groups()["old"]["reference_unit_id"] == grouped["R"]


def test_any_other_unit_may_leave(storedge: StoredgeCaller, grouped: dict[str, str]) -> None:
    assert storedge.update({"id": grouped["S"], "unit_group_id": grouped["new"]}).status == 200

    assert storedge.groups()["old"]["total_units_count"] == 1
