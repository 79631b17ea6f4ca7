"""The canary: a few scopes are pushed first, and the others follow only if those read as confirmed.

The scopes that cost the fewest requests go first. Each is read back, up to three times, for a
vendor may show a write later than it confirms it (contracts S25, T15). Where one disagrees, the
others are held as they are: nothing of them is sent, settled or accepted, so that the next night
plans them again from the same state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.errors import ApiError
from connectors.targets.push import READ_PAUSES_SECONDS
from flows.job import Job
from flows.planning import PlannedScope
from flows.pushing import Push, PushedScope, Pusher, shards_of
from flows.recorder import Recorder
from flows.recovery import identities
from transforms.confirmation import contradictions, named, unconfirmed
from transforms.plan import Change, Result


@dataclass(frozen=True)
class Verdict:
    """What the canary said: its scopes, and a sentence about each of them that disagreed."""

    scopes: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """That it agreed, where it did; this needs nobody."""
        if not self.scopes or self.complaints:
            return ()
        return (f"canary: {', '.join(self.scopes)} reads as it was confirmed",)


def push_in_order(
    push: Push, scopes: Sequence[PlannedScope], pusher: Pusher
) -> tuple[list[PushedScope], Verdict]:
    """Pushes the canary, then the others, or holds what they would send."""
    first = _chosen(push.job, scopes)
    names = {planned.plan.scope for planned in first}
    others = [planned for planned in scopes if planned.plan.scope not in names]
    pushed = list(pusher(push, shards_of(push.job, first)))
    verdict = _verdict(push, first, pushed)
    if verdict.complaints:
        waiting = [planned for planned in others if _weight(push.job, planned)]
        others = [planned for planned in others if not _weight(push.job, planned)]
        pushed += [_hold(push, planned, verdict.complaints[0]) for planned in waiting]
    pushed += pusher(push, shards_of(push.job, others))
    return pushed, verdict


def _chosen(job: Job, scopes: Sequence[PlannedScope]) -> list[PlannedScope]:
    """The lightest scopes that have anything to send, always in the same order."""
    weighed = [(_weight(job, planned), planned.plan.scope, planned) for planned in scopes]
    sending = sorted((entry for entry in weighed if entry[0]), key=lambda entry: entry[:2])
    return [planned for _, _, planned in sending[: job.pipeline.canary]]


def _weight(job: Job, planned: PlannedScope) -> int:
    """How many requests a scope will take; none where it could not be read."""
    return 0 if planned.unreadable else job.target.forecast(planned.plan.changes)


def _verdict(push: Push, scopes: Sequence[PlannedScope], pushed: Sequence[PushedScope]) -> Verdict:
    outcomes = {done.scope: done for done in pushed}
    complaints = [
        _complaint(planned.plan.scope, disagreements)
        for planned in scopes
        if (disagreements := _disagreements(push, planned, outcomes[planned.plan.scope]))
    ]
    return Verdict(tuple(planned.plan.scope for planned in scopes), tuple(complaints))


def _disagreements(push: Push, planned: PlannedScope, done: PushedScope) -> list[str]:
    """What did not come through; else what does not read as it was confirmed. Units stand first:
    what ails a group is often no more than what ails its reference unit."""
    changes = (*planned.plan.of("unit"), *planned.plan.of("group"))
    outcomes = dict(done.outcomes.items())
    results = [outcomes[change.identity] for change in changes]
    undone = [
        f"{named(result.change)} {_ended(result)}"
        for result in results
        if result.outcome in ("failed", "unknown")
    ]
    if undone:
        return undone
    confirmed = [result.change for result in results if result.outcome == "applied"]
    disagreements: list[str] = []
    for pause in READ_PAUSES_SECONDS:
        push.job.target.outside.clock.sleep(pause)
        disagreements = list(_read_back(push, planned.plan.scope, confirmed))
        if not disagreements:
            return []
    _forget(push, planned.plan.scope, confirmed)
    return disagreements


def _ended(result: Result) -> str:
    outcome = "failed" if result.outcome == "failed" else "has an unknown outcome"
    return f"{outcome}: {result.words}" if result.words else outcome


def _read_back(push: Push, scope: str, confirmed: Sequence[Change]) -> Iterator[str]:
    target = push.job.target
    try:
        live = target.read(scope)
    except ApiError as error:
        yield f"it could not be read back: {error}"
        return
    known = identities(push.store, push.job.name, scope)
    yield from contradictions(confirmed, live, known, target.schema)


def _forget(push: Push, scope: str, confirmed: Sequence[Change]) -> None:
    """What does not read as it was confirmed is not known, and so is planned again."""
    target, changes = push.job.target, {c.key: c for c in confirmed if c.entity == "unit"}
    try:
        live = target.read(scope)
    except ApiError:
        return
    units = push.store.known_units(push.job.name, scope, changes)
    doubted = [
        left
        for key, unit in units.items()
        if (left := unconfirmed(unit, changes[key], live, target.schema))
    ]
    if doubted:
        push.store.link(push.job.name, scope, push.run_id, doubted, [])


def _complaint(scope: str, disagreements: Sequence[str]) -> str:
    more = f" (and {len(disagreements) - 1} more)" if len(disagreements) > 1 else ""
    return (
        f"canary: {scope} disagrees: {disagreements[0]}{more}. Nothing is sent to the other scopes "
        "of this pipeline tonight; the next night plans them again. Look at this scope at the "
        "vendor and in the source, or set canary: 0 for one run to go on without it"
    )


def _hold(push: Push, planned: PlannedScope, reason: str) -> PushedScope:
    """Sends nothing of a scope and leaves it as it is, to be planned again."""
    scope = planned.plan.scope
    results = [Result(change, "held", change.held or reason) for change in planned.plan.changes]
    Recorder(push.store, push.job.name, scope, push.run_id).decided(results)
    push.progress(len(results))
    return PushedScope(scope, {result.change.identity: result for result in results})
