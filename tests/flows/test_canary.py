"""The canary goes first, is read back, and stops what follows when it does not agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.apply import apply
from flows.commands.plan import save_plan

FACILITY = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
THIRD = "33333333-3333-4333-8333-333333333333"
DEARER = {"rate": "120"}
UPDATE = "PUT units/bulk_update"


@pytest.fixture
def desk(desk):
    desk.configure("missing: report", "missing: report\n    canary: 1")
    return desk


def counts(summary):
    return {name: number for name, number in summary.pipelines[0].counts.items() if number}


def touched(desk):
    """How and where the vendor was spoken to, in its order, each once."""
    kinds = ((row["method"], row["scope"]) for row in desk.sandbox.requests())
    return list(dict.fromkeys(("read" if method == "GET" else "write", at) for method, at in kinds))


def tonight(unit, first=None, second=None):
    """The rows of both facilities, with changes of unit 2 in the one and unit 4 in the other."""
    pair = unit(1), unit(2, **(first or {}))
    return (*pair, unit(3, site=OTHER), unit(4, site=OTHER, **(second or {})))


def two_facilities(desk, unit):
    """Units 1 and 2 stand in one facility, 3 and 4 in the other; 1 and 3 stand for their groups."""
    desk.sync(*tonight(unit))
    desk.sandbox.forget_requests()


def ignored(desk, name, scope=FACILITY):
    """The next update of a unit is confirmed, and never made."""
    body = {"units": [{"id": desk.live(scope)[name]["id"]}]}
    desk.fault("status", UPDATE, scope=scope, status=200, body=body)


def test_the_lightest_scope_goes_first_and_the_others_follow_when_it_agrees(desk, unit):
    two_facilities(desk, unit)
    regrouped = {"group": "5x5", "group_name": "5x5 in"}

    summary = desk.sync(*tonight(unit, regrouped, DEARER))

    assert [("write", OTHER), ("read", OTHER), ("write", FACILITY)] == touched(desk)
    assert 0 == summary.exit_code
    notice = f"canary: {OTHER} reads as it was confirmed"
    assert (notice,) == summary.pipelines[0].notices
    assert notice in Path(summary.report).read_text("utf-8")


def test_of_equal_scopes_the_first_by_name_goes_first(desk, unit):
    two_facilities(desk, unit)

    desk.sync(*tonight(unit, DEARER, DEARER))

    assert ("write", FACILITY) == touched(desk)[0]


def test_a_first_night_has_its_canary_too(desk, unit):
    summary = desk.sync(*tonight(unit))

    assert {"extracted": 4, "created": 4, "groups_created": 2} == counts(summary)
    assert 0 == summary.exit_code
    reads = desk.sandbox.counts()["reads"]
    assert {"extracted": 4, "unchanged": 4} == counts(desk.sync())
    assert reads == desk.sandbox.counts()["reads"]


def test_a_field_that_reads_otherwise_holds_the_other_scopes(desk, unit):
    two_facilities(desk, unit)
    ignored(desk, "A2")

    summary = desk.sync(*tonight(unit, DEARER, DEARER))

    assert {"extracted": 4, "unchanged": 2, "updated": 1, "held": 1} == counts(summary)
    assert 1 == summary.exit_code
    assert 100 == desk.live(OTHER)["A4"]["standard_rate"]
    (note,) = summary.pipelines[0].notes
    said = "unit 'A2' (u2) reads otherwise: standard_rate was confirmed as 120 and is 100 live"
    assert f"canary: {FACILITY} disagrees: {said}." in note
    (held,) = desk.rows_of("SELECT scope, words FROM changes WHERE outcome = 'held'")
    assert {"scope": OTHER, "words": note} == held


def test_what_the_canary_held_and_what_it_found_wrong_are_planned_again(desk, unit):
    """A price that was confirmed and is not live must not silently stay wrong."""
    two_facilities(desk, unit)
    ignored(desk, "A2")
    desk.sync(*tonight(unit, DEARER, DEARER))

    summary = desk.sync()

    assert 2 == counts(summary)["updated"]
    assert 120 == desk.live(OTHER)["A4"]["standard_rate"]
    assert 120 == desk.live()["A2"]["standard_rate"]


def test_a_first_night_that_the_canary_stopped_is_a_first_night_again(desk, unit):
    body = {"error_hash": {"name": [{"name": "A1", "message": "is not to our taste"}]}}
    desk.fault("status", "POST units/bulk_create", scope=FACILITY, status=400, body=body)
    desk.sync(unit(1), unit(3, site=OTHER))
    desk.sandbox.forget_requests()

    settled = "SELECT scope FROM scopes WHERE synced_at IS NOT NULL"
    assert OTHER not in {row["scope"] for row in desk.rows_of(settled)}
    assert 2 == counts(desk.sync())["created"]
    assert ("read", OTHER) in touched(desk)


def test_a_refused_change_of_the_canary_holds_the_other_scopes(desk, unit):
    two_facilities(desk, unit)
    body = {"error_hash": {"standard_rate": [{"name": "A2", "message": "is too odd"}]}}
    desk.fault("status", UPDATE, scope=FACILITY, status=400, body=body)

    summary = desk.sync(*tonight(unit, DEARER, DEARER))

    assert {"extracted": 4, "unchanged": 2, "failed": 1, "held": 1} == counts(summary)
    assert f"{FACILITY} disagrees: unit 'A2' (u2) failed: " in summary.pipelines[0].notes[0]
    assert "is too odd" in summary.pipelines[0].notes[0]
    assert [("write", FACILITY)] == touched(desk)


def test_an_unknown_outcome_of_the_canary_holds_the_other_scopes(desk, unit):
    two_facilities(desk, unit)
    desk.fault("status", UPDATE, scope=FACILITY, count=None, status=500)

    summary = desk.sync(*tonight(unit, DEARER, DEARER))

    assert {"extracted": 4, "unchanged": 2, "unknown": 1, "held": 1} == counts(summary)
    assert "unit 'A2' (u2) has an unknown outcome: " in summary.pipelines[0].notes[0]


def test_a_canary_that_cannot_be_read_holds_the_other_scopes(desk, unit):
    two_facilities(desk, unit)
    desk.fault("status", "GET units", scope=FACILITY, count=None, status=403)

    summary = desk.sync(*tonight(unit, DEARER, DEARER))

    assert {"extracted": 4, "unchanged": 2, "updated": 1, "held": 1} == counts(summary)
    assert "it could not be read back" in summary.pipelines[0].notes[0]


def test_a_vendor_that_shows_a_write_a_moment_later_agrees(desk, unit):
    two_facilities(desk, unit)
    desk.fault("status", "GET units", scope=FACILITY, count=1, status=403)

    summary = desk.sync(*tonight(unit, DEARER, DEARER))

    assert 0 == summary.exit_code
    assert 120 == desk.live(OTHER)["A4"]["standard_rate"]


def test_what_a_person_changed_on_another_unit_does_not_stop_the_night(desk, unit):
    two_facilities(desk, unit)
    desk.sandbox.edit("storedge", "unit", desk.live()["A1"]["id"], {"standard_rate": 7})

    summary = desk.sync(*tonight(unit, DEARER, DEARER))

    assert 0 == summary.exit_code


def test_a_lock_code_that_reads_otherwise_is_never_shown(desk, unit):
    two_facilities(desk, unit)
    ignored(desk, "A2")

    summary = desk.sync(*tonight(unit, {"lock": "98765"}, DEARER))

    (note,) = summary.pipelines[0].notes
    assert "combination_lock_number was confirmed as ••• and is ••• live" in note
    assert "98765" not in note
    assert "hmac" not in note


def test_a_scope_that_has_nothing_to_send_is_settled_although_the_canary_disagreed(desk, unit):
    two_facilities(desk, unit)
    ignored(desk, "A2")

    summary = desk.sync(*tonight(unit, DEARER), unit(5, site=THIRD, width=0))

    assert {"extracted": 5, "unchanged": 3, "updated": 1, "rejected": 1} == counts(summary)
    settled = {row["scope"] for row in desk.rows_of("SELECT scope FROM scopes WHERE digest <> ''")}
    assert {OTHER, THIRD} == settled


def test_the_only_scope_is_read_back_as_well(desk, unit):
    desk.sync(unit(1), unit(2))
    ignored(desk, "A2")

    summary = desk.sync(unit(1), unit(2, rate="120"))

    assert {"extracted": 2, "unchanged": 1, "updated": 1} == counts(summary)
    assert 1 == summary.exit_code


def test_without_a_canary_nothing_is_read(desk, unit):
    desk.configure("canary: 1", "canary: 0")
    two_facilities(desk, unit)

    desk.sync(*tonight(unit, DEARER, DEARER))

    assert {("write", FACILITY), ("write", OTHER)} == set(touched(desk))


def test_a_saved_plan_has_its_canary_too(desk, unit):
    two_facilities(desk, unit)
    desk.export(*tonight(unit, DEARER, DEARER))
    path = desk.folder / "plan.json"
    save_plan(desk.preview(), desk.settings(), path)
    ignored(desk, "A2")

    summary = apply(desk.settings(), desk.world(), path)

    assert {"extracted": 4, "unchanged": 2, "updated": 1, "held": 1} == counts(summary)


def test_a_community_is_read_back_like_a_facility(community, rows):
    apartment = rows[1]
    community.configure("key: ref", "key: ref\n    canary: 1")
    many = [apartment(1), apartment(2, community="COMM-2")]
    assert 0 == community.sync(*many).exit_code
    identifier = community.live("COMM-1")["1"]["identifier"]
    told = {"sucess": True, "external_ref": "c1-1", "identifier": identifier}
    body = {"units": [told]}
    community.fault("status", "POST units/multiple", scope="COMM-1", status=200, body=body)

    summary = community.sync(apartment(1, sqft=800), apartment(2, community="COMM-2", sqft=900))

    assert {"extracted": 2, "updated": 1, "held": 1} == counts(summary)
    assert "sqft was confirmed as 800 and is 700 live" in summary.pipelines[0].notes[0]
