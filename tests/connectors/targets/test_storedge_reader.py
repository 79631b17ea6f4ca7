"""A facility is read when its listing is proven complete. Unreadable is not empty."""

from __future__ import annotations

import httpx
import pytest

from connectors.errors import CredentialsRefused, ListingUnreadable
from connectors.sandbox import FacilitySettings
from connectors.targets.storedge_reader import path_of

from .desk import FACILITY, FacilityDesk, unit
from .wire import rewritten

LIST_UNITS = "GET units"
WIRED = "GET /units"


def filled(count):
    desk = FacilityDesk()
    desk.renew(batch_size=100)
    desk.night({f"u{n}": unit(f"A{n}", "10x10") for n in range(1, count + 1)})
    desk.sandbox.forget_requests()
    return desk


def test_every_page_of_units_and_groups_is_fetched():
    desk = filled(201)

    live = desk.target.read(FACILITY)

    assert 201 == len({one.remote_id for one in live.units})
    assert ["10x10"] == [group.name for group in live.groups]
    endpoints = [row["endpoint"] for row in desk.sandbox.requests()]
    assert [LIST_UNITS] * 3 + ["GET unit_groups"] == endpoints


def test_an_empty_facility_reads_as_empty(desk):
    live = desk.target.read(FACILITY)

    assert ((), ()) == (live.units, live.groups)


def test_groups_are_not_asked_for_where_none_are_kept():
    desk = FacilityDesk(facility=FacilitySettings(custom_unit_groups=False))

    desk.target.read(FACILITY)

    assert [LIST_UNITS] == [row["endpoint"] for row in desk.sandbox.requests()]


def test_deleted_units_are_not_there(desk):
    desk.night({"u1": unit("A1"), "u2": unit("A2")})
    desk.sandbox.edit("storedge", "unit", desk.book.units["u1"].remote_id, {"deleted": True})

    assert ["A2"] == [one.name for one in desk.target.read(FACILITY).units]


def test_bad_credentials_with_a_well_formed_empty_list_are_not_an_empty_facility(desk):
    desk.renew(secret_key="another-secret-key-0000000000000000000000")

    with pytest.raises(CredentialsRefused):
        desk.target.read(FACILITY)


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"units": []},
        {"units": [], "meta": {}},
        {"units": [], "meta": {"pagination": {}}},
        {"units": [], "meta": {"pagination": {"total_entries": "0", "next_page": None}}},
        {"units": [], "meta": {"pagination": {"total_entries": 0, "next_page": "soon"}}},
        {"units": {}, "meta": {"pagination": {"total_entries": 0, "next_page": None}}},
        {"units": [None], "meta": {"pagination": {"total_entries": 1, "next_page": None}}},
        {"unit_groups": [], "meta": {"pagination": {"total_entries": 0, "next_page": None}}},
    ],
)
def test_a_listing_that_nothing_proves_complete_is_unreadable(desk, reply):
    desk.fault("malformed", LIST_UNITS, body=reply)

    with pytest.raises(ListingUnreadable, match="nothing proves it complete"):
        desk.target.read(FACILITY)


def test_a_listing_is_read_once_more_when_its_count_does_not_add_up():
    desk = filled(3)

    def short(reply):
        return {**reply, "units": reply["units"][:2]}

    desk.wire.cut(WIRED, rewritten(short))

    assert 3 == len(desk.target.read(FACILITY).units)
    assert 2 == [row["endpoint"] for row in desk.sandbox.requests()].count(LIST_UNITS)


@pytest.mark.parametrize("wrong", ["short", "doubled"])
def test_a_listing_that_does_not_add_up_twice_is_unreadable(wrong):
    desk = filled(3)

    def changed(reply):
        rows = reply["units"]
        return {**reply, "units": rows[:2] if wrong == "short" else [*rows[:2], rows[0]]}

    desk.wire.cut(WIRED, rewritten(changed), count=2)

    with pytest.raises(ListingUnreadable, match="2 different rows were listed, 3 announced"):
        desk.target.read(FACILITY)


@pytest.mark.parametrize("following", [1, 0, -1, 10_000])
def test_a_listing_that_goes_in_circles_is_unreadable(following):
    desk = filled(3)

    def circling(reply):
        reply["meta"]["pagination"]["next_page"] = following
        return reply

    desk.wire.cut(WIRED, rewritten(circling), count=1000)

    with pytest.raises(ListingUnreadable, match="does not end"):
        desk.target.read(FACILITY)

    assert 1 == len(desk.sandbox.requests())


@pytest.mark.parametrize("record", [{"name": "A1"}, {"id": "x", "unit_amenities": 7}])
def test_a_record_that_makes_no_sense_makes_the_listing_unreadable_and_is_not_quoted(desk, record):
    record |= {"combination_lock_number": "34196"}
    paging = {"total_entries": 1, "next_page": None}
    body = {"units": [record], "meta": {"pagination": paging}}
    desk.fault("malformed", LIST_UNITS, body=body)

    with pytest.raises(ListingUnreadable, match="makes no sense") as caught:
        desk.target.read(FACILITY)

    assert caught.value.__context__ is None
    assert "34196" not in str(caught.value)


def test_a_status_inside_that_says_no_is_not_an_empty_facility(desk):
    body = {"units": [], "meta": {"status_code": 500, "pagination": {"total_entries": 0}}}
    desk.wire.cut(WIRED, lambda request, process: httpx.Response(200, json=body), count=4)

    with pytest.raises(Exception, match="status 500"):
        desk.target.read(FACILITY)


def test_a_scope_is_quoted_into_its_address():
    assert "/v1/a%2Fb%20c/units" == path_of("a/b c", "units")
