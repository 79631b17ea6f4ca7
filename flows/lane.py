"""The coordinator's end of the line to one worker: a task that pushes scope after scope.

It promises that what the worker is told to send is in the journal, that a worker which is lost is
noticed within seconds, and that nobody listens to it afterwards.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, wait
from contextlib import contextmanager, suppress
from typing import Any, cast

from distributed import Client
from distributed.protocol.pickle import dumps, loads

from connectors.errors import ApiError
from connectors.targets.work import Journal, ScopeWork
from flows.courier import WorkerLost
from flows.job import Job
from flows.line import queues
from flows.worker import push_scopes

# How long nothing is heard before it is asked whether the worker is still there. A request to a
# vendor takes longer than this at times, and then the question costs a millisecond.
LOOK_SECONDS = 1.0

# Told of a lane's worker at its end, and of its loss if it was lost.
Ended = Callable[[str, WorkerLost | None], None]


class DaskLane:
    """One task on one worker, for the scopes of one job, one at a time (see `courier.Lane`)."""

    def __init__(self, client: Client, worker: str, job: Job, ended: Ended) -> None:
        """Opens the lane; raises nothing yet where the worker is gone."""
        name = f"unitsync-{uuid.uuid4().hex}"
        self.worker = worker
        self.job = job
        self._client = client
        self._loop: asyncio.AbstractEventLoop = cast("Any", client.loop).asyncio_loop
        self._ended = ended
        self._is_ready = False
        self._up, self._down = queues(name, client)
        # Dask runs the task of a dead worker again, but not on one that it does not belong to.
        self._task = client.submit(
            push_scopes,
            name,
            key=name,
            workers=[worker],
            allow_other_workers=False,
            pure=False,
        )

    def push(self, work: ScopeWork, journal: Journal) -> ApiError | None:
        """See `Lane`."""
        if not self._is_ready:
            self._listen(journal)
        self._answer(work)
        return self._listen(journal)

    def close(self) -> None:
        """See `Lane`."""
        with suppress(WorkerLost):
            self._answer(None)
        self._hang_up()
        self._ended(self.worker, None)

    def abandon(self, loss: WorkerLost) -> None:
        """See `Lane`."""
        self._hang_up()
        self._ended(self.worker, loss)

    def _hang_up(self) -> None:
        with suppress(OSError, TimeoutError):
            self._up.close()
            self._down.close()
            self._task.release()

    def _listen(self, journal: Journal) -> ApiError | None:
        """Does what the worker asks for until it is ready for the next scope."""
        target = self.job.target
        answers: Mapping[str, Callable[..., Any]] = {
            "settings": lambda: self.job.pipeline.target,
            "look_up": lambda: None,
            "reserve": lambda: 0.0 if target.outside.stop.is_set() else target.client.reserve(),
            "hold": target.client.hold,
            "spend": target.outside.budget.spend,
            "sent": journal.sent,
            "answered": journal.answered,
            "learned": journal.learned,
            "settled": journal.settled,
            "decided": journal.decided,
        }
        while True:
            is_question, what, said = self._hear()
            if what == "ready":
                self._is_ready = True
                error: ApiError | None = said[0]
                return error
            answer = answers[what](*said)
            if is_question:
                self._answer(answer)

    def _answer(self, answer: Any) -> None:
        with _scheduler():
            self._down.put(dumps((self.job.target.outside.stop.is_set(), answer)))

    def _hear(self) -> tuple[bool, str, tuple[Any, ...]]:
        with _scheduler():
            # A question with a timeout of its own would be an error in the scheduler's log.
            heard = asyncio.run_coroutine_threadsafe(self._up.get(asynchronous=True), self._loop)
            try:
                while not wait([heard], LOOK_SECONDS).done:
                    self._look()
                message: tuple[bool, str, tuple[Any, ...]] = loads(heard.result())
            finally:
                heard.cancel()
            return message

    def _look(self) -> None:
        """Raises WorkerLost if the worker is gone, or gave up."""
        if self.worker not in self._client.nthreads():
            raise WorkerLost(f"the worker {self.worker} was lost")
        if self._task.status == "error":
            error = self._task.exception()
            raise WorkerLost(
                f"the worker {self.worker} gave up ({type(error).__name__}: {error}); it needs the "
                "same unitsync[dask] as is installed here"
            )
        if self._task.status != "pending":
            raise WorkerLost(f"the task of the worker {self.worker} is {self._task.status}")


@contextmanager
def _scheduler() -> Iterator[None]:
    try:
        yield
    except (OSError, TimeoutError, CancelledError) as error:
        raise WorkerLost(f"the Dask scheduler was lost ({type(error).__name__})") from None
