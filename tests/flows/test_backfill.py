"""A backfill brings selected units in step, and neither sends nor learns anything of others."""

from __future__ import annotations

import csv
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import SourceUnreadable
from flows.allow import Decision, allow
from flows.backfill import Backfill, backfill, preview_backfill
from flows.config_errors import ConfigError
from flows.naming import RunUnknown
from flows.selection import Selection, SelectionRefused
from flows.sync import Watcher

FACILITY = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
UPDATE = "PUT units/bulk_update"
DEARER = "120.00"
APARTMENTS = """\
  apartments:
    source: {kind: file, path: apartments.csv}
    target:
      kind: travtus
      client_id: ${TRAVTUS_CLIENT_ID}
      client_secret: ${TRAVTUS_CLIENT_SECRET}
      base_url: ${SANDBOX}
      token_url: ${SANDBOX}/oauth2/token
    scope: community
    key: ref
    fields:
      external_ref: ref
      unit_number: number
      address.address_line_1: street
"""


class ProcessDied(BaseException):
    pass


def run(desk, *, resend=False, **asked):
    """A backfill, which must balance."""
    wish = Backfill(Selection(**asked), resend=resend)
    summary = backfill(desk.settings(), desk.world(), wish)
    assert summary.status != "broken", summary
    return summary


def counts(summary):
    """What became of units; groups follow their reference units."""
    told = summary.pipelines[0].counts.items()
    return {name: number for name, number in told if number and name != "groups_updated"}


def known(desk, but=()):
    """All that is known and decided of everybody but these units and who is led by them."""
    reference = "json_extract(payload, '$.reference_unit')"
    keys = ", ".join(f"'{key}'" for key in but)
    scopes = "SELECT scope, missing, synced_run, accepted_run, accepted_keys FROM scopes"
    return [
        desk.rows_of(f"SELECT * FROM units WHERE key NOT IN ({keys}) ORDER BY scope, key"),
        desk.rows_of(f"SELECT * FROM groups WHERE {reference} NOT IN ({keys}) ORDER BY scope, key"),
        desk.rows_of(f"{scopes} ORDER BY scope"),
        desk.rows_of("SELECT * FROM absences"),
    ]


def touched(desk):
    """How the vendor was spoken to, and about which facilities."""
    asked = desk.sandbox.requests()
    return {row["method"] for row in asked}, {row["scope"] for row in asked}


def rates(desk, scope=FACILITY):
    return {name: unit["standard_rate"] for name, unit in desk.live(scope).items()}


def group_name(desk):
    return desk.sandbox.groups(FACILITY)[0]["name"]


