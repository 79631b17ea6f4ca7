"""An undo takes back what a run did, as a plan under the guardrails, and nothing else."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from flows.apply import apply
from flows.cli import app
from flows.commands.plan import save_plan
from flows.undo import undo_run
from tests.flows.conftest import FACILITY, OTHER

DEARER = "120.00"


@pytest.fixture
def typed(desk, environment, monkeypatch):
    """Types a command at the desk."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for module in ("flows.commands.undo", "flows.commands.plan", "flows.engine"):
        monkeypatch.setattr(f"{module}.World", desk.world)

    def type_in(*arguments):
        return CliRunner().invoke(app, [*arguments, "--config", str(desk.config)])

    return type_in


def inverse(desk, run="last", *pipelines):
    return undo_run(desk.settings(), desk.world(), run, pipelines)


def undone(desk, run="last"):
    """Takes a run back; what became of that, and what is left as it is."""
    found = inverse(desk, run)
    plan = desk.folder / "undo.json"
    save_plan(found.nights, desk.settings(), plan)
    summary = apply(desk.settings(), desk.world(), plan)
    assert summary.status != "broken", summary
    desk.clock.advance(86_400)
    return summary, left_of(found)


def left_of(found):
    return [(one.change.key, one.field, one.reason) for left in found.left.values() for one in left]


def counts(summary):
    return {name: count for name, count in summary.pipelines[0].counts.items() if count}


def known(desk):
    """What is known of everybody, without the fingerprints of the source."""
    units = "SELECT scope, key, remote_id, name, group_key, retired, payload FROM units"
    groups = "SELECT scope, key, remote_id, name, payload FROM groups"
    return [desk.rows_of(f"{query} ORDER BY scope, key") for query in (units, groups)]


def live(desk, scope=FACILITY):
    return desk.sandbox.units(scope), desk.sandbox.groups(scope)


def test_a_night_of_60_rate_changes_is_undone_in_the_state_and_at_the_vendor(desk, unit):
    before = [unit(number) for number in range(200)]
    desk.sync(*before)
    was, stood = known(desk), live(desk)
    desk.sync(*(row | {"rate": DEARER} for row in before[:60]), *before[60:])
    assert (was, stood) != (known(desk), live(desk))

    summary, left = undone(desk)

    assert ({"extracted": 60, "updated": 60, "groups_updated": 1}, []) == (counts(summary), left)
    [told] = summary.pipelines[0].notices
    assert "put 60 units right there before the next sync" in told
    assert (was, stood) == (known(desk), live(desk))


def test_an_undo_is_held_by_the_guardrails_and_goes_when_it_is_let_through(desk, unit, typed):
    rows = [unit(number) for number in range(1, 101)]
    desk.configure("missing: report", "missing: report\n    guardrails: {max_updates: null}")
    desk.sync(*rows)
    was = known(desk)
    night = desk.sync(*(row | {"rate": DEARER} for row in rows[:60]), *rows[60:])
    desk.configure("\n    guardrails: {max_updates: null}", "")

    shown = typed("undo", night.run_id, "--out", str(desk.folder / "undo.json"))
    held = typed("sync", "--plan", str(desk.folder / "undo.json"), "--direct", "--json")

    assert 1 == shown.exit_code, shown.output
    assert "max_updates: 60 of 100 known units (60%) would be updated" in shown.stdout
    assert 60 == json.loads(held.stdout)["pipelines"][0]["counts"]["held"]
    assert 60 == sum(unit["standard_rate"] == 120 for unit in desk.live().values())
    assert 0 == typed("allow", "last", FACILITY, "--reason", "a bad export").exit_code
    assert 0 == typed("undo", night.run_id, "--out", str(desk.folder / "undo.json")).exit_code
    done = typed("sync", "--plan", str(desk.folder / "undo.json"), "--direct", "--json")
    assert 60 == json.loads(done.stdout)["pipelines"][0]["counts"]["updated"]
    assert was == known(desk)
    assert [None] != [row["used_by_run"] for row in desk.rows_of("SELECT * FROM allowances")]


