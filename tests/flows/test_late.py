"""A vendor that finishes a request too late makes a duplicate: told every night, never touched."""

from __future__ import annotations

import json

import pytest

from connectors.sandbox import StoredgeHabits, demo_sandbox
from flows.apply import apply
from flows.commands.plan import save_plan
from flows.report_page import page_of
from state.store import Store

FACILITY = "11111111-1111-4111-8111-111111111111"
CREATE = "POST units/bulk_create"
UPSERT = "POST units/multiple"
# An unknown create is settled by three readings (contracts S25): the third one is the last.
AFTER_THE_LAST_READING = {"skip_listings": 2}


@pytest.fixture
def desk(desk):
    """A facility whose units may share a name: that they may not is stated nowhere (S5)."""
    habits = StoredgeHabits(unique_names=False)
    desk.sandbox = demo_sandbox(clock=desk.clock, habits=habits)
    return desk


@pytest.fixture
def community(community):
    """A community that does not recognise an address that it stored (T5)."""
    community.sandbox = demo_sandbox(clock=community.clock, matches_addresses=False)
    return community


def counts(summary):
    return {name: number for name, number in summary.pipelines[0].counts.items() if number}


def ids(desk, name):
    return [live["id"] for live in desk.sandbox.units(FACILITY) if live["name"] == name]


def requests_of(desk):
    return desk.sandbox.counts()["requests"]


def duplicated(desk, unit):
    """Units 1 and 2, of which the vendor made unit 2 twice; the id that we keep, and the other."""
    desk.sync(unit(1))
    desk.fault("late", CREATE, **AFTER_THE_LAST_READING)
    assert {"extracted": 2, "unchanged": 1, "created": 1} == counts(desk.sync(unit(1), unit(2)))
    (known,) = desk.rows_of("SELECT remote_id FROM units WHERE key = 'u2'")
    (other,) = set(ids(desk, "A2")) - {known["remote_id"]}
    return known["remote_id"], other


def test_a_duplicate_is_told_every_night_until_a_person_has_removed_it(desk, unit):
    kept, other = duplicated(desk, unit)
    writes = desk.writes()

    for _ in range(3):
        summary = desk.sync()
        (note,) = summary.pipelines[0].notes
        assert {"extracted": 2, "unchanged": 2} == counts(summary)
        assert 1 == summary.exit_code
        assert f"live unit {other} repeats {kept}, which is unit 'u2' and kept in step" in note
        assert "remove or rename it by hand" in note

    assert writes == desk.writes()
    assert {kept, other} == set(ids(desk, "A2"))
    desk.sandbox.edit("storedge", "unit", other, {"deleted": True})
    cleared = desk.sync()
    assert (0, ()) == (cleared.exit_code, cleared.pipelines[0].notes)
    received = requests_of(desk)
    assert 0 == desk.sync().exit_code
    assert received == requests_of(desk)


def test_a_duplicate_that_was_renamed_is_told_no_more(desk, unit):
    _, other = duplicated(desk, unit)
    assert 1 == desk.sync().exit_code
    desk.sandbox.edit("storedge", "unit", other, {"name": "B9"})

    assert 0 == desk.sync().exit_code
    assert 0 == desk.sync().pipelines[0].requests


def test_only_the_kept_one_follows_the_source(desk, unit):
    kept, other = duplicated(desk, unit)

    summary = desk.sync(unit(1), unit(2, rate="120"))

    assert 1 == counts(summary)["updated"]
    rates = {live["id"]: live["standard_rate"] for live in desk.sandbox.units(FACILITY)}
    assert (120, 100) == (rates[kept], rates[other])
    assert f"live unit {other} repeats {kept}" in desk.sync().pipelines[0].notes[0]


def test_the_report_and_the_plan_tell_of_a_duplicate(desk, unit, capsys):
    _, other = duplicated(desk, unit)
    (night,) = desk.preview()
    assert [other] == [twin.twin_id for planned in night.scopes for twin in planned.twins]

    summary = desk.sync()

    with Store.open_for_reading(desk.folder / "unitsync.db") as store:
        page = page_of(summary, store)
    assert "attention" == json.loads(json.dumps(summary.document()))["status"]
    assert any(other in note for note in page.pipelines[0].notes)


def test_a_saved_plan_keeps_its_duplicate(desk, unit):
    _, other = duplicated(desk, unit)
    path = desk.folder / "plan.json"
    save_plan(desk.preview(), desk.settings(), path)

    assert other in apply(desk.settings(), desk.world(), path).pipelines[0].notes[0]
    assert other in desk.sync().pipelines[0].notes[0]


