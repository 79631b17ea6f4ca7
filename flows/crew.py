"""The workers of a Dask cluster during one run.

Each shard has a lane: one task on one worker, which pushes scope after scope and asks before each
request. So the number of tasks is that of the shards, only this process writes the state, and the
rate, the retries and the signal to stop hold over all workers.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from typing import Self

from distributed import Client

from flows.courier import Courier, NoWorkerLeft, WorkerLost
from flows.execution import WorkersUnreachable
from flows.lane import LOOK_SECONDS, DaskLane
from flows.planning import PlannedScope
from flows.pushing import Carry, Push, PushedScope, Pusher, shards_of

# Dask itself waits for 30 s, which is long where nobody is there.
CONNECT_SECONDS = 10.0
# A worker that is well answers at once, whatever it pushes meanwhile.
ANSWER_SECONDS = 10.0
# Whoever watches over the workers starts a lost one again within seconds, or not tonight.
REPLACEMENT_SECONDS = 30.0
# As many workers may be lost in one run; what loses more of them is no accident.
MOST_LOST = 8
# What both ends of a line must agree about.
SHARED = ("unitsync", "distributed")


class Crew:
    """Gives out lanes to the workers of one scheduler. Threads share it.

    `patience_seconds` is how long a shard waits for a worker when none is left.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.patience_seconds = REPLACEMENT_SECONDS
        self._lock = threading.Lock()
        self._lanes: Counter[str] = Counter()
        self._lost: dict[str, WorkerLost] = {}

    @classmethod
    @contextmanager
    def at(cls, address: str, connect_seconds: float = CONNECT_SECONDS) -> Iterator[Self]:
        """The workers of the scheduler at this address; raises WorkersUnreachable."""
        _quiet()
        try:
            client = Client(address, timeout=connect_seconds, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise WorkersUnreachable(
                f"execution.address: no Dask scheduler answers at {address} "
                f"({type(error).__name__}). Nothing was sent; start it, or write engine: threads"
            ) from None
        with client:
            crew = cls(client)
            if not crew.workers():
                raise WorkersUnreachable(
                    f"execution.address: the Dask scheduler at {address} has no worker. Nothing "
                    "was sent; start one with `dask worker`, or write engine: threads"
                )
            yield crew

    def workers(self) -> list[str]:
        """The addresses of those that were not lost; none where the scheduler is gone."""
        try:
            return sorted(set(self._client.nthreads()) - self._lost.keys())
        except (OSError, TimeoutError):
            return []

    def muster(self) -> int:
        """How many workers there are; raises WorkersUnreachable where one has other packages, or
        does not say."""
        for package in SHARED:
            here = version(package)
            for worker, there in self._versions(package).items():
                if isinstance(there, TimeoutError):
                    raise WorkersUnreachable(
                        f"execution.address: the worker {worker} does not answer within "
                        f"{ANSWER_SECONDS:g} seconds; stop it, or start it again"
                    )
                if there != here:
                    found = f"no {package}" if isinstance(there, Exception) else there
                    raise WorkersUnreachable(
                        f"execution.address: the worker {worker} has {found}, and this machine "
                        f"{package} {here}; install the same unitsync[dask] on both"
                    )
        return len(self.workers())

    def _versions(self, package: str) -> dict[str, str | Exception]:
        """What each worker says of a package, or why it does not."""

        async def ask(worker: str) -> str | Exception:
            asking = self._client.run(version, package, workers=[worker], on_error="return")
            try:
                said: dict[str, str | Exception] = await asyncio.wait_for(asking, ANSWER_SECONDS)
            except TimeoutError as error:
                return error
            return said[worker]

        async def ask_all() -> list[str | Exception]:
            return await asyncio.gather(*map(ask, workers))

        workers = self.workers()
        return dict(zip(workers, self._client.sync(ask_all), strict=True))

    def spread(self, pusher: Pusher) -> Pusher:
        """The same pusher, with shards for whatever the workers can push at once."""

        def push_spread(
            push: Push, shards: Sequence[Sequence[PlannedScope]]
        ) -> Iterable[PushedScope]:
            push.carrier = self.carrier
            scopes = [planned for shard in shards for planned in shard]
            return pusher(push, shards_of(push.job, scopes, max(1, len(self.workers()))))

        return push_spread

    @contextmanager
    def carrier(self, push: Push) -> Iterator[Carry]:
        """Carries the scopes of one shard to a worker."""
        with closing(Courier(push, self.open_lane)) as courier:
            yield courier

    def open_lane(self, push: Push) -> DaskLane:
        """A lane to the least busy worker; raises NoWorkerLeft if none comes within a while."""
        outside = push.job.target.outside
        until = outside.clock.monotonic() + self.patience_seconds
        while not (workers := self.workers()):
            late = outside.clock.monotonic() >= until
            if late or outside.stop.is_set() or len(self._lost) >= MOST_LOST:
                raise NoWorkerLeft(self._all_lost())
            outside.clock.sleep(LOOK_SECONDS)
        with self._lock:
            worker = min(workers, key=self._lanes.__getitem__)
            self._lanes[worker] += 1
        return DaskLane(self._client, worker, push.job, self._ended)

    def _ended(self, worker: str, loss: WorkerLost | None) -> None:
        with self._lock:
            self._lanes[worker] -= 1
            if loss is not None:
                self._lost[worker] = loss

    def _all_lost(self) -> str:
        words = dict.fromkeys(map(str, self._lost.values()))
        return "no Dask worker is left" + (f": {'; '.join(words)}" if words else "")


def _quiet() -> None:
    """A lost worker is told once, and in our words."""
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
