"""`unitsync runs`: what is still to do of each run, what one run needed, and which one is dead."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

from state.store import Store
from tests.flows.conftest import FACILITY


def to_do(ask) -> list[list[tuple[str, int]]]:
    """What is still to do of each run, the newest first."""
    runs = json.loads(ask("runs", "--json"))["runs"]
    return [[(one["outcome"], one["count"]) for one in run["unfinished"]] for run in runs]


def test_what_failed_is_still_to_do_until_a_later_run_has_done_it(desk, unit, ask):
    desk.sync(unit(1), unit(2))
    desk.fault("status", "PUT units/bulk_update", status=422)
    desk.sync(unit(1), unit(2, rate="120.00"))

    assert [[("failed", 1)], []] == to_do(ask)
    assert "still to do: 1 failed" in " ".join(ask("runs").split())

    desk.sync()

    assert [[], [], []] == to_do(ask)
    assert "still to do" not in ask("runs")


def test_what_the_source_took_back_is_not_to_do_any_more(desk, unit, ask):
    desk.sync(unit(1), unit(2))
    desk.fault("status", "PUT units/bulk_update", status=422)
    desk.sync(unit(1), unit(2, rate="120.00"))

    desk.sync(unit(1), unit(2))

    assert [[], [], []] == to_do(ask)


def test_one_run_is_told_with_what_needed_a_person_and_what_to_type_next(desk, unit, ask):
    desk.configure("    missing:", "    guardrails: {max_rate_change: 5%}\n    missing:")
    well = desk.sync(unit(1), unit(2))
    held = desk.sync(unit(1), unit(2, rate="150.00"))

    told = ask("runs", held.run_id)

    assert well.run_id not in told
    assert f"$ unitsync allow --config {desk.config} {held.run_id} {FACILITY}" in told
    assert told == ask("runs", "last")
    assert "Nothing in it needed a person." in ask("runs", well.run_id)
    assert "there is no run 'nope'" in ask("runs", "nope", code=2)


def test_one_run_is_one_document(desk, unit, ask):
    desk.configure("    missing:", "    guardrails: {max_rate_change: 5%}\n    missing:")
    desk.sync(unit(1), unit(2))
    held = desk.sync(unit(1), unit(2, rate="150.00"))

    told = json.loads(ask("runs", "last", "--json"))

    assert (held.run_id, "attention") == (told["run_id"], told["status"])
    assert {"held"} == {need["condition"] for need in told["needs"]}


def test_a_run_whose_process_is_gone_has_died_before_the_next_one_notices(desk, unit, ask):
    desk.sync(unit(1))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with Store.open(desk.settings().state, clock=desk.clock.now, new_id=lambda: "unused") as store:
        store.begin_run("run-dead", "sync", ["storage"])
    assert "running" == json.loads(ask("runs", "last", "--json"))["status"]

    with closing(sqlite3.connect(desk.settings().state)) as db, db:
        db.execute("UPDATE runs SET pid = ? WHERE run_id = 'run-dead'", (gone.pid,))
    db.close()

    told = " ".join(ask("runs").split())
    assert "died" in told
    assert "its process ended before it did; it left nothing to be put right" in told
    assert "died" == json.loads(ask("runs", "last", "--json"))["status"]


def test_a_run_on_another_machine_is_not_called_dead(desk, unit, ask):
    desk.sync(unit(1))
    with Store.open(desk.settings().state, clock=desk.clock.now, new_id=lambda: "unused") as store:
        store.begin_run("run-far", "sync", ["storage"])
    with closing(sqlite3.connect(desk.settings().state)) as db, db:
        db.execute("UPDATE runs SET pid = 1, host = 'elsewhere' WHERE run_id = 'run-far'")
    db.close()

    assert "running" == json.loads(ask("runs", "last", "--json"))["status"]
