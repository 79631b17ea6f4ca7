"""Twenty nights that everybody lives through, each struck at every step there is.

For each night and each step: the process dies there; the step fails once; it fails from then on
for the rest of the night; and for the nastiest nights, the night that recovers dies too. Then one
night heals, and the next is quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from connectors.sandbox import StoredgeHabits
from state.backup import backups, restore
from tests.simulation import truth as inventory
from tests.simulation.boundary import Mode
from tests.simulation.campaign import Tally
from tests.simulation.faults import FAULTS
from tests.simulation.invariants import Before, Checks, Witness, after_night, healed, quiet
from tests.simulation.night import BOTH, QUIET, Lived, Simulated
from tests.simulation.people import People
from tests.simulation.truth import Truth
from tests.simulation.wire import Swarm

Prepare = Callable[[Simulated], Swarm]

# What a transaction does between its beginning and its end vanishes as one when the process dies.
ALIKE = ("BEGIN", "INSERT", "UPDATE", "DELETE", "CREATE")
# Small, and such that each of these nights has something to send, but for the quiet one.
INVENTORY = "canonical 5"
# The second crash strikes every so many steps of the night that recovers from the first.
STRIDE = 7


@dataclass(frozen=True)
class Canonical:
    """A night by name: what has happened until then, and what goes wrong on the wire in it."""

    name: str
    prepare: Prepare
    nasty: bool = False
    pipelines: tuple[str, ...] = ("storage",)


def _first(world: Simulated) -> Swarm:
    return QUIET


def _first_on_a_full_facility(world: Simulated) -> Swarm:
    People(world, Random(world.seed)).came_first()
    return QUIET


def _after(*events: Callable[[Truth], None]) -> Prepare:
    """The second night, when so much has happened since the first."""

    def prepare(world: Simulated) -> Swarm:
        world.export()
        assert world.night().exit_code == 0
        for event in events:
            event(world.truth)
        return QUIET

    return prepare


def _meeting(prepare: Prepare, *faults: str) -> Prepare:
    """The same, with faults on the wire from time to time."""

    def met(world: Simulated) -> Swarm:
        prepare(world)
        kinds = tuple(fault for fault in FAULTS if fault.name in faults)
        assert len(kinds) == len(faults)
        return Swarm(kinds, 0.3, Random(world.seed))

    return met


def _restored(world: Simulated) -> Swarm:
    for _ in range(2):
        _after(inventory.rate, inventory.build)(world)
    restore(backups(world.state)[0], world.state, now=world.clock.now())
    world.strange = world.restored = True
    return QUIET


NIGHTS: tuple[Canonical, ...] = (
    Canonical("first", _first, nasty=True),
    Canonical("first on a full facility", _first_on_a_full_facility),
    Canonical("quiet", _after()),
    Canonical("rates", _after(*[inventory.rate] * 4)),
    Canonical("a swap of names", _after(inventory.swap_names), nasty=True),
    Canonical("renames", _after(inventory.rename, inventory.rename)),
    Canonical("moves", _after(inventory.move, inventory.move)),
    Canonical("resized", _after(inventory.resize, inventory.resize)),
    Canonical("a group renamed", _after(inventory.rename_group)),
    Canonical("new units", _after(inventory.build, inventory.build)),
    Canonical("units gone", _after(inventory.drop)),
    Canonical("notes and locks", _after(inventory.annotate, inventory.change_lock)),
    Canonical(
        "apartments", _after(inventory.refurbish, inventory.readdress), pipelines=("apartments",)
    ),
    Canonical(
        "new apartments",
        _after(inventory.build_apartment, inventory.drop_apartment),
        nasty=True,
        pipelines=("apartments",),
    ),
    Canonical("everything", _after(*inventory.EVENTS), pipelines=BOTH),
    Canonical("a state restored", _restored),
    Canonical("creates unknown", _meeting(_first, "reset after processing")),
    Canonical("updates unknown", _meeting(_after(*inventory.EVENTS), "timeout after processing")),
    Canonical("late creates", _meeting(_first, "late processing")),
    Canonical("answers cut", _meeting(_after(*inventory.EVENTS), "truncated body", "429 seconds")),
)


class Loop:
    """One canonical night, struck everywhere."""

    def __init__(self, canonical: Canonical, tally: Tally) -> None:
        self.canonical = canonical
        self.tally = tally
        self.checks = Checks()
        self.left = set[bytes]()
        self.world = Simulated(
            seed=canonical.name,
            inventory=INVENTORY,
            missing="retire",
            limits=inventory.NO_LIMITS,
            habits=StoredgeHabits(unique_names=False),
            pipelines=canonical.pipelines,
        )
        self.swarm = canonical.prepare(self.world)
        self.world.export()

    def run(self, every: int = 1) -> None:
        """Every step, or every so many, in every way; raises Violation."""
        modes: tuple[Mode, ...] = ("crash", "error once", "error for ever")
        for mode in modes:
            for step in self._steps(mode)[::every]:
                self._struck(mode, step)
        if self.canonical.nasty:
            for step in self._steps("crash")[:: 4 * every]:
                for second in range(1 + step % STRIDE, 80, STRIDE):
                    self._struck("crash", step, second)
        for name, times in self.checks.checked.items():
            self.tally.saw("invariant", name, times)
        self.world.close()

    def _steps(self, mode: Mode) -> list[int]:
        """The steps of the night as it goes when nothing strikes."""
        world = self.world.fork()
        lived = world.night(self._faults(), mode=mode, at=10**9)
        world.close()
        return list(_distinct(lived.boundary.trace, mode))

    def _struck(self, mode: Mode, step: int, second: int | None = None) -> None:
        world = self.world.fork()
        try:
            self._live_through(world, self._faults(), step, mode)
            if second is not None:
                self._live_through(world, QUIET, second, "crash")
            if self._known(world):
                return
            self._live_through(world)
            world.strange = False
            if not world.doubles:
                self._live_through(world)
                healed(world, self.checks)
                quiet(world, self._live_through(world), self.checks)
        except AssertionError as error:
            error.add_note(f"{self.canonical.name}: {mode} at step {step}, then at {second}")
            raise
        finally:
            world.close()

    def _known(self, world: Simulated) -> bool:
        """Whether another step left the same behind, so that the nights to come are known."""
        left = world.fingerprint()
        if left in self.left:
            self.tally.saw("loops", "left what another step had left")
            return True
        self.left.add(left)
        return False

    def _faults(self) -> Swarm:
        return Swarm(self.swarm.kinds, self.swarm.rate, Random(self.world.seed))

    def _live_through(
        self, world: Simulated, swarm: Swarm = QUIET, at: int | None = None, mode: Mode = "crash"
    ) -> Lived:
        before = Before.of(world)
        lived = world.night(swarm, at=at, mode=mode, witness=Witness(world, self.checks))
        after_night(world, lived, self.checks, before)
        self.tally.nights += 1
        self.tally.steps += lived.boundary.count
        if lived.boundary.struck:
            self.tally.saw(mode, lived.boundary.struck)
        return lived


def _distinct(trace: list[str], mode: Mode) -> Iterator[int]:
    """The steps that can leave something different behind, from 1. Who dies before a step leaves
    what the step before it had left."""
    for number, (last, name) in enumerate(pairwise(["", *trace]), start=1):
        crashed_there = mode == "crash" and last.startswith("after") and name.startswith("before")
        if not crashed_there and (not name.endswith(ALIKE) or _busy(name, mode)):
            yield number


def _busy(name: str, mode: Mode) -> bool:
    """Whether the lock to write can be refused there."""
    return mode != "crash" and name == "before BEGIN"


def loop(name: str, every: int = 1) -> Tally:
    """The loop over the canonical night of that name."""
    tally = Tally()
    Loop(LOOPS[name], tally).run(every)
    return tally


LOOPS: Mapping[str, Canonical] = {canonical.name: canonical for canonical in NIGHTS}