def both(desk, unit, apartment):
    """A second pipeline beside the first, both synced."""
    with (desk.folder / "apartments.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, apartment(1).keys())
        writer.writeheader()
        writer.writerow(apartment(1))
    desk.config.write_text(desk.config.read_text() + APARTMENTS)
    desk.sync(*two_facilities(unit))


def two_facilities(unit, **changed):
    return [
        *(unit(number, **changed) for number in (1, 2, 3)),
        *(unit(number, site=OTHER, **changed) for number in (4, 5)),
    ]


def test_only_the_selected_unit_is_sent_and_nothing_else_moves_in_the_state(desk, unit):
    desk.sync(*two_facilities(unit))
    before = known(desk, but=["u2"])
    desk.sandbox.forget_requests()
    desk.export(*two_facilities(unit, rate=DEARER))

    summary = run(desk, units=("u2",))

    assert ("backfill", "ok", 0) == (summary.kind, summary.status, summary.exit_code)
    assert {"extracted": 1, "updated": 1} == counts(summary)
    assert ({"PUT"}, {FACILITY}) == touched(desk)
    assert {"A1": 100.0, "A2": 120.0, "A3": 100.0} == rates(desk)
    assert before == known(desk, but=["u2"])


def test_the_night_after_a_backfill_sends_what_is_left_without_reading(desk, unit):
    desk.sync(*two_facilities(unit))
    desk.export(*two_facilities(unit, rate=DEARER))
    run(desk, units=("u2",))
    desk.sandbox.forget_requests()

    summary = desk.sync()

    assert {"extracted": 5, "unchanged": 1, "updated": 4} == counts(summary)
    assert ({"PUT", "PATCH"}, {FACILITY, OTHER}) == touched(desk)


def test_a_second_backfill_sends_nothing(desk, unit):
    desk.sync(*two_facilities(unit))
    desk.export(*two_facilities(unit, rate=DEARER))
    run(desk, scopes=(FACILITY,))
    desk.sandbox.forget_requests()

    assert {"extracted": 3, "unchanged": 3} == counts(run(desk, scopes=(FACILITY,)))
    assert (set(), set()) == touched(desk)


def test_a_scope_in_which_the_selected_agree_stays_in_step(desk, unit):
    desk.sync(*two_facilities(unit))
    before = desk.rows_of("SELECT * FROM scopes ORDER BY scope")

    run(desk, units=("u1", "u4"))

    assert before == desk.rows_of("SELECT * FROM scopes ORDER BY scope")


def test_nobody_is_missing_for_a_backfill_and_no_extract_is_accepted(desk, unit):
    desk.configure("missing: report", "missing: retire")
    desk.configure(
        "    missing: retire", "    missing: retire\n    guardrails: {max_missing: null}"
    )
    desk.sync(*two_facilities(unit))
    desk.export(unit(1, rate=DEARER))
    before = known(desk, but=["u1"])

    summary = run(desk, scopes=(FACILITY,))

    assert {"extracted": 1, "updated": 1} == counts(summary)
    assert before == known(desk, but=["u1"])
    assert all(unit["rentable"] is not False for unit in desk.live().values())


def test_a_scope_that_was_never_synced_is_read_and_is_still_adopted_by_the_night(desk, unit):
    desk.sync(*two_facilities(unit))
    (desk.folder / "unitsync.db").unlink()
    for file in desk.folder.glob("unitsync.db*"):
        file.unlink()
    desk.sandbox.forget_requests()

    summary = run(desk, units=("u2",))

    assert {"extracted": 1} == {k: v for k, v in counts(summary).items() if k == "extracted"}
    assert ["u2"] == [row["key"] for row in desk.rows_of("SELECT key FROM units")]
    assert 5 == sum(len(desk.live(scope)) for scope in (FACILITY, OTHER))
    desk.sync()
    assert 5 == sum(len(desk.live(scope)) for scope in (FACILITY, OTHER))
    assert 5 == len(desk.rows_of("SELECT key FROM units"))


def test_a_scope_that_a_run_left_in_doubt_is_read_before_anything_is_sent(desk, unit):
    desk.sync(*two_facilities(unit))
    desk.fault("status", UPDATE, scope=FACILITY, status=403, body={"error": "no"})
    desk.sync(*two_facilities(unit, rate=DEARER))
    desk.sandbox.forget_requests()

    summary = run(desk, units=("u2",))

    assert {"extracted": 1, "updated": 1} == counts(summary)
    methods = [row["method"] for row in desk.sandbox.requests()]
    assert ["GET", "PUT"] == [methods[0], methods[-1]]
    assert {"A1": 100.0, "A2": 120.0, "A3": 100.0} == rates(desk)


def test_a_new_unit_is_made_once_in_a_group_of_its_own_or_in_one_that_stands(desk, unit):
    desk.sync(*two_facilities(unit))
    fresh = unit(6, group="5x5", group_name="5x5 indoor", width=5, length=5)
    desk.export(*two_facilities(unit), fresh, unit(7), unit(8))
    before = known(desk, but=["u6", "u7"])[1]

    summary = run(desk, units=("A6", "A7"))

    assert {"extracted": 2, "created": 2, "groups_created": 1} == counts(summary)
    assert {"A1", "A2", "A3", "A6", "A7"} == set(desk.live())
    assert before == known(desk, but=["u6", "u7"])[1]
    desk.sync()
    assert 6 == len(desk.live())


def test_a_few_selected_units_do_not_rename_the_group_of_all_others(desk, unit):
    desk.sync(*two_facilities(unit))
    desk.export(*two_facilities(unit, group_name="10x10 inside", rate=DEARER))

    run(desk, units=("u1",))
    assert "10x10 indoor" == group_name(desk)
    run(desk, scopes=(FACILITY,))
    assert "10x10 inside" == group_name(desk)


def test_a_reference_unit_that_moves_hands_its_group_over_to_one_that_stays(desk, unit):
    desk.sync(*two_facilities(unit))
    moved = {"group": "10x10 b", "group_name": "10x10 upstairs"}
    desk.export(unit(1, **moved), *two_facilities(unit)[1:])

    summary = run(desk, units=("u1",))

    assert {"extracted": 1, "moved": 1, "groups_created": 1} == counts(summary)
    desk.sync()
    desk.sandbox.forget_requests()
    assert 0 == desk.sync().pipelines[0].requests


def test_resend_sends_every_field_again_and_makes_nobody_twice(desk, unit):
    desk.sync(*two_facilities(unit))
    [one] = [live["id"] for name, live in desk.live().items() if name == "A2"]
    desk.sandbox.edit("storedge", "unit", one, {"standard_rate": 77.0, "width": 9.0})
    before = known(desk)
    desk.sandbox.forget_requests()

    summary = run(desk, resend=True, scopes=(FACILITY,))

    assert {"extracted": 3, "updated": 3} == counts(summary)
    assert {"A1": 100.0, "A2": 100.0, "A3": 100.0} == rates(desk)
    assert 10.0 == float(desk.live()["A2"]["width"])
    assert "40002" == desk.live()["A2"]["combination_lock_number"]
    assert ({"PUT"}, {FACILITY}) == touched(desk)
    assert before == known(desk)
    assert 0 == desk.sync().pipelines[0].requests


def test_resend_is_no_flood_of_updates_and_no_rate_that_moves(desk, unit):
    desk.sync(*(unit(number) for number in range(1, 31)))

    summary = run(desk, resend=True, scopes=(FACILITY,))

    assert {"extracted": 30, "updated": 30} == counts(summary)
    assert [] == desk.rows_of("SELECT * FROM tripped")


def test_a_flood_of_changes_is_held_as_on_any_night(desk, unit):
    rows = [unit(number) for number in range(1, 31)]
    desk.sync(*rows)
    desk.export(*(row | {"rate": DEARER} for row in rows))

    summary = run(desk, scopes=(FACILITY,))

    assert ({"extracted": 30, "held": 30}, 1) == (counts(summary), summary.exit_code)


def test_resend_sends_the_whole_of_an_apartment(community, apartment):
    community.sync(apartment(1), apartment(2))
    one = community.live("COMM-1")["1"]["identifier"]
    assert community.sandbox.edit("travtus", "unit", one, {"sqft": 1}) is None

    summary = run(community, resend=True, units=("c1-1",))

    assert {"extracted": 1, "updated": 1} == counts(summary)
    assert 700 == community.live("COMM-1")["1"]["sqft"]
    assert 2 == len(community.sandbox.units("COMM-1"))


def test_only_failed_means_those_whose_last_change_did_not_come_through(desk, unit):
    desk.sync(*two_facilities(unit))
    body = {"error_hash": {"name": [{"name": "A2", "message": "no"}]}}
    desk.fault("status", UPDATE, scope=FACILITY, status=400, body=body)
    desk.sync(*two_facilities(unit, rate=DEARER))

    assert {"extracted": 1, "updated": 1} == counts(run(desk, failed=True))
    with pytest.raises(SelectionRefused, match="nobody is selected: --only-failed has 0 rows"):
        run(desk, failed=True)


def test_only_rejected_means_those_whose_rows_the_last_night_rejected(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    desk.sync(unit(1), unit(2, width=0), unit(3, width=0))
    desk.export(unit(1, rate=DEARER), unit(2, rate=DEARER), unit(3, width=0))

    summary = run(desk, rejected=True)

    assert {"extracted": 2, "rejected": 1, "updated": 1} == counts(summary)
    assert {"A1": 100.0, "A2": 120.0, "A3": 100.0} == rates(desk)
    assert {"extracted": 2, "rejected": 1, "unchanged": 1} == counts(run(desk, rejected=True))


def test_from_run_means_those_of_whom_a_run_told(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    night = desk.sync(unit(1), unit(2, rate=DEARER), unit(3, width=0))
    desk.export(unit(1, rate="130"), unit(2, rate="130"), unit(3, rate="130"))

    summary = run(desk, from_run=night.run_id)

    assert {"extracted": 2, "updated": 2} == counts(summary)
    assert {"A1": 100.0, "A2": 130.0, "A3": 130.0} == rates(desk)
    with pytest.raises(RunUnknown, match="there is no run 'nope'"):
        run(desk, from_run="nope")


def test_dates_select_the_rows_that_were_changed_between_them(desk, unit):
    desk.configure("missing: report", "missing: report\n    changed: touched")
    days = ["2026-01-30", "2026-01-31 23:59", "2026-02-01T00:00:00Z", "", "soon"]
    rows = [unit(number, touched=day) for number, day in enumerate(days, start=1)]
    desk.sync(*rows)

    between = run(desk, since=date(2026, 1, 31), until=date(2026, 2, 1))
    until = run(desk, until=date(2026, 1, 31))

    assert ({"extracted": 2, "unchanged": 2}, 2) == (
        counts(between),
        until.pipelines[0].counts["extracted"],
    )
    assert (
        "2 rows without a day in touched not selected",
        "selected 2 of 5 rows: --changed-since 2026-01-31 --changed-until 2026-02-01",
    ) == between.pipelines[0].notices


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("", "no column says when a row was changed"),
        ("\n    changed: widht", 'units.csv has no column "widht"'),
    ],
)
def test_dates_need_a_column_that_the_source_has(desk, unit, setting, said):
    desk.configure("missing: report", f"missing: report{setting}")
    desk.export(unit(1))

    with pytest.raises(ConfigError, match=said) as error:
        run(desk, since=date(2026, 1, 31))
    assert "pipelines.storage.changed" in str(error.value)


def test_all_that_is_asked_must_hold(desk, unit):
    desk.sync(*two_facilities(unit))
    desk.export(*two_facilities(unit, rate=DEARER))

    assert {"extracted": 1, "updated": 1} == counts(run(desk, scopes=(OTHER,), units=("A1", "u4")))
    with pytest.raises(SelectionRefused) as error:
        run(desk, scopes=(OTHER,), units=("u1", "u2"))
    assert str(error.value) == (
        f"nobody is selected: --scope {OTHER} has 2 rows and --unit u1, u2 has 2 rows, but none "
        "answers to all of it; nothing was touched"
    )


def test_a_key_is_never_taken_for_the_name_of_another(desk, unit):
    desk.export(unit(1, id="A2", name="A1"), unit(2, id="u2", name="A2"))

    assert {"extracted": 1} == {
        k: v for k, v in counts(run(desk, units=("A2",))).items() if k == "extracted"
    }
    assert ["A1"] == list(desk.live())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"units": ("A33",)}, 'no unit of the source is called "A33" \\(did you mean "A3"\\?\\)'),
        ({"scopes": (FACILITY[:-1],)}, f'did you mean "{FACILITY}"'),
        ({"groups": ("10x11",)}, 'did you mean "10x10"'),
        ({"units": ("u1", "zzz")}, 'no unit of the source is called "zzz"; name one of A1, A2'),
    ],
)
def test_a_name_that_is_nobodys_is_refused_before_anything_is_touched(desk, unit, asked, said):
    desk.export(*two_facilities(unit))

    with pytest.raises(SelectionRefused, match=said):
        run(desk, **asked)
    assert not (desk.folder / "unitsync.db").exists()
    assert [] == desk.sandbox.requests()


