"""Carries the scopes of one shard along a lane to a worker, and sees to it that a lost one costs
nothing.

The journal, which this process writes before the worker sends, says what was open when a worker was
lost. Where nothing was, the next lane goes on with what is left. Else this process reads the scope,
as the next run would after a crash, and pushes what is left of it itself: so a scope is never in
the hands of two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.errors import ApiError, NotSent
from connectors.targets.work import Journal, ScopeWork
from flows.pushing import Delivery, Push
from flows.recorder import Recorder
from flows.witness import Witness
from transforms.plan import Change, Result


class WorkerLost(Exception):
    """A worker is gone, with a scope in its hands."""


class NoWorkerLeft(NotSent):
    """Every worker was lost, so nothing more is sent."""


class Lane(Protocol):
    """The way to one worker."""

    def push(self, work: ScopeWork, journal: Journal) -> ApiError | None:
        """Has the worker push a scope; the error, if there is one, would end any scope alike.

        Raises WorkerLost; what was told until then is in the journal.
        """

    def close(self) -> None:
        """Lets the worker go."""

    def abandon(self, loss: WorkerLost) -> None:
        """Listens to a lost worker no more: whatever it still wants to send, nobody lets it."""


@dataclass
class Courier:
    """Carries changes of one scope after the other. `open_lane` raises NoWorkerLeft."""

    push: Push
    open_lane: Callable[[Push], Lane]
    lane: Lane | None = None

    def __call__(self, scope: str, changes: Sequence[Change], recorder: Recorder) -> Delivery:
        """Delivers the changes; each has its outcome afterwards, whoever was lost."""
        witness, error, losses = Witness(recorder), None, []
        while (left := witness.unresolved(changes)) or witness.doubted:
            try:
                error = self._deliver(self.push.work(scope, left, dict(witness.doubted)), witness)
                break
            except NoWorkerLeft as nobody:
                witness.decided([Result(c, "failed", f"not sent: {nobody}") for c in left])
                error = nobody
            except WorkerLost as loss:
                losses.append(_told(scope, loss, witness))
        return Delivery(witness.outcomes, error, tuple(losses))

    def close(self) -> None:
        """The shard is done."""
        if self.lane is not None:
            self.lane.close()

    def _deliver(self, work: ScopeWork, witness: Witness) -> ApiError | None:
        if work.doubted:
            return self.push.job.target.push(work, witness)[1]
        self.lane = self.lane or self.open_lane(self.push)
        try:
            return self.lane.push(work, witness)
        except WorkerLost as loss:
            self.lane.abandon(loss)
            self.lane = None
            raise


def _told(scope: str, loss: WorkerLost, witness: Witness) -> str:
    doubted = sum(map(len, witness.doubted.values()))
    if not doubted:
        return f"{scope}: {loss} between two requests; what was left went to another"
    return (
        f"{scope}: {loss} with {doubted} changes sent and not answered; it was read again, and "
        "what was left of it was sent from here"
    )
