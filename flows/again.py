"""A scope whose units and groups are to have earlier values again, planned and guarded.

As on any night: the stricter habits of the settings and the guardrails judge it, and what a person
has let through goes. The scope is settled as a part, for nothing is said of anybody else.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.errors import ApiError
from flows.habits import by_habit
from flows.planning import PlannedScope, meets_strangers
from flows.recovery import Recovery
from transforms.diff import Known
from transforms.former import Former, bring_back
from transforms.guard import guard
from transforms.plan import Live


def plan_again(
    recovery: Recovery,
    scope: str,
    formers: Sequence[Former],
    command: str,
    reading: Live | None = None,
) -> PlannedScope:
    """The plan that gives these known units and groups their fields again. `command` is what lets
    through what is held; an allowance is used up only if it lets any of this through."""
    job, store = recovery.job, recovery.store
    known = Known(
        index=store.known_index(job.name, scope),
        units=lambda keys: store.known_units(job.name, scope, keys),
        groups=store.known_groups(job.name, scope) if job.policy.groups else {},
        elsewhere={},
    )
    plan = bring_back(scope, formers, known, job.policy, job.pipeline.fields)
    if reading is None and meets_strangers(job, plan, store.scope_records(job.name).get(scope)):
        try:
            reading = job.target.read(scope)
        except ApiError as error:
            return PlannedScope(plan, unreadable=str(error), accepted=False)
    if reading is not None:
        plan = plan.holding_units(recovery.obstacles(plan.changes, reading))
    allowances, allowed = store.allowed(job.name, scope)
    # No extract is spoken of, so none is judged.
    guarded = guard(
        by_habit(job, plan, reading),
        None,
        job.pipeline.guardrails,
        allowed,
        command,
        store.held_of(job.name, scope),
    )
    is_let = any(map(allowed.lets, plan.changes))
    return PlannedScope(
        guarded.plan,
        tripped=guarded.tripped,
        allowances=allowances if is_let else (),
        accepted=False,
    )
