"""A backfill as sent: what a run sent is sent again, to whom it was sent, and nothing is made."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from flows.backfill import Backfill, backfill, preview_backfill
from flows.cli import app
from flows.selection import Selection, SelectionRefused
from tests.flows.conftest import FACILITY, OTHER

DEARER = "120.00"


def wish(run, **asked):
    return Backfill(Selection(**asked), as_sent=run)


def run(desk, run_id, **asked):
    """A backfill of what a run sent, which must balance."""
    summary = backfill(desk.settings(), desk.world(), wish(run_id, **asked))
    assert summary.status != "broken", summary
    return summary


def counts(summary):
    return {name: count for name, count in summary.pipelines[0].counts.items() if count}


def rates(desk, scope=FACILITY):
    return {name: unit["standard_rate"] for name, unit in desk.live(scope).items()}


def edited(desk, name, **fields):
    """Somebody loses what was sent, at the vendor."""
    assert desk.sandbox.edit("storedge", "unit", desk.live()[name]["id"], fields) is None


def test_what_a_run_sent_is_sent_again_and_not_what_the_source_says(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    night = desk.sync(unit(1, rate=DEARER), unit(2, rate=DEARER), unit(3))
    edited(desk, "A1", standard_rate=1.0)
    edited(desk, "A3", standard_rate=1.0)
    desk.export(unit(1, rate="130"), unit(2, rate="130"))
    desk.sandbox.forget_requests()

    summary = run(desk, night.run_id)

    assert ({"extracted": 2, "updated": 2}, 0) == (counts(summary), summary.exit_code)
    assert {"A1": 120.0, "A2": 120.0, "A3": 1.0} == rates(desk)
    assert {"PUT"} == {row["method"] for row in desk.sandbox.requests()}


def test_what_a_run_made_is_updated_and_nobody_is_made_twice(desk, unit):
    first = desk.sync(unit(1), unit(2))
    edited(desk, "A1", width=5.0, standard_rate=1.0)
    stood = len(desk.sandbox.groups(FACILITY))

    summary = run(desk, first.run_id)

    assert {"extracted": 2, "updated": 2} == counts(summary)
    assert (2, stood) == (len(desk.live()), len(desk.sandbox.groups(FACILITY)))
    assert (10.0, 100.0) == tuple(desk.live()["A1"][name] for name in ("width", "standard_rate"))
    assert any("of lock codes only a keyed hash" in said for said in summary.pipelines[0].notices)


def test_a_unit_that_was_refused_then_is_not_made_now(desk, unit):
    body = {"error_hash": {"name": [{"name": "A2", "message": "no"}]}}
    desk.fault("status", "POST units/bulk_create", status=400, body=body)
    first = desk.sync(unit(1), unit(2))

    summary = run(desk, first.run_id)

    assert {"extracted": 1, "updated": 1} == counts(summary)
    assert ["A1"] == list(desk.live())
    assert any("unitsync backfill --unit" in said for said in summary.pipelines[0].notices)


def test_values_go_back_over_later_ones_under_the_guardrails_and_it_says_so(desk, unit):
    desk.sync(*(unit(number) for number in range(1, 41)))
    night = desk.sync(
        *(unit(number, rate="101") for number in range(1, 21)), *(unit(n) for n in range(21, 41))
    )
    desk.sync(
        *(unit(number, rate="102") for number in range(1, 21)), *(unit(n) for n in range(21, 41))
    )

    [shown] = preview_backfill(desk.settings(), desk.world(), wish(night.run_id))
    some = run(desk, night.run_id, units=("A1", "u2"))

    assert "20 units had other values since, and go back" in shown.notices
    assert {"extracted": 2, "updated": 2, "groups_updated": 1} == counts(some)
    assert [101, 101, 102] == [rates(desk)[name] for name in ("A1", "A2", "A3")]
    desk.configure("missing: report", "missing: report\n    guardrails: {max_rate_change: 0.1%}")
    assert 18 == counts(run(desk, night.run_id))["held"]


def test_it_is_about_the_selected_only(desk, unit):
    desk.sync(unit(1), unit(2), unit(3, site=OTHER))
    night = desk.sync(*(unit(n, rate=DEARER) for n in (1, 2)), unit(3, site=OTHER, rate=DEARER))
    desk.sandbox.forget_requests()

    assert {"extracted": 1, "updated": 1} == counts(run(desk, night.run_id, scopes=(OTHER,)))
    assert {OTHER} == {row["scope"] for row in desk.sandbox.requests()}
    both = {"groups": ("10x10",), "scopes": (FACILITY,)}
    assert {"extracted": 2, "updated": 2} == counts(run(desk, night.run_id, **both))
    with pytest.raises(SelectionRefused, match='no unit of run run-.* is called "A9"'):
        run(desk, night.run_id, units=("A9",))
    with pytest.raises(SelectionRefused, match="nobody is selected: --only-failed has 0 rows"):
        run(desk, night.run_id, failed=True)


def test_a_retired_unit_stays_off_the_market(desk, unit):
    desk.configure(
        "    missing: report", "    missing: retire\n    guardrails: {max_missing: null}"
    )
    desk.sync(unit(1), unit(2), unit(3))
    dearer = desk.sync(unit(1, rate=DEARER), unit(2, rate=DEARER), unit(3))
    retiring = desk.sync(unit(1, rate=DEARER), unit(3))

    summary = run(desk, dearer.run_id)

    assert {"extracted": 1, "updated": 1} == counts(summary)
    assert any("retired since" in said for said in summary.pipelines[0].notices)
    assert {} == counts(run(desk, retiring.run_id))
    assert desk.live()["A2"]["rentable"] is False


def test_a_scope_in_doubt_is_read_first(desk, unit):
    desk.sync(unit(1), unit(2))
    night = desk.sync(unit(1, rate=DEARER), unit(2, rate=DEARER))
    desk.fault("status", "PUT units/bulk_update", status=403, body={"error": "no"})
    desk.sync(unit(1, rate="130"), unit(2, rate="130"))
    desk.sandbox.forget_requests()

    summary = run(desk, night.run_id)

    assert {"extracted": 2, "updated": 2} == counts(summary)
    methods = [row["method"] for row in desk.sandbox.requests()]
    assert ("GET", "PUT") == (methods[0], methods[-1])
    assert {"A1": 120.0, "A2": 120.0} == rates(desk)


def test_what_failed_then_is_sent_again_and_what_was_held_is_not(desk, unit):
    desk.sync(unit(1), unit(2))
    body = {"error_hash": {"name": [{"name": "A2", "message": "no"}]}}
    desk.fault("status", "PUT units/bulk_update", status=400, body=body)
    night = desk.sync(unit(1, rate=DEARER), unit(2, rate=DEARER))

    assert {"extracted": 2, "updated": 2} == counts(run(desk, night.run_id))
    assert {"A1": 120.0, "A2": 120.0} == rates(desk)


def test_apartments_are_sent_again_whole(community, apartment):
    first = community.sync(apartment(1), apartment(2))
    one = community.live("COMM-1")["1"]["identifier"]
    assert community.sandbox.edit("travtus", "unit", one, {"sqft": 1}) is None

    assert {"extracted": 2, "updated": 2} == counts(run(community, first.run_id))
    assert 700 == community.live("COMM-1")["1"]["sqft"]
    assert 2 == len(community.sandbox.units("COMM-1"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--resend"], "--resend is about the source"),
        (["--from-run", "last", "--only-rejected"], "--only-rejected and --from-run"),
        (["--changed-since", "2026-01-31"], "--changed-since"),
    ],
)
def test_what_contradicts_it_is_refused(desk, unit, environment, monkeypatch, options, said):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    given = ["backfill", "--as-sent", "last", *options, "--config", str(desk.config)]

    refused = CliRunner().invoke(app, given)

    assert (2, True) == (refused.exit_code, said in " ".join(refused.stderr.split()))


def test_a_reconciliation_sent_nothing_and_an_unknown_run_is_refused(desk, unit, ask):
    desk.sync(unit(1))
    ask("reconcile", "--direct", code=4)

    assert "sent nothing that could be" in ask("backfill", "--as-sent", "last", code=2)
    assert "there is no run 'nope'" in ask("backfill", "--as-sent", "nope", code=2)
