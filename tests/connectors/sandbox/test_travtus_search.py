"""Searching: filters, pages, and an empty result that is a 404."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.clock import FakeClock

from .callers import GROUP, TravtusCaller, apartment, travtus_caller

NOT_FOUND = {
    "error": {
        "type": "not_found",
        "message": "We could not find any units that match your query.",
    }
}


def refs(caller: TravtusCaller, **query: Any) -> list[str]:
    answer = caller.find(**query)
    if answer.status == 404:
        assert answer.payload == NOT_FOUND
        return []
    return [unit["external_ref"].rpartition("-")[2] for unit in answer.payload["units"]]


@pytest.fixture
def town(travtus: TravtusCaller) -> TravtusCaller:
    """Three units in two groups."""
    rooms = [dict.fromkeys(("has_shower_or_bath", "has_sink", "has_toilet"), True), {}]
    travtus.write(
        apartment("1", sqft=500, number_of_bedrooms=1, has_flex_wall=True, bathrooms=rooms),
        apartment("2", sqft=500, number_of_bedrooms=2, number_of_bathrooms=2),
    )
    address = {"address_line_1": "Elm Street", "country": "United States"}
    travtus.write(apartment("3", address=address), group="COMM-002")
    return travtus


def test_a_unit_is_read_in_other_words_than_it_was_written(town: TravtusCaller) -> None:
    unit = town.find(unit_number="1").payload["units"][0]

    assert unit.pop("identifier")
    assert unit == {
        "unit_number": "1",
        "is_flex": True,
        "full_bathrooms": 1,
        "half_bathrooms": 1,
        "number_of_bedrooms": 1,
        "sqft": 500,
        "address": apartment("1")["address"],
        "external_ref": f"{GROUP}-1",
    }


def test_bathrooms_without_a_list_are_full_ones_and_unknown_ones_null(
    town: TravtusCaller,
) -> None:
    counted, unknown = (town.find(unit_number=n).payload["units"][0] for n in ("2", "3"))

    assert (counted["full_bathrooms"], counted["half_bathrooms"]) == (2, 0)
    assert (unknown["full_bathrooms"], unknown["half_bathrooms"]) == (None, None)


def test_the_external_ref_may_be_missing_from_what_is_read(clock: FakeClock) -> None:
    caller = travtus_caller(clock, returns_external_ref=False)
    caller.write(apartment("1"))

    (unit,) = caller.find(external_ref=f"{GROUP}-1").payload["units"]
    assert "external_ref" not in unit


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["1", "2", "3"]),
        ({"groups_external_refs": [GROUP]}, ["1", "2"]),
        ({"groups_external_refs": [GROUP, "COMM-002"]}, ["1", "2", "3"]),
        ({"groups_external_refs": ["nowhere"]}, []),
        ({"groups_external_refs": []}, []),
        ({"group_ids": ["nowhere"]}, []),
        ({"external_ref": f"{GROUP}-2"}, ["2"]),
        ({"external_ref": f"{GROUP}-2", "sqft": 1}, []),
        ({"sqft": 500}, ["1", "2"]),
        ({"has_flex_wall": True}, ["1"]),
        ({"number_of_bedrooms": 2}, ["2"]),
        ({"number_of_bathrooms": 2}, ["2"]),
        ({"address": {"country": "United States"}}, ["3"]),
        ({"address": {"address_line_1": "elm street"}}, []),
    ],
)
def test_filters_match_exactly_and_nothing_found_is_404(
    town: TravtusCaller, query: dict[str, Any], expected: list[str]
) -> None:
    assert refs(town, **query) == expected


def test_units_are_found_by_group_id_and_by_identifier(town: TravtusCaller) -> None:
    group_id = next(row["id"] for row in town.sandbox.groups("COMM-002"))
    identifier = town.sandbox.units("COMM-002")[0]["identifier"]

    assert refs(town, group_ids=[group_id]) == ["3"]
    assert refs(town, identifier=identifier) == ["3"]
    assert town.sandbox.units(group_id) == town.sandbox.units("COMM-002")


def test_both_group_filters_are_refused(travtus: TravtusCaller) -> None:
    answer = travtus.find(group_ids=["1"], groups_external_refs=["1"])

    assert answer.status == 400
    assert answer.payload["error"]["type"] == "both_group_identifiers_provided"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"group_external_refs": [GROUP]}, "group_external_refs is not a known field."),
        ({"groups_external_refs": GROUP}, "groups_external_refs must be a list of strings."),
        ({"group_ids": [5]}, "group_ids must be a list of strings."),
        ({"sqft": "500"}, "sqft must be an integer."),
        ({"address": {"street": "Elm"}}, "address.street is not a known field."),
        ({"after_id": "x"}, "after-id must be an integer."),
        ({"after_id": True}, "after-id must be an integer."),
    ],
)
def test_a_search_that_means_nothing_is_refused(
    travtus: TravtusCaller, query: dict[str, Any], message: str
) -> None:
    answer = travtus.find(**query)

    assert answer.status == 400
    assert answer.payload["error"] == {"type": "invalid_request", "message": message}


def test_the_underscored_name_of_the_position_is_not_known(travtus: TravtusCaller) -> None:
    answer = travtus.call("POST", "/units/find/", {"after_id": 1})

    assert answer.payload["error"]["message"] == "after_id is not a known field."


def test_units_are_paged_at_100_until_minus_one(travtus: TravtusCaller) -> None:
    for group in ("COMM-002", GROUP):
        travtus.write(*(apartment(f"{n:03}") for n in range(125)), group=group)

    seen: list[str] = []
    position: object = "1"
    sizes = []
    while position != -1:
        page = travtus.find(after_id=position).payload
        seen += [unit["identifier"] for unit in page["units"]]
        sizes.append(len(page["units"]))
        position = page["last_id"]
    assert sizes == [100, 100, 50]
    assert len(set(seen)) == 250


def test_exactly_one_page_is_the_last(travtus: TravtusCaller) -> None:
    travtus.write(*(apartment(f"{n:03}") for n in range(100)))

    page = travtus.find(groups_external_refs=[GROUP]).payload
    assert (len(page["units"]), page["last_id"]) == (100, -1)


def test_behind_the_last_unit_there_is_nothing(town: TravtusCaller) -> None:
    assert town.find(after_id=10_000).payload == NOT_FOUND


# Communities


def test_a_community_is_a_group(town: TravtusCaller) -> None:
    answer = town.communities(community_external_ref=GROUP).payload

    (community,) = answer["communities"]
    assert answer["last_id"] == -1
    assert community["community_external_ref"] == community["name"] == GROUP
    assert community["number_of_units"] == 2
    assert isinstance(community["location"]["latitude"], str)
    by_id = town.communities(community_id=community["community_id"], name=GROUP)
    assert by_id.payload["communities"] == [community]


def test_a_community_comes_into_being_when_it_is_first_asked_for(clock: FakeClock) -> None:
    asked = {"community_external_ref": "NEW"}

    assert len(travtus_caller(clock).communities(**asked).payload["communities"]) == 1
    strict = travtus_caller(clock, auto_groups=False)
    assert strict.communities(**asked).payload == {"communities": [], "last_id": -1}


def test_communities_are_never_listed_without_a_filter(travtus: TravtusCaller) -> None:
    answer = travtus.communities(after_id="1")

    assert answer.status == 400
    assert list(answer.payload) == ["non_field_errors"]


def test_an_unknown_filter_of_communities_is_refused(travtus: TravtusCaller) -> None:
    answer = travtus.communities(name="x", city="New York")

    assert (answer.status, answer.payload) == (400, {"city": ["Unknown field."]})


def test_communities_are_paged_too(clock: FakeClock) -> None:
    caller = travtus_caller(clock)
    vendor_groups = [f"C{n}" for n in range(3)]
    for ref in vendor_groups:
        caller.communities(community_external_ref=ref)

    first = caller.sandbox.groups("C0")[0]["name"]
    assert caller.communities(name=first).payload["last_id"] == -1
    assert caller.communities(name=first, after_id="100").payload["communities"] == []
    assert caller.communities(name=first, after_id="x").status == 400