def test_a_rejected_row_is_met_by_the_name_and_group_that_its_unit_is_known_by(desk, unit):
    desk.sync(*two_facilities(unit))
    desk.export(unit(1), unit(2, width=0), unit(3))

    for asked in ({"units": ("A2",)}, {"units": ("u2",)}):
        assert {"extracted": 1, "rejected": 1} == counts(run(desk, **asked))
    assert {"extracted": 3, "rejected": 1, "unchanged": 2} == counts(run(desk, groups=("10x10",)))


def test_a_dry_run_shows_what_would_be_done_and_writes_nothing(desk, unit):
    desk.sync(*two_facilities(unit))
    desk.export(*two_facilities(unit, rate=DEARER))
    files = {path: path.read_bytes() for path in desk.folder.glob("unitsync.db")}
    writes = desk.writes()

    [night] = preview_backfill(desk.settings(), desk.world(), Backfill(Selection(units=("u2",))))

    [change] = [change for planned in night.scopes for change in planned.plan.changes]
    assert ("u2", {"standard_rate": 120.0}) == (change.key, change.after)
    assert (files, writes) == ({path: path.read_bytes() for path in files}, desk.writes())


def test_an_interrupted_backfill_goes_on_where_it_stopped(desk, unit):
    desk.configure("requests_per_second: null", "requests_per_second: null\n      concurrency: 1")
    desk.sync(*two_facilities(unit))
    desk.export(*two_facilities(unit, rate=DEARER))
    world = desk.world()
    wish = Backfill(Selection(scopes=(FACILITY, OTHER)))
    watcher = Watcher(advance=lambda _, done: world.stop.set())
    stopped = backfill(desk.settings(), world, wish, watcher=watcher)

    assert 130 == stopped.exit_code
    again = run(desk, scopes=(FACILITY, OTHER))
    assert 5 == counts(stopped)["updated"] + counts(again)["updated"]
    assert 0 == again.exit_code


