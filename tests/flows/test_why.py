"""`unitsync why` and `unitsync runs`: what a person is told who asks about a unit or all runs."""

from __future__ import annotations

import json

import pytest

from flows.linking import Wish
from flows.reconcile import reconcile
from state.store import Store
from tests.flows.conftest import CONFIG, FACILITY, OTHER, Desk


def test_every_night_of_a_unit_is_told_across_a_rename_and_a_move(desk, unit, ask):
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1), unit(2, name="B2"))
    desk.sync(unit(1), unit(2, name="B2", group="10x12", group_name="10x12 indoor"))
    desk.sync(unit(1), unit(2, name="B2", group="10x12", group_name="10x12 indoor", width="wide"))
    desk.sync(unit(1))

    told = ask("why", "A2")

    assert told == ask("why", "B2") == ask("why", "u2")
    nights = [line.split()[-1] for line in told.splitlines() if " sync run-" in line]
    assert 5 == len(nights) == len(set(nights))
    for line in (
        "row 3: create applied: ",
        "row 3: update applied: name: A2 → B2",
        "row 3: move applied: unit_group: 10x10 → 10x12",
        "units/bulk_update to update units: 200",
        "row 3 rejected: width is “wide”",
        "missing: no row of the source speaks of it from here on",
    ):
        assert line in told


def test_who_was_missing_stays_so_over_a_night_whose_extract_proves_nothing(desk, unit, ask):
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1))
    desk.export(unit(1, rate="120.00"))
    desk.source.write_text(desk.source.read_text() + '"torn')
    desk.sync()

    assert "no longer missing" not in ask("why", "u2")

    desk.sync(unit(1), unit(2))
    told = ask("why", "u2")
    assert 1 == told.count("    missing: ")
    assert 1 == told.count("    no longer missing")


def test_a_night_is_told_in_the_time_of_the_schedule(desk, unit, ask):
    desk.configure("reports:", "schedule: {timezone: America/New_York}\nreports:")
    desk.sync(unit(1))

    assert "2026-01-04 21:00 EST  sync run-" in ask("why", "u1")


def test_as_of_a_run_it_is_told_what_was_believed_then(desk, unit, ask):
    first = desk.sync(unit(1), unit(2))
    desk.sync(unit(1), unit(2, rate="120.00"))

    then = ask("why", "u2", "--as-of", first.run_id)

    assert f"as of run {first.run_id}: known as" in then
    assert "standard_rate: 100" in then
    assert "120" not in then
    assert "now: known as" in ask("why", "u2")
    assert "standard_rate: 120" in ask("why", "u2")


def test_before_it_was_created_nothing_was_known_of_it(desk, unit, ask):
    first = desk.sync(unit(1))
    desk.sync(unit(1), unit(2))

    assert "nothing is known of it" in ask("why", "u2", "--as-of", first.run_id)


def test_what_a_reconciliation_found_and_what_a_guardrail_held_is_told(desk, unit, ask):
    desk.configure("    missing:", "    guardrails: {max_rate_change: 5%}\n    missing:")
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1), unit(2, rate="150.00"))
    [live] = [one for one in desk.sandbox.units() if one["name"] == "A2"]
    desk.sandbox.edit("storedge", "unit", live["id"], {"standard_rate": 77.0})
    reconcile(desk.settings(), desk.world(), Wish())

    told = ask("why", "u2")

    assert "row 3: update held: standard_rate: 100 → 150" in told
    assert "in the words of the guardrail: max_rate_change" in told
    assert "found conflict" in told
    assert "standard_rate: source 150, known 100, live 77 (conflict)" in told


def test_it_is_the_same_as_json_and_no_hash_of_a_lock_code_is_in_it(desk, unit, ask):
    first = desk.sync(unit(1, lock="40001"))
    desk.sync(unit(1, lock="40002"))

    found = json.loads(ask("why", "u1", "--json"))
    then = json.loads(ask("why", "u1", "--json", "--as-of", first.run_id))

    assert ["change", "change"] == [one["what"] for one in found["histories"][0]["events"]]
    assert (None, first.run_id) == (found["as_of"], then["as_of"])
    assert 1 == len(then["histories"][0]["events"])
    assert "hmac" not in ask("why", "u1", "--json") + ask("why", "u1")


def test_who_is_not_found_is_asked_back(desk, unit, ask):
    desk.sync(unit(1), unit(2))

    assert 'did you mean "u1"?' in ask("why", "u1 ", code=1) or "u1" in ask("why", "u11", code=1)
    assert "there is no run 'nope'" in ask("why", "u1", "--as-of", "nope", code=2)


def test_nights_in_which_nothing_was_to_do_are_told_as_one(desk, unit, ask):
    desk.configure("    missing:", "    guardrails: {max_missing: 90%}\n    missing:")
    desk.sync(unit(1), unit(2))
    quiet = [desk.sync(unit(1), unit(2, rate="100")).run_id for _ in range(3)]
    desk.sync(unit(1), unit(2, rate="120.00"))
    desk.export(unit(1))
    missing = [desk.sync().run_id for _ in range(3)]

    told = ask("why", "u2")

    assert (
        f"nothing to do: no row differed from what is known; so in 3 runs, up to {quiet[-1]}"
        in told
    )
    assert f"still missing; so in 2 runs, up to {missing[-1]}" in told
    assert "so in" not in ask("why", "u2", "--as-of", quiet[0])


