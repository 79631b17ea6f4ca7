"""Standings: what a reconciliation found is told again exactly, and in its order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transforms.standing import FieldStanding, Standing

DRIFTED = Standing(
    scope="facility",
    entity="unit",
    key="7",
    name="A7",
    remote_id="u-7",
    standing="drifted",
    row=9,
    fields={"standard_rate": FieldStanding(20, 20, 25.5, "drifted", "overwrite")},
)
STRANGER = Standing(
    "facility", "unit", None, "\u202eB1 \ud800", "u-9", "unmanaged", words="perhaps 8"
)


def test_what_was_found_is_told_again_exactly(night: Any, path: Path) -> None:
    counts = {("unit", "in step"): 3, ("unit", "drifted"): 1, ("unit", "unmanaged"): 1}

    night.store.add_standings("storage", "run-1", "facility", counts, [DRIFTED, STRANGER])

    assert [DRIFTED, "\u202eB1 \\ud800"] == [
        night.store.standings("run-1", "storage")[0],
        night.store.standings("run-1", "storage")[1].name,
    ]
    told = {
        (t.entity, t.standing): t.count for t in night.store.standing_tallies("run-1", "storage")
    }
    assert counts == told


def test_another_run_or_pipeline_has_standings_of_its_own(night: Any, path: Path) -> None:
    night.store.add_standings("storage", "run-1", "facility", {}, [DRIFTED])

    assert [] == night.store.standings("run-1", "apartments")
    assert [] == night.store.standings("run-2", "storage")