def test_of_an_interrupted_resend_the_failed_are_left(desk, unit):
    desk.configure("requests_per_second: null", "requests_per_second: null\n      concurrency: 1")
    desk.sync(*two_facilities(unit))
    world = desk.world()
    watcher = Watcher(advance=lambda _, done: world.stop.set())
    wish = Backfill(Selection(scopes=(FACILITY, OTHER)), resend=True)
    stopped = backfill(desk.settings(), world, wish, watcher=watcher)

    again = run(desk, resend=True, failed=True)

    assert 5 == counts(stopped)["updated"] + counts(again)["updated"]
    assert counts(stopped)["failed"] == counts(again)["updated"]


def test_what_a_backfill_that_died_never_sent_counts_as_failed(desk, unit):
    desk.sync(*two_facilities(unit))
    desk.export(*two_facilities(unit, rate=DEARER))

    def die(push, shards):
        raise ProcessDied

    with pytest.raises(ProcessDied):
        backfill(desk.settings(), desk.world(), Backfill(Selection(units=("u2", "u3"))), pusher=die)

    assert {"extracted": 2, "updated": 2} == counts(run(desk, failed=True))


def test_what_a_person_let_through_is_not_used_up(desk, unit):
    rows = [unit(number) for number in range(1, 31)]
    desk.sync(*rows)
    night = desk.sync(*(row | {"rate": DEARER} for row in rows))
    decision = Decision(night.run_id, [FACILITY], "a new price list", "Pat", timedelta(days=1))
    allow(desk.folder / "unitsync.db", desk.world(), decision)

    assert {"extracted": 1, "updated": 1} == counts(run(desk, units=("u2",)))
    assert {"extracted": 30, "unchanged": 1, "updated": 29} == counts(desk.sync())


