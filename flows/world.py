"""What the engine is given from outside, so that a night can be lived through in a test.

Nothing in the engine reads the time, draws a random number or opens a connection by itself.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field

from connectors.clock import Clock, SystemClock
from connectors.outside import Outside
from connectors.retry import RetryBudget
from connectors.transport import Transport
from flows.stopping import Stop
from state.disk import LOCAL_DISK, Disk


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class World:
    """The clock, the random source, the transport (None: the network), the ids, the retries, the
    disk and the threads of one run, and how a person is told that it waits.

    Setting `stop` ends a run cleanly: the request in flight is finished and recorded, and nothing
    more is sent.
    """

    clock: Clock = field(default_factory=SystemClock)
    random: random.Random = field(default_factory=random.Random)
    transport: Transport | None = None
    new_id: Callable[[], str] = _new_id
    stop: Stop = field(default_factory=Stop)
    budget: RetryBudget = field(default_factory=RetryBudget)
    disk: Disk = LOCAL_DISK
    pool: Callable[[int], Executor] = ThreadPoolExecutor
    say: Callable[[str], None] = lambda said: None

    def outside(self) -> Outside:
        """The part of it that a target is given."""
        return Outside(self.clock, self.random, self.transport, self.stop, self.budget)
