"""What a connection is given from outside, so that it can be lived through in a test."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass

from connectors.clock import Clock
from connectors.rate import RateLimit
from connectors.retry import RetryBudget
from connectors.transport import Transport


@dataclass(frozen=True)
class Outside:
    """Time, chance, the transport (None: the network), the signal to stop, the retries, and the
    rate where it is not its own (else the settings say it)."""

    clock: Clock
    random: random.Random
    transport: Transport | None
    stop: threading.Event
    budget: RetryBudget
    rate: RateLimit | None = None
