"""A second writer is a real one, and what he does to a night is what SQLite does to it."""

from __future__ import annotations

import pytest

from state.errors import StateError
from tests.simulation.campaign import RIVALS
from tests.simulation.invariants import disagreements
from tests.simulation.night import Simulated
from tests.simulation.truth import rate


@pytest.mark.parametrize("mode", RIVALS)
def test_a_night_that_cannot_write_its_state_is_refused_and_made_up_for_by_the_next(mode):
    world = Simulated(seed="rival", inventory="rival")
    world.export()
    world.night()
    rate(world.truth)
    world.export()

    lived = world.night(mode=mode, at=3, among="before BEGIN")

    assert lived.boundary.struck == "before BEGIN"
    assert isinstance(lived.refusal, StateError)
    assert "locked" in str(lived.refusal)
    assert lived.exit_code == 4
    assert world.night().exit_code == 0
    assert list(disagreements(world)) == []
    world.close()
