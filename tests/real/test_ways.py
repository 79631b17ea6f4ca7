"""The same night, however it is started: one contract for every way to run the engine.

The night has something of everything: units that are made, changed, moved, renamed, missing and
rejected, rates that are held, a unit that the vendor refuses, and a create whose answer is lost.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from random import Random
from typing import Any

import pytest

from connectors.sandbox import DEMO_CREDENTIALS, Fault
from tests.cluster import Cluster, cluster
from tests.marks import files_below, leaks
from tests.prefect_server import free_port, prefect_home
from tests.real.inventory import FACILITIES, Inventory
from tests.real.pages import PREFECT, Pages, prefect_command
from tests.real.place import ROOT, Place, opened

pytestmark = pytest.mark.slow

CREATE, UPDATE = "POST units/bulk_create", "PUT units/bulk_update"
SECRETS = (DEMO_CREDENTIALS.secret_key, DEMO_CREDENTIALS.client_secret)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Of this state alone: numbers in the order of arrival, times, seals over ids, and who ran.
OWN = re.compile(
    r"\w+_at|row_hash|lineage|host|pid|vendor_\w+|(change|request|link|rejection|tripped)_id"
)
# Not how many requests it took: each worker asks for an access token of its own.
TOLD = ("pipeline", "status", "counts", "notes", "notices", "missing", "inventory")

TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite%'"
NAMES = """
    SELECT run_id AS id, 'run ' || serial AS name FROM runs
    UNION SELECT remote_id, 'the id of unit ' || key FROM units
    UNION SELECT remote_id, 'the id of group ' || key || ' in ' || scope FROM groups
"""
CREATE_POOL = ("work-pool", "create", "unitsync", "--type", "process")
DEPLOY = ("--no-prompt", "deploy", "--all")
WORKER = ("worker", "start", "--pool", "unitsync")


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A Prefect server that is there already, and stays."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    environment = {"PREFECT_HOME": prefect_home(folder / "prefect")}
    start = ("server", "start", "--port", str(port))
    with (
        prefect_command(*start, environment=environment, folder=folder) as process,
        Pages(port, process) as pages,
    ):
        pages.until(pages.answers)
        yield pages


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers."""
    with cluster(tmp_path_factory.mktemp("dask"), workers=2) as made:
        yield made


