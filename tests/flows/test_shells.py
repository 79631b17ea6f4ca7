"""The command line, `--direct` and the Prefect flow are thin shells over one engine."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.clock import SystemClock
from connectors.sandbox import DEMO_CREDENTIALS, Fault, SandboxServer, demo_sandbox
from flows.cli import app
from tests.flow_runs import shown_of, with_prefect
from tests.marks import files_below, leaks
from tests.prefect_server import prefect_home

HOSTILE = "<img src=x onerror=alert(1)> [free](https://evil.example) `x`"
UNITSYNC = [sys.executable, "-m", "flows"]


@pytest.fixture
def sandbox():
    sandbox = demo_sandbox(clock=SystemClock())
    with SandboxServer(sandbox) as server:
        sandbox.url = server.url
        yield sandbox


class Shell:
    """`unitsync` as a user runs it, in a process of its own, with Prefect's own server."""

    def __init__(self, desk, environment):
        self.desk = desk
        home = {"PREFECT_HOME": prefect_home(desk.folder / "prefect")}
        self.environment = os.environ | environment | home

    def command(self, *arguments):
        return [*UNITSYNC, *arguments, "--config", str(self.desk.config)]

    def run(self, *arguments):
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
        )

    def start(self, *arguments):
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )


@pytest.fixture
def environment(sandbox):
    return {
        "STOREDGE_ACCESS_ID": DEMO_CREDENTIALS.access_id,
        "STOREDGE_SECRET_KEY": DEMO_CREDENTIALS.secret_key,
        "SANDBOX": sandbox.url,
    }


@pytest.fixture
def shell(desk, environment):
    return Shell(desk, environment)


@pytest.fixture
def run(desk, environment):
    """A command in this process, whose flows are run with the server of all tests."""

    def run(*arguments):
        arguments = [*arguments, "--config", str(desk.config), "--json"]
        with nullcontext() if "--direct" in arguments else with_prefect():
            done = CliRunner().invoke(app, arguments, env=environment)
        assert "Traceback" not in done.stderr
        return done

    return run


def state_of(folder: Path):
    """All that is known and decided, without ids and times."""
    with closing(sqlite3.connect(folder / "unitsync.db")) as db, db:
        known = db.execute("SELECT scope, key, name, group_key, digest, payload FROM units")
        groups = db.execute("SELECT scope, key, name, payload FROM groups")
        changes = db.execute("SELECT scope, entity, key, action, outcome FROM changes")
        return [sorted(table.fetchall(), key=str) for table in (known, groups, changes)]


def test_flow_and_direct_leave_the_same_state_and_the_same_outcomes(
    shell, run, desk, sandbox, unit
):
    lock = "marked-lock-code"  # five digits stand in many a time stamp by chance
    desk.export(*(unit(number, lock=lock) for number in range(1, 5)), unit(5, width=0))
    direct = run("sync", "--direct")
    left = state_of(desk.folder)
    for file in desk.folder.glob("unitsync.db*"):
        file.unlink()
    sandbox.reset()

    flow = shell.run("sync", "--json")

    assert (0, 0) == (direct.exit_code, flow.returncode), flow.stderr
    ends = [json.loads(done.stdout)["pipelines"][0]["counts"] for done in (direct, flow)]
    assert ends[0] == ends[1]
    assert left == state_of(desk.folder)
    assert "Traceback" not in flow.stderr
    prefect = desk.folder / "prefect" / "prefect.db"
    with closing(sqlite3.connect(prefect)) as db, db:
        shown = dict(db.execute("SELECT key, data FROM artifact"))
        (runs,) = db.execute("SELECT count(*) FROM task_run").fetchone()
    assert "| storage | ok | 5 |" in shown["unitsync-night"]
    assert [] == json.loads(json.loads(shown["unitsync-night-needs"]))
    report = json.loads(flow.stdout)["report"]
    assert Path(report).absolute().as_uri() in shown["unitsync-night-report"]
    assert 1 == runs
    secrets = [DEMO_CREDENTIALS.secret_key, DEMO_CREDENTIALS.access_id, lock]
    output = (direct.stdout + direct.stderr + flow.stdout + flow.stderr).encode()
    written = files_below(desk.folder) | {"output": output}
    assert "prefect/prefect.db" in written
    assert [] == leaks(secrets, written)


def test_a_reconciliation_finds_the_same_as_a_flow_and_directly(run, desk, sandbox, unit):
    desk.export(unit(1), unit(2))
    run("sync", "--direct")
    [one] = [unit["id"] for unit in sandbox.units() if unit["name"] == "A1"]
    assert sandbox.edit("storedge", "unit", one, {"standard_rate": 77.0}) is None

    direct = run("reconcile", "--direct")
    flow = run("reconcile")

    assert (1, 1) == (direct.exit_code, flow.exit_code), flow.stderr
    found = [json.loads(done.stdout)["pipelines"][0]["standings"] for done in (direct, flow)]
    assert {"unit in step": 1, "unit drifted": 1, "group in step": 1} == found[0] == found[1]
    _, artifacts = shown_of(desk.config)
    [page] = [shown.data for shown in artifacts if shown.key == "unitsync-reconciliation"]
    assert "unit drifted" in page