def test_renames_moves_and_groups_go_back_and_what_was_made_is_listed(desk, unit):
    desk.sync(unit(1), unit(2), unit(3, name="B", group="5x5", group_name="5x5 indoor"))
    was, stood = known(desk), live(desk)
    desk.sync(
        unit(1, name="A2", group="5x5", group_name="5x5 inside"),
        unit(2, name="A1"),
        unit(3, name="C", group="5x5", group_name="5x5 inside"),
        unit(4, group="new", group_name="brand new"),
    )

    summary, left = undone(desk)

    assert 3 == counts(summary)["updated"] + counts(summary)["moved"]
    assert 0 == summary.exit_code
    assert {("u4", None), ("new", None)} == {one[:2] for one in left}
    assert all("nothing is ever deleted" in one[2] for one in left)
    units, groups = known(desk)
    assert was[0] == [row for row in units if row["key"] != "u4"]
    assert was[1] == [row for row in groups if row["key"] != "new"]
    assert stood[0] == [unit for unit in desk.sandbox.units() if unit["name"] != "A4"]
    names = {group["name"] for group in desk.sandbox.groups(FACILITY)}
    assert {"10x10 indoor", "5x5 indoor", "brand new"} == names


def test_what_a_later_run_or_somebody_changed_since_is_left_alone(desk, unit):
    desk.sync(*(unit(number) for number in range(1, 6)))
    bad = desk.sync(*(unit(number, rate=DEARER) for number in range(1, 6)))
    later = desk.sync(unit(1, rate="130"), *(unit(number, rate=DEARER) for number in range(2, 6)))
    desk.sync(*(unit(number, rate=DEARER) for number in range(1, 6)))

    found = inverse(desk, bad.run_id)

    assert [("u1", "standard_rate")] == [one[:2] for one in left_of(found)]
    assert "has changed it since" in left_of(found)[0][2]
    assert later.run_id != bad.run_id
    undone(desk, bad.run_id)
    rates = {name: unit["standard_rate"] for name, unit in desk.live().items()}
    assert {"A1": 120, "A2": 100, "A3": 100, "A4": 100, "A5": 100} == rates


def test_what_a_reconciliation_found_changed_at_the_vendor_is_left_alone(desk, unit, typed):
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1, rate=DEARER), unit(2, rate=DEARER))
    bad = desk.rows_of("SELECT run_id FROM runs ORDER BY serial DESC")[0]["run_id"]
    assert (
        desk.sandbox.edit("storedge", "unit", desk.live()["A1"]["id"], {"standard_rate": 7}) is None
    )
    assert 1 == typed("reconcile", "--direct").exit_code

    _, left = undone(desk, bad)

    assert [("u1", "standard_rate")] == [one[:2] for one in left]
    assert "somebody has changed it at the vendor since" in left[0][2]
    assert {"A1": 7, "A2": 100} == {n: u["standard_rate"] for n, u in desk.live().items()}


def test_a_lock_code_cannot_be_undone_and_no_hash_is_shown(desk, unit, typed):
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1, lock="9999", rate=DEARER), unit(2))

    shown = typed("undo", "last", "--details", "--json")
    plan = typed("undo", "last", "--details", "--out", str(desk.folder / "undo.json"))

    [left] = json.loads(shown.stdout)["left"]
    assert ("combination_lock_number", "u1") == (left["field"], left["key"])
    assert "only a keyed hash is kept" in left["reason"]
    assert (1, 1) == (shown.exit_code, plan.exit_code)
    written = (desk.folder / "undo.json").read_text()
    assert not any("hmac:" in text for text in (shown.output, plan.output, written))
    assert "standard_rate: 120 → 100" in plan.stdout
    assert "before the next sync" in plan.stdout


