"""Reconciliation: source, known and live side by side, written down for a person. Nothing is sent.

Every scope is read completely, or a share of them, those first that were not read for the longest.
What a reading proves is known from then on; what the settings say is to be overwritten is planned
by the next sync; what is live and nobody has linked is linked if asked to.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from connectors.errors import ApiError
from flows.job import Job, jobs_of
from flows.planning import Planner
from flows.recovery import Recovery, identities
from flows.run import Run, running
from flows.settings import Settings
from flows.summary import COUNTS, PipelineSummary, RunSummary, Status, explain, unable
from flows.sync import Night, Watcher, read
from flows.world import World
from transforms.compare import Comparison, Sides, Trouble, compare
from transforms.diff import ScopePlan, desired_units, diff
from transforms.plan import Entity, KnownUnit, Live
from transforms.reshape import Desired, ScopeDesired
from transforms.settle import as_known
from transforms.suggest import suggested

# Units that a page of either API holds at most (contracts S10, A.4): what a reading will cost.
PAGE = 100


@dataclass(frozen=True)
class Wish:
    """What a reconciliation is asked for.

    `adopt` links live units that the source means; `confirmed` are remote ids by unit key that a
    person has confirmed. `share` of the requests of a whole reading may be spent.
    """

    adopt: bool = False
    confirmed: Mapping[str, str] = field(default_factory=dict)
    share: float = 1.0


def reconcile(
    settings: Settings, world: World, wish: Wish = Wish(), *, watcher: Watcher = Watcher()
) -> RunSummary:
    """Compares every pipeline with its API, and says where everything stands."""
    with jobs_of(settings, world) as jobs:
        nights = [read(job, world, watcher) for job in jobs]
        with running(settings, world, "reconcile", lambda store: True) as run:
            summaries = [_pipeline(night, run, wish, watcher) for night in nights]
            return run.finish(RunSummary(run.run_id, "reconcile", tuple(summaries)))


def _pipeline(night: Night, run: Run, wish: Wish, watcher: Watcher) -> PipelineSummary:
    """One pipeline; an error that would meet every scope ends it."""
    if night.desired is not None:
        watcher.stage(night.job.name, "compare")
        with night.timed(run.world):
            reconciler = Reconciler.of(night.job, night.desired, run, wish)
            try:
                reconciler.run(watcher)
            except ApiError as error:
                night.failure = error
        if night.failure is None:
            return reconciler.summary(night)
    requests = night.job.target.client.request_count
    return unable(night.job.name, night.failure, requests, night.seconds)


@dataclass
class Reconciler:
    """The scopes of one pipeline, compared one after the other; no more of them is in memory than
    are read at the same time."""

    job: Job
    run_id: str
    planner: Planner
    recovery: Recovery
    wish: Wish
    problems: Mapping[str, Mapping[str, str]]
    tally: Counter[tuple[Entity, str]] = field(default_factory=Counter)
    unreadable: dict[str, ApiError] = field(default_factory=dict)
    needing: int = 0
    scopes: int = 0
    planned: int = 0

    @classmethod
    def of(cls, job: Job, desired: Desired, run: Run, wish: Wish) -> Reconciler:
        """For a pipeline whose source has been read."""
        planner = Planner(job, desired, run.store, run.run_id, run.world.pool, run.allow_command)
        lines = desired.rejections
        problems: dict[str, dict[str, str]] = {}
        for scope, key, message in zip(lines["scope"], lines["key"], lines["message"], strict=True):
            problems.setdefault(scope, {})[key] = message
        return cls(job, run.run_id, planner, planner.recovery, wish, problems)

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
                    self.unreadable[scope] = reading
                watcher.advance(self.job.name, 1)
        if self.unreadable and not self.scopes:
            raise next(iter(self.unreadable.values()))

    def _chosen(self) -> list[str]:
        """The scopes to read: all, or as many as the share of requests allows, at least one; first
        those that were not read for the longest."""
        store, name = self.planner.store, self.job.name
        last, known = store.last_reconciled(name), store.known_counts(name)
        scopes = sorted({*self.planner.desired.scopes(), *self.planner.records})
        self.planned = len(scopes)
        if self.wish.share >= 1:
            return scopes
        cost = {scope: 1 + math.ceil(known.get(scope, 0) / PAGE) for scope in scopes}
        budget, chosen = self.wish.share * sum(cost.values()), list[str]()
        for scope in sorted(scopes, key=lambda scope: (last.get(scope, 0), scope)):
            if chosen and cost[scope] > budget:
                break
            chosen.append(scope)
            budget -= cost[scope]
        return chosen

    def _scope(self, live: Live) -> None:
        store, name, scope = self.planner.store, self.job.name, live.scope
        self.recovery.learn(live, self.planner.records.get(scope))
        desired = self.planner.desired.scope(scope)
        found = compare(self._sides(live, desired))
        with store.one_transaction():
            store.add_standings(name, self.run_id, scope, found.counts, found.standings)
            if found.units or found.groups:
                store.link(name, scope, self.run_id, found.units, found.groups)
        self._count(found)

    def _sides(self, live: Live, desired: ScopeDesired) -> Sides:
        """All that is to be compared, once what is wished is linked."""
        store, name, scope = self.planner.store, self.job.name, live.scope
        keys = desired.units["_key"]
        plan = diff(desired, self.planner.known(scope, keys), self.job.policy)
        units, groups, ambiguous = self.recovery.adoptable(plan.changes, live)
        linked = [*(units if self.wish.adopt else []), *self._confirmed(plan, live)]
        linked_groups = groups if self.wish.adopt else []
        if linked or linked_groups:
            store.link(name, scope, self.run_id, linked, linked_groups)
            plan = diff(desired, self.planner.known(scope, keys), self.job.policy)
            units, groups, ambiguous = self.recovery.adoptable(plan.changes, live)
        plan = plan.holding_units(ambiguous)
        known, known_groups = self.recovery.known(scope)
        linkable: dict[tuple[Entity, str], str] = {("unit", u.key): u.remote_id for u in units}
        linkable |= {("group", group.key): group.remote_id for group in groups}
        return Sides(
            live=live,
            units=known,
            groups=known_groups,
            desired=desired_units(desired.units, self.job.policy),
            changes=plan.changes,
            schema=self.job.target.schema,
            policies=self.job.pipeline.drift,
            absent=self._absent(desired, plan, known),
            linkable=linkable,
            troubles=store.troubles(name, scope),
            suggestions=self._suggestions(plan, live, known, linkable),
        )

    def _confirmed(self, plan: ScopePlan, live: Live) -> Iterator[KnownUnit]:
        """What a person said: this live unit is that unit of the source."""
        known = identities(self.planner.store, self.job.name, live.scope)
        taken = set(known.units.values())
        group_keys = {remote_id: key for key, remote_id in known.groups.items()}
        units = {unit.remote_id: unit for unit in live.units if unit.remote_id not in taken}
        for change in plan.of("unit"):
            unit = units.get(self.wish.confirmed.get(change.key, ""))
            if change.action == "create" and unit is not None:
                yield as_known(change, unit, group_keys, self.job.target.schema)

    def _absent(
        self, desired: ScopeDesired, plan: ScopePlan, known: Mapping[str, KnownUnit]
    ) -> dict[str, Trouble]:
        """Why known units, those that we took off the market apart, have no valid row."""
        shown, problems = set(desired.units["_key"]), self.problems.get(desired.scope, {})
        missing = set(plan.missing)
        absent: dict[str, Trouble] = {}
        for key, unit in known.items():
            if key in shown or unit.retired:
                continue
            if key in missing:
                absent[key] = ("missing", "not in the source any more")
            elif key in desired.rejected:
                absent[key] = ("rejected", problems.get(key, "its row was rejected"))
            else:
                absent[key] = ("missing", "not in the source, which is not proven complete")
        return absent

    def _suggestions(
        self,
        plan: ScopePlan,
        live: Live,
        known: Mapping[str, KnownUnit],
        linkable: Mapping[tuple[Entity, str], str],
    ) -> dict[str, str]:
        ours = {unit.remote_id for unit in known.values()} | set(linkable.values())
        free = [unit for unit in live.units if unit.remote_id not in ours]
        creates = [
            change
            for change in plan.of("unit")
            if change.action == "create" and ("unit", change.key) not in linkable
        ]
        return {
            unit.remote_id: f"perhaps unit {key} of the source, which looks the same; "
            f"--confirm {key}={unit.remote_id} links it"
            for key, unit in suggested(creates, free, self.job.target.schema).items()
        }

    def _count(self, found: Comparison) -> None:
        self.scopes += 1
        self.tally.update(found.counts)
        self.needing += sum(standing.needs_person for standing in found.standings)

    def summary(self, night: Night) -> PipelineSummary:
        """What was found, and how much of the inventory was looked at."""
        balance, units = night.balance, Counter[str]()
        for (entity, standing), count in self.tally.items():
            units[standing] += count * (entity == "unit")
        counts = dict.fromkeys(COUNTS, 0)
        if balance is not None:
            counts |= {"extracted": balance.extracted, "collapsed": balance.collapsed}
            counts["rejected"] = balance.rejected
        counts |= {name: units[name] for name in ("missing", "held", "failed", "unknown")}
        counts["unchanged"] = units["in step"]
        notes = tuple(f"{scope}: {explain(error)}" for scope, error in self.unreadable.items())
        status: Status = "attention" if notes or self.needing else "ok"
        read_all = self.scopes == self.planned
        coverage = f"{self.scopes} of {self.planned} scopes were read"
        return PipelineSummary(
            self.job.name,
            status,
            counts,
            self.job.target.client.request_count,
            night.seconds,
            notes,
            () if read_all else (self._coverage(coverage),),
            standings=_told(self.tally),
        )

    def _coverage(self, told: str) -> str:
        """Whether the scopes that were not read were ever."""
        last = self.planner.store.last_reconciled(self.job.name)
        never = self.planned - len(last)
        if never:
            return f"{told}; {never} were never reconciled yet"
        return f"{told}; the others were in earlier runs"


def _told(tally: Mapping[tuple[Entity, str], int]) -> dict[str, int]:
    """`unit drifted`, `group in step`."""
    return {
        f"{entity} {standing}": count
        for (entity, standing), count in sorted(tally.items(), reverse=True)
    }
