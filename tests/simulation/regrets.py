"""What somebody regrets between two nights: a run is taken back, or what it sent is sent again.

Neither asks the source, and so neither makes anything, takes anything off the market, or leaves the
vendors as the source says; the night after it does that.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from flows.apply import apply
from flows.backfill import Backfill, backfill
from flows.commands.plan import save_plan
from flows.pushing import Pusher
from flows.saved_plan import PlanRefused
from flows.selection import Selection
from flows.settings import Settings
from flows.summary import RunSummary
from flows.sync import Reader
from flows.undo import UndoRefused, undo_run
from flows.world import World
from state.store import Store
from tests.simulation.invariants import Checks, deeds_after
from tests.simulation.night import Lived, Simulated

Engine = Callable[..., RunSummary]
MAKING = ("POST units/bulk_create", "POST unit_groups")


def runs_that_did(world: Simulated, *, more_than_create: bool) -> list[str]:
    """The runs of which anything came through; or anything but what they made."""
    with Store.open_for_reading(world.state) as store:
        return [
            run["run_id"]
            for run in store.runs()
            if any(
                deed.outcome == "applied"
                and not (more_than_create and deed.change.action == "create")
                for deed in store.deeds(run["run_id"])
            )
        ]


def inverse(world: Simulated, run_id: str, checks: Checks) -> Path | None:
    """The plan that takes the run back, saved; None where nothing of it can be, or not yet."""
    wire, path = world.wire(), world.folder / "undo.json"
    wire.witness = lambda endpoint, body: checks.that("a preview sends nothing", False)
    settings = world.settings()
    try:
        nights = undo_run(settings, world.outside(wire), run_id, ()).nights
        with redirect_stderr(StringIO()):
            save_plan(nights, settings, path)
    except (PlanRefused, UndoRefused):
        return None
    return path if any(night.scopes for night in nights) else None


def applying(path: Path) -> Engine:
    """`sync --plan`."""

    def engine(settings: Settings, world: World, *, pusher: Pusher, reader: Reader) -> RunSummary:
        return apply(settings, world, path, pusher=pusher)

    return engine


def sending_again(run_id: str) -> Engine:
    """`backfill --as-sent`."""
    wish = Backfill(Selection(), as_sent=run_id)

    def engine(settings: Settings, world: World, *, pusher: Pusher, reader: Reader) -> RunSummary:
        return backfill(settings, world, wish, pusher=pusher, reader=reader)

    return engine


def nothing_new(world: Simulated, lived: Lived, checks: Checks, serial: int) -> None:
    """What a run after the one of this serial must not have done."""
    deeds = [f"{action} of {key}" for action, key in deeds_after(world, serial)]
    checks.none(
        "what goes back makes nothing and retires nothing",
        [deed for deed in deeds if deed.startswith(("create", "retire"))]
        + [attempt.endpoint for attempt in lived.wire.attempts if attempt.endpoint in MAKING],
    )
