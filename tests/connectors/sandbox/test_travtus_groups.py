"""Upserts: how a unit is matched, what is kept, and what a result says."""

from __future__ import annotations

from typing import Any

import pytest

from .callers import GROUP, TravtusCaller, apartment

# The unit of the vendor's own example (contracts A.3).
EXAMPLE: dict[str, Any] = {
    "external_ref": "unit-ext-ref-1",
    "has_flex_wall": False,
    "number_of_bathrooms": 2,
    "number_of_bedrooms": 1,
    "sqft": 40,
    "unit_number": "2",
    "bathrooms": [
        {"has_shower_or_bath": False, "has_sink": True, "has_toilet": True},
        {"has_shower_or_bath": True, "has_sink": True, "has_toilet": True},
    ],
    "address": {
        "building_name": "Building 1",
        "address_line_1": "Blvd Street",
        "address_line_2": "Appartment 12",
        "city": "New York",
        "country": "United States",
        "state": "New York",
        "postal_code": "10001",
        "latitude": 40.730610,
        "longitude": -73.935242,
    },
}


def count(caller: TravtusCaller, group: str = GROUP) -> int:
    return len(caller.sandbox.units(group))


def test_the_example_of_the_vendor_is_echoed_with_the_misspelt_success(
    travtus: TravtusCaller,
) -> None:
    result = travtus.result(EXAMPLE)

    identifier = result.pop("identifier")
    assert result == {"sucess": True, "failure_reason": "", **EXAMPLE}
    assert identifier


def test_what_was_never_written_is_echoed_as_null(travtus: TravtusCaller) -> None:
    result = travtus.result({"address": {"address_line_1": "Blvd Street"}})

    assert {name for name, value in result.items() if value is None} == {
        "external_ref",
        "has_flex_wall",
        "number_of_bathrooms",
        "number_of_bedrooms",
        "sqft",
        "unit_number",
        "bathrooms",
    }


def test_the_server_makes_the_identifier_and_discards_the_one_sent(
    travtus: TravtusCaller,
) -> None:
    result = travtus.result(apartment("1", identifier="mine"))

    assert result["identifier"] != "mine"
    assert travtus.find(identifier="mine").status == 404


def test_a_unit_is_matched_by_its_identifier_first(travtus: TravtusCaller) -> None:
    first = travtus.result(apartment("1"))["identifier"]
    second = travtus.result(apartment("2"))["identifier"]
    address_of_first = apartment("1")["address"]

    result = travtus.result(apartment("2", identifier=second, address=address_of_first))
    assert result["identifier"] == second != first
    assert count(travtus) == 2


@pytest.mark.parametrize("sent", [{}, {"identifier": "stale"}])
def test_a_unit_is_matched_by_its_address_otherwise(
    travtus: TravtusCaller, sent: dict[str, str]
) -> None:
    first = travtus.result(apartment("1"))["identifier"]
    result = travtus.result(apartment("1", sqft=500, **sent))

    assert (result["identifier"], result["sqft"]) == (first, 500)
    assert count(travtus) == 1


def test_addresses_are_compared_without_case_and_spacing(travtus: TravtusCaller) -> None:
    first = travtus.result(apartment("1"))["identifier"]
    same = {"address_line_1": " 199  SPENCER street", "address_line_2": "unit 1 ", "city": ""}

    assert travtus.result(apartment("1", address=same))["identifier"] == first


@pytest.mark.parametrize(
    "member", ["building_name", "address_line_2", "city", "state", "country", "postal_code"]
)
def test_every_text_of_an_address_counts(travtus: TravtusCaller, member: str) -> None:
    travtus.write(apartment("1"))
    address = {**apartment("1")["address"], member: "another"}
    travtus.write(apartment("1", address=address))

    assert count(travtus) == 2


def test_coordinates_unit_number_and_external_ref_do_not_match(travtus: TravtusCaller) -> None:
    first = travtus.result(apartment("1"))["identifier"]
    address = {**apartment("1")["address"], "latitude": 1.5, "longitude": 2}

    moved = travtus.result(apartment("2", address=address))
    assert moved["identifier"] == first
    assert moved["unit_number"] == "2"


def test_units_that_share_an_address_overwrite_each_other(travtus: TravtusCaller) -> None:
    address = {"address_line_1": "199 Spencer Street"}
    answer = travtus.write(*(apartment(str(n), address=address) for n in range(3))).payload

    assert [result["sucess"] for result in answer["units"]] == [True] * 3
    (unit,) = travtus.sandbox.units(GROUP)
    assert unit["unit_number"] == "2"


def test_an_identifier_is_looked_for_in_its_group_only(travtus: TravtusCaller) -> None:
    first = travtus.result(apartment("1"))["identifier"]
    second = travtus.result(apartment("1", identifier=first), group="COMM-002")["identifier"]

    assert first != second
    assert (count(travtus), count(travtus, "COMM-002")) == (1, 1)


def test_an_omitted_attribute_is_unchanged(travtus: TravtusCaller) -> None:
    first = travtus.result(EXAMPLE)
    result = travtus.result({"identifier": first["identifier"], "sqft": 50})

    assert result == first | {"sqft": 50}


