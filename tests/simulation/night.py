"""One world: an inventory, two vendors, a state on a disk; and the nights that it lives through.

The whole production engine runs here, in one thread, with a clock, chance, a transport, a disk and
a reader that are given to it. Independent streams of chance per concern, so that a new kind of
fault does not reshuffle the inventories of all old seeds.
"""

from __future__ import annotations

import copyreg
import pickle
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

from connectors.clock import FakeClock
from connectors.errors import SourceUnreadable
from connectors.sandbox import (
    DEMO_CREDENTIALS,
    IdSource,
    Sandbox,
    StoredgeHabits,
    StoredgeVendor,
    TravtusVendor,
)
from flows.config_errors import ConfigError
from flows.job import Job
from flows.pushing import Push, PushedScope
from flows.saved_plan import PlanRefused
from flows.selection import SelectionRefused
from flows.settings import Settings, load
from flows.summary import Balance, RunSummary
from flows.sync import Night, Watcher, read, sync
from flows.world import World
from state.errors import StateError
from tests.simulation import truth as inventory
from tests.simulation.boundary import Boundary, Mode, SimulatedCrash
from tests.simulation.damages import DAMAGES, HARMLESS, YESTERDAY
from tests.simulation.disk import Image, Rival, SimulatedDisk
from tests.simulation.truth import APARTMENTS, STORAGE, Row, Truth, exported
from tests.simulation.wire import Swarm, Wire
from transforms.reshape import Desired

ENVIRONMENT = {
    "STOREDGE_ACCESS_ID": DEMO_CREDENTIALS.access_id,
    "STOREDGE_SECRET_KEY": DEMO_CREDENTIALS.secret_key,
    "TRAVTUS_CLIENT_ID": DEMO_CREDENTIALS.client_id,
    "TRAVTUS_CLIENT_SECRET": DEMO_CREDENTIALS.client_secret,
}
# A disk that needs no fsync, where there is one.
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
A_DAY = 86_400.0
BOTH = ("storage", "apartments")
# A forked world has locks of its own; nobody holds one between two nights.
for lock in (threading.Lock, threading.RLock):
    copyreg.pickle(type(lock()), lambda _, lock=lock: (lock, ()))
QUIET = Swarm()
# What no later night asks for, and what only follows from the other files.
NO_FUTURE = ("folder", "latest", "sandbox")
FOLLOWING = ("-wal", "-shm", ".html", ".lock")
# How a night may end without a summary, with the exit code of the command line (DESIGN 5).
ENDS: tuple[tuple[type[Exception], int], ...] = (
    (ConfigError, 2),
    (PlanRefused, 2),
    (SelectionRefused, 2),
    (SourceUnreadable, 4),
    (StateError, 4),
    (MemoryError, 5),
)


@dataclass(frozen=True)
class Lived:
    """What became of a night: it ended, was refused with an error, or its process died."""

    boundary: Boundary
    wire: Wire
    summary: RunSummary | None = None
    refusal: Exception | None = None

    @property
    def crashed(self) -> bool:
        return self.boundary.dead

    @property
    def exit_code(self) -> int | None:
        if self.summary is not None:
            return self.summary.exit_code
        return next((code for kind, code in ENDS if isinstance(self.refusal, kind)), None)


