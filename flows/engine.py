"""One night from a configuration file: what the command line and the Prefect flow both call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flows.apply import apply
from flows.backfill import KIND, Backfill, backfill
from flows.console import warn
from flows.linking import Wish
from flows.pushing import Pusher, in_threads
from flows.reconcile import reconcile
from flows.settings import load
from flows.stopping import Stop, stopping
from flows.summary import RunSummary
from flows.sync import Watcher, sync
from flows.telling import Telling
from flows.watching import watching
from flows.world import World


def run_engine(
    config: Path,
    pipelines: Sequence[str],
    plan: Path | None,
    pusher: Pusher = in_threads,
    watcher: Watcher = Watcher(),
    stop: Stop | None = None,
) -> RunSummary:
    """Syncs the pipelines, or applies the saved plan; `watcher` watches beside the terminal. To set
    `stop` ends a run as a signal does, for those outside the main thread; below, too."""
    settings, world = load(config, pipelines), _world(stop)
    warn(settings.warnings)
    with Telling(settings, "sync") as telling:
        with stopping(world.stop), watching(watcher) as both:
            if plan is not None:
                summary = apply(settings, world, plan, watcher=both, pusher=pusher)
            else:
                summary = sync(settings, world, watcher=both, pusher=pusher)
        return telling.of(summary)


def backfill_engine(
    config: Path,
    pipelines: Sequence[str],
    wish: Backfill,
    pusher: Pusher = in_threads,
    watcher: Watcher = Watcher(),
    stop: Stop | None = None,
) -> RunSummary:
    """Brings the selected units of the pipelines in step."""
    settings, world = load(config, pipelines), _world(stop)
    warn(settings.warnings)
    with Telling(settings, KIND) as telling:
        with stopping(world.stop), watching(watcher) as both:
            summary = backfill(settings, world, wish, watcher=both, pusher=pusher)
        return telling.of(summary)


def reconcile_engine(
    config: Path,
    pipelines: Sequence[str],
    wish: Wish,
    watcher: Watcher = Watcher(),
    stop: Stop | None = None,
) -> RunSummary:
    """Compares the pipelines with their APIs; nothing is sent."""
    settings, world = load(config, pipelines), _world(stop)
    warn(settings.warnings)
    with Telling(settings, "reconcile") as telling:
        with stopping(world.stop), watching(watcher) as both:
            summary = reconcile(settings, world, wish, watcher=both)
        return telling.of(summary)


def _world(stop: Stop | None) -> World:
    return World() if stop is None else World(stop=stop)
