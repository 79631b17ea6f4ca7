"""Thirty times `kill -9`, at any instant of a night, while the source goes on changing.

A night is a process of its own that has imported everything before it begins: until then nothing of
ours is open, and an import takes as long as twenty nights.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from connectors.sandbox import Fault
from flows.cli import app
from state.lock import RunLock
from state.verify import verify
from tests.real.inventory import Inventory
from tests.real.place import SYNC, Place, opened

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["flows.commands.sync", __name__])
KILLS = 15
# A night that ends before its moment comes is no kill; so many are tried in all.
TRIES = 2 * KILLS
# A night of these inventories that has something to do sends at least about so many requests.
LATEST = 10
# As long as a start takes on a busy machine: the lock, the backup, the plan.
STARTING_SECONDS = 0.5
# As long as the time between two requests: an answer is recorded in it.
BETWEEN_SECONDS = 0.03


@dataclass(frozen=True)
class Moment:
    """So long after one side of the work on a request; request 0 is the start of the process."""

    request: int
    side: str
    delay: float

    @classmethod
    def any(cls, random: Random) -> Moment:
        """Over the whole life of a night."""
        match random.randrange(4):
            case 0:
                return cls(0, "", random.uniform(0, STARTING_SECONDS))
            case 1:
                return cls(random.randrange(1, LATEST), "arrived", 0)
            case 2:
                return cls(random.randrange(1, LATEST), "processed", 0)
        delay = random.uniform(0, BETWEEN_SECONDS)
        return cls(random.randrange(1, LATEST), "processed", delay)


def night(config: Path, environment: dict[str, str]) -> None:
    """What a process does that is killed; what it says is nobody's."""
    os.environ.update(environment)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    app([*SYNC, "--config", str(config)])


def struck(place: Place, moment: Moment) -> bool:
    """Whether a night was killed at that moment, and did not end before."""
    process = PROCESSES.Process(target=night, args=(place.config, dict(place.environment)))
    process.start()
    strike = threading.Timer(moment.delay, process.kill)
    first = place.wire.received

    def watch(number: int, side: str) -> None:
        if (number - first, side) != (moment.request, moment.side):
            return
        if moment.delay:
            strike.start()
        else:
            process.kill()

    place.wire.watch = watch
    if not moment.request:
        strike.start()
    process.join(timeout=60)
    strike.cancel()
    return process.exitcode == -signal.SIGKILL


def begun(place: Place) -> list[tuple[str]]:
    """The runs that the state knows, if there is a state."""
    there = place.state.exists() and place.rows_of("SELECT 1 FROM sqlite_master")
    return place.rows_of("SELECT run_id FROM runs") if there else []


def left_behind(place: Place) -> str:
    """What the state says of a run that was killed."""
    is_open = place.rows_of("SELECT 1 FROM requests WHERE state = 'sent'")
    return "an open request" if is_open else "a run"


def nights_of(folder: Path, seed: str) -> set[str]:
    """Kills, and then peace; what the kills left behind."""
    random = Random(seed)
    with opened(folder) as place:
        inventory, found, kills = Inventory(random), set(), 0
        place.sandbox.order_fault(Fault(kind="delay", seconds=0.005, count=None))
        for _ in range(TRIES):
            inventory.export(place.folder)
            before = begun(place)
            if struck(place, Moment.any(random)):
                kills += 1
                found.add(left_behind(place) if before != begun(place) else "nothing")
            if kills == KILLS:
                break
            if random.random() < 0.7:
                inventory.change()
        assert KILLS == kills
        assert_healed(place, inventory)
    return found


def assert_healed(place: Place, inventory: Inventory) -> None:
    """Nothing twice, nothing lost, nothing left to do, and nothing left over."""
    place.sandbox.clear_faults()
    place.wire.watch = lambda number, side: None
    quiet = place.night()

    assert 0 == quiet.exit_code, quiet
    assert [] == inventory.differences(place.sandbox)
    place.quiet_night()
    assert [] == place.rows_of("SELECT * FROM requests WHERE state = 'sent'")
    assert [] == verify(place.state)
    with RunLock(place.state, "the test", now=datetime.now(UTC)):
        assert not list(place.folder.rglob("*.draft*"))


def test_thirty_kills_lose_nothing_and_repeat_nothing(tmp_path):
    with ThreadPoolExecutor(2) as both:
        nights = [both.submit(nights_of, tmp_path / seed, seed) for seed in ("one", "two")]
        found = set.union(*(night.result() for night in nights))

    assert found >= {"nothing", "a run", "an open request"}
