"""The wire of a simulated night: both vendors behind a transport that can fail in any known way.

Every fault has two halves, before and after the vendor does its work; the "after" half is the one
that makes duplicates. A mock transport enforces neither time-outs nor lengths, so what httpcore
would raise is raised here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from connectors.clock import FakeClock
from connectors.sandbox import Sandbox, mock_transport
from tests.simulation.boundary import Boundary
from tests.simulation.exchange import Exchange
from tests.simulation.faults import FAULTS, Fault


@dataclass
class Swarm:
    """The faults that this world knows, and how often a request meets one of them."""

    kinds: tuple[Fault, ...] = ()
    rate: float = 0.0
    random: Random = field(default_factory=Random)

    def draw(self, exchange: Exchange) -> Fault | None:
        rare = [kind for kind in self.kinds if kind.rare and kind.meets(exchange)]
        if rare and self.random.random() < 0.5:
            return rare[0]
        if not self.kinds or self.random.random() >= self.rate:
            return None
        fitting = [kind for kind in self.kinds if kind.meets(exchange)]
        return self.random.choice(fitting) if fitting else None


@dataclass(frozen=True)
class Attempt:
    """One request as the wire saw it; `processed` says whether the vendor did its work."""

    endpoint: str
    scope: str | None
    body: dict[str, Any]
    processed: bool
    fault: str | None

    def __str__(self) -> str:
        met = f", met: {self.fault}" if self.fault else ""
        return f"{self.endpoint} {self.scope or ''}{met}{'' if self.processed else ', not done'}"


Witness = Callable[[str, dict[str, Any]], None]


class Wire(httpx.BaseTransport):
    """In front of the sandbox. `witness` sees each write before it leaves; `meanwhile` is told
    after each request how many there were, and `between` of each write that follows a reading;
    `known` are the remote ids that we know."""

    def __init__(self, sandbox: Sandbox, clock: FakeClock, boundary: Boundary) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.boundary = boundary
        self.inner = mock_transport(sandbox, advance=clock.advance)
        self.swarm = Swarm()
        self.witness: Witness = lambda endpoint, body: None
        self.fired: Counter[str] = Counter()
        self.attempts: list[Attempt] = []
        self.known: Callable[[], set[str]] = set
        self.meanwhile: Callable[[int], None] = lambda requests: None
        self.between: Callable[[Exchange], None] = lambda exchange: None
        self.has_read = False
        self.hidden: dict[str, int] = {}
        self.delayed: set[str] = set()
        self.overtaken = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        exchange = Exchange(request, self)
        self.boundary.point(
            f"before request {exchange.endpoint}",
            lambda: httpx.ConnectError("refused", request=request),
        )
        if exchange.is_write:
            self.witness(exchange.endpoint, exchange.body)
            if self.has_read:
                self.between(exchange)
        fault = self.swarm.draw(exchange)
        try:
            if fault is None:
                response = exchange.process()
            else:
                self.fired[fault.name] += 1
                response = fault.meet(exchange)
        finally:
            self._note(exchange, fault)
            self.meanwhile(len(self.attempts))
        self.boundary.point(
            f"after request {exchange.endpoint}", lambda: httpx.ReadError("reset", request=request)
        )
        return response

    def _note(self, exchange: Exchange, fault: Fault | None) -> None:
        self.has_read = exchange.is_listing or (self.has_read and exchange.is_token)
        self.attempts.append(
            Attempt(
                exchange.endpoint,
                exchange.scope,
                exchange.body,
                exchange.processed,
                fault.name if fault else None,
            )
        )


def swarm(random: Random, rate: float | None = None) -> Swarm:
    """From none to five kinds, all at one rate."""
    kinds = tuple(random.sample(FAULTS, random.choice([0, 1, 1, 2, 3, 5])))
    return Swarm(kinds, rate or random.choice([0.03, 0.1, 0.3, 0.8]), random)
