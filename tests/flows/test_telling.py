"""Whoever is to know of a run is told, in a message that makes sense on a phone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.sandbox import Fault
from flows.cli import app
from flows.engine import reconcile_engine, run_engine
from flows.linking import Wish
from flows.run import allow_command
from flows.stopping import Stop
from flows.sync import sync
from state.lock import RunLock
from tests.service import listening

HOSTILE = "<img src=x onerror=alert(1)> @everyone `rm` \u202e\x1b[31m\nunitsync allow x; rm -rf ~"


@pytest.fixture
def service():
    with listening(path="/hunter2") as service:
        yield service


@pytest.fixture
def told(desk, service, environment, monkeypatch):
    """A desk whose runs go through the engine as a command's do, and that notifies a service."""
    configure(desk, "")
    for name, value in (environment | {"HOOK": service.address.get_secret_value()}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("flows.engine.World", desk.world)
    return service


def configure(desk, on):
    text = desk.config.read_text()
    desk.config.write_text(f'notify:\n  urls: ["${{HOOK}}"]\n{on}{text}')


def night(desk, *rows):
    if rows:
        desk.export(*rows)
    summary = run_engine(desk.config, [], None)
    desk.clock.advance(86_400)
    return summary


def refuse(desk, message="is taken"):
    body = {"error_hash": {"name": [{"name": "A1", "message": message}]}}
    fault = Fault(kind="status", endpoint="POST units/bulk_create", status=400, body=body)
    desk.sandbox.order_fault(fault)


def test_what_failed_is_told_with_what_to_type_next_and_where_the_report_is(desk, told, unit):
    refuse(desk)
    summary = night(desk, unit(1), unit(2))

    (message,) = told.received
    assert ("unitsync sync: failed", "failure") == (message["title"], message["type"])
    lines = message["message"].splitlines()
    assert lines[0].startswith("1 unit and 1 group need a person: 2 failed. 1 of 2 units agree")
    assert "storage: 2 extracted, 1 created, 1 failed" == lines[1]
    assert "What needs a person:" == lines[2]
    at = lines.index("- storage: failed: unit A1: name: is taken")
    assert "  unitsync why u1" == lines[at + 1]
    assert f"  unitsync report {summary.run_id}" in lines  # of the group that needed that unit
    assert lines[-1].startswith(f"Report: {Path(summary.report).absolute()} on ")
    assert () == summary.notices


def test_a_well_run_is_told_once_after_one_that_was_not_and_then_no_more(desk, told, unit):
    night(desk, unit(1))
    assert [] == told.received
    refuse(desk)
    night(desk, unit(1, name="B1"), unit(2, name="A1"))
    night(desk)
    night(desk)

    titles = [message["title"] for message in told.received]
    assert ["unitsync sync: failed", "unitsync sync: recovered"] == titles
    assert "success" == told.received[-1]["type"]
    assert told.received[-1]["message"].startswith("All 2 units agree.")


def test_what_is_held_is_told_with_the_command_that_lets_it_through(desk, told, unit):
    night(desk, *(unit(number) for number in range(1, 31)))
    summary = night(desk, *(unit(number) for number in range(1, 6)))

    (message,) = told.received
    assert "unitsync sync: held" == message["title"]
    command = allow_command(summary.run_id, unit(1)["site"])
    assert f"  {command}" in message["message"].splitlines()


def test_held_rates_are_told_once_with_their_number_and_the_command(desk, told, unit):
    limit = "    missing: report\n    guardrails: {max_rate_change: 30%}"
    desk.configure("    missing: report", limit)
    night(desk, *(unit(number) for number in range(1, 4)))
    summary = night(desk, *(unit(number, rate=f"{200 + number}.00") for number in range(1, 4)))

    (message,) = told.received
    what, command = message["message"].partition("needs a person:\n")[2].splitlines()[:2]
    assert what.startswith("- storage: held: 3 changes, among them unit A1: max_rate_change: ")
    assert what.endswith("allows")
    assert command == f"  {allow_command(summary.run_id, unit(1)['site'])}"
    assert 1 == message["message"].count("max_rate_change:")


def test_drift_is_told_of_a_reconciliation(desk, told, unit):
    night(desk, unit(1), unit(2))
    [one] = [live["id"] for name, live in desk.live().items() if name == "A1"]
    assert desk.sandbox.edit("storedge", "unit", one, {"standard_rate": 77.0}) is None

    reconcile_engine(desk.config, [], Wish())

    (message,) = told.received
    assert "unitsync reconcile: drifted" == message["title"]
    assert "- storage: drifted: 1 unit, namely A1 in 1111" in message["message"]
    assert "unitsync why u1" in message["message"]


def test_only_what_is_asked_for_is_told(desk, service, told, unit):
    desk.configure("  urls:", "  on: [recovered]\n  urls:")
    refuse(desk)
    night(desk, unit(1))
    assert [] == service.received
    night(desk)

    assert ["unitsync sync: recovered"] == [message["title"] for message in service.received]


def test_a_run_that_died_is_told_by_the_next(desk, told, unit, monkeypatch):
    class ProcessDied(BaseException):
        pass

    def die(push, shards):
        raise ProcessDied

    desk.export(unit(1))
    with pytest.raises(ProcessDied):
        sync(desk.settings(HOOK="json://127.0.0.1"), desk.world(), pusher=die)
    summary = night(desk)
    night(desk)

    (message,) = told.received
    assert 0 == summary.exit_code
    assert "unitsync sync: done, but a run before it died" == message["title"]
    assert "The sync of 5 January 2026, 02:00 UTC (run run-" in message["message"]
    assert "it left 2 changes unsent, which a sync plans anew" in message["message"]


def test_a_preview_tells_nobody_not_even_of_what_would_be_held(desk, told, unit, monkeypatch):
    monkeypatch.setattr("flows.commands.plan.World", desk.world)
    night(desk, *(unit(number) for number in range(1, 31)))
    desk.export(unit(1))

    assert 1 == CliRunner().invoke(app, ["plan", "--config", str(desk.config)]).exit_code
    assert [] == told.received


def test_what_tells_nobody_loads_neither_apprise_nor_prefect():
    script = (
        "import sys\nfrom flows.commands import plan, reconcile, report, runs, sync\n"
        "assert not {'apprise', 'prefect'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=True)


def test_a_run_that_an_error_ended_is_told(desk, told, unit):
    desk.export(unit(1))
    with (
        RunLock(desk.folder / "unitsync.db", "unitsync sync", now=desk.clock.now()),
        pytest.raises(Exception, match="Another run holds"),
    ):
        night(desk)

    (message,) = told.received
    assert "unitsync sync: failed" == message["title"]
    assert "was ended by an error.\nAnother run holds unitsync.db" in message["message"]


def test_of_a_bug_only_its_name_is_told(desk, told, unit, monkeypatch):
    desk.export(unit(1))
    monkeypatch.setattr("flows.engine.sync", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        night(desk)

    (message,) = told.received
    assert message["message"].endswith("a bug in unitsync (ZeroDivisionError)")


def test_a_run_that_was_stopped_is_told(desk, told, unit, monkeypatch):
    class Stopped(Stop):
        def __init__(self):
            super().__init__()
            self.by(15)

    world = desk.world
    monkeypatch.setattr("flows.engine.World", lambda: replaced(world(), Stopped()))
    night(desk, unit(1))

    (message,) = told.received
    assert "it was stopped before its end" in message["message"]


def replaced(world, stop):
    object.__setattr__(world, "stop", stop)
    return world


def test_a_message_that_is_not_taken_changes_nothing_and_is_said(desk, told, unit):
    told.status = 500
    refuse(desk)

    summary = night(desk, unit(1), unit(2))

    assert (1, "attention") == (summary.exit_code, summary.status)
    (notice,) = summary.notices
    assert notice.startswith("notify.urls[0] did not take the notification of this run")
    assert "hunter2" not in str(summary)


def test_a_name_that_looks_like_a_command_stays_a_name_and_the_message_stays_short(
    desk, told, unit
):
    refuse(desk, HOSTILE * 300)
    night(desk, unit(1, id=HOSTILE))

    (message,) = told.received
    body = message["message"]
    assert len(body) <= 1_800
    assert not {"\x1b", "\u202e"} & set(body)
    commands = [line for line in body.splitlines() if line.startswith("  ")]
    assert any(line.startswith("  unitsync why '<img src=x onerror=alert(1)>") for line in commands)
    assert not [line for line in commands if line.startswith("  unitsync allow")]
