"""The inverse of a run as a plan, made from the state: what it changed goes back to what it was.

Only what the run really left is taken back. Promises that what somebody has changed since is not
overwritten, that everything which stays as it is is listed with its reason, and that nothing is
written: the plan is judged like a night's, and applied as a saved plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.again import plan_again
from flows.job import Job, jobs_of
from flows.naming import run_named
from flows.recovery import Recovery
from flows.report_text import counted, listed
from flows.report_verdict import outcome_of
from flows.run import allow_command, previewing
from flows.settings import Settings
from flows.summary import Balance
from flows.sync import Night
from flows.world import World
from state.runs import RunRecord
from state.since import Deed, Later
from state.store import Store
from transforms.former import Former
from transforms.plan import Entity, KnownGroup, KnownUnit
from transforms.undo import Left, undo

# The kinds of runs that send anything.
SENDING = ("sync", "backfill")


class UndoRefused(Exception):
    """There is no such run to undo; the message says why and what to do. Nothing was touched."""


@dataclass(frozen=True)
class Inverse:
    """What takes a run back: a night for each pipeline, and what is left as it is, by pipeline."""

    run_id: str
    nights: Sequence[Night]
    left: Mapping[str, Sequence[Left]]


def undo_run(settings: Settings, world: World, named: str, pipelines: Sequence[str]) -> Inverse:
    """The inverse of a run (id, beginning of one, or `last`) for these pipelines of it, or for all;
    raises RunUnknown or UndoRefused."""
    with Store.open_for_reading(settings.state) as store:
        record = store.run(run_named(store, named))
        if record is None:
            raise UndoRefused(f"run {named} is gone")
        _refuse(record, settings, pipelines)
        deeds = store.deeds(record["run_id"])
    with jobs_of(settings, world) as jobs, previewing(settings, world) as run:
        since = run.store.changed_since(record["run_id"])
        undoing = _Undoing(record["run_id"], run.run_id, run.store, since)
        done = [
            undoing.night(job, [deed for deed in deeds if deed.pipeline == job.name])
            for job in jobs
            if job.name in record["pipelines"]
        ]
    nights = [night for night, _ in done]
    return Inverse(record["run_id"], nights, {night.job.name: left for night, left in done})


def _refuse(record: RunRecord, settings: Settings, pipelines: Sequence[str]) -> None:
    """Raises UndoRefused where there is nothing of the run that could be undone."""
    name, had = f"run {record['run_id']}", record["pipelines"]
    if record["kind"] not in SENDING:
        raise UndoRefused(
            f"{name} is of the kind {record['kind']}: it sent nothing, so there is nothing to undo;"
            " `unitsync runs` lists the runs"
        )
    if record["status"] == "running":
        raise UndoRefused(
            f"{name} has not come to its end; run `unitsync sync`, which settles what it left"
        )
    if strangers := sorted(set(pipelines) - set(had)):
        raise UndoRefused(f"{name} was not about {listed(strangers)}, but about {listed(had)}")
    if gone := sorted(set(had) - set(settings.pipelines)) if not pipelines else []:
        raise UndoRefused(
            f"{name} was about {listed(had)}, of which {listed(gone)} is not configured any more; "
            f"name what is to be undone: unitsync undo {record['run_id']} PIPELINE"
        )


@dataclass(frozen=True)
class _Undoing:
    """One run that is undone, on a copy of the state."""

    run_id: str
    preview_id: str
    store: Store
    since: Mapping[tuple[str, str, Entity, str], Mapping[str, Later]]

    def night(self, job: Job, deeds: Sequence[Deed]) -> tuple[Night, list[Left]]:
        """What takes back what the run did in one pipeline, and what is left of it."""
        night, left = Night(job), list[Left]()
        recovery = Recovery(job, self.store, self.preview_id)
        by_scope: dict[str, list[Deed]] = {}
        for deed in deeds:
            if deed.outcome == "applied":
                by_scope.setdefault(deed.change.scope, []).append(deed)
        for scope, done in sorted(by_scope.items()):
            formers = list(self._formers(job, scope, done, left))
            if formers:
                command = f"{allow_command('last', scope)} (after this plan is applied; then undo)"
                night.scopes.append(plan_again(recovery, scope, formers, command))
        units = sum(planned.plan.rows for planned in night.scopes)
        night.balance = Balance(units, 0, 0)
        night.notices = tuple(_notices(self.run_id, deeds, night))
        return night, left

    def _formers(
        self, job: Job, scope: str, deeds: Sequence[Deed], left: list[Left]
    ) -> Iterator[Former]:
        """What each unit and group is to have again; what stays as it is is added to `left`."""
        if (doubt := self._doubt(job, scope)) is not None:
            left += [Left(deed.change, doubt) for deed in deeds]
            return
        known = self._known(job, scope, deeds)
        groups = {key for entity, key in known if entity == "group"} if job.policy.groups else None
        for deed in deeds:
            one, since = known.get(deed.change.identity), self.since.get(deed.place, {})
            reasons = {name: _by(later) for name, later in since.items()}
            undone = undo(deed.change, one, reasons, job.target.schema, groups)
            left += undone.left
            if undone.former is not None:
                yield undone.former

    def _doubt(self, job: Job, scope: str) -> str | None:
        record = self.store.scope_records(job.name).get(scope)
        if record is None or record.in_flight is None:
            return None
        return (
            "what the API holds in its scope is in doubt since run "
            f"{record.in_flight}; a sync reads it, so run `unitsync sync`, then undo again"
        )

    def _known(
        self, job: Job, scope: str, deeds: Sequence[Deed]
    ) -> dict[tuple[Entity, str], KnownUnit | KnownGroup]:
        keys = [deed.change.key for deed in deeds if deed.change.entity == "unit"]
        units = self.store.known_units(job.name, scope, keys)
        groups = self.store.known_groups(job.name, scope)
        return {
            **{("unit", key): unit for key, unit in units.items()},
            **{("group", key): group for key, group in groups.items()},
        }


def _by(later: Later) -> str:
    if later.by_us:
        return f"run {later.run_id} has changed it since"
    return f"somebody has changed it at the vendor since, as run {later.run_id} found"


def _notices(run_id: str, deeds: Sequence[Deed], night: Night) -> Iterator[str]:
    undone = Counter(outcome_of(d.outcome) for d in deeds if d.outcome != "applied")
    if undone:
        told = listed(f"{count:,} {outcome}" for outcome, count in undone.items())
        yield f"nothing to undo of {told}: that is not known to have been done"
    if night.balance is not None and (units := night.balance.extracted):
        yield (
            f"this takes back what run {run_id} sent, not what the source says: put "
            f"{counted(units, 'unit')} right there before the next sync, or it sends the source's "
            "values again"
        )