@dataclass
class Simulated:
    """The world of one seed."""

    seed: str
    inventory: str
    missing: str = "report"
    limits: str = inventory.LIMITS
    canary: int = 0
    batch: int = 3
    noted: bool = True
    suffix: str = ""
    grouping: tuple[str, str] = inventory.GROUP_KEYS[0]
    floor: str = inventory.FLOORS[0]
    rate: str = inventory.RATES[0]
    habits: StoredgeHabits = field(default_factory=StoredgeHabits)
    memo: bool = True
    pipelines: tuple[str, ...] = BOTH

    def __post_init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="unitsync-night-", dir=MEMORY))
        self.clock = FakeClock()
        # Inventories, and what befalls their exports, come from a small library, so that the rows
        # which many worlds share are normalised only once.
        self.truth = Truth(Random(self.inventory))
        self.hidden: dict[str, int] = {}
        # Units and groups, by key, that somebody took into their own hands, or misnamed.
        self.personal: set[str] = set()
        self.tonight: dict[str, set[str]] = {}
        # The rows that the latest export was made from; they may be yesterday's.
        self.told: list[Row] = []
        # Units that somebody made by hand beside one of the same name.
        self.namesakes: dict[str, str] = {}
        self.whole = True
        self.new_remote_id = IdSource(self.seed)
        self.storedge = StoredgeVendor(
            clock=self.clock, new_id=self.new_remote_id, habits=self.habits
        )
        self.travtus = TravtusVendor(clock=self.clock, new_id=self.new_remote_id)
        self.sandbox = Sandbox([self.storedge, self.travtus], clock=self.clock)
        self.jitter = self.chance("jitter")
        self.taint: dict[str, set[str]] = {}
        self.delayed: set[str] = set()
        self.sound = True
        self.strange = False
        self.restored = False
        self.settled = False
        self.allowed = False
        self.number = 0
        self.latest: Lived | None = None
        self._ids = 0

    def chance(self, concern: str) -> Random:
        """One stream of chance per concern."""
        return Random(f"{self.seed}/{concern}")

    def fork(self) -> Simulated:
        """The same world once more, in a place of its own; between two nights a vendor has nothing
        left to do. Pickled, which takes a fifth of the time of a deep copy (measured)."""
        twin = object.__new__(Simulated)
        vars(twin).update(pickle.loads(pickle.dumps(self._past())))
        twin.sandbox = Sandbox([twin.storedge, twin.travtus], clock=twin.clock)
        twin.latest = None
        twin.folder = Path(tempfile.mkdtemp(prefix="unitsync-night-", dir=MEMORY))
        shutil.copytree(self.folder, twin.folder, dirs_exist_ok=True)
        return twin

    def fingerprint(self) -> bytes:
        """All that the nights to come depend on: the state as it reads, what lies beside it, the
        vendors, the clock and chance. Two forks of a world with one fingerprint have one future
        (a copy of a set may be in another order, so one that is no fork may differ for nothing)."""
        digest = blake2b()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.name.endswith(FOLLOWING):
                content = contents(path) if path.suffix == ".db" else path.read_bytes()
                digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
        digest.update(pickle.dumps(self._past()))
        return digest.digest()

    def _past(self) -> dict[str, Any]:
        return {name: part for name, part in vars(self).items() if name not in NO_FUTURE}

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def doubles(self) -> set[str]:
        """What may be there twice, where a vendor allows it: it finished a request after all
        readings, and no key of ours could have told it that the work was done (NIGHTS 1); or
        somebody has made a second one by hand."""
        return set() if self.habits.unique_names else self.delayed | {*self.namesakes.values()}

    @property
    def state(self) -> Path:
        return self.folder / "unitsync.db"

    def storage_rows(self) -> list[Row]:
        """What the settings of today make of the truth."""
        return [
            {
                **row,
                "group_name": f"{row['group_name']}{self.grouping[1]}{self.suffix}",
                "floor": row[self.floor],
            }
            for row in self.truth.storage_rows()
        ]

    def export(self, damage: str | None = None) -> None:
        """Tonight's exports; `damage` strikes the one of storage."""
        if damage != YESTERDAY or not self.told:
            self.told = [dict(row) for row in self.truth.storage_rows()]
        storage: bytes | None = exported(self._in_columns(self.told))
        if damage is not None and storage is not None:
            harm = Random(f"{self.inventory}/{len(storage)}/{damage}")
            storage = DAMAGES[damage](storage, harm)
        self.sound = damage is None or damage in HARMLESS
        self.whole = bool(storage) and storage.endswith(b"\n")
        self.tonight = {site: set() for site in {row["site"] for row in self.truth.storage_rows()}}
        text = (storage or b"").decode("utf-8", "replace")
        for row in self.told:
            if f",{row['id']}," in text or f"\n{row['id']}," in text:
                self.tonight.setdefault(row["site"], set()).add(row["id"])
        for name, data in (
            (STORAGE, storage),
            (APARTMENTS, exported(self.truth.apartment_rows())),
        ):
            if data is None:
                (self.folder / name).unlink(missing_ok=True)
            else:
                (self.folder / name).write_bytes(data)

    def _in_columns(self, rows: list[Row]) -> list[Row]:
        """The rows under the names that the columns have today."""
        return [
            {self.rate if name == "rate" else name: cell for name, cell in row.items()}
            for row in rows
        ]

    def settings(self) -> Settings:
        text = inventory.CONFIG.format(
            missing=self.missing,
            limits=self.limits,
            canary=self.canary,
            batch=self.batch,
            note=inventory.NOTE if self.noted else "",
            suffix=self.suffix,
            group=self.grouping[0],
            by_size=self.grouping[1],
            floor=self.floor,
            rate=self.rate,
        )
        return replace(
            loaded(text, self.pipelines),
            state=self.state,
            reports=self.folder / "reports",
            base=self.folder,
        )

    def night(
        self,
        swarm: Swarm = QUIET,
        *,
        at: int | None = None,
        mode: Mode = "crash",
        witness: Callable[[Wire], None] = lambda wire: None,
        engine: Callable[..., RunSummary] = sync,
        among: str = "",
    ) -> Lived:
        """Live through one night; whatever happens, the world is left as a machine would be."""
        self.number += 1
        image: list[Image] = []
        boundary = Boundary(at, mode, among, lambda: image.append(Image(self.folder)))
        wire = Wire(self.sandbox, self.clock, boundary)
        wire.swarm, wire.hidden, wire.delayed = swarm, self.hidden, self.delayed
        witness(wire)
        rival = Rival(self.state, boundary)
        world = self.outside(wire, rival)
        boundary.on_stop = world.stop.set
        lived = self.latest = Lived(boundary, wire)
        try:
            summary = engine(self.settings(), world, pusher=inline, reader=self.reader(boundary))
            lived = Lived(boundary, wire, summary)
        except SimulatedCrash:
            image[0].restore(self.folder)
        except tuple(kind for kind, _ in ENDS) as refusal:
            lived = Lived(boundary, wire, refusal=refusal)
        rival.leaves()
        self._let_the_day_pass()
        return lived

    def outside(self, wire: Wire, rival: Rival | None = None) -> World:
        """What the engine is given."""
        rival = rival or Rival(self.state, wire.boundary)
        return World(
            clock=self.clock,
            random=self.jitter,
            transport=wire,
            new_id=self._new_id,
            disk=SimulatedDisk(wire.boundary, rival),
            pool=Inline,
        )

    def wire(self) -> Wire:
        """A whole wire, outside of any night."""
        return Wire(self.sandbox, self.clock, Boundary())

    def _let_the_day_pass(self) -> None:
        """Whatever a vendor still had to do is done long before the next night."""
        late = self.sandbox._late
        for request in late._waiting:
            request.work()
        late.forget()
        self.hidden.clear()
        self.clock.advance(A_DAY)

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:08}-{self.seed}"

    def reader(self, boundary: Boundary) -> Callable[[Job, World, Watcher], Night]:
        def reader(job: Job, world: World, watcher: Watcher) -> Night:
            boundary.point("before source")
            return remembered(job, world, watcher) if self.memo else read(job, world, watcher)

        return reader


