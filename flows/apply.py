"""`sync --plan`: exactly the saved plan, once, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from flows.job import Job, jobs_of
from flows.planning import PlannedScope
from flows.pushing import Pusher, in_threads
from flows.run import Run, running
from flows.saved_plan import PlanRefused, SavedPlan, load
from flows.settings import Settings
from flows.summary import Balance, RunSummary
from flows.sync import Night, Watcher, push, read, report
from flows.world import World
from state.store import Store
from transforms.plan import Change
from transforms.secrets import MARK


def apply(
    settings: Settings,
    world: World,
    path: Path,
    *,
    watcher: Watcher = Watcher(),
    pusher: Pusher = in_threads,
) -> RunSummary:
    """Pushes the plan in the file; raises PlanRefused before anything is touched."""
    saved = load(path)
    with Store.open_for_reading(settings.state) as store:
        saved.fits(store)
    if unknown := sorted(set(saved.scopes) - set(settings.pipelines)):
        raise PlanRefused(f"the plan is for pipelines that are not configured here: {unknown}")
    with jobs_of(settings, world) as jobs:
        nights = _nights({job.name: job for job in jobs}, world, saved, watcher)
        with running(settings, world, "sync", _still_holds(saved)) as run:
            for night in nights:
                _link(night, run)
            for night in nights:
                push(night, run, watcher, pusher)
            return report(nights, run)


def _still_holds(saved: SavedPlan) -> Callable[[Store], bool]:
    return lambda store: saved.fits(store) and saved.is_still_allowed(store)


def _nights(
    jobs: Mapping[str, Job], world: World, saved: SavedPlan, watcher: Watcher
) -> list[Night]:
    nights = []
    for name, scopes in saved.scopes.items():
        night = Night(jobs[name])
        hashes = list(_hashes(scopes))
        if hashes:
            night = read(jobs[name], world, watcher)
            _refuse_other_secrets(night, hashes)
        night.scopes = list(scopes)
        night.balance = Balance(**saved.balances[name])
        night.notices = tuple(saved.notices.get(name, ()))
        nights.append(night)
    return nights


def _hashes(scopes: Iterable[PlannedScope]) -> Iterator[tuple[Change, str, str]]:
    """The lock codes that the plan sends, as hashes."""
    for planned in scopes:
        for change in planned.plan.changes:
            for name, value in change.after.items():
                if isinstance(value, str) and value.startswith(MARK):
                    yield change, name, value


def _refuse_other_secrets(night: Night, hashes: Iterable[tuple[Change, str, str]]) -> None:
    """A plan keeps no lock code; the source must still hold the very ones that it means."""
    if night.desired is None:
        raise PlanRefused(f"the plan needs the lock codes of its source, and {night.failure}")
    mask = night.job.target.mask
    for change, name, hashed in hashes:
        secrets = night.desired.secrets_of(change.scope, [change.key]).get(change.key, {})
        if name not in secrets or mask.hashed(str(secrets[name])) != hashed:
            raise PlanRefused(
                f"the plan sends the {name} of unit {change.key!r}, which is not kept in the file, "
                "and the source has another one by now; make a new one with `unitsync plan`"
            )


def _link(night: Night, run: Run) -> None:
    for planned in night.scopes:
        if planned.units or planned.groups:
            run.store.link(
                night.job.name, planned.plan.scope, run.run_id, planned.units, planned.groups
            )
