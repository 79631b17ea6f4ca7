"""Nights on a real Dask cluster: the same as with threads, whoever is lost on the way."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from datetime import datetime

import pytest

from connectors.sandbox import DEMO_CREDENTIALS, Fault
from flows import crew, spreading
from flows.config_errors import ConfigError
from flows.crew import Crew
from flows.execution import WorkersUnreachable
from flows.pushing import in_threads
from flows.settings import load
from flows.sync import sync
from flows.world import World
from tests.cluster import cluster
from tests.marks import files_below, leaks

pytestmark = pytest.mark.slow

CREATE = "POST units/bulk_create"
SECRETS = (DEMO_CREDENTIALS.secret_key, DEMO_CREDENTIALS.client_secret)


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("dask")) as made:
        yield made


@pytest.fixture
def night(place, dask):
    """A night on two workers, in this process; whoever is left for so long is waited for."""

    def run(patience_seconds=30.0, world=None):
        settings = load(place.config, environ=place.environment)
        with Crew.at(dask.address) as crew:
            crew.patience_seconds = patience_seconds
            return sync(settings, world or World(), pusher=crew.spread(in_threads))

    return run


def on_dask(place, address):
    with place.config.open("a") as file:
        file.write(f'execution: {{engine: dask, address: "{address}"}}\n')


def at_request(place, number, act):
    """Acts once, while the vendor works on a request."""

    def watch(received, side):
        if (received, side) == (number, "arrived"):
            act()

    place.wire.watch = watch
    place.sandbox.order_fault(Fault(kind="delay", seconds=0.1, count=None))


def assert_all_there_once(place, inventory):
    place.wire.watch = lambda *_: None
    place.sandbox.clear_faults()
    assert [] == inventory.differences(place.sandbox)
    assert [] == place.rows_of("SELECT * FROM requests WHERE state = 'sent'")
    place.quiet_night()


def test_a_scheduler_without_workers_is_told_and_nothing_is_touched(place, inventory, dask):
    on_dask(place, dask.address)

    ended = place.sync()

    assert 4 == ended.code
    assert "has no worker" in ended.message
    assert (0, False) == (place.wire.received, place.state.exists())


def test_a_scheduler_that_is_not_there_is_told(tmp_path):
    with (
        pytest.raises(WorkersUnreachable, match="no Dask scheduler answers at tcp://127.0.0.1:1 "),
        Crew.at("tcp://127.0.0.1:1", connect_seconds=0.2),
    ):
        pass


def test_a_worker_with_another_version_is_told_by_a_check(place, inventory, dask, tmp_path):
    dask.have(1)
    metadata = tmp_path / "unitsync-0.0.7.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: unitsync\nVersion: 0.0.7\n")
    dask.stranger(tmp_path)
    on_dask(place, dask.address)

    checked = place.run("check", "storage", "--json")

    dask.kill()
    assert 4 == checked.code
    *_, workers = checked.document["pipelines"][0]["checks"]
    assert ("workers", "failed") == (workers["check"], workers["status"])
    assert "has 0.0.7, and this machine unitsync" in workers["message"]


def test_a_worker_that_says_nothing_is_told_and_not_waited_for(dask, monkeypatch):
    monkeypatch.setattr(crew, "ANSWER_SECONDS", 1.0)
    dask.have(2)

    with (
        Crew.at(dask.address) as workers,
        dask.one_silent(),
        pytest.raises(WorkersUnreachable, match="does not answer within 1 seconds; stop it"),
    ):
        workers.muster()


def test_dask_that_is_not_installed_is_told_with_the_extra(place, monkeypatch):
    on_dask(place, "tcp://127.0.0.1:1")
    monkeypatch.setattr(spreading, "find_spec", lambda name: None)
    settings = load(place.config, environ=place.environment)

    with pytest.raises(ConfigError, match=r"unitsync\[dask\]"), spreading.spreading(settings, None):
        pass


def test_a_shard_is_one_task_and_what_is_secret_stays_in_memory(place, inventory, dask, night):
    dask.have(2)

    assert 0 == night().exit_code

    assert_all_there_once(place, inventory)
    tasks = dask.client.run_on_scheduler(
        lambda dask_scheduler: [str(entry[0]) for entry in dask_scheduler.transition_log]
    )
    assert 4 == len({key for key in tasks if key.startswith("unitsync-")})  # as many as scopes
    secrets = [*SECRETS, *(unit["lock"] for unit in inventory.units.values())]
    assert [] == leaks(secrets, files_below(place.folder) | {"dask": dask.written().encode()})


def test_a_killed_worker_costs_nothing(place, inventory, dask, night):
    dask.have(2)
    at_request(place, 9, dask.kill)

    ended = night()

    assert 0 == ended.exit_code, ended
    assert any("was lost" in notice for p in ended.pipelines for notice in p.notices)
    assert_all_there_once(place, inventory)


def test_a_frozen_worker_sends_nothing_more_when_it_wakes(place, inventory, dask, night):
    dask.have(2)
    with ExitStack() as frozen:
        at_request(place, 9, lambda: frozen.enter_context(dask.one_frozen()))
        ended = night()

    assert 0 == ended.exit_code, ended
    assert_all_there_once(place, inventory)


def test_when_all_workers_are_lost_the_night_ends_and_the_next_one_goes_on(
    place, inventory, dask, night
):
    dask.have(2)
    at_request(place, 9, lambda: (dask.kill(), dask.kill()))

    ended = night(patience_seconds=0.0)

    assert ended.exit_code in {1, 4}
    assert "no Dask worker is left" in str(ended)
    place.wire.watch = lambda *_: None
    place.sandbox.clear_faults()
    assert 0 == place.night().exit_code
    assert_all_there_once(place, inventory)


def test_a_killed_coordinator_leaves_workers_that_send_nothing_more(place, inventory, dask):
    dask.have(2)
    on_dask(place, dask.address)
    process = place.start("sync", "--direct", "--json")
    at_request(place, 9, process.kill)
    assert -signal.SIGKILL == place.end_of(process).code
    place.wire.watch = lambda *_: None
    place.sandbox.clear_faults()

    assert 0 == place.night().exit_code
    assert_all_there_once(place, inventory)


def test_a_stop_reaches_the_workers(place, inventory, dask, night):
    dask.have(2)
    world = World()
    at_request(place, 9, lambda: world.stop.by(signal.SIGTERM))

    ended = night(world=world)

    assert 143 == ended.exit_code
    assert place.wire.received <= 9 + 4
    assert [] == place.rows_of("SELECT * FROM requests WHERE state = 'sent'")
    place.sandbox.clear_faults()
    assert 0 == place.night().exit_code
    assert_all_there_once(place, inventory)


def test_the_rate_of_an_api_holds_over_all_workers(place, inventory, dask, night):
    dask.have(2)
    place.config.write_text(place.config.read_text().replace("second: null", "second: 20", 1))

    assert 0 == night().exit_code

    moments = [
        datetime.fromisoformat(row["received_at"])
        for row in place.sandbox.requests()
        if row["vendor"] == "storedge"
    ]
    assert len(moments) > 10
    seconds = (moments[-1] - moments[0]).total_seconds()
    assert (len(moments) - 1) / seconds <= 20 * 1.05
