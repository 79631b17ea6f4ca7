"""A backfill and a night meet on one state, as processes of their own; some of them are killed."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from state.lock import RunLock
from state.verify import verify
from tests.prefect_server import prefect_home
from tests.real.inventory import FACILITIES, Inventory
from tests.real.place import SYNC, Place

pytestmark = pytest.mark.slow

UPDATE = "PUT units/bulk_update"
HERE = FACILITIES[0]
BACKFILL = ("backfill", "storage", "--scope", HERE, "--yes", "--direct", "--json")


@pytest.fixture
def settled(place: Place, inventory: Inventory) -> Place:
    """One unit in each request, and everything in step."""
    place.config.write_text(place.config.read_text().replace("batch_size: 4", "batch_size: 1"))
    assert 0 == place.night().exit_code
    return place


@contextmanager
def under_way(place: Place, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A command whose second update has been processed, and gets its answer when the block ends."""
    reached, go_on = threading.Event(), threading.Event()
    first = place.sandbox.counts()["requests"].get(UPDATE, 0)

    def watch(_: int, side: str) -> None:
        sent = place.sandbox.counts()["requests"].get(UPDATE, 0)
        if side == "processed" and sent == first + 2 and not reached.is_set():
            reached.set()
            go_on.wait(60)

    place.wire.watch = watch
    process = place.start(*command)
    try:
        assert reached.wait(60), process.communicate()
        yield process
    finally:
        go_on.set()


def waits(process: subprocess.Popen[str]) -> None:
    """Until the process has said that it waits."""
    assert process.stderr is not None
    for line in process.stderr:
        if "asked to give way" in line:
            return
    pytest.fail(f"it never waited: {process.communicate()}")


def runs(place: Place) -> list[tuple[str, str]]:
    return place.rows_of("SELECT kind, status FROM runs ORDER BY serial")


def assert_all_is_well(place: Place, inventory: Inventory) -> None:
    """Everything has arrived, once; nothing is open, and nobody is waited for."""
    place.quiet_night()
    assert [] == inventory.differences(place.sandbox)
    assert [] == place.rows_of("SELECT * FROM requests WHERE state = 'sent'")
    assert [] == verify(place.state)
    with RunLock(place.state, "the test", now=datetime.now(UTC)):
        pass


def dearer(place: Place, inventory: Inventory, rate: str = "123.00") -> None:
    for unit in inventory.units.values():
        unit["rate"] = rate
    inventory.export(place.folder)


def test_a_backfill_gives_way_to_a_night_and_goes_on_after_it(settled, inventory):
    with under_way(settled, *BACKFILL, "--resend") as backfill:
        inventory.change()
        inventory.export(settled.folder)
        night = settled.start(*SYNC)
        waits(night)

    slept, filled = settled.end_of(night), settled.end_of(backfill)

    assert (0, 0) == (slept.code, filled.code), (slept.stderr, filled.stderr)
    kinds = [kind for kind, _ in runs(settled)]
    assert ["sync", "backfill", "sync", "backfill"] == kinds
    ids = [run_id for (run_id,) in settled.rows_of("SELECT run_id FROM runs ORDER BY serial")]
    assert f"Run {ids[1]} has given way to a sync" in filled.message
    assert (ids[1], ids[3]) == (filled.document["goes_on_from"], filled.document["run_id"])
    sent = settled.rows_of(
        "SELECT key, count(*) FROM changes JOIN runs USING (run_id) WHERE kind = 'backfill'"
        " AND entity = 'unit' AND outcome = 'applied' GROUP BY key"
    )
    here = {key for key, unit in inventory.units.items() if unit["site"] == HERE}
    assert here <= {key for key, _ in sent}
    assert {1} == {times for _, times in sent}
    assert_all_is_well(settled, inventory)


