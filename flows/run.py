"""A run around the engine: the lock, the state, its backup, and the record of the run itself."""

from __future__ import annotations

import logging
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from flows.deaths import told
from flows.inventory import inventory, inventory_before
from flows.logs import log_of
from flows.report import write_report
from flows.report_text import listed
from flows.settings import Settings
from flows.summary import PipelineSummary, RunSummary
from flows.tallies import tallied
from flows.turns import turn
from flows.world import World
from state.backup import backup, snapshot
from state.deaths import Death
from state.store import Store

PREVIEW = "plan"


def allow_command(run: str, scope: str) -> str:
    """What a person types to let through what the run held in the scope."""
    return f'unitsync allow {run} {shlex.quote(scope)} --reason "…"'


@dataclass
class Run:
    """A run that is going on, with the state open. It tells of `deaths`: dead runs before it, and
    of the run `before` that gave way and that it goes on from."""

    run_id: str
    kind: str
    settings: Settings
    store: Store
    world: World
    deaths: Sequence[Death] = ()
    before: str | None = None

    def allow_command(self, scope: str) -> str:
        """What a person types to let through what is held here; a preview is no run to name."""
        if self.kind == PREVIEW:
            return f"{allow_command('last', scope)} (after the next sync)"
        return allow_command(self.run_id, scope)

    def finish(self, summary: RunSummary) -> RunSummary:
        """Writes the report and keeps the balance."""
        stop, timezone = self.world.stop, self.settings.schedule.timezone
        ended = replace(
            summary,
            pipelines=tuple(map(self._with_stocks, map(self._with_missing, summary.pipelines))),
            stopped_by=stop.number if stop.is_signalled else None,
            goes_on_from=self.before,
            goes_on_as=self.world.new_id() if stop.gave_way and not stop.is_signalled else None,
            at=self.world.clock.now(),
            timezone=timezone,
            deaths=tuple(told(death, timezone) for death in self.deaths),
        )
        report = write_report(ended, self.store, self.settings.reports, self.world.disk)
        done = replace(ended, report=report)
        self.store.finish_run(self.run_id, done.status, done.record())
        _log_end(done)
        return done

    def _with_missing(self, summary: PipelineSummary) -> PipelineSummary:
        """The same with its missing units by scope, as the state has them now."""
        if not summary.counts["missing"]:
            return summary
        records = sorted(self.store.scope_records(summary.pipeline).items())
        return replace(summary, missing={s: r.missing for s, r in records if r.missing})

    def _with_stocks(self, summary: PipelineSummary) -> PipelineSummary:
        """The same with what the API holds now, and what it held when the last run ended."""
        name = summary.pipeline
        return replace(
            summary,
            inventory=inventory(name, self.settings.pipelines[name], self.store),
            inventory_before=inventory_before(name, self.run_id, self.store),
        )


def _log_end(summary: RunSummary) -> None:
    for each in summary.pipelines:
        log = log_of(run=summary.run_id, pipeline=each.pipeline)
        log.log(
            logging.INFO if each.status == "ok" else logging.WARNING,
            "%s: %s",
            each.status,
            "; ".join([tallied(each.standings or each.counts) or "nothing", *each.notes]),
        )


@contextmanager
def running(
    settings: Settings,
    world: World,
    kind: str,
    writes: Callable[[Store], bool],
    before: RunSummary | None = None,
) -> Iterator[Run]:
    """A run that may write: alone on its state, with a backup taken before the first write.

    `writes` says whether the run will change more than the list of runs; it may refuse the state
    by raising. It goes on from the run `before`, if that gave way. Raises StateError where the
    state cannot be trusted or another run holds the lock.
    """
    with turn(settings.state, world, kind, goes_on=before is not None):
        run_id = (before.goes_on_as if before else None) or world.new_id()
        existed = settings.state.exists()
        with Store.open(
            settings.state, clock=world.clock.now, new_id=world.new_id, disk=world.disk
        ) as store:
            if writes(store) and existed:
                backup(settings.state, now=world.clock.now(), kind=kind, disk=world.disk)
            store.begin_run(run_id, kind, list(settings.pipelines))
            log_of(run=run_id).info("%s of %s begins", kind, listed(settings.pipelines))
            gave_way = before.run_id if before else None
            yield Run(run_id, kind, settings, store, world, store.untold_deaths(), gave_way)


@contextmanager
def previewing(settings: Settings, world: World) -> Iterator[Run]:
    """A run on a throw-away copy of the state: whatever it writes is gone at its end."""
    with tempfile.TemporaryDirectory(prefix="unitsync-") as folder:
        copy = Path(folder) / settings.state.name
        with Store.open_for_reading(settings.state) as store:  # refuses what is lost or not ours
            begun = bool(store.lineage)  # a first night that died at once leaves an empty file
        if begun:
            snapshot(settings.state, copy)
        with Store.open(copy, clock=world.clock.now, new_id=world.new_id) as store:
            run = Run(world.new_id(), PREVIEW, settings, store, world)
            store.begin_run(run.run_id, run.kind, list(settings.pipelines))
            yield run
