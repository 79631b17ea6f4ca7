"""The stricter habits of a pipeline, as its settings have them: what they hold of a plan."""

from __future__ import annotations

from connectors.errors import ApiError
from connectors.targets.settings import StoredgeSettings
from flows.job import Job
from transforms.diff import ScopePlan
from transforms.habits import drifted, occupied
from transforms.plan import Live


def by_habit(job: Job, plan: ScopePlan, reading: Live | None = None) -> ScopePlan:
    """Holds what the stricter habits of the settings hold, if they are on; reads the scope for it,
    unless there is a reading."""
    settings = job.pipeline.target
    if not isinstance(settings, StoredgeSettings):
        return plan
    updates = any(c.action in ("update", "move") for c in plan.of("unit"))
    if not updates or not (settings.vacant_only or settings.undrifted_only):
        return plan
    try:
        live = reading or job.target.read(plan.scope)
    except ApiError as error:
        reason = f"the facility could not be read before it is updated: {error}"
        return plan.holding(reason, lambda change: change.action in ("update", "move"))
    if settings.vacant_only:
        plan = plan.holding_units(occupied(plan.changes, live))
    if settings.undrifted_only:
        plan = plan.holding_units(drifted(plan.changes, live, job.target.schema))
    return plan
