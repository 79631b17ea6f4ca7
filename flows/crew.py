"""The coordinator's side of Dask: scopes go to the workers, and what they tell is recorded.

Each shard has a lane: one task on one worker, which pushes scope after scope and asks before each
request. So the number of tasks is that of the shards, only this process writes the state, and the
rate, the retries and the signal to stop hold over all workers. A task belongs to its worker and
runs nowhere else. When a worker is lost, the journal says what it had sent: this process reads the
scope and pushes the rest of it, and the shard goes on at another worker.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from distributed import Client

from connectors.errors import ApiError, NotSent
from flows.execution import WorkersUnreachable
from flows.job import Job
from flows.lane import LOOK_SECONDS, Lane, WorkerLost
from flows.planning import PlannedScope
from flows.pushing import Carry, Delivery, Push, PushedScope, Pusher, shards_of
from flows.recorder import Recorder
from flows.witness import Witness
from transforms.plan import Change, Result

# Dask itself waits for 30 s, which is long where nobody is there.
CONNECT_SECONDS = 10.0
# Whoever watches over the workers starts a lost one again within seconds, or not tonight.
REPLACEMENT_SECONDS = 30.0
# As many workers may be lost in one run; what loses more of them is no accident.
MOST_LOST = 8


class NoWorkerLeft(NotSent):
    """Every worker was lost, so nothing more is sent."""


class Crew:
    """The workers of one scheduler during one run. Threads share it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()
        self._lost: dict[str, str] = {}

    @classmethod
    @contextmanager
    def at(cls, address: str) -> Iterator[Self]:
        """The workers of the scheduler at this address; raises WorkersUnreachable."""
        _quiet()
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
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
        """The addresses of those that can be given work; none where the scheduler is gone."""
        try:
            return sorted(set(self._client.nthreads()) - self._lost.keys())
        except (OSError, TimeoutError):
            return []

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
        """Carries the scopes of one shard: along one lane, and along another where that is lost."""
        lane: Lane | None = None

        def carry(scope: str, changes: Sequence[Change], recorder: Recorder) -> Delivery:
            nonlocal lane
            witness, losses = Witness(recorder), []
            error: ApiError | None = None
            while left := witness.unresolved(changes):
                work = push.work(scope, left, dict(witness.doubted))
                if work.doubted:
                    _, error = push.job.target.push(work, witness)
                    break
                try:
                    lane = lane or self._open(push.job)
                    error = lane.push(work, witness)
                    break
                except NoWorkerLeft as nobody:
                    witness.decided([Result(c, "failed", f"not sent: {nobody}") for c in left])
                    error = nobody
                except WorkerLost as loss:
                    losses.append(_told(scope, loss, witness))
                    self._abandon(lane, loss)
                    lane = None
            return Delivery(witness.outcomes, error, tuple(losses))

        try:
            yield carry
        finally:
            if lane is not None:
                lane.close()
                self._leave(lane)

    def _open(self, job: Job) -> Lane:
        """A lane to the least busy worker; raises NoWorkerLeft if none comes within a while."""
        clock, stop = job.target.outside.clock, job.target.outside.stop
        until = clock.monotonic() + REPLACEMENT_SECONDS
        while len(self._lost) < MOST_LOST and not stop.is_set():
            if workers := self.workers():
                with self._lock:
                    worker = min(workers, key=self._busy.__getitem__)
                    self._busy[worker] += 1
                return Lane(self._client, worker, job)
            if clock.monotonic() >= until:
                break
            clock.sleep(LOOK_SECONDS)
        last = f"; {'; '.join(sorted(set(self._lost.values())))}" if self._lost else ""
        raise NoWorkerLeft(f"no Dask worker is left{last}")

    def _leave(self, lane: Lane) -> None:
        with self._lock:
            self._busy[lane.worker] -= 1

    def _abandon(self, lane: Lane | None, loss: WorkerLost) -> None:
        if lane is not None:
            self._lost[lane.worker] = str(loss)
            self._leave(lane)
            lane.abandon()


def _told(scope: str, loss: WorkerLost, witness: Witness) -> str:
    doubted = sum(map(len, witness.doubted.values()))
    if not doubted:
        return f"{scope}: {loss} between two requests; what was left went to another"
    return (
        f"{scope}: {loss} with {doubted} changes sent and not answered; it was read again, and what "
        "was left of it was sent from here"
    )


def _quiet() -> None:
    """A lost worker is told once, and in our words."""
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