def test_a_pipeline_in_which_nobody_is_selected_is_left_alone(desk, unit, apartment):
    both(desk, unit, apartment)
    desk.sandbox.forget_requests()

    storage, apartments = run(desk, resend=True, units=("u2",)).pipelines

    assert (1, 0) == (storage.counts["updated"], apartments.counts["extracted"])
    assert ({"PUT"}, {FACILITY}) == touched(desk)


def test_who_is_not_found_may_stand_in_a_source_that_cannot_be_read(desk, unit, apartment):
    both(desk, unit, apartment)
    (desk.folder / "apartments.csv").unlink()

    with pytest.raises(SourceUnreadable):
        run(desk, units=("c1-1",))
    summary = run(desk, resend=True, units=("u2",))
    assert (4, 1) == (summary.exit_code, summary.pipelines[0].counts["updated"])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chosen=st.sets(st.integers(1, 5), min_size=1), resend=st.booleans())
def test_whoever_is_selected_nobody_else_is_touched(desks, rows, chosen, resend):
    unit, _ = rows
    desk = desks()
    desk.sync(*two_facilities(unit))
    desk.export(*two_facilities(unit, rate=DEARER))
    keys = tuple(f"u{number}" for number in sorted(chosen))
    before = known(desk, but=keys)

    assert len(chosen) == counts(run(desk, units=keys, resend=resend))["updated"]

    assert before == known(desk, but=keys)
    every = rates(desk) | rates(desk, OTHER)
    assert {f"A{n}": 120.0 if n in chosen else 100.0 for n in range(1, 6)} == every


def test_a_name_that_somebody_else_still_bears_waits_until_both_are_selected(desk, unit):
    desk.sync(*two_facilities(unit))
    desk.export(unit(1, name="A2"), unit(2, name="A1"), *two_facilities(unit)[2:])

    alone = run(desk, units=("u1",))
    together = run(desk, units=("u1", "u2"))

    assert ({"extracted": 1, "held": 1}, 1) == (counts(alone), alone.exit_code)
    assert ({"extracted": 2, "updated": 2}, 0) == (counts(together), together.exit_code)
    assert 0 == desk.sync().exit_code