def test_a_guardrail_is_told_to_each_unit_that_it_is_about_and_who_let_it_through(desk, unit, ask):
    desk.configure("    missing:", "    guardrails: {max_missing: 10%, at_least: 1}\n    missing:")
    desk.sync(unit(1), unit(2), unit(3))
    held = desk.sync(unit(1), unit(3))
    ask("allow", held.run_id, FACILITY, "--reason", "sold")
    used = desk.sync().run_id

    told = ask("why", "u2")

    assert "in the words of the guardrail: max_missing: 1 of 3 known units" in told
    assert f"used by run {used}: sold" in told
    assert "guardrail" not in ask("why", "u1")


def test_a_unit_that_moved_to_another_scope_is_told_as_one_by_whichever_name(desk, unit, ask):
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1), unit(2, site=OTHER, name="B2"))

    told = ask("why", "A2")

    assert told == ask("why", "B2") == ask("why", "u2")
    assert [FACILITY, OTHER] == [line.split()[2] for line in told.splitlines() if "· unit" in line]


def test_several_units_that_are_called_so_are_listed_to_choose_from(desk, unit, ask):
    desk.sync(unit(1), unit(2), unit(2, site=OTHER))

    told = ask("why", "u2")
    chosen = ask("why", "u2", "--scope", OTHER)

    assert "2 units are or were called u2" in told
    assert f"storage · {FACILITY} · unit A2 (u2)" in told
    assert "create applied" not in told
    assert "create applied" in chosen
    assert FACILITY not in chosen
    assert f"name {FACILITY} or {OTHER}" in ask("why", "u2", "--scope", "nowhere", code=1)
    assert 2 == len(json.loads(ask("why", "u2", "--json"))["histories"])


def test_a_live_unit_that_nobody_linked_is_found_by_its_id(desk, unit, ask):
    (desk.folder / "theirs").mkdir()
    theirs = Desk(desk.folder / "theirs", CONFIG, "units.csv")
    theirs.sandbox = desk.sandbox
    theirs.sync(unit(9))
    desk.sync(unit(1))
    stranger = desk.live()["A9"]["id"]
    reconcile(desk.settings(), desk.world(), Wish())

    told = ask("why", stranger)

    assert f"a live unit that no key is linked to ({stranger})" in told
    assert "found unmanaged" in told
    assert told == ask("why", "A9")
    desk.sync(unit(1), unit(9))
    assert "· unit A9 (u9)" in ask("why", stranger)


HOSTILE = (
    "[red]A1[/red]",
    "A1 \x9b31m",
    "\x1b]0;title\x07",
    "\u202eevil",
    "<img src=x>",
    "x" * 500,
)


def test_a_name_does_nothing_to_the_terminal(desk, unit, ask):
    desk.sync(*[unit(number) for number, _ in enumerate(HOSTILE)])
    desk.export(*[unit(number, name=name) for number, name in enumerate(HOSTILE)])

    planned = ask("plan", "--details")
    desk.sync()
    told = "".join(ask("why", f"u{number}") for number, _ in enumerate(HOSTILE))

    for text in (planned, told):
        assert "[red]A1[/red]" in text
        assert "<img src=x>" in text
        assert not {"\x9b", "\x1b", "\x07", "\u202e"} & set(text)


def test_the_runs_are_told_with_how_long_they_took_and_what_they_did(desk, unit, ask):
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1), unit(2, rate="120.00"))
    reconcile(desk.settings(), desk.world(), Wish())

    told = ask("runs")

    kinds = [line.split()[1] for line in told.splitlines() if line.startswith("run-")]
    assert ["reconcile", "sync", "sync"] == kinds
    assert "1 updated; 1 request" in told
    assert "2 units in step" in told


def test_a_run_whose_process_died_is_shown_as_such(desk, unit, ask):
    desk.sync(unit(1))

    with Store.open(desk.settings().state, clock=desk.clock.now, new_id=lambda: "unused") as store:
        store.begin_run("run-dead", "sync", ["storage"])

    assert "not ended; if its process is gone, the next run says so" in ask("runs")
    desk.sync(unit(1))
    assert "its process ended before it did" in ask("runs")


@pytest.mark.parametrize(
    "arguments",
    [("runs", "--limit", "0"), ("runs", "--limit", "-5"), ("why", "A1", "--as-of", "")],
)
def test_what_names_no_run_is_refused_and_never_taken_for_all_or_none(desk, unit, ask, arguments):
    desk.sync(unit(1))

    told = ask(*arguments, code=2)

    assert "run" in told


def test_a_unit_is_headed_by_its_name_and_its_nights_are_in_the_time_of_the_schedule(
    desk, unit, ask
):
    desk.configure("reports: reports", "reports: reports\nschedule: {timezone: Asia/Tokyo}")
    desk.sync(unit(1))

    heading, _, night, *_ = ask("why", "u1").splitlines()

    assert heading.endswith(" · unit A1 (u1)")
    assert " JST  sync run-" in night


def test_before_the_first_sync_no_unit_is_said_to_be_known(ask):
    assert "no unit is known yet" in ask("why", "A1", code=1)