@pytest.fixture(scope="module")
def pool(prefect: Pages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place whose deployments are those of prefect.yaml, on a work pool with a worker."""
    with opened(tmp_path_factory.mktemp("pool") / "place") as place:
        environment = {**place.environment, **_at(prefect, place)}
        shutil.copy(ROOT / "prefect.yaml", place.folder)
        for command in (CREATE_POOL, DEPLOY):
            done = subprocess.run(
                [sys.executable, "-m", "prefect", *command],
                cwd=place.folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert 0 == done.returncode, done.stdout + done.stderr
        with prefect_command(*WORKER, environment=environment, folder=place.folder):
            yield place


@pytest.fixture
def evening(place: Place) -> Place:
    """A place before its second night."""
    return before_the_night(place)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the engine leaves that is called in this process."""
    with opened(tmp_path_factory.mktemp("expected") / "place") as place:
        before_the_night(place).night()
        outcomes = place.rows_of("SELECT DISTINCT outcome FROM changes ORDER BY outcome")
        assert [("applied",), ("failed",), ("held",)] == outcomes
        assert 1 == len(place.rows_of("SELECT * FROM rejections"))
        assert 1 == len(place.rows_of("SELECT * FROM requests WHERE state = 'settled'"))
        return left_in(place)


def before_the_night(place: Place) -> Place:
    """The first night is over, the source has changed, and the vendor is in a mood."""
    narrow = place.config.read_text().replace("max_updates: null,", "max_rate_change: 30%,", 1)
    place.config.write_text(narrow)
    inventory = Inventory(Random(1))
    inventory.export(place.folder)
    assert 0 == place.night().exit_code
    inventory.change()
    here, there = FACILITIES
    invalid, refused = [unit for unit in inventory.units.values() if unit["site"] == here][:2]
    invalid["width"], refused["rate"] = 0, "101.00"
    inventory.export(place.folder)
    words = {"error_hash": {"name": [{"name": refused["name"], "message": "is not to our taste"}]}}
    place.sandbox.order_fault(
        Fault(kind="status", endpoint=UPDATE, scope=here, status=400, body=words)
    )
    place.sandbox.order_fault(Fault(kind="drop_after", endpoint=CREATE, scope=there))
    return place


def left_in(place: Place) -> dict[str, list[str]]:
    """All tables of the state, with names in place of the ids that the vendor and chance gave."""
    with closing(sqlite3.connect(place.state)) as db:
        db.row_factory = sqlite3.Row
        names = {row["id"]: row["name"] for row in db.execute(NAMES)}
        tables = [row["name"] for row in db.execute(TABLES)]
        return {
            table: sorted(_row(dict(row), names) for row in db.execute(f"SELECT * FROM {table}"))
            for table in tables
        }


def _row(row: dict[str, Any], names: dict[str, str]) -> str:
    kept = {name: value for name, value in row.items() if not OWN.fullmatch(name)}
    if "summary" in kept:
        told = json.loads(kept["summary"])["pipelines"]
        kept["summary"] = [{name: each[name] for name in TOLD} for each in told]
    return UUID.sub(lambda found: names.get(found[0], found[0]), json.dumps(kept, sort_keys=True))


def directly(request: pytest.FixtureRequest) -> Place:
    place: Place = request.getfixturevalue("evening")
    assert 1 == place.sync().code
    return place


def as_a_flow(request: pytest.FixtureRequest) -> Place:
    place: Place = request.getfixturevalue("evening")
    place.environment |= _at(request.getfixturevalue("prefect"), place)
    assert 1 == place.run("sync", "--json").code
    return place


def on_dask(request: pytest.FixtureRequest) -> Place:
    _spread(request)
    return directly(request)


def as_a_flow_on_dask(request: pytest.FixtureRequest) -> Place:
    _spread(request)
    return as_a_flow(request)


def as_a_deployment_that_is_served(request: pytest.FixtureRequest) -> Place:
    place: Place = request.getfixturevalue("evening")
    pages: Pages = request.getfixturevalue("prefect")
    place.environment |= _at(pages, place)
    process = place.start("serve")
    pages.until(pages.deployed)
    assert "Completed" == pages.end_of(pages.start("nightly-sync"))
    process.send_signal(signal.SIGTERM)
    assert 0 == place.end_of(process).code
    return place


def as_a_deployment_on_a_work_pool(request: pytest.FixtureRequest) -> Place:
    place = before_the_night(request.getfixturevalue("pool"))
    pages: Pages = request.getfixturevalue("prefect")
    assert "Completed" == pages.end_of(pages.start("nightly-sync"))
    return place


def _spread(request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue("dask").address
    with request.getfixturevalue("evening").config.open("a") as file:
        file.write(f'execution: {{engine: dask, address: "{address}"}}\n')


def _at(pages: Pages, place: Place) -> dict[str, str]:
    home = prefect_home(place.folder / "prefect")
    return {**PREFECT, "PREFECT_API_URL": pages.url, "PREFECT_HOME": home}


@pytest.mark.parametrize(
    "way",
    [
        directly,
        as_a_flow,
        on_dask,
        as_a_flow_on_dask,
        as_a_deployment_that_is_served,
        as_a_deployment_on_a_work_pool,
    ],
)
def test_every_way_leaves_the_same_state_and_the_same_outcomes(way, expected, request):
    place = way(request)

    left = left_in(place)
    assert expected.keys() == left.keys()
    for table, rows in expected.items():
        assert rows == left[table], table
    assert [] == leaks(SECRETS, files_below(place.folder))


def test_a_work_pool_is_told_of_parameters_that_there_are_not_before_anything_is_touched(
    pool, prefect
):
    received = pool.wire.received

    run = prefect.start("nightly-sync", pipelins=["storage"])

    assert "Failed" == prefect.end_of(run)
    assert prefect.state(run)["message"] == (
        'there is no parameter "pipelins"; there are: config, pipelines, plan, retry_minutes. '
        'did you mean "pipelines"?'
    )
    assert "Traceback" not in "".join(prefect.log(run))
    assert received == pool.wire.received


def test_a_schedule_that_is_not_set_is_switched_off_on_a_work_pool(pool, prefect):
    for name in ("nightly-sync", "reconcile"):
        assert [False] == [one["active"] for one in prefect.deployment(name)["schedules"]]
    assert [] == prefect.deployment("backfill")["schedules"]