def test_bathrooms_and_address_are_replaced_whole(travtus: TravtusCaller) -> None:
    identifier = travtus.result(EXAMPLE)["identifier"]
    changed = {"bathrooms": [{"has_sink": True}], "address": {"address_line_1": "Elsewhere"}}
    result = travtus.result({"identifier": identifier, **changed})

    assert {name: result[name] for name in changed} == changed


def test_a_unit_is_found_by_its_new_address_and_no_longer_by_its_old_one(
    travtus: TravtusCaller,
) -> None:
    identifier = travtus.result(apartment("1"))["identifier"]
    travtus.write({"identifier": identifier, "address": {"address_line_1": "Elsewhere"}})

    again = travtus.result({"address": {"address_line_1": "elsewhere"}})
    assert again["identifier"] == identifier
    assert travtus.result(apartment("1"))["identifier"] != identifier


def test_of_two_units_with_one_address_the_older_matches_until_it_moves(
    travtus: TravtusCaller,
) -> None:
    first = travtus.result(apartment("1"))["identifier"]
    second = travtus.result(apartment("2"))["identifier"]
    shared = apartment("1")["address"]
    travtus.write({"identifier": second, "address": shared})

    assert travtus.result({"address": shared})["identifier"] == first
    travtus.write({"identifier": first, "address": {"address_line_1": "Elsewhere"}})
    assert travtus.result({"address": shared})["identifier"] == second


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"address": {"city": "New York"}}, "address.address_line_1 is required."),
        ({"address": {"address_line_1": " "}}, "address.address_line_1 is required."),
        ({"address": "Blvd Street"}, "address must be an object."),
        ({"sqft": 40.0}, "sqft must be an integer."),
        ({"sqft": "40"}, "sqft must be an integer."),
        ({"sqft": True}, "sqft must be an integer."),
        ({"sqft": -1}, "sqft must not be negative."),
        ({"number_of_bedrooms": None}, "number_of_bedrooms must not be null."),
        ({"has_flex_wall": "N"}, "has_flex_wall must be a boolean."),
        ({"has_flex_wall": 0}, "has_flex_wall must be a boolean."),
        ({"unit_number": 2}, "unit_number must be a string."),
        ({"identifier": 2}, "identifier must be a string."),
        ({"bathrooms": {}}, "bathrooms must be a list."),
        ({"bathrooms": [1]}, "bathrooms[0] must be an object."),
        ({"bathrooms": [{}, {"has_sink": 1}]}, "bathrooms[1].has_sink must be a boolean."),
        ({"bathrooms": [{"has_tub": True}]}, "bathrooms[0].has_tub is not a known field."),
        ({"rent": 1}, "rent is not a known field."),
        (
            {"address": {"address_line_1": "A", "latitude": "40.7"}},
            "address.latitude must be a number.",
        ),
        (
            {"address": {"address_line_1": "A", "zip": "06040"}},
            "address.zip is not a known field.",
        ),
    ],
)
def test_a_unit_that_cannot_be_stored_fails_alone_and_says_why(
    travtus: TravtusCaller, fields: dict[str, Any], reason: str
) -> None:
    answer = travtus.write(apartment("1") | fields, apartment("2"))

    assert answer.status == 200
    good, bad = answer.payload["units"]
    assert (good["sucess"], good["external_ref"]) == (True, f"{GROUP}-2")
    assert (bad["sucess"], bad["failure_reason"]) == (False, reason)
    assert bad["external_ref"] == f"{GROUP}-1"
    assert "identifier" not in bad
    assert count(travtus) == 1


def test_every_reason_is_told(travtus: TravtusCaller) -> None:
    result = travtus.result(apartment("1", sqft="x", has_flex_wall="y"))

    assert result["failure_reason"] == ("sqft must be an integer. has_flex_wall must be a boolean.")


def test_a_failed_update_leaves_the_unit_as_it_was(travtus: TravtusCaller) -> None:
    first = travtus.result(EXAMPLE)
    travtus.write({"identifier": first["identifier"], "sqft": 99, "unit_number": 5})

    assert travtus.result({"identifier": first["identifier"]}) == first


def test_a_new_unit_needs_an_address(travtus: TravtusCaller) -> None:
    result = travtus.result({"external_ref": "x", "identifier": "stale"})

    assert result == {
        "sucess": False,
        "failure_reason": "address is required to create a unit.",
        "external_ref": "x",
    }


@pytest.mark.parametrize("item", [None, "unit", ["unit"]])
def test_a_unit_is_an_object(travtus: TravtusCaller, item: object) -> None:
    assert travtus.result(item) == {
        "sucess": False,
        "failure_reason": "A unit must be an object.",
    }


def test_results_come_in_no_order_that_a_caller_could_rely_on(travtus: TravtusCaller) -> None:
    broken = apartment("0", sqft="x")
    results = travtus.write(broken, *(apartment(str(n)) for n in range(1, 20))).payload["units"]

    identifiers = [result["identifier"] for result in results[:-1]]
    assert identifiers == sorted(identifiers)
    assert [result["external_ref"] for result in results[:-1]] != [
        f"{GROUP}-{n}" for n in range(1, 20)
    ]
    assert results[-1]["external_ref"] == f"{GROUP}-0"
