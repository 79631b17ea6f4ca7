"""The worker's end of the line to the coordinator: two queues of the Dask scheduler.

The worker speaks, and the coordinator answers where it is asked. So nothing leaves a worker that
the coordinator has not just let go: each request is journaled, and given its moment, first. A
worker to whom nobody listens any more sends nothing more. What goes over the line is bytes to Dask:
no secret stands in a name, a log line or on its pages.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from distributed import Queue
from distributed.protocol.pickle import dumps, loads

from connectors.clock import Clock
from connectors.http import STEP_SECONDS
from connectors.rate import RateLimit
from connectors.retry import RetryBudget
from transforms.plan import Change, Result

# The coordinator answers within milliseconds; where it does not for so long, it is gone.
ANSWER_SECONDS = 60.0


class Line:
    """Asks and tells the coordinator; `stop` is set as soon as an answer says so."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.stop = FarStop(self)
        self._clock = clock
        self._heard_at = clock.monotonic()
        self._up, self._down = queues(name)

    def tell(self, what: str, *said: Any) -> None:
        """Says something that needs no answer."""
        self._up.put(dumps((False, what, said)))

    def ask(self, what: str, *said: Any) -> Any:
        """Says something and waits for the answer; raises TimeoutError where none comes."""
        self._up.put(dumps((True, what, said)))
        stopping, answer = loads(self._down.get(timeout=ANSWER_SECONDS))
        self._heard_at = self._clock.monotonic()
        if stopping:
            self.stop.set()
        return answer

    def look_up(self) -> None:
        """Asks whether to stop, if nothing was heard for a while."""
        if self._clock.monotonic() - self._heard_at >= STEP_SECONDS:
            self.ask("look_up")

    def close(self) -> None:
        """Gives the queues up."""
        self._up.close()
        self._down.close()


def queues(name: str, client: Any = None) -> tuple[Queue, Queue]:
    """What the worker says, and what it is answered."""
    return Queue(f"{name}-up", client), Queue(f"{name}-down", client)


class FarStop(threading.Event):
    """The coordinator's signal to stop, as far as it is heard."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def is_set(self) -> bool:
        """Whether nothing more may be sent; asks now and then."""
        if not super().is_set():
            self._line.look_up()
        return super().is_set()


class FarRate(RateLimit):
    """The coordinator's rate, which holds over all workers."""

    def __init__(self, line: Line, clock: Clock) -> None:
        super().__init__(None, clock)
        self._line = line

    def reserve(self) -> float:
        """Take the next free moment of all; the caller waits so many seconds."""
        return float(self._line.ask("reserve"))

    def hold(self, seconds: float) -> None:
        """Nobody sends anything for so long."""
        self._line.tell("hold", seconds)


class FarBudget(RetryBudget):
    """The retries of the whole run, which the coordinator keeps."""

    def __init__(self, line: Line) -> None:
        super().__init__(0)
        self._line = line

    def spend(self) -> bool:
        """Take one; False when there is none."""
        return bool(self._line.ask("spend"))


class FarJournal:
    """The journal that the coordinator writes (see `connectors.targets.work.Journal`)."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def sent(self, method: str, path: str, purpose: str, changes: Sequence[Change]) -> int:
        """Durable when it returns, and so before the request leaves."""
        return int(self._line.ask("sent", method, path, purpose, changes))

    def answered(
        self,
        request: int,
        status: int | None,
        words: str,
        request_id: str | None,
        results: Sequence[Result],
    ) -> None:
        """In the order in which it is told; nothing is sent before the coordinator has heard it."""
        self._line.tell("answered", request, status, words, request_id, results)

    def learned(self, request: int, results: Sequence[Result]) -> None:
        """What a reading showed of an open request."""
        self._line.tell("learned", request, results)

    def settled(self, request: int, results: Sequence[Result]) -> None:
        """The last that is to be known of an open request."""
        self._line.tell("settled", request, results)

    def decided(self, results: Sequence[Result]) -> None:
        """Outcomes that needed no request."""
        self._line.tell("decided", results)
