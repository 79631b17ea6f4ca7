"""A backfill: selected units are brought in step now, and nobody else is spoken of.

The same engine as the night's, on the part of the source that is selected. Promises that no unit is
missing for it, that no extract is accepted and no scope is called in step by it, and that nothing
is sent to, or learnt of, a unit that was not selected; except in a scope that an earlier run left
in doubt, which is read before anything is sent there.

A backfill that was interrupted goes on when it is run again: what came through is unchanged by
then. With `resend`, only what is selected as failed is left. One that gives way to the night goes
on after it by itself, as a run of its own, with what had not come through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from flows.as_sent import Past, Resent, plan_sent
from flows.job import Job, jobs_of
from flows.naming import run_named
from flows.pushing import Pusher, in_threads
from flows.report_text import listed
from flows.run import previewing, running
from flows.selection import Chooser, Selection, SelectionRefused
from flows.settings import Settings
from flows.summary import RunSummary
from flows.sync import (
    Night,
    Reader,
    Watcher,
    carry_out,
    push,
    read_all,
    rehearse,
    report,
)
from flows.turns import BACKFILL, rest
from flows.world import World
from state.store import Store

KIND = BACKFILL


@dataclass(frozen=True)
class Backfill:
    """Who is brought in step, whether what is unchanged is sent again too (`resend`), how many
    requests per second at most, if not as many as the settings allow, and whether it is what the
    run `as_sent` sent that is sent, and not what the source says."""

    selection: Selection = field(default_factory=Selection)
    resend: bool = False
    requests_per_second: float | None = None
    as_sent: str | None = None


def backfill(
    settings: Settings,
    world: World,
    wish: Backfill,
    *,
    watcher: Watcher = Watcher(),
    pusher: Pusher = in_threads,
    reader: Reader | None = None,
) -> RunSummary:
    """Sends what differs of the selected units, and says what became of every row of theirs."""
    paced, meant = _paced(settings, wish.requests_per_second), _as_meant_now(settings, wish)

    def one_run(gave_way: Sequence[RunSummary]) -> RunSummary:
        before = gave_way[-1] if gave_way else None
        asked = meant if gave_way else wish
        with jobs_of(paced, world) as jobs:
            if asked.as_sent is not None:
                resent = _sent(paced, jobs, asked, gave_way)
                return _carry_out_sent(resent, paced, world, watcher, pusher, before)
            nights = _selected(paced, jobs, world, asked, watcher, reader, gave_way)
            return carry_out(nights, KIND, paced, world, watcher, pusher, before)

    return _to_the_end(one_run, paced, world)


def _to_the_end(
    one_run: Callable[[Sequence[RunSummary]], RunSummary], settings: Settings, world: World
) -> RunSummary:
    """The summary of the last run of a backfill; `one_run` is told of those that gave way."""
    gave_way: list[RunSummary] = []
    while (summary := one_run(gave_way)).goes_on_as is not None:
        world.say(
            f"Run {summary.run_id} has given way to a sync; what is left goes on after it, as run "
            f"{summary.goes_on_as}"
        )
        gave_way.append(summary)
        rest(settings.state, world)
    return summary


def preview_backfill(
    settings: Settings, world: World, wish: Backfill, *, watcher: Watcher = Watcher()
) -> list[Night]:
    """What the backfill would do now. Nothing is written anywhere."""
    paced = _paced(settings, wish.requests_per_second)
    with jobs_of(paced, world) as jobs:
        if wish.as_sent is not None:
            resent = _sent(paced, jobs, wish)
            with previewing(paced, world) as run:
                for one in resent:
                    plan_sent(one, run)
            return [one.night for one in resent]
        return rehearse(_selected(paced, jobs, world, wish, watcher), paced, world, watcher)


def _selected(
    settings: Settings,
    jobs: Iterable[Job],
    world: World,
    wish: Backfill,
    watcher: Watcher,
    reader: Reader | None = None,
    gave_way: Sequence[RunSummary] = (),
) -> list[Night]:
    chooser = Chooser(wish.selection, [run.run_id for run in gave_way])
    wanted = [replace(job, resend=wish.resend) for job in jobs]
    nights = read_all(wanted, world, watcher, reader or chooser.read)
    with Store.open_for_reading(settings.state) as store:
        chooser.choose(nights, store)
    return nights


def _as_meant_now(settings: Settings, wish: Backfill) -> Backfill:
    """With the runs by their ids: whoever goes on after a night means no other `last` by it."""
    with Store.open_for_reading(settings.state) as store:
        from_run, as_sent = (
            name if name is None else run_named(store, name)
            for name in (wish.selection.from_run, wish.as_sent)
        )
    return replace(wish, selection=replace(wish.selection, from_run=from_run), as_sent=as_sent)


def _sent(
    settings: Settings, jobs: Iterable[Job], wish: Backfill, gave_way: Sequence[RunSummary] = ()
) -> list[Resent]:
    asked = wish.selection
    of_the_source = {
        "--resend": wish.resend,
        "--changed-since": asked.since,
        "--changed-until": asked.until,
        "--only-rejected": asked.rejected,
        "--from-run": asked.from_run,
    }
    if given := [option for option, value in of_the_source.items() if value]:
        raise SelectionRefused(
            f"--as-sent sends what a run sent, and {listed(given)} is about the source; with it go "
            "--scope, --group, --unit, --unit-file and --only-failed"
        )
    past = Past(wish.as_sent or "", asked, [run.run_id for run in gave_way])
    with Store.open_for_reading(settings.state) as store:
        return past.of(jobs, store)


def _carry_out_sent(
    resent: Sequence[Resent],
    settings: Settings,
    world: World,
    watcher: Watcher,
    pusher: Pusher,
    before: RunSummary | None,
) -> RunSummary:
    with running(settings, world, KIND, lambda store: True, before) as run:
        for one in resent:
            plan_sent(one, run)
        for one in resent:
            push(one.night, run, watcher, pusher)
        return report([one.night for one in resent], run)


def _paced(settings: Settings, requests_per_second: float | None) -> Settings:
    if requests_per_second is None:
        return settings
    pace = {"requests_per_second": requests_per_second}
    pipelines = {
        name: pipeline.model_copy(update={"target": pipeline.target.model_copy(update=pace)})
        for name, pipeline in settings.pipelines.items()
    }
    return replace(settings, pipelines=pipelines)
