"""Ctrl-C and SIGTERM in the middle of a real night."""

from __future__ import annotations

import signal
import subprocess
import threading
from contextlib import suppress

import pytest

from connectors.sandbox import Fault
from tests.real.place import SYNC, Place

CREATE = "POST units/bulk_create"


def creates(place: Place) -> int:
    return place.sandbox.counts()["requests"].get(CREATE, 0)


def signalled(place: Place, number: int) -> subprocess.Popen[str]:
    """A night that gets a signal while its second create is in flight."""
    process = place.start(*SYNC)

    def watch(_: int, side: str) -> None:
        if side == "processed" and creates(place) == 2:
            process.send_signal(number)

    place.wire.watch = watch
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_finishes_and_records_the_request_in_flight(place, inventory, number, code):
    place.sandbox.order_fault(Fault(kind="delay", endpoint=CREATE, seconds=0.2, count=None))

    ended = place.end_of(signalled(place, number))

    assert code == ended.code
    storage, apartments = ended.document["pipelines"]
    created = [unit for unit in place.sandbox.units() if unit["vendor"] == "storedge"]
    assert 20 > len(created) == storage["counts"]["created"] > 0
    assert 20 == storage["counts"]["created"] + storage["counts"]["failed"]
    assert 0 == apartments["counts"]["created"]
    assert [] == place.rows_of("SELECT * FROM requests WHERE state = 'sent'")
    assert [] == place.rows_of("SELECT * FROM runs WHERE status = 'running'")
    place.wire.watch = lambda *_: None
    place.sandbox.clear_faults()
    assert 0 == place.night().exit_code
    assert [] == inventory.differences(place.sandbox)


def test_who_insists_does_not_wait_and_still_loses_nothing(place, inventory):
    place.sandbox.order_fault(Fault(kind="delay", endpoint=CREATE, seconds=60, count=None))
    in_flight = threading.Event()
    place.wire.watch = lambda *_: in_flight.set() if creates(place) == 2 else None
    process = place.start(*SYNC)
    assert in_flight.wait(60)

    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)

    assert -signal.SIGTERM == process.returncode
    process.communicate()
    place.wire.watch = lambda *_: None
    place.sandbox.clear_faults()
    assert 0 == place.night().exit_code
    assert [] == inventory.differences(place.sandbox)