def contents(database: Path) -> bytes:
    """What a database says, wherever its pages lie."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        made = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        rows = {
            name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables
        }
        return repr((made, rows)).encode()


@cache
def loaded(text: str, pipelines: tuple[str, ...]) -> Settings:
    """The settings in a text, wherever it stands."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "unitsync.yaml"
        file.write_text(text)
        return load(file, pipelines, ENVIRONMENT)


_MEMORY: dict[Any, tuple[Balance, Desired]] = {}


def remembered(job: Job, world: World, watcher: Watcher) -> Night:
    """Steps 1 to 4 are pure once the file is read: the same bytes give the same rows."""
    path = job.settings.base / job.pipeline.source.path
    if not path.exists():
        return read(job, world, watcher)
    key = job.name, job.version, repr(job.pipeline.mapping), path.read_bytes()
    if key not in _MEMORY:
        night = read(job, world, watcher)
        if night.balance is None or night.desired is None:
            return night
        _MEMORY[key] = night.balance, night.desired
    night = Night(job)
    night.balance, night.desired = _MEMORY[key]
    return night


class Inline(Executor):
    """Does the work at once, in the thread of whoever submits it."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **named))
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)
        return future


def inline(push: Push, shards: Any) -> list[PushedScope]:
    return [scope for shard in shards for scope in push.shard(shard)]
