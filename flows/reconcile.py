"""Reconciliation: source, known and live side by side, written down for a person. Nothing is sent.

Every scope is read completely, or a share of them, those first that were not tried for the longest.
What a reading proves is known from then on; what the settings say is to be overwritten is planned
by the next sync; what is live and nobody has linked is linked if asked to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.errors import ApiError
from flows.found import Found
from flows.job import Job, jobs_of
from flows.linking import Confirmations, Linking, Wish
from flows.planning import Planner
from flows.run import Run, running
from flows.settings import Settings
from flows.summary import PipelineSummary, RunSummary, explain, unable
from flows.sync import Night, Watcher, add_rejections, read, read_all
from flows.world import World
from transforms.compare import compare
from transforms.diff import ScopePlan, desired_units
from transforms.plan import KnownUnit, Live
from transforms.reshape import Desired, ScopeDesired
from transforms.sides import Sides, Trouble

# Units that a page of either API holds at most (contracts S10, A.4): what a reading will cost.
PAGE = 100
EVERYTHING = Wish()
_MISSING: Trouble = ("missing", "not in the source any more")


def reconcile(
    settings: Settings, world: World, wish: Wish = EVERYTHING, *, watcher: Watcher = Watcher()
) -> RunSummary:
    """Compares every pipeline with its API, and says where everything stands."""
    confirmations = Confirmations(wish.confirmed)
    with jobs_of(settings, world) as jobs:
        nights = read_all(jobs, world, watcher, read)
        with running(settings, world, "reconcile", lambda store: True) as run:
            summaries = [_pipeline(night, run, wish, confirmations, watcher) for night in nights]
            told = _with_complaints(summaries, confirmations.complaints())
            return run.finish(RunSummary(run.run_id, "reconcile", told))


def _pipeline(
    night: Night, run: Run, wish: Wish, confirmations: Confirmations, watcher: Watcher
) -> PipelineSummary:
    """One pipeline; an error that would meet every scope ends it."""
    name = night.job.name
    if night.desired is not None:
        watcher.stage(name, "compare")
        with night.timed(run.world):
            add_rejections(night.desired, name, run)
            reconciler = Reconciler.of(night.job, night.desired, run, wish, confirmations)
            try:
                reconciler.run(watcher)
            except ApiError as error:
                night.failure = error
        if night.failure is None:
            return reconciler.found.summary(night, run.store.last_readings(name))
    requests = night.job.target.client.request_count
    return unable(name, night.failure, requests, night.seconds)


def _with_complaints(
    summaries: Sequence[PipelineSummary], complaints: tuple[str, ...]
) -> tuple[PipelineSummary, ...]:
    """A confirmation is of no pipeline until it is heeded: the first one tells what was not."""
    if not complaints or not summaries:
        return tuple(summaries)
    first, *others = summaries
    status = "attention" if first.status == "ok" else first.status
    return (replace(first, status=status, notes=(*first.notes, *complaints)), *others)


@dataclass
class Reconciler:
    """The scopes of one pipeline, compared one after the other; no more of them is in memory than
    are read at the same time."""

    job: Job
    planner: Planner
    linking: Linking
    share: float
    found: Found = field(default_factory=Found)

    @classmethod
    def of(
        cls, job: Job, desired: Desired, run: Run, wish: Wish, confirmations: Confirmations
    ) -> Reconciler:
        """For a pipeline whose source has been read."""
        planner = Planner(job, desired, run.store, run.run_id, run.world.pool, run.allow_command)
        return cls(job, planner, Linking(planner, wish.adopt, confirmations), wish.share)

    def run(self, watcher: Watcher) -> None:
        """Reads and compares; raises ApiError where no scope can be read."""
        chosen = self._chosen()
        watcher.begin(self.job.name, len(chosen))
        step = self.job.target.concurrency
        for start in range(0, len(chosen), step):
            readings = self.planner.read(chosen[start : start + step])
            for scope, reading in readings.items():
                if isinstance(reading, Live):
                    self._scope(reading)
                else:
                    self._unreadable(scope, reading)
                watcher.advance(self.job.name, 1)
        if self.found.unreadable and not self.found.read:
            raise next(iter(self.found.unreadable.values()))

    def _chosen(self) -> list[str]:
        """The scopes to read: all, or as many as the share of requests allows, at least one; first
        those that were not tried for the longest, so that an unreadable one bars no other."""
        store, name = self.planner.store, self.job.name
        last, known = store.last_readings(name), store.known_counts(name)
        scopes = sorted({*self.planner.desired.scopes(), *self.planner.records})
        self.found.scopes = scopes
        if self.share >= 1:
            return scopes
        cost = {scope: 1 + math.ceil(known.get(scope, 0) / PAGE) for scope in scopes}
        budget, chosen = self.share * sum(cost.values()), list[str]()
        tried = {scope: last[scope].tried for scope in last}
        for scope in sorted(scopes, key=lambda scope: (tried.get(scope, 0), scope)):
            if chosen and cost[scope] > budget:
                break
            chosen.append(scope)
            budget -= cost[scope]
        return chosen

    def _unreadable(self, scope: str, error: ApiError) -> None:
        self.found.unreadable[scope] = error
        self.planner.store.add_unreadable(self.job.name, self.planner.run_id, scope, explain(error))

    def _scope(self, live: Live) -> None:
        planner, name, scope = self.planner, self.job.name, live.scope
        planner.recovery.learn(live, planner.records.get(scope))
        desired = planner.desired.scope(scope)
        planner.follow_groups(desired)
        found = compare(self._sides(live, desired))
        with planner.store.one_transaction():
            planner.store.add_standings(name, planner.run_id, scope, found.counts, found.standings)
            if found.units or found.groups:
                planner.store.link(name, scope, planner.run_id, found.units, found.groups)
        self.found.add(found)

    def _sides(self, live: Live, desired: ScopeDesired) -> Sides:
        """All that is to be compared, once what is wished is linked."""
        linked = self.linking.link(live, desired)
        known, known_groups = self.planner.recovery.known(live.scope)
        absent, unsaid = self._not_shown(desired, linked.plan, known)
        if unsaid:
            self.found.unproven.append(live.scope)
        return Sides(
            live=live,
            units=known,
            groups=known_groups,
            desired=desired_units(desired.units, self.job.policy),
            changes=tuple(linked.plan.changes),
            schema=self.job.target.schema,
            policies=self.job.pipeline.drift,
            absent=absent,
            unsaid=unsaid,
            linkable=linked.linkable,
            troubles=self.planner.store.troubles(self.job.name, live.scope),
            suggestions=self.linking.suggestions(linked, live),
        )

    def _not_shown(
        self, desired: ScopeDesired, plan: ScopePlan, known: Mapping[str, KnownUnit]
    ) -> tuple[dict[str, Trouble], list[str]]:
        """Why known units, those that we took off the market apart, have no valid row; and those
        of which that proves nothing, for the extract may not be complete."""
        shown, lines = set(desired.units["_key"]), self.planner.desired.rejections.of(desired.scope)
        problems = dict(zip(lines["key"], lines["message"], strict=True))
        standing = {key for key, unit in known.items() if key not in shown and not unit.retired}
        missing = standing & set(plan.missing)
        rejected = (standing - missing) & set(desired.rejected)
        absent: dict[str, Trouble] = dict.fromkeys(sorted(missing), _MISSING)
        for key in sorted(rejected):
            absent[key] = ("rejected", problems.get(key, "its row was rejected"))
        return absent, sorted(standing - missing - rejected)
