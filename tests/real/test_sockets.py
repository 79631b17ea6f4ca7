"""What networks do to a night: nothing twice, nothing lost, and the next night is in step.

The engine runs in this process, so that its back-off and its spaced readings cost no time; the
sockets, the vendors and the state are real.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

import pytest

from connectors.clock import FakeClock
from connectors.sandbox import SandboxServer, demo_sandbox
from flows.settings import load
from flows.summary import RunSummary
from flows.sync import sync
from flows.world import World
from tests.real import proxy as wire
from tests.real.inventory import Inventory
from tests.real.place import CONFIG, environment_of
from tests.real.proxy import Exchange, Fault, Proxy

READS = ("GET units", "GET unit_groups", "POST units/find")
CREATES = ("POST unit_groups", "POST units/bulk_create", "POST units/multiple")
WRITES = (*CREATES, "PUT units/bulk_update", "PATCH unit_groups")
# Longer than a busy machine needs for an answer on loopback; waited for in no test.
TIMEOUT = "timeout: 20"


@dataclass
class Line:
    """A folder, an inventory, and a line to the vendors that can be disturbed."""

    folder: Path
    proxy: Proxy
    clock: FakeClock
    sandbox: object
    inventory: Inventory

    def night(self) -> RunSummary:
        """A night, and the day after it."""
        settings = load(self.folder / "unitsync.yaml", environ=environment_of(self.proxy.url))
        ids = count(self.clock.monotonic())
        world = World(clock=self.clock, random=Random(1), new_id=lambda: f"run-{next(ids)}")
        summary = sync(settings, world)
        self.clock.advance(86_400)
        return summary

    def change(self) -> None:
        self.inventory.change()
        self.inventory.export(self.folder)

    def assert_heals(self) -> None:
        """The next night is in step, the one after it may only read, and then nothing is sent."""
        self.proxy.fault_of = lambda endpoint: None
        good = self.night()
        assert 0 == good.exit_code, good
        assert [] == self.inventory.differences(self.sandbox)
        writes = self.sandbox.counts()["writes"]
        assert (0, writes) == (self.night().exit_code, self.sandbox.counts()["writes"])
        assert 0 == sum(pipeline.requests for pipeline in self.night().pipelines)

    def assert_nothing_twice(self) -> None:
        assert [] == [d for d in self.inventory.differences(self.sandbox) if "twice" in d]


@pytest.fixture
def line(tmp_path) -> Iterator[Line]:
    clock = FakeClock()
    sandbox = demo_sandbox(clock=clock)
    inventory = Inventory(Random(1), units=4, apartments=4)
    inventory.export(tmp_path)
    (tmp_path / "unitsync.yaml").write_text(
        CONFIG.replace("batch_size: 4", f"batch_size: 2\n      {TIMEOUT}")
    )
    with SandboxServer(sandbox) as server, Proxy(server.url) as proxy:
        yield Line(tmp_path, proxy, clock, sandbox, inventory)


PLAIN = [
    wire.reset_before,
    wire.reset_after,
    wire.half_a_body,
    wire.fault_after,
]
SUBTLE = [
    wire.nothing_at_all,
    wire.half_a_body_then_reset,
    wire.truncated_json,
    wire.login_page,
    wire.empty_list_with_a_code,
    wire.bad_credentials_as_an_empty_list,
    wire.broken_gzip,
]


@pytest.mark.parametrize("fault", PLAIN, ids=lambda fault: fault.__name__)
def test_a_fault_at_every_endpoint_and_then_at_every_request_does_no_harm(line, fault):
    first = Counter()

    def once_each(endpoint: str) -> Fault | None:
        first[endpoint] += 1
        return fault if first[endpoint] == 1 else None

    line.proxy.fault_of = once_each
    line.night()
    line.assert_nothing_twice()
    assert set(line.proxy.met) >= {*READS, *CREATES}

    line.change()
    line.proxy.fault_of = lambda endpoint: fault if endpoint in WRITES else None
    bad = line.night()
    line.assert_nothing_twice()

    assert bad.exit_code in (1, 4)
    line.assert_heals()


def test_many_faults_in_any_order_do_no_harm(line):
    random, chosen = Random("faults"), set()

    def any_or_none(endpoint: str) -> Fault | None:
        fault = random.choice([*PLAIN, *SUBTLE]) if random.random() < 0.4 else None
        chosen.add(fault)
        return fault

    line.proxy.fault_of = any_or_none
    for _ in range(5):
        line.night()
        line.assert_nothing_twice()
        line.change()

    assert chosen == {None, *PLAIN, *SUBTLE}
    line.assert_heals()


def test_a_slow_drip_of_every_answer_ends_at_the_deadline(line):
    """Each byte comes in time, and the answer never ends."""

    def drip(exchange: Exchange) -> None:
        head, body = exchange.forward()
        exchange.caller.sendall(head + b"\r\n\r\n")
        for byte in body:
            line.clock.advance(20)
            exchange.caller.sendall(bytes([byte]))

    line.proxy.fault_of = lambda endpoint: drip if endpoint in CREATES else None
    bad = line.night()
    line.assert_nothing_twice()

    assert bad.exit_code in (0, 1)
    assert set(line.proxy.met) == {*CREATES}
    line.assert_heals()


def test_a_vendor_that_goes_away_in_the_middle_costs_what_was_not_sent(line):
    gone = iter([None] * 6)

    def fault_of(endpoint: str) -> Fault | None:
        if endpoint in CREATES and next(gone, "now") == "now":
            line.proxy.vanish()
        return None

    line.proxy.fault_of = fault_of
    bad = line.night()
    line.proxy.listen()

    assert bad.exit_code in (1, 4)
    line.assert_heals()