def test_a_night_that_is_killed_while_it_waits_leaves_nothing_that_is_waited_for(
    settled, inventory
):
    dearer(settled, inventory)
    with under_way(settled, *BACKFILL) as backfill:
        night = settled.start(*SYNC)
        waits(night)
        night.kill()
        night.communicate()

    filled = settled.end_of(backfill)

    assert 0 == filled.code, filled.stderr
    assert {"sync", "backfill"} == {kind for kind, _ in runs(settled)}
    assert 0 == settled.sync().code
    assert_all_is_well(settled, inventory)


@pytest.mark.parametrize("how", ["directly", "as a flow"])
def test_a_night_that_is_stopped_while_it_waits_says_that_nothing_was_sent(settled, inventory, how):
    if how == "as a flow":
        settled.environment |= {"PREFECT_HOME": prefect_home(settled.folder / "prefect")}
    dearer(settled, inventory)
    with under_way(settled, *BACKFILL) as backfill:
        night = settled.start("sync", "--json", *(["--direct"] if how == "directly" else []))
        waits(night)
        night.send_signal(signal.SIGTERM)
        stopped, received = settled.end_of(night), settled.wire.received

    assert 143 == stopped.code
    assert stopped.stderr.strip().endswith(f"unitsync sync --config {settled.config}")
    assert "It had not begun: nothing was sent" in stopped.document["error"]
    assert received == settled.wire.received
    assert 0 == settled.end_of(backfill).code
    assert ["sync", "backfill"] == [kind for kind, _ in runs(settled)]
    assert 0 == settled.night().exit_code
    assert_all_is_well(settled, inventory)


def test_a_backfill_that_is_killed_while_it_is_asked_leaves_its_place_to_the_night(
    settled, inventory
):
    dearer(settled, inventory)
    with under_way(settled, *BACKFILL) as backfill:
        night = settled.start(*SYNC)
        waits(night)
        backfill.kill()
        backfill.communicate()

    slept = settled.end_of(night)

    assert "died before its end" in slept.message
    assert 0 == slept.code, slept.stderr
    assert_all_is_well(settled, inventory)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_backfill_of_one_group_that_is_interrupted_goes_on_and_touches_nobody_else(
    settled, inventory, number
):
    here = [unit["group"] for unit in inventory.units.values() if unit["site"] == HERE]
    [(group, _)] = Counter(here).most_common(1)
    mine = {
        key
        for key, unit in inventory.units.items()
        if (unit["site"], unit["group"]) == (HERE, group)
    }
    others = f"WHERE key NOT IN ({', '.join(repr(key) for key in mine)}) ORDER BY scope, key"
    stood = settled.rows_of(f"SELECT * FROM units {others}")
    led = settled.rows_of(f"SELECT * FROM groups WHERE scope <> '{HERE}' OR key <> '{group}'")
    dearer(settled, inventory)
    settled.sandbox.forget_requests()
    with under_way(settled, *BACKFILL, "--group", group) as backfill:
        backfill.send_signal(number)
    assert backfill.wait(60)
    backfill.communicate()

    done = settled.run(*BACKFILL, "--group", group)

    assert 0 == done.code, done.stderr
    assert stood == settled.rows_of(f"SELECT * FROM units {others}")
    assert led == settled.rows_of(
        f"SELECT * FROM groups WHERE scope <> '{HERE}' OR key <> '{group}'"
    )
    ids = dict(settled.rows_of("SELECT remote_id, key FROM units"))
    asked = settled.sandbox.requests()
    assert {HERE} == {row["scope"] for row in asked}
    sent = Counter(
        ids[unit["id"]]
        for row in asked
        if row["endpoint"] == UPDATE
        for unit in row["body"]["units"]
    )
    assert mine == set(sent)
    assert {1} == set(sent.values())
    rates = {unit["name"]: unit["standard_rate"] for unit in settled.sandbox.units(HERE)}
    expected = {
        unit["name"]: 123.0 if key in mine else 100.0
        for key, unit in inventory.units.items()
        if unit["site"] == HERE
    }
    assert expected == rates
    assert 0 == settled.night().exit_code
    assert_all_is_well(settled, inventory)
