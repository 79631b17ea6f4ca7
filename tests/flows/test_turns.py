"""A night that meets a backfill waits for it, but not for ever; all others are refused at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.backfill import Backfill, backfill
from flows.selection import Selection
from flows.stopping import Stop, StoppedWaiting
from flows.sync import sync
from flows.turns import PATIENCE_SECONDS, turn
from state.errors import StateIsLocked
from state.lock import RunLock, asking

DEARER = "120.00"


def held(desk, command, *, gives_way):
    """The state in the hands of another run."""
    state = desk.folder / "unitsync.db"
    return RunLock(state, command, now=desk.clock.now(), gives_way=gives_way)


def test_a_night_gives_up_on_a_backfill_that_does_not_give_way(desk, unit):
    desk.export(unit(1))
    said, began = [], desk.clock.monotonic()

    with (
        held(desk, "unitsync backfill", gives_way=True),
        pytest.raises(StateIsLocked, match="and has not within 10 minutes") as refused,
    ):
        sync(desk.settings(), replace(desk.world(), say=said.append))

    assert "`unitsync backfill`" in str(refused.value)
    assert 1 == len(said)
    assert "asked to give way" in said[0]
    assert PATIENCE_SECONDS <= desk.clock.monotonic() - began <= PATIENCE_SECONDS + 2


@pytest.mark.parametrize("command", ["unitsync sync", "unitsync reconcile", "unitsync allow"])
def test_a_night_that_meets_anything_else_is_refused_at_once(desk, unit, command):
    desk.export(unit(1))
    began = desk.clock.monotonic()

    with held(desk, command, gives_way=False), pytest.raises(StateIsLocked, match=command):
        sync(desk.settings(), desk.world())

    assert began == desk.clock.monotonic()


def test_a_backfill_that_meets_a_backfill_is_refused_at_once(desk, unit):
    desk.export(unit(1))
    wish = Backfill(Selection(units=("u1",)))

    with (
        held(desk, "unitsync backfill", gives_way=True),
        pytest.raises(StateIsLocked, match="Another run holds"),
    ):
        backfill(desk.settings(), desk.world(), wish)


def test_one_who_waits_can_be_stopped_and_says_that_nothing_was_sent(desk, unit):
    desk.export(unit(1))
    world = desk.world()
    world.stop.by(15)

    with (
        held(desk, "unitsync backfill", gives_way=True),
        pytest.raises(StoppedWaiting, match="nothing was sent; to try again: unitsync sync") as end,
    ):
        sync(desk.settings(), world)

    assert 15 == end.value.number
    assert not (desk.folder / "unitsync.db").exists()


@pytest.mark.parametrize("how", ["resend", "as sent"])
def test_a_backfill_that_is_asked_sends_nothing_more_and_goes_on_as_the_run_that_it_named(
    desk, unit, how
):
    desk.configure("requests_per_second: null", "requests_per_second: null\n      batch_size: 1")
    rows = [unit(number) for number in range(1, 6)]
    desk.configure("missing: report", "missing: report\n    guardrails: {max_updates: null}")
    desk.sync(*rows)
    desk.sync(*(row | {"rate": DEARER} for row in rows))
    for live in desk.live().values():
        desk.sandbox.edit("storedge", "unit", live["id"], {"standard_rate": 1.0})
    said, world = [], desk.world()
    asks = iter([False, False, True])  # before the third request somebody asks, and is gone

    class Asked(Stop):
        def is_set(self):
            if self._asked is not None:
                self._asked = lambda: next(asks, False)
            return super().is_set()

    summary = backfill(
        desk.settings(),
        replace(world, stop=Asked(), say=said.append),
        Backfill(Selection(from_run="last"), resend=True)
        if how == "resend"
        else Backfill(Selection(), as_sent="last"),
    )

    runs = desk.rows_of("SELECT run_id, kind, status FROM runs ORDER BY serial")[2:]
    assert ["backfill", "backfill"] == [run["kind"] for run in runs]
    assert (runs[0]["run_id"], runs[1]["run_id"]) == (summary.goes_on_from, summary.run_id)
    assert 0 == summary.exit_code
    assert f"as run {summary.run_id}" in said[0]
    first = desk.rows_of("SELECT summary FROM runs ORDER BY serial")[2]["summary"]
    assert f'"goes_on_as":"{summary.run_id}"' in first.replace(" ", "")
    sent = desk.rows_of(
        "SELECT run_id, key FROM changes JOIN runs USING (run_id) WHERE kind = 'backfill'"
        " AND outcome = 'applied' AND entity = 'unit' ORDER BY key"
    )
    assert [f"u{number}" for number in range(1, 6)] == [row["key"] for row in sent]
    assert 2 == len({row["run_id"] for row in sent})
    assert {120.0} == {unit["standard_rate"] for unit in desk.live().values()}
    assert [] == desk.rows_of("SELECT * FROM changes WHERE outcome = 'sent'")
    page = next((desk.folder / "reports").glob(f"*{runs[0]['run_id'][:8]}*")).read_text()
    assert "gave way to a sync" in page


def test_whoever_rests_takes_no_turn_while_somebody_asks(desk, unit):
    desk.export(unit(1))
    world = desk.world()
    state, looks = desk.folder / "unitsync.db", []

    with asking(state):
        world.clock.sleep = lambda seconds: (looks.append(seconds), world.stop.set())
        with (
            pytest.raises(StoppedWaiting, match="Nothing was sent since it gave way"),
            turn(state, world, "backfill", goes_on=True),
        ):
            pass

    assert looks