def test_a_retired_unit_is_back_on_the_market_and_one_retired_since_is_left(desk, unit):
    desk.configure(
        "    missing: report", "    missing: retire\n    guardrails: {max_missing: null}"
    )
    desk.sync(unit(1), unit(2), unit(3))
    dearer = desk.sync(unit(1), unit(2, rate=DEARER), unit(3))
    retiring = desk.sync(unit(1), unit(3))
    assert desk.live()["A2"]["rentable"] is False

    assert [("u2", None, "it was retired since")] == left_of(inverse(desk, dearer.run_id))
    summary, left = undone(desk, retiring.run_id)

    assert ({"extracted": 1, "updated": 1}, []) == (counts(summary), left)
    assert desk.live()["A2"]["rentable"] is True
    assert 0 == desk.rows_of("SELECT retired FROM units WHERE key = 'u2'")[0]["retired"]


def test_what_failed_or_was_held_leaves_nothing_to_undo(desk, unit, typed):
    desk.sync(unit(1), unit(2))
    desk.fault("status", "PUT units/bulk_update", status=422)
    desk.sync(unit(1, rate=DEARER), unit(2))
    desk.sync()
    failed = desk.rows_of("SELECT run_id FROM changes WHERE outcome = 'failed'")[0]["run_id"]

    shown = typed("undo", failed, "--out", str(desk.folder / "undo.json"))

    assert 0 == shown.exit_code
    assert "there is nothing that can be undone" in shown.stdout
    assert "nothing to undo of 2 failed" in shown.stdout
    assert not (desk.folder / "undo.json").exists()


def test_a_scope_in_doubt_is_left_until_a_sync_has_read_it(desk, unit):
    desk.sync(unit(1), unit(2, site=OTHER))
    bad = desk.sync(unit(1, rate=DEARER), unit(2, site=OTHER, rate=DEARER))
    desk.fault("status", "PUT units/bulk_update", scope=FACILITY, status=403, body={"error": "no"})
    desk.sync(unit(1, rate="130"), unit(2, site=OTHER, rate=DEARER))

    left = left_of(inverse(desk, bad.run_id))

    assert {"u1"} <= {key for key, _, reason in left if "run `unitsync sync`" in reason}
    assert "u2" not in {key for key, _, _ in left}


def test_an_apartment_goes_back_whole(community, apartment):
    community.sync(apartment(1), apartment(2))
    was, stood = known(community), community.sandbox.units("COMM-1")
    community.sync(apartment(1, sqft=1), apartment(2, street="2 Main Street"))

    summary, left = undone(community)

    assert ({"extracted": 2, "updated": 2}, []) == (counts(summary), left)
    assert (was, stood) == (known(community), community.sandbox.units("COMM-1"))


def test_the_night_after_sends_what_the_source_says_again(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1, rate=DEARER), unit(2))
    undone(desk)

    assert {"extracted": 2, "unchanged": 1, "updated": 1, "groups_updated": 1} == counts(
        desk.sync()
    )
    undone(desk)
    desk.sync(unit(1), unit(2))
    desk.sandbox.forget_requests()
    assert 0 == desk.sync().pipelines[0].requests


def test_an_undo_can_be_undone(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1, rate=DEARER), unit(2))
    was = known(desk)
    undone(desk)

    undone(desk)

    assert was == known(desk)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "there is no run 'nope'"),
        (["last"], "of the kind reconcile: it sent nothing, so there is nothing to undo"),
        (["last", "storag"], "storag"),
    ],
)
def test_what_cannot_be_undone_is_refused_and_nothing_is_touched(
    desk, unit, typed, arguments, said
):
    desk.sync(unit(1))
    typed("reconcile", "--direct")
    runs = desk.rows_of("SELECT * FROM runs")

    refused = typed("undo", *arguments)

    assert (2, True) == (refused.exit_code, said in " ".join(refused.stderr.split()))
    assert runs == desk.rows_of("SELECT * FROM runs")


def test_an_undo_before_the_first_run_says_so(desk, unit, typed):
    desk.export(unit(1))

    refused = typed("undo", "last")

    assert (2, True) == (refused.exit_code, "there is no run yet" in refused.stderr)
