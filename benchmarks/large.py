"""A large storEDGE inventory on one machine: what a night costs in time and memory, by its parts.

    python -m benchmarks.large inventory FOLDER UNITS [--shuffled] [--changed SHARE]
    python -m benchmarks.large known FOLDER
    python -m benchmarks.large night FOLDER

`inventory` writes the source and its configuration, 500 units a facility. `known` makes the state
of an API that confirmed all of it, through the engine's own steps 1 to 5. `night` runs
`unitsync sync --direct` in a process of its own and prints its peak memory and its parts as JSON;
`night FOLDER --against URL` sends what changed to a sandbox there.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from connectors.sandbox import DEMO_CREDENTIALS
from flows.job import jobs_of
from flows.run import running
from flows.settings import Settings, load
from flows.sync import Watcher, read
from flows.world import World
from transforms.diff import Known, diff
from transforms.plan import KnownGroup, KnownUnit

PER_FACILITY = 500
TYPES = ("Drive-Up", "Interior", "Interior Climate", "Locker", "Vehicle Parking")
# Nothing listens there: a night without changes sends nothing.
NOWHERE = "http://127.0.0.1:9"
ENVIRONMENT = {
    "STOREDGE_ACCESS_ID": DEMO_CREDENTIALS.access_id,
    "STOREDGE_SECRET_KEY": DEMO_CREDENTIALS.secret_key,
}
PROFILED = """
import json, sys, time
from pathlib import Path
from flows.engine import run_engine
from flows.sync import Watcher
started, stages = time.monotonic(), []
watcher = Watcher(stage=lambda name, stage: stages.append((stage, time.monotonic() - started)))
summary = run_engine(Path(sys.argv[1]), ["storage"], None, watcher=watcher)
stages.append(("end", time.monotonic() - started))
parts = {now: round(end - begin, 2) for (now, begin), (_, end) in zip(stages, stages[1:])}
print(json.dumps({"status": summary.status, "parts": parts,
                  "counts": {k: v for k, v in summary.pipelines[0].counts.items() if v}}))
"""


def rows(units: int, changed: float) -> Iterator[str]:
    """The lines of the source. A `changed` share of the facilities has other rates."""
    chance = random.Random(7)
    for facility in range(-(-units // PER_FACILITY)):
        site = uuid.UUID(int=chance.getrandbits(128), version=4)
        rate_up = 5 if changed and facility % round(1 / changed) == 0 else 0
        for number in range(1, min(PER_FACILITY, units - facility * PER_FACILITY) + 1):
            width, length = 5 * (1 + number % 3), 5 * (1 + number % 6)
            rate = 50 + number % 200 + rate_up
            kind, floor = TYPES[number % 5], 1 + number % 3
            yield (
                f"{site},L{facility:05},Facility {facility},{facility * 1000 + number},"
                f"A{number:04},{kind},{width}.0000,{length}.0000,8.0000,8.0000,7.0000,"
                f"{number % 3},{'true' if number % 2 else 'false'},true,{floor},{rate}.0000,true,"
                f"false,{number},Note of unit {number},{number * 7 % 9973:04}\n"
            )


def write_inventory(folder: Path, units: int, *, shuffled: bool, changed: float) -> None:
    """The source and the configuration of the example, for so many units."""
    folder.mkdir(parents=True, exist_ok=True)
    example = files("examples")
    config = (example / "unitsync.yaml").read_text()
    unlimited = "${SANDBOX}\n      requests_per_second: null\n      concurrency: 4"
    config = config.replace("https://api.storedgefms.com", unlimited)
    (folder / "unitsync.yaml").write_text(config)
    header = (example / "storage_units_night1.csv").read_text().splitlines()[0]
    lines: list[str] | Iterator[str] = rows(units, changed)
    if shuffled:
        lines = list(lines)
        random.Random(1).shuffle(lines)
    with (folder / "storage_units.csv").open("w", newline="") as file:
        file.write(header + "\n")
        file.writelines(lines)


def write_known(folder: Path) -> None:
    """The state of a night after which the API has all of the source."""
    settings = _settings(folder)
    world = World()
    with jobs_of(settings, world) as [job]:
        night = read(job, world, Watcher())
        if night.desired is None:
            raise SystemExit(str(night.failure))
        with running(settings, world, "sync", lambda store: False) as run:
            store, name, policy = run.store, job.name, job.policy
            for scope in night.desired.scopes():
                desired = night.desired.scope(scope)
                nothing = Known(store.known_index(name, scope), lambda keys: {}, {}, {})
                plan = diff(desired, nothing, policy)
                units = [
                    KnownUnit(c.key, f"{scope}-{c.key}", c.name, c.group, c.after, c.digest)
                    for c in plan.of("unit")
                ]
                groups = [
                    KnownGroup(c.key, f"{scope}-{c.key}", c.name, c.whole) for c in plan.of("group")
                ]
                with store.one_transaction():
                    store.link(name, scope, run.run_id, units, groups)
                    store.accept_extract(
                        name, scope, run.run_id, plan.rows, plan.keys, plan.columns
                    )
                    store.settle_scope(
                        name,
                        scope,
                        run.run_id,
                        digest=plan.digest,
                        missing=(),
                        seen=plan.keys,
                        look_again=False,
                    )


def run_night(folder: Path, against: str) -> dict[str, object]:
    """A night in a process of its own: peak memory, time, and its parts."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROFILED, str(folder / "unitsync.yaml")],
        env={**os.environ, **ENVIRONMENT, "SANDBOX": against},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    seconds = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss / 1024),
        **json.loads(done.stdout.splitlines()[-1]),
    }


def _settings(folder: Path) -> Settings:
    return load(folder / "unitsync.yaml", ["storage"], {**ENVIRONMENT, "SANDBOX": NOWHERE})


def main() -> None:
    """What the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("inventory", "known", "night"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("units", type=int, nargs="?", default=100_000)
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--changed", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--against", default=NOWHERE, metavar="URL")
    asked = parser.parse_args()
    if asked.step == "inventory":
        write_inventory(asked.folder, asked.units, shuffled=asked.shuffled, changed=asked.changed)
    elif asked.step == "known":
        write_known(asked.folder)
    else:
        print(json.dumps(run_night(asked.folder, asked.against)))


if __name__ == "__main__":
    main()
