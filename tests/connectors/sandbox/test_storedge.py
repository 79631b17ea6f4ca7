"""The door of storEDGE: routes, bodies, pages, the envelope of every answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from connectors.clock import FakeClock
from connectors.sandbox import FacilitySettings, SandboxResponse, StoredgeHabits

from .callers import FACILITY, StoredgeCaller, storedge_caller, unit

EXAMPLES = Path(__file__).parent / "examples"


def example(name: str) -> tuple[str, str, dict[str, Any], dict[str, Any]]:
    document = json.loads((EXAMPLES / f"{name}.json").read_text())
    _, _, facility, resource = document["path"].split("/", 3)
    assert resource
    return facility, resource, document["request"], document["reply"]


def message(answer: SandboxResponse) -> str:
    return str(answer.payload["meta"]["message"])


def test_the_bulk_create_of_seed_003_is_answered_as_documented(clock: FakeClock) -> None:
    caller = storedge_caller(clock, default_facility=FacilitySettings(custom_unit_groups=False))
    facility, resource, request, documented = example("bulk_create")
    answer = caller.call("POST", resource, request, facility=facility).payload

    made = {unit["name"]: unit for unit in answer["units"]}
    for expected in documented["units"]:
        given = made[expected["name"]]
        assert list(given) == list(expected)
        for field in ("unit_amenities", "unit_type"):
            assert json.dumps(given[field]).count(":") == json.dumps(expected[field]).count(":")
        vendors_own = {"id", "unit_group_id", "description", "unit_amenities", "unit_type"}
        for field in expected.keys() - vendors_own:
            assert given[field] == expected[field], field
            assert type(given[field]) is type(expected[field]), field
    assert answer["meta"] | {"request_id": None} == documented["meta"]


def test_a_description_names_amenities_and_floor(storedge: StoredgeCaller) -> None:
    storedge.new_unit("A1", unit_amenities=["pool", "lift"], floor=None)
    storedge.new_unit("A2", unit_amenities=["pool"], floor=1)
    for name, floor in (("A3", 2), ("A4", 3), ("A5", 11), ("A6", 22), ("A7", -1)):
        storedge.new_unit(name, floor=floor)

    described = {name: unit["description"] for name, unit in storedge.units().items()}
    assert described == {
        "A1": "Amenity 529, Amenity 530",
        "A2": "Amenity 529, 1st floor",
        "A3": "2nd floor",
        "A4": "3rd floor",
        "A5": "11th floor",
        "A6": "22nd floor",
        "A7": "-1st floor",
    }


def test_the_group_create_of_seed_001_is_answered_as_documented(clock: FakeClock) -> None:
    caller = storedge_caller(clock)
    facility, resource, request, documented = example("create_groups")
    answer = caller.call("POST", resource, request, facility=facility).payload

    for given, expected in zip(answer["unit_groups"], documented["unit_groups"], strict=True):
        assert list(given) == list(expected)
        assert isinstance(given["id"], int)
        assert isinstance(given["facility_id"], int)
        assert str(UUID(given["uuid"])) == given["uuid"]
        assert given["created_at"] == "2026-03-01T02:00:00.000+00:00"
        vendors_own = {"id", "uuid", "facility_id", "created_at", "updated_at"}
        for field in expected.keys() - vendors_own:
            assert given[field] == expected[field], field
    assert answer["meta"] | {"request_id": None} == documented["meta"]


def test_the_group_update_of_seed_002_is_answered_as_documented(
    storedge: StoredgeCaller,
) -> None:
    first, second = storedge.new_group("Old 1"), storedge.new_group("Old 2")
    reference = storedge.new_unit(
        "A1",
        unit_group_id=first,
        **dict.fromkeys(("length", "width", "height"), 100),
        floor=1,
        standard_rate=50,
        door_width=1,
        door_height=10,
    )
    _, _, request, documented = example("update_groups")
    items = request["unit_groups"]
    items[0] |= {"id": first, "reference_unit_id": reference}
    items[1] |= {"id": second}
    answer = storedge.call("PATCH", "unit_groups", request)

    expected = documented["unit_groups"]
    expected[0] |= {"uuid": first, "reference_unit_id": reference, "unit_type_id": 529}
    expected[1] |= {"uuid": second}
    assert answer.status == 200
    assert answer.payload["unit_groups"] == expected
    assert list(answer.payload["unit_groups"][0]) == list(expected[0])
    meta = answer.payload["meta"]
    assert meta | {"request_id": None} == documented["meta"] | {
        "parameters": {**request, "facility_id": FACILITY}
    }


def test_every_answer_carries_a_request_id_of_its_own(storedge: StoredgeCaller) -> None:
    ids = {storedge.call("GET", "units").payload["meta"]["request_id"] for _ in range(3)}

    assert len(ids) == 3
    assert all(str(UUID(request_id)) == request_id for request_id in ids)


def test_collections_are_paged_at_100(storedge: StoredgeCaller) -> None:
    storedge.create(*(unit(f"U{number:03}") for number in range(250)))

    seen: list[str] = []
    for number, count in ((1, 100), (2, 100), (3, 50)):
        page = storedge.call("GET", "units", query={"page": str(number)}).payload
        assert len(page["units"]) == count
        assert page["meta"]["pagination"] == {
            "current_page": number,
            "total_pages": 3,
            "per_page": 100,
            "total_entries": 250,
            "previous_page": number - 1 or None,
            "next_page": number + 1 if number < 3 else None,
        }
        seen += [row["name"] for row in page["units"]]
    assert sorted(seen) == [f"U{number:03}" for number in range(250)]


def test_groups_are_paged_like_units(storedge: StoredgeCaller) -> None:
    storedge.create_groups(*({"name": f"G{number}"} for number in range(5)))
    page = storedge.call("GET", "unit_groups", query={"page": "2", "per_page": "3"}).payload

    assert [group["name"] for group in page["unit_groups"]] == ["G3", "G4"]
    assert page["meta"]["pagination"]["total_pages"] == 2
    assert page["meta"]["pagination"]["next_page"] is None


def test_per_page_is_capped_at_100(storedge: StoredgeCaller) -> None:
    storedge.create(*(unit(f"U{number:03}") for number in range(101)))
    page = storedge.call("GET", "units", query={"per_page": "200"}).payload

    assert len(page["units"]) == 100
    assert page["meta"]["pagination"]["per_page"] == 100


def test_an_empty_facility_is_one_empty_page(storedge: StoredgeCaller) -> None:
    answer = storedge.call("GET", "units").payload

    assert answer["units"] == []
    assert answer["meta"]["pagination"] == {
        "current_page": 1,
        "total_pages": 1,
        "per_page": 100,
        "total_entries": 0,
        "previous_page": None,
        "next_page": None,
    }


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "x"}, {"per_page": "-1"}])
def test_a_page_that_cannot_be_is_refused(storedge: StoredgeCaller, query: dict[str, str]) -> None:
    answer = storedge.call("GET", "units", query=query)

    assert answer.status == 400
    assert message(answer).endswith("must be a positive integer")


def test_an_undocumented_query_parameter_is_refused(storedge: StoredgeCaller) -> None:
    answer = storedge.call("GET", "units", query={"suppress_response_codes": "true"})

    assert answer.status == 400
    assert message(answer) == "Unknown parameters: suppress_response_codes"


@pytest.mark.parametrize("resource", ["", "units/", "tiers", "units/bulk_delete", "/units"])
def test_an_unknown_route_is_404(storedge: StoredgeCaller, resource: str) -> None:
    answer = storedge.call("GET", resource)

    assert answer.status == 404
    assert answer.payload["meta"]["status_code"] == 404


def test_a_facility_must_be_named(storedge: StoredgeCaller) -> None:
    assert storedge.call("GET", "units", facility="").status == 404


@pytest.mark.parametrize(
    ("method", "resource", "allowed"),
    [
        ("POST", "units", "GET"),
        ("DELETE", "unit_groups", "GET, PATCH, POST"),
        ("PUT", "units/bulk_create", "POST"),
        ("PATCH", "units/bulk_update", "PUT"),
    ],
)
def test_a_wrong_method_is_405_and_says_which_are_right(
    storedge: StoredgeCaller, method: str, resource: str, allowed: str
) -> None:
    answer = storedge.call(method, resource, {})

    assert answer.status == 405
    assert answer.headers["allow"] == allowed


def test_an_unlisted_facility_is_404_when_there_is_no_default(clock: FakeClock) -> None:
    caller = storedge_caller(
        clock, facilities={FACILITY: FacilitySettings()}, default_facility=None
    )

    assert caller.call("GET", "units").status == 200
    assert caller.call("GET", "units", facility="elsewhere").status == 404


def test_facilities_do_not_share_units_or_names(storedge: StoredgeCaller) -> None:
    storedge.new_unit("A1")
    answer = storedge.call("POST", "units/bulk_create", {"units": [unit("A1")]}, facility="other")

    assert answer.status == 201
    assert storedge.call("GET", "units", facility="third").payload["units"] == []


@pytest.mark.parametrize(
    "body",
    [b"", b"units", b"\xff", b'{"units": [NaN]}', b"\xef\xbb\xbf{}", b'"units"', b"[]", b"null"],
)
def test_a_body_that_is_no_json_object_is_400(storedge: StoredgeCaller, body: bytes) -> None:
    answer = storedge.sandbox.handle(storedge.signed("POST", "units/bulk_create", body))

    assert answer.status == 400
    assert "The body" in message(answer)


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}])
def test_a_body_that_is_not_called_json_is_400(
    storedge: StoredgeCaller, headers: dict[str, str]
) -> None:
    body = json.dumps({"units": [unit("A1")]}).encode()
    answer = storedge.sandbox.handle(
        storedge.signed("POST", "units/bulk_create", body, headers=headers)
    )

    assert answer.status == 400
    assert "Content-Type" in message(answer)


@pytest.mark.parametrize("items", [None, {}, [], ["A1"], [None], "A1"])
def test_the_list_must_be_one_of_objects_with_something_in_it(
    storedge: StoredgeCaller, items: object
) -> None:
    answer = storedge.call("POST", "units/bulk_create", {"units": items})

    assert answer.status == 400
    assert message(answer) == "units must be an Array of nested elements"


def test_an_unknown_member_beside_the_list_is_400(storedge: StoredgeCaller) -> None:
    answer = storedge.call("POST", "unit_groups", {"unit_groups": [{"name": "A"}], "unit": {}})

    assert answer.status == 400
    assert message(answer) == "Unknown parameters: unit"


def test_excluded_units_are_hidden_from_callers_without_permission(clock: FakeClock) -> None:
    caller = storedge_caller(clock, habits=StoredgeHabits(read_excluded=False))
    unit_id = caller.new_unit("A1")
    caller.new_unit("A2")
    caller.sandbox.edit("storedge", "unit", unit_id, {"exclude_from_api": True})
    listed = caller.call("GET", "units").payload

    assert [row["name"] for row in listed["units"]] == ["A2"]
    assert listed["meta"]["pagination"]["total_entries"] == 1
