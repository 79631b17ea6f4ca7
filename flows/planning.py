"""Steps 5 and 6 for the scopes of a pipeline: read what must be read, diff, guard.

A scope is read only when it must be: on its first sync, to adopt what is there; when a run left
something in it to be looked at; before a unit is created where live units were seen that nobody
has linked; and before a known home gets another address. A scope whose digest is unchanged reads no
rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace

from connectors.errors import ApiError, ApiUnreachable, CredentialsRefused, Stopped
from flows.habits import by_habit
from flows.job import Job
from flows.recovery import Recovery
from state.scopes import ScopeRecord
from state.store import Store
from transforms.allowance import Tripped
from transforms.diff import Known, ScopePlan, diff
from transforms.guard import guard
from transforms.obstacles import readdressed
from transforms.plan import AcceptedExtract, KnownGroup, KnownUnit, Live
from transforms.regroup import called_anew
from transforms.reshape import Desired, ScopeDesired
from transforms.twins import Twin

# So many scopes are read side by side and then planned: their units are in memory meanwhile.
READ_AT_ONCE = 200


@dataclass(frozen=True)
class PlannedScope:
    """A plan on its way to the push, with what a reading linked on the way.

    `unreadable` says why the scope could not be read although it had to be: nothing is sent for
    it. `standing` marks a scope that was skipped because nothing moved since the last run.
    `allowances` are the ids of those that the guardrails went by. `twins` are live units that
    repeat known ones; `look_again` says that a person must do something about live units, so that
    the scope is read again in the next run.
    """

    plan: ScopePlan
    units: tuple[KnownUnit, ...] = ()
    groups: tuple[KnownGroup, ...] = ()
    tripped: tuple[Tripped, ...] = ()
    allowances: tuple[int, ...] = ()
    accepted: bool = True
    unreadable: str | None = None
    standing: bool = False
    recovered: bool = False
    twins: tuple[Twin, ...] = ()
    look_again: bool = False


@dataclass(frozen=True)
class Planner:
    """Plans the scopes of one job against one store.

    `command` says how a person lets through what is held in a scope.
    """

    job: Job
    desired: Desired
    store: Store
    run_id: str
    pool: Callable[[int], Executor]
    command: Callable[[str], str]
    records: Mapping[str, ScopeRecord] = field(init=False)
    recovery: Recovery = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "records", self.store.scope_records(self.job.name))
        object.__setattr__(self, "recovery", Recovery(self.job, self.store, self.run_id))

    def diff(self) -> Iterator[PlannedScope]:
        """Every scope of the run, in a stable order."""
        scopes = spoken_of(self.desired, self.records)
        changed = moved(self.desired, self.records)
        for start in range(0, len(scopes), READ_AT_ONCE):
            some = scopes[start : start + READ_AT_ONCE]
            unread = [s for s in some if s in changed and must_read(self.records.get(s))]
            readings = self.read(unread)
            for scope in some:
                if scope in changed:
                    yield self._plan(scope, readings.pop(scope, None))
                else:
                    yield PlannedScope(self._standing(scope), standing=True)

    def guard(self, planned: PlannedScope) -> PlannedScope:
        """The scope with its dangerous changes held, judged by its last accepted extract and by
        what a person has let through; a selected part does not use that up."""
        if planned.standing or planned.unreadable is not None:
            return planned
        scope = planned.plan.scope
        allowances, allowed = self.store.allowed(self.job.name, scope)
        guarded = guard(
            planned.plan,
            self._accepted(planned.plan),
            self.job.pipeline.guardrails,
            allowed,
            self.command(scope),
            self.store.held_of(self.job.name, scope),
        )
        return replace(
            planned,
            plan=guarded.plan,
            tripped=guarded.tripped,
            allowances=() if planned.plan.part else allowances,
            accepted=guarded.accepted and planned.accepted,
        )

    def _accepted(self, plan: ScopePlan) -> AcceptedExtract | None:
        """The last accepted extract; for a selected part only what it held of that."""
        accepted = self.store.accepted_extract(self.job.name, plan.scope)
        if accepted is None or not plan.part:
            return accepted
        return accepted._replace(rows=0, keys=accepted.keys & plan.keys)

    def _standing(self, scope: str) -> ScopePlan:
        valid, rejected = self.desired.row_counts(scope)
        record = self.records[scope]
        return ScopePlan(
            scope=scope,
            changes=(),
            unchanged=valid,
            missing=(),
            rows=valid + rejected,
            rejected=rejected,
            refreshed={},
            keys=frozenset(),
            known=0,
            digest=record.digest or "",
            still_missing=record.missing,
        )

    def read(self, scopes: Sequence[str]) -> dict[str, Live | ApiError]:
        """Reads scopes side by side; an error that would end any scope ends the pipeline."""
        readings: dict[str, Live | ApiError] = {}
        if not scopes:
            return readings
        with self.pool(self.job.target.concurrency) as pool:
            futures = {scope: pool.submit(self.job.target.read, scope) for scope in scopes}
            try:
                for scope, future in futures.items():
                    readings[scope] = _reading(future)
            except ApiError:
                pool.shutdown(cancel_futures=True)
                raise
        return readings

    def _plan(self, scope: str, reading: Live | ApiError | None) -> PlannedScope:
        desired = self.desired.scope(scope)
        recovered = False
        if isinstance(reading, Live):
            recovered = self.recovery.learn(reading, self.records.get(scope))
        self.follow_groups(desired)
        plan = diff(desired, self.known(scope, desired.units["_key"]), self.job.policy)
        if reading is None and meets_strangers(self.job, plan, self.records.get(scope)):
            reading = self.read([scope])[scope]
        if isinstance(reading, ApiError):
            return PlannedScope(plan, unreadable=str(reading))
        if reading is None:
            return PlannedScope(
                by_habit(self.job, self._only_vacant(plan)), accepted=desired.complete
            )
        units, groups, ambiguous = self.recovery.adoptable(plan.changes, reading)
        if units or groups:
            self.store.link(self.job.name, scope, self.run_id, units, groups)
            plan = diff(desired, self.known(scope, desired.units["_key"]), self.job.policy)
        waiting = ambiguous | self.recovery.obstacles(plan.changes, reading)
        if waiting:
            known = self.known(scope, desired.units["_key"])
            plan = diff(desired, known, self.job.policy, waiting).holding_units(waiting)
        nameless = self.recovery.group_obstacles(plan.changes, reading)
        plan = self._only_vacant(plan.holding_groups(nameless), reading)
        plan = by_habit(self.job, plan, reading)
        repeated = self.recovery.twins(reading)
        self.recovery.note_strangers(reading)
        return PlannedScope(
            plan,
            tuple(units),
            tuple(groups),
            accepted=desired.complete,
            recovered=recovered,
            twins=repeated,
            look_again=bool(repeated or waiting or nameless),
        )

    def follow_groups(self, desired: ScopeDesired) -> None:
        """What settings or source call by another key from now on is known by that key."""
        if not self.job.policy.groups:
            return
        name, scope = self.job.name, desired.scope
        keys = called_anew(desired, self.store.known_groups(name, scope).values())
        if keys:
            self.store.regroup(name, scope, keys)

    def known(self, scope: str, keys: Iterable[str]) -> Known:
        """What is known of a scope; `keys` are those that the source speaks of."""
        name, policy = self.job.name, self.job.policy
        index = self.store.known_index(name, scope)
        elsewhere = {}
        if not policy.can_move_scopes:
            strangers = sorted(set(keys) - set(index["key"]))
            elsewhere = self.store.key_scopes(name, strangers)
        return Known(
            index=index,
            units=lambda wanted: self.store.known_units(name, scope, wanted),
            groups=self.store.known_groups(name, scope) if policy.groups else {},
            elsewhere=elsewhere,
        )

    def _only_vacant(self, plan: ScopePlan, reading: Live | None = None) -> ScopePlan:
        """Retires only units that are vacant at the vendor now (contracts B.10)."""
        if not any(change.action == "retire" for change in plan.changes):
            return plan
        try:
            live = reading or self.job.target.read(plan.scope)
        except ApiError as error:
            reason = f"whether it is vacant at the vendor could not be read: {error}"
            return plan.holding(reason, lambda change: change.action == "retire")
        status = {unit.remote_id: unit.status for unit in live.units}
        return plan.holding(
            "it is not vacant at the vendor, so it is not taken off the market",
            lambda change: (
                change.action == "retire" and status.get(change.remote_id or "") != "vacant"
            ),
        )


def meets_strangers(job: Job, plan: ScopePlan, record: ScopeRecord | None) -> bool:
    """Whether the scope must be read first: a unit that is to be created, or renamed, may meet one
    that nobody has linked, or a home with a new address may be gone."""
    name = job.target.schema.name_field
    named = any(
        change.held is None and (change.action == "create" or name in change.after)
        for change in plan.of("unit")
    )
    met = record is not None and record.strangers and named
    return met or bool(readdressed(plan.changes))


def spoken_of(desired: Desired, records: Mapping[str, ScopeRecord]) -> list[str]:
    """The scopes of a run: all that the source or the state knows; of a selected part, its own."""
    return desired.scopes() if desired.whole else sorted({*desired.scopes(), *records})


def moved(desired: Desired, records: Mapping[str, ScopeRecord]) -> set[str]:
    """The scopes in which anything moved since they were last found in step."""
    return {
        scope
        for scope in spoken_of(desired, records)
        if must_read(records.get(scope))
        or not records[scope].digest
        or records[scope].digest != desired.digest(scope)
    }


def must_read(record: ScopeRecord | None) -> bool:
    """Whether the scope was never synced, or was left in doubt by the last run that met it."""
    return record is None or record.in_flight is not None or not record.first_synced


def _reading(future: Future[Live]) -> Live | ApiError:
    try:
        return future.result()
    except (CredentialsRefused, ApiUnreachable, Stopped):
        raise
    except ApiError as error:
        return error
