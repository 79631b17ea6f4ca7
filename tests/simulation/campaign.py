"""Many worlds, each from its own seed: what happens in one, what all saw, and who failed."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

from connectors.errors import ApiError
from connectors.sandbox import StoredgeHabits
from flows.backfill import Backfill, backfill
from flows.commands.plan import save_plan
from flows.config_errors import ConfigError
from flows.pushing import Pusher
from flows.saved_plan import PlanRefused
from flows.selection import Selection
from flows.settings import Settings
from flows.summary import RunSummary
from flows.sync import Reader, preview, sync
from flows.world import World
from state.backup import backups, restore
from state.lock import RunLock
from tests.simulation import truth as inventory
from tests.simulation.boundary import Mode
from tests.simulation.damages import DAMAGES, LYING
from tests.simulation.hands import Hands
from tests.simulation.invariants import (
    Before,
    Checks,
    Violation,
    Witness,
    after_night,
    believed_lies,
    healed,
    nothing_secret,
    quiet,
    runs_so_far,
    storage_units,
    told,
    words,
)
from tests.simulation.night import BOTH, Lived, Simulated
from tests.simulation.other_settings import decide
from tests.simulation.people import People
from tests.simulation.regrets import (
    applying,
    inverse,
    nothing_new,
    runs_that_did,
    sending_again,
)
from tests.simulation.wire import Swarm, swarm

# The rows of an inventory are normalised once for all worlds that share it.
INVENTORIES = 16
# About as many steps as a busy night has.
STEPS, REQUESTS, BEGINNINGS = 160, 40, 12
TRACE = 40
# What happens most is that a file is cut or that a cell is wrong.
LIKELY = [*DAMAGES, *["cut anywhere", "cut at a row", "invalid cell"] * 6]
MODES: tuple[Mode, ...] = (
    *["crash"] * 5,
    "error once",
    "error for ever",
    "stop",
    "out of memory",
    "another writer once",
    "another writer for ever",
)
RIVALS = ("another writer once", "another writer for ever")
PIPELINES = (BOTH, BOTH, ("storage",), ("storage",), ("storage",), ("apartments",))
GUARDS = ("SourceShrank", "max_missing", "max_updates", "max_rejected", "max_rate_change")


@dataclass
class Tally:
    """What a campaign saw, added up over its worlds."""

    nights: int = 0
    steps: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def saw(self, kind: str, name: str, times: int = 1) -> None:
        self.counts.setdefault(kind, Counter())[name] += times

    def add(self, other: Tally) -> None:
        self.nights += other.nights
        self.steps += other.steps
        for kind, counter in other.counts.items():
            self.counts.setdefault(kind, Counter()).update(counter)


@dataclass(frozen=True)
class Failure:
    """A world in which a promise was broken, and all that it takes to look at it."""

    seed: int
    night: int
    message: str
    trace: tuple[str, ...]
    requests: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"seed {self.seed}, night {self.night}: {self.message}"]
        lines += [f"  {step}" for step in self.trace[-TRACE:]]
        lines += [f"  > {request}" for request in self.requests[-TRACE:]]
        lines.append(f"again: python -m tests.simulation --seed {self.seed} --trace")
        return "\n".join(lines)


Told = Callable[[str], None]


class Life:
    """The life of one world: some faulty nights, then healing, then a quiet night."""

    def __init__(self, seed: int, told: Told = lambda text: None) -> None:
        self.seed = seed
        self.told = told
        self.plan = Random(f"{seed}/plan")
        self.tally = Tally()
        self.checks = Checks()
        self.lived: Lived | None = None
        self.healing = False
        self.world = Simulated(
            seed=str(seed),
            inventory=f"inventory-{seed % INVENTORIES}",
            missing=("report", "retire")[seed % 2],
            limits=self.plan.choice([inventory.LIMITS, inventory.LIMITS, inventory.TIGHT]),
            canary=self.plan.choice([0, 0, 0, 1]),
            habits=StoredgeHabits(
                partial_writes=self.plan.random() < 0.3,
                unique_names=self.plan.random() < 0.5,
                conflict_items=self.plan.choice(["text", "object"]),
            ),
            memo=seed % 20 != 19,
            pipelines=self.plan.choice(PIPELINES),
        )
        self.swarm = swarm(self.world.chance("faults"))
        self.crashes = self.world.chance("crash")
        self.people = People(self.world, self.world.chance("people"))
        self.hands = Hands(self.world, self.world.chance("hands"))
        # Most worlds are left alone, so that what breaks there has no other cause.
        self.others = self.world.chance("others")
        self.handy = self.plan.random() < 0.3
        self.fickle = self.plan.random() < 0.3
        self.backfills = self.world.chance("backfills")
        self.partly = self.backfills.random() < 0.3
        self.regrets = self.world.chance("regrets")
        self.regretful = self.regrets.random() < 0.25

    def live(self) -> None:
        """From the first night to the last; raises Violation."""
        try:
            if self.plan.random() < 0.35:
                self.people.came_first()
                self.tally.saw("world", "facilities that held units already")
            for number in range(self.plan.randint(2, 4)):
                if number:
                    self._day()
                self._night()
                if self.regretful and self.regrets.random() < 0.7:
                    self._regret()
            self._heal()
        finally:
            self.tally.saw("checks", "worlds")
            for name, times in self.checks.checked.items():
                self.tally.saw("invariant", name, times)
            self.world.close()

    def _day(self) -> None:
        in_step = self.lived is not None and self.lived.exit_code == 0 and self.world.sound
        if self.plan.random() < 0.3 and (deed := self.people.work(in_step=in_step)):
            self.tally.saw("world", deed)
        if self.handy and self.plan.random() < 0.6 and (deed := self.hands.act()):
            self.tally.saw("world", f"somebody {deed}")
        if self.fickle and self.plan.random() < 0.6:
            self.tally.saw("world", decide(self.world, self.plan))
        self.world.truth.live_through_a_day()
        if self.plan.random() < 0.1:
            jump = self.plan.choice([-86_400, -3_600, 3_600, 31_536_000])
            self.world.clock.jump(jump)
            self.tally.saw("world", "clock jumps")
        if self.plan.random() < 0.08 and (copies := backups(self.world.state)):
            restore(self.plan.choice(copies), self.world.state, now=self.world.clock.now())
            self.world.strange = self.world.restored = True
            # What a lost run took off the market, nobody knows to have been us.
            for unit in storage_units(self.world):
                if not unit["rentable"]:
                    self.world.taint.setdefault(unit["id"], set()).add("rentable")
            self.tally.saw("world", "older states restored")

    def _while_another_runs(self) -> None:
        """Another run holds the state for the whole of a night."""
        with RunLock(self.world.state, "another", now=self.world.clock.now()):
            lived = self._live_through(Swarm())
        # A setting that the export of yesterday does not fit is found before the lock is asked for.
        refused = lived.exit_code in (2, 4) and not lived.wire.attempts
        self.checks.that("what another run holds is not touched", refused, str(lived.refusal))
        self.tally.saw("world", "states held by another run")

    def _backfill(self) -> None:
        """Somebody pushes a part of the inventory between two nights, through the same weather."""
        wish = chosen(self.world, self.backfills)

        def engine(
            settings: Settings, world: World, *, pusher: Pusher, reader: Reader
        ) -> RunSummary:
            return backfill(settings, world, wish, pusher=pusher, reader=reader)

        at = self.backfills.randint(1, STEPS) if self.backfills.random() < 0.3 else None
        self._live_through(self.swarm, at, engine=engine)
        self.tally.saw("world", "backfills")

    def _regret(self) -> None:
        """Somebody takes a run back, or sends again what it sent, through the same weather."""
        again = self.regrets.random() < 0.2
        runs = runs_that_did(self.world, more_than_create=not again)
        if not runs:
            return
        run = self.regrets.choice(runs)
        path = None if again else inverse(self.world, run, self.checks)
        if not again and path is None:
            return
        engine = sending_again(run) if path is None else applying(path)
        at = self.regrets.randint(1, STEPS) if self.regrets.random() < 0.3 else None
        self.world.sound = False  # the vendors are not as the source says, and need not be
        self.people.touched.clear()  # what nobody has looked for since goes back as well
        serial = runs_so_far(self.world)
        lived = self._live_through(self.swarm, at, engine=engine, resends=path is None)
        nothing_new(self.world, lived, self.checks, serial)
        self.tally.saw("world", "runs sent again" if path is None else "runs taken back")
        if path is not None and lived.summary is not None:
            self._is_stale(path)

    def _night(self) -> None:
        if self.partly and self.world.told and self.backfills.random() < 0.6:
            self._backfill()
        if self.others.random() < 0.05:
            self._while_another_runs()
        damage = self.plan.choice(LIKELY) if self.plan.random() < 0.35 else None
        self.world.export(damage)
        if damage:
            self.tally.saw("source", damage)
        at: int | None = None
        mode: Mode = "crash"
        among = ""
        if self.plan.random() < 0.5:
            mode, among = self.crashes.choice(MODES), self.crashes.choice(["", "request"])
            at = self.crashes.randint(1, REQUESTS if among else STEPS)
            if mode in RIVALS:  # they get the lock only while nobody has it
                among, at = "before BEGIN", self.crashes.randint(1, BEGINNINGS)
        path = self._planned_ahead() if self.plan.random() < 0.1 else None
        lived = self._live_through(self.swarm, at, mode, among=among)
        if damage in LYING:
            # Who is known by a wrong key, or bears a wrong name, has to be told by a person.
            lies, rows = believed_lies(self.world), self.world.truth.storage_rows()
            self.world.personal |= {row["id"] for row in rows if row["site"] in lies}
            self.tally.saw("world", "lies believed" if lies else "lies not believed")
        if path is not None and lived.summary is not None:
            self._is_stale(path)
        elif self.plan.random() < 0.5 and (scopes := self.people.decide(lived)):
            self.tally.saw("world", "scopes let through by a person", scopes)
            self.world.allowed = True

    def _planned_ahead(self) -> Path | None:
        """A plan that is saved before the night, and so is out of date after it."""
        wire, path = self.world.wire(), self.world.folder / "plan.json"
        wire.witness = lambda endpoint, body: self.checks.that("a preview sends nothing", False)
        settings = self.world.settings()
        try:
            nights = preview(
                settings, self.world.outside(wire), reader=self.world.reader(wire.boundary)
            )
            with redirect_stderr(StringIO()):
                save_plan(nights, settings, path)
        except (ConfigError, PlanRefused):
            return None
        return path

    def _is_stale(self, path: Path) -> None:
        lived = self._live_through(Swarm(), engine=applying(path))
        refused = isinstance(lived.refusal, PlanRefused) and not lived.wire.attempts
        self.checks.that("a stale plan is refused", refused, f"exit code {lived.exit_code}")
        self.tally.saw("world", "stale plans")

    def _live_through(
        self,
        swarm: Swarm,
        at: int | None = None,
        mode: Mode = "crash",
        engine: Callable[..., RunSummary] = sync,
        among: str = "",
        *,
        resends: bool = False,
    ) -> Lived:
        before = Before.of(self.world)
        witness = Witness(self.world, self.checks, resends=resends)
        if self.handy and not self.healing and self.plan.random() < 0.4:
            self.hands.act_at_night(witness, lambda deed: self.tally.saw("world", deed))
        with CountingErrors(self.tally):
            lived = self.lived = self.world.night(
                swarm, at=at, mode=mode, witness=witness, engine=engine, among=among
            )
        self._note(lived, mode)
        self._tell(lived)
        after_night(self.world, lived, self.checks, before)
        self.people.are_respected(self.checks)
        return lived

    def _note(self, lived: Lived, mode: Mode) -> None:
        self.tally.nights += 1
        self.tally.steps += lived.boundary.count
        for name, times in lived.wire.fired.items():
            self.tally.saw("fault", name, times)
        if lived.boundary.struck:
            self.tally.saw(mode, lived.boundary.struck)
        for name, times in lived.boundary.visits.items():
            self.tally.saw("step", name, times)
        self.tally.saw("exit code", str(lived.exit_code))
        for text in words(self.world):
            if branch := BRANCHES.match(text):
                self.tally.saw("recovery", branch[0])
        if lived.summary:
            notes = [note for pipeline in lived.summary.pipelines for note in pipeline.notes]
            for guard in GUARDS:
                tripped = any(note.startswith(guard) for note in notes)
                self.tally.saw("guard tripped" if tripped else "guard passed", guard)

    def _tell(self, lived: Lived) -> None:
        self.told(f"night {self.world.number}: exit code {lived.exit_code} {lived.refusal or ''}")
        struck = lived.boundary.struck
        self.told(f"  struck: {struck} ({lived.boundary.mode})" if struck else "  not struck")
        for attempt in lived.wire.attempts:
            self.told(f"  > {attempt}")
        for pipeline in lived.summary.pipelines if lived.summary else ():
            counts = {name: count for name, count in pipeline.counts.items() if count}
            self.told(f"  {pipeline.pipeline}: {counts} {'; '.join(pipeline.notes)}")

    def _heal(self) -> None:
        """The faults are over, and a person has lifted the limits for the nights to come."""
        self.healing = True
        self.world.limits = inventory.NO_LIMITS
        self.world.export()
        # Behind what is found gone in one night, something else may be found gone in the next.
        for _ in range(4 if self.handy else 2):
            lived = self._live_through(Swarm())
        self.world.strange = False
        healed(self.world, self.checks)
        for twin in told(self.world, lived, self.checks):
            self.tally.saw("world", "late duplicates removed by a person")
            assert self.world.sandbox.edit("storedge", "unit", twin, {"deleted": True}) is None
            self._live_through(Swarm())
        quiet(self.world, self._live_through(Swarm()), self.checks)
        nothing_secret(self.world, self.checks)

    def fingerprint(self) -> str:
        """Everything that two lives of one seed must have in common."""
        seen: list[Any] = [
            self.world.sandbox.units(),
            self.world.sandbox.groups(),
            self.world.clock.now().isoformat(),
            self.tally.steps,
            sorted(self.checks.checked.items()),
        ]
        return hashlib.sha256(json.dumps(seen, default=str, sort_keys=True).encode()).hexdigest()


BRANCHES = re.compile(
    r"settled by reading: it is live|settled by reading: the group exists"
    r"|settled by reading: it was not processed|settled by reading$"
    r"|linked by a reading|the unit is gone|the group is gone"
    r"|the reply does not mention it|not sent in full|not sent"
)


def chosen(world: Simulated, chance: Random) -> Backfill:
    """A few units, a scope, those whose last change failed, or all of them."""
    keys = [row["id"] for row in world.truth.storage_rows()]
    sites = sorted({row["site"] for row in world.truth.storage_rows()})
    every = [
        Selection(units=tuple(chance.sample(keys, min(len(keys), chance.randint(1, 4))))),
        Selection(scopes=(chance.choice(sites),)),
        Selection(failed=True),
        Selection(),
    ]
    return Backfill(chance.choice(every))


class CountingErrors:
    """Counts the errors that the outside world's classes are made of; changes nothing else."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally

    def __enter__(self) -> None:
        self.made = made = ApiError.__init__
        tally = self.tally

        def counted(error: ApiError, *args: Any, **named: Any) -> None:
            tally.saw("error", type(error).__name__)
            made(error, *args, **named)

        ApiError.__init__ = counted

    def __exit__(self, *_: object) -> None:
        ApiError.__init__ = self.made


def live(seed: int, told: Told = lambda text: None) -> tuple[Tally, Failure | None]:
    """One world from its seed; `told` hears of each night."""
    life = Life(seed, told)
    try:
        life.live()
    except Violation as violation:
        return life.tally, _failure(life, str(violation))
    except Exception as error:  # whatever the engine lets out is a broken promise, too
        error.add_note(f"seed {seed}, night {life.world.number}")
        raise
    return life.tally, None


def _failure(life: Life, message: str) -> Failure:
    lived = life.world.latest
    return Failure(
        life.seed,
        life.world.number,
        message,
        tuple(lived.boundary.trace) if lived else (),
        tuple(map(str, lived.wire.attempts)) if lived else (),
    )


def campaign(seeds: Iterable[int]) -> tuple[Tally, list[Failure]]:
    """Many worlds, one after the other."""
    total, failures = Tally(), []
    for seed in seeds:
        tally, failure = live(seed)
        total.add(tally)
        failures += [failure] if failure else []
    return total, failures


def kept_seeds() -> list[int]:
    """The worlds in which a promise was broken once; they are lived through for ever."""
    lines = (Path(__file__).parent / "seeds.txt").read_text("utf-8").splitlines()
    return [int(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]