def test_a_backfill_leaves_the_same_as_a_flow_and_directly(run, desk, sandbox, unit):
    ends = []
    for how in (["--direct"], []):
        for file in desk.folder.glob("unitsync.db*"):
            file.unlink()
        sandbox.reset()
        desk.export(unit(1), unit(2), unit(3))
        run("sync", "--direct")
        desk.export(unit(1, rate="120"), unit(2, rate="120"), unit(3, width=0))
        done = run("backfill", "--unit", "A2", "--unit", "u3", *how)
        assert 0 == done.exit_code, done.stderr
        ends.append((json.loads(done.stdout)["pipelines"][0]["counts"], state_of(desk.folder)))

    assert (1, 1) == (ends[0][0]["updated"], ends[0][0]["rejected"])
    assert ends[0] == ends[1]
    name, artifacts = shown_of(desk.config)
    [page] = [shown.data for shown in artifacts if shown.key == "unitsync-backfill"]
    assert ("backfill", True) == (name, "selected 2 of 3 rows" in page)


def test_prefect_shows_how_far_a_long_night_is_and_what_needs_a_person_after_it(
    run, desk, sandbox, unit
):
    desk.configure("requests_per_second: null", "requests_per_second: null\n      concurrency: 1")
    sites = [f"{number:08}-1111-4111-8111-111111111111" for number in range(10)]
    desk.export(*(unit(number, site=site) for number, site in enumerate(sites)))
    body = {"error_hash": {"name": [{"name": "A0", "message": HOSTILE}]}}
    refused = Fault(kind="status", endpoint="POST units/bulk_create", status=400, body=body)
    sandbox.order_fault(refused)
    sandbox.order_fault(
        Fault(kind="delay", endpoint="POST units/bulk_create", count=None, seconds=0.4)
    )

    flow = run("sync")

    assert 1 == flow.exit_code, flow.stderr
    _, artifacts = shown_of(desk.config)
    assert 4 == len(artifacts)  # that of the progress was made once, and then updated
    told = {shown.key: shown.data for shown in artifacts}
    assert 100.0 == float(told["unitsync-night-progress"])
    (need, *_) = [n for n in json.loads(told["unitsync-night-needs"]) if n["count"]]
    assert ("failed", "storage") == (need["condition"], need["pipeline"])
    for data in (told["unitsync-night"], json.dumps(need)):
        assert "alert" in data
        assert "<img" not in data.replace("\\<", "")
        assert "[free](" not in data


def test_the_tasks_of_a_flow_wait_for_the_canary(run, desk, sandbox, unit):
    other = "22222222-2222-4222-8222-222222222222"
    desk.configure("missing: report", "missing: report\n    canary: 1")
    desk.export(unit(1), *(unit(number, site=other) for number in range(2, 9)))
    body = {"error_hash": {"name": [{"name": "A1", "message": "is not to our taste"}]}}
    sandbox.order_fault(
        Fault(kind="status", endpoint="POST units/bulk_create", status=400, body=body)
    )

    flow = run("sync")

    assert 1 == flow.exit_code, flow.stderr
    counts = json.loads(flow.stdout)["pipelines"][0]["counts"]
    assert (1, 7) == (counts["failed"], counts["held"])
    assert [] == sandbox.units(other)


def test_a_killed_push_of_2000_creates_loses_nothing_and_repeats_nothing(
    shell, run, desk, sandbox, unit
):
    rows = [
        unit(number, group=f"g{number % 20}", group_name=f"G{number % 20}")
        for number in range(2000)
    ]
    desk.export(*rows)
    sandbox.order_fault(
        Fault(kind="delay", endpoint="POST units/bulk_create", skip=12, count=None, seconds=0.3)
    )
    process = shell.start("sync", "--direct")
    while sandbox.counts()["requests"].get("POST units/bulk_create", 0) < 16:
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    sandbox.clear_faults()
    assert 0 < len(sandbox.units()) < 2000

    again = run("sync", "--direct")
    third = run("sync", "--direct")

    assert 0 == again.exit_code, again.stderr
    names = [live["name"] for live in sandbox.units()]
    assert (2000, 2000) == (len(names), len(set(names)))
    assert 2000 == json.loads(third.stdout)["pipelines"][0]["counts"]["unchanged"]
    assert 0 == json.loads(third.stdout)["pipelines"][0]["requests"]
