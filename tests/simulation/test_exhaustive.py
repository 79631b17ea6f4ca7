"""The canonical nights are what their names say, and no step of them is skipped for nothing."""

from __future__ import annotations

import pytest

from tests.simulation.campaign import Tally
from tests.simulation.exhaustive import LOOPS, QUIET, Loop
from tests.simulation.night import Simulated


@pytest.mark.parametrize("name", LOOPS)
def test_every_canonical_night_but_the_quiet_one_sends_something(name):
    world = Loop(LOOPS[name], Tally()).world
    asked = len(world.sandbox.requests())

    world.night()

    assert (len(world.sandbox.requests()) == asked) is (name == "quiet")
    world.close()


def test_two_worlds_have_one_fingerprint_only_if_nothing_tells_them_apart():
    world = Simulated(seed="fingerprint", inventory="fingerprint")
    world.export()
    world.night(QUIET)
    twin, same = world.fork(), world.fork()
    unit = world.sandbox.units()[0]["id"]

    assert same.fingerprint() == twin.fingerprint()

    other_vendor, other_state, other_clock = (world.fork() for _ in range(3))
    assert other_vendor.sandbox.edit("storedge", "unit", unit, {"standard_rate": 1.0}) is None
    other_state.night(QUIET, at=5)
    other_clock.clock.advance(1.0)
    others = (other_vendor, other_state, other_clock)
    assert all(other.fingerprint() != twin.fingerprint() for other in others)
    for each in (world, twin, same, *others):
        each.close()
