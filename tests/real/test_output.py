"""What is told where nobody can hear it: no traceback, and what was done is done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(params=["a full disk", "a reader that has gone"])
def deaf(request):
    """Standard output that takes nothing."""
    if request.param == "a full disk":
        with Path("/dev/full").open("w") as file:
            yield file
        return
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as file:
        yield file


def test_a_night_whose_output_is_lost_is_done_and_says_so(place, inventory, deaf):
    night = place.sync(stdout=deaf)

    assert 1 == night.code
    assert "standard output cannot be written" in night.message
    assert "see `unitsync runs" in night.message
    assert [] == inventory.differences(place.sandbox)
    place.quiet_night()


def test_a_refusal_whose_output_is_lost_keeps_its_exit_code(place):
    place.config.unlink()

    with Path("/dev/full").open("w") as full:
        refused = place.sync(stdout=full)

    assert 2 == refused.code
    assert "there is no such file" in refused.message
