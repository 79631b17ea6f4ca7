"""A group is read page by page until the API says that there is no more, or not at all."""

from __future__ import annotations

import httpx
import pytest

from connectors.errors import GroupRefused, ListingUnreadable, NotFound

from .desk import COMMUNITY, CommunityDesk, apartment
from .wire import rewritten

FIND = "POST units/find"
WIRED = "POST /units/find/"


def filled(count, **options):
    community = CommunityDesk(**options)
    community.renew(batch_size=100)
    community.night({f"k{n}": apartment(n, has_flex_wall=True) for n in range(1, count + 1)})
    community.sandbox.forget_requests()
    return community


def test_every_page_is_fetched():
    community = filled(201)

    live = community.target.read(COMMUNITY)

    assert 201 == len({unit.remote_id for unit in live.units})
    bodies = [row["body"] for row in community.sandbox.requests()]
    assert [[COMMUNITY]] * 3 == [body["groups_external_refs"] for body in bodies]
    assert 1 == bodies[0]["after-id"]


def test_fields_are_read_by_the_names_under_which_they_are_written():
    live = filled(1).target.read(COMMUNITY)

    assert {
        "external_ref": "ref-1",
        "unit_number": "1",
        "has_flex_wall": True,
        "sqft": 700,
        "address.address_line_1": "1 Main Street",
        "address.address_line_2": "Unit 1",
    } == live.units[0].payload
    assert "1" == live.units[0].name


def test_an_empty_group_is_a_404_and_reads_as_empty(community):
    assert () == community.target.read(COMMUNITY).units


def test_a_404_after_the_last_page_is_its_end():
    community = filled(3)

    def endless(reply):
        return {**reply, "last_id": 4}

    community.wire.cut(WIRED, rewritten(endless))

    assert 3 == len(community.target.read(COMMUNITY).units)


@pytest.mark.parametrize(
    ("kind", "error"),
    [("group_not_found", GroupRefused), ("community_not_found", NotFound), (None, NotFound)],
)
def test_any_other_404_is_not_empty(community, kind, error):
    body = {"error": {"type": kind, "message": "?"}}
    community.fault("status", FIND, status=404, body=body)

    with pytest.raises(error):
        community.target.read(COMMUNITY)


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"units": []},
        {"units": None, "last_id": -1},
        {"units": {}, "last_id": -1},
        {"units": [], "last_id": -1},
        {"units": [], "last_id": "-1"},
        {"units": ["A1"], "last_id": -1},
        {"units": [{"unit_number": "1"}], "last_id": -1},
        {"units": [{"identifier": None}], "last_id": -1},
        {"units": [], "last_id": -1, "error": {"type": "invalid_authorization", "message": "?"}},
        {"units": [], "last_id": -1, "error": {"message": "?"}},
    ],
)
def test_a_listing_that_makes_no_sense_is_unreadable(community, reply):
    community.fault("malformed", FIND, body=reply)
    community.night({"k1": apartment(1)})

    with pytest.raises(ListingUnreadable, match=COMMUNITY):
        community.target.read(COMMUNITY)


def test_a_listing_that_goes_in_circles_is_unreadable():
    community = filled(2)
    community.wire.cut(WIRED, rewritten(lambda reply: {**reply, "last_id": 1}), count=1000)

    with pytest.raises(ListingUnreadable, match="does not end"):
        community.target.read(COMMUNITY)

    assert len(community.sandbox.requests()) <= 2


def test_a_unit_that_two_pages_show_is_one_unit():
    community = filled(101)
    seen = []

    def overlapping(request, process):
        answer = process(request)
        answer.read()
        reply = answer.json()
        seen.append(reply["units"][-1])
        return httpx.Response(200, json={**reply, "units": [*reply["units"], seen[0]]})

    community.wire.cut(WIRED, overlapping, count=2)

    assert 101 == len(community.target.read(COMMUNITY).units)
