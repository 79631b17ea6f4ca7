"""One night from a configuration file: what the command line and the Prefect flow both call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flows.apply import apply
from flows.backfill import KIND, Backfill, backfill, preview_backfill
from flows.console import say, warn
from flows.linking import Wish
from flows.pushing import Pusher, in_threads
from flows.reconcile import reconcile
from flows.settings import Settings, load
from flows.spreading import spreading
from flows.stopping import Stop, stopping
from flows.summary import RunSummary
from flows.sync import Night, Watcher, sync
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
        with _around(settings, world, pusher, watcher) as (push, both):
            if plan is not None:
                summary = apply(settings, world, plan, watcher=both, pusher=push)
            else:
                summary = sync(settings, world, watcher=both, pusher=push)
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
        with _around(settings, world, pusher, watcher) as (push, both):
            summary = backfill(settings, world, wish, watcher=both, pusher=push)
        return telling.of(summary)


def rehearse_backfill(
    config: Path,
    pipelines: Sequence[str],
    wish: Backfill,
    watcher: Watcher = Watcher(),
    stop: Stop | None = None,
) -> list[Night]:
    """What the backfill would do now; nothing is written anywhere."""
    settings, world = load(config, pipelines), _world(stop)
    warn(settings.warnings)
    with stopping(world.stop), watching(watcher) as both:
        return preview_backfill(settings, world, wish, watcher=both)


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


@contextmanager
def _around(
    settings: Settings, world: World, pusher: Pusher, watcher: Watcher
) -> Iterator[tuple[Pusher, Watcher]]:
    """A run that pushes: it can be stopped, it is watched, and it may have workers."""
    with (
        stopping(world.stop),
        spreading(settings, pusher) as push,
        watching(watcher) as both,
    ):
        yield push, both


def _world(stop: Stop | None) -> World:
    world = replace(World(), say=say)
    return world if stop is None else replace(world, stop=stop)