def test_a_create_that_was_sent_again_costs_one_more_reading_and_no_more(desk, unit):
    desk.sync(unit(1))
    desk.fault("drop_before", CREATE)
    desk.sync(unit(1), unit(2))
    received = requests_of(desk)["GET units"]

    summary = desk.sync()

    assert ({"extracted": 2, "unchanged": 2}, 0) == (counts(summary), summary.exit_code)
    assert received + 1 == requests_of(desk)["GET units"]
    assert 0 == desk.sync().pipelines[0].requests


def test_a_create_that_a_reading_showed_costs_no_reading_the_next_night(desk, unit):
    desk.sync(unit(1))
    desk.fault("drop_after", CREATE)

    desk.sync(unit(1), unit(2))

    assert 0 == desk.sync().pipelines[0].requests


def test_a_refused_create_costs_no_reading_the_next_night(desk, unit):
    desk.sync(unit(1))
    body = {"error_hash": {"height": [{"name": "A3", "message": "is not to our taste"}]}}
    desk.fault("status", CREATE, status=400, body=body)
    desk.sync(unit(1), unit(2), unit(3))
    reads = desk.sandbox.counts()["reads"]

    desk.sync(unit(1), unit(2))

    assert reads == desk.sandbox.counts()["reads"]


def test_copies_of_a_create_that_stayed_unknown_are_held_every_night(desk, unit):
    desk.sync(unit(1))
    for listings in (9, 6, 3):  # sent three times, read three times each, and all come about then
        desk.fault("late", CREATE, skip_listings=listings - 1)
    assert 1 == counts(desk.sync(unit(1), unit(2)))["unknown"]
    copies = ids(desk, "A2")
    assert 3 == len(copies)

    for _ in range(3):
        summary = desk.sync()
        assert {"extracted": 2, "unchanged": 1, "held": 1} == counts(summary)

    assert copies == ids(desk, "A2")
    for copy in copies[1:]:
        desk.sandbox.edit("storedge", "unit", copy, {"deleted": True})
    assert {"extracted": 2, "unchanged": 1, "updated": 1} == counts(desk.sync())
    assert 0 == desk.sync().pipelines[0].requests


def test_where_names_are_unique_a_late_create_changes_nothing(desk, unit):
    desk.sandbox = demo_sandbox(clock=desk.clock)
    desk.sync(unit(1))
    desk.fault("late", CREATE, **AFTER_THE_LAST_READING)

    assert {"extracted": 2, "unchanged": 1, "created": 1} == counts(desk.sync(unit(1), unit(2)))

    assert {"A1", "A2"} == set(desk.live())
    assert 0 == desk.sync().exit_code
    assert 0 == desk.sync().pipelines[0].requests


def test_a_unit_that_a_person_made_beside_ours_is_told_when_the_scope_is_read(desk, unit):
    desk.sync(unit(1), unit(2))
    second = desk.live()["A2"]["id"]
    for path in desk.folder.glob("unitsync.db*"):
        path.unlink()
    desk.sandbox.edit("storedge", "unit", second, {"name": "a1"})

    summary = desk.sync(unit(1))

    assert f"live unit {second} repeats" in summary.pipelines[0].notes[0]


def test_an_apartment_that_was_made_twice_is_told_until_it_is_told_apart(community, apartment):
    community.sync(apartment(1))
    community.fault("late", UPSERT, **AFTER_THE_LAST_READING)
    community.sync(apartment(1), apartment(2))
    (known,) = community.rows_of("SELECT remote_id FROM units WHERE key = 'c1-2'")
    twins = [live for live in community.sandbox.units("COMM-1") if live["unit_number"] == "2"]
    (other,) = (t["identifier"] for t in twins if t["identifier"] != known["remote_id"])

    for _ in range(2):
        summary = community.sync()
        assert 1 == summary.exit_code
        (note,) = summary.pipelines[0].notes
        assert f"live unit {other} repeats {known['remote_id']}" in note
        assert "external_ref 'c1-2'" in note

    gone = {"external_ref": "old", "address": {"address_line_1": "nowhere"}}
    assert community.sandbox.edit("travtus", "unit", other, gone) is None
    assert 0 == community.sync().exit_code
    assert 0 == community.sync().pipelines[0].requests


def test_an_apartment_whose_address_is_recognised_is_not_made_twice(community, apartment):
    community.sandbox = demo_sandbox(clock=community.clock)
    community.sync(apartment(1))
    community.fault("late", UPSERT, **AFTER_THE_LAST_READING)

    community.sync(apartment(1), apartment(2))

    assert 2 == len(community.sandbox.units("COMM-1"))
    assert 0 == community.sync().exit_code
