"""The night, in nine steps. One engine: the command line, the Prefect flow and `--direct` are thin
shells over it.

    1 extract    source → raw rows, with a completeness verdict        `read`
    2 normalize  raw rows → API fields and types
    3 validate   → valid rows and rejections
    4 reshape    valid rows → group-scoped frames
    5 diff       desired against known → plan                          `plan`
    6 guard      dangerous changes are held
    7 push       changes → journaled requests, each answered           `push`
    8 record     outcomes and what is known now, answer by answer
    9 report     the balance of the run, for a person                  `report`

All scopes of all pipelines are planned and guarded before any is pushed. Of each pipeline the
canary is pushed first, if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.errors import ApiError, SourceUnreadable
from connectors.sources.by_scope import Extract
from flows.aside import planned_aside
from flows.canary import Verdict, push_in_order
from flows.gathering import gather
from flows.job import ColumnsMissing, Job, extract, jobs_of, need_columns
from flows.logs import log_of
from flows.planning import PlannedScope, Planner, moved
from flows.pushing import Push, PushedScope, Pusher, in_threads
from flows.report_text import counted
from flows.run import Run, previewing, running
from flows.settings import Settings
from flows.summary import Balance, PipelineSummary, RunSummary, summarize, unable
from flows.world import World
from state.store import Store
from transforms.allowance import Tripped
from transforms.plan import Payload
from transforms.reshape import Desired


@dataclass(frozen=True)
class Watcher:
    """Who watches a run: told what is going on, and how many changes are done of how many."""

    stage: Callable[[str, str], None] = lambda pipeline, stage: None
    begin: Callable[[str, int], None] = lambda pipeline, changes: None
    advance: Callable[[str, int], None] = lambda pipeline, changes: None


@dataclass
class Night:
    """One pipeline on its way through the night. `failure` says what ended its way early,
    `obstacle` what ended a push of which a part had come through, `notices` what a person may want
    to know of its rows."""

    job: Job
    balance: Balance | None = None
    desired: Desired | None = None
    scopes: list[PlannedScope] = field(default_factory=list)
    pushed: list[PushedScope] = field(default_factory=list)
    canary: Verdict = Verdict()
    failure: SourceUnreadable | ApiError | None = None
    obstacle: ApiError | None = None
    seconds: float = 0.0
    forecast: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @contextmanager
    def timed(self, world: World) -> Iterator[None]:
        """Adds the time that the block takes."""
        started = world.clock.monotonic()
        try:
            yield
        finally:
            self.seconds += world.clock.monotonic() - started

    @property
    def work(self) -> list[PlannedScope]:
        """The scopes in which something moved."""
        return [planned for planned in self.scopes if not planned.standing]


# Steps 1 to 4, for those who have a quicker way: the simulation reads one source many times.
Reader = Callable[[Job, World, Watcher], Night]


def sync(
    settings: Settings,
    world: World,
    *,
    watcher: Watcher = Watcher(),
    pusher: Pusher = in_threads,
    reader: Reader | None = None,
) -> RunSummary:
    """Brings every pipeline of the settings in step, and says what became of every row."""
    with jobs_of(settings, world) as jobs:
        nights = read_all(jobs, world, watcher, reader or read)
        return carry_out(nights, "sync", settings, world, watcher, pusher)


def preview(
    settings: Settings,
    world: World,
    *,
    watcher: Watcher = Watcher(),
    reader: Reader | None = None,
) -> list[Night]:
    """What a sync would do now, planned on a copy of the state. Nothing is written anywhere."""
    with jobs_of(settings, world) as jobs:
        nights = read_all(jobs, world, watcher, reader or read)
        return rehearse(nights, settings, world, watcher)


def carry_out(
    nights: list[Night],
    kind: str,
    settings: Settings,
    world: World,
    watcher: Watcher,
    pusher: Pusher,
    before: RunSummary | None = None,
) -> RunSummary:
    """Steps 5 to 9 of what has been read, as a run of this kind; one that goes on from the run
    `before`, if that gave way to another."""
    with running(settings, world, kind, lambda store: any_moved(nights, store), before) as run:
        for night in nights:
            plan(night, run, watcher)
        for night in nights:
            push(night, run, watcher, pusher)
        return report(nights, run)


def rehearse(
    nights: list[Night], settings: Settings, world: World, watcher: Watcher
) -> list[Night]:
    """Steps 5 and 6 of what has been read, on a copy of the state."""
    with previewing(settings, world) as run:
        for night in nights:
            plan(night, run, watcher)
    return nights


def read_all(jobs: Iterable[Job], world: World, watcher: Watcher, reader: Reader) -> list[Night]:
    """Steps 1 to 4 of every pipeline. A column that the source has lost since its last night ends
    its own pipeline; one that it never had is a mistake in the settings (ConfigError)."""
    nights = []
    for job in jobs:
        try:
            nights.append(reader(job, world, watcher))
        except ColumnsMissing as error:
            if not _had(job, error.columns):
                raise
            nights.append(Night(job, failure=SourceUnreadable(_lost(error))))
    return nights


def _had(job: Job, columns: Iterable[str]) -> bool:
    """Whether an extract that was accepted had all of these columns."""
    with Store.open_for_reading(job.settings.state) as store:
        return set(columns) <= store.accepted_columns(job.name)


def _lost(error: ColumnsMissing) -> str:
    lost = ", ".join(f'"{column}"' for column in error.columns)
    return (
        f"{error.origin} has no column {lost} any more, which the mapping needs and the last "
        "accepted extract had; put it back, or name its successor in the settings"
    )


def read(
    job: Job, world: World, watcher: Watcher, look: Callable[[Extract], None] | None = None
) -> Night:
    """Steps 1 to 4: the source becomes desired units, or an error of this pipeline alone. Who wants
    to `look` at the raw rows must do so now: they are not kept."""
    night = Night(job)
    with night.timed(world):
        watcher.stage(job.name, "extract")
        try:
            extracted = extract(job)
        except SourceUnreadable as error:
            night.failure = error
            return night
        need_columns(job, extracted)
        if look is not None:
            look(extracted)
        watcher.stage(job.name, "validate")
        try:
            gathered = gather(job, extracted)
        except SourceUnreadable as error:
            night.failure = error
            return night
        night.desired, night.balance = gathered.desired, gathered.balance
        night.notices = (*extracted.notices, *gathered.notices)
        log_of(pipeline=job.name).info(
            "%s read, %d rejected",
            counted(night.balance.extracted, "row"),
            night.balance.rejected,
        )
    return night


def any_moved(nights: Sequence[Night], store: Store) -> bool:
    """Whether there is any scope in which something moved since the last run."""
    return any(
        moved(night.desired, store.scope_records(night.job.name))
        for night in nights
        if night.desired is not None
    )


def plan(night: Night, run: Run, watcher: Watcher) -> None:
    """Steps 5 and 6: desired against known, scope by scope, with dangerous changes held."""
    if night.desired is None:
        return
    watcher.stage(night.job.name, "diff")
    with night.timed(run.world):
        planner = Planner(
            night.job,
            night.desired,
            run.store,
            run.run_id,
            run.world.pool,
            run.allow_command,
        )
        try:
            shelf = night.job.shelf
            night.scopes = [planned_aside(planner.guard(one), shelf) for one in planner.diff()]
            changes = sum(len(planned.plan.changes) for planned in night.work)
            log_of(run=run.run_id, pipeline=night.job.name).info(
                "%s planned in %s", counted(changes, "change"), counted(len(night.work), "scope")
            )
        except ApiError as error:
            night.failure = error


def push(night: Night, run: Run, watcher: Watcher, pusher: Pusher) -> None:
    """Steps 7 and 8: the changes are sent, and each answer is recorded as it comes in."""
    if night.balance is None or night.failure is not None:
        return
    name = night.job.name
    watcher.stage(name, "push")
    watcher.begin(name, sum(len(planned.plan.changes) for planned in night.work))
    with night.timed(run.world):
        with run.store.one_transaction():
            for planned in night.work:
                run.store.plan_changes(name, run.run_id, planned.plan.changes)
            run.store.add_tripped(name, run.run_id, _tripped(night))
            if night.desired is not None:
                add_rejections(night.desired, name, run)
        secrets = night.desired.secrets_of if night.desired is not None else _no_secrets
        pushing = Push(
            night.job, run.store, run.run_id, secrets, lambda done: watcher.advance(name, done)
        )
        expected, asked = _expected(night), night.job.target.client.request_count
        night.pushed, night.canary = push_in_order(pushing, night.work, pusher)
        sent = night.job.target.client.request_count - asked
        night.forecast = {"expected": expected, "sent": sent}
        if not run.world.stop.gave_way:
            night.failure = pushing.refusal(night.pushed)
            night.obstacle = None if night.failure else pushing.obstacle


def add_rejections(desired: Desired, pipeline: str, run: Run) -> None:
    """Keeps every line that speaks against a row."""
    for lines in desired.rejections.each():
        run.store.add_rejections(pipeline, run.run_id, lines)


def report(nights: Sequence[Night], run: Run) -> RunSummary:
    """Step 9: the balance of the run, kept in the state and shown to a person."""
    summaries = [summary_of(night) for night in nights]
    return run.finish(RunSummary(run.run_id, run.kind, tuple(summaries)))


def summary_of(night: Night) -> PipelineSummary:
    """The counts of one pipeline, balanced."""
    requests = night.job.target.client.request_count
    if night.balance is None or (night.failure is not None and not night.pushed):
        return unable(night.job.name, night.failure, requests, night.seconds)
    return summarize(
        night.job.name,
        night.balance,
        night.scopes,
        night.pushed,
        requests=requests,
        seconds=night.seconds,
        failure=night.failure,
        obstacle=night.obstacle,
        canary=night.canary,
        push=night.forecast,
        notices=night.notices,
    )


def _expected(night: Night) -> int:
    """How many requests the push takes if nothing goes wrong."""
    plans = (planned.plan.changes for planned in night.work if planned.unreadable is None)
    return sum(night.job.target.forecast([c for c in plan if c.held is None]) for plan in plans)


def _tripped(night: Night) -> list[Tripped]:
    return [tripped for planned in night.work for tripped in planned.tripped]


def _no_secrets(scope: str, keys: Iterable[str]) -> Mapping[str, Payload]:
    """A saved plan without lock codes needs no source, and so has none to give."""
    return {}
