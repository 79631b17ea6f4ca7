"""Steps 7 and 8: scopes pushed side by side, each recorded as its answers come in.

Scopes are packed into as many shards as may run at once, by expected requests, so that the number
of tasks never grows with units. When one scope meets an error that would end any other alike, the
scopes that follow are not tried.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from connectors.errors import ApiError
from connectors.targets.work import Member, ScopeWork
from flows.aside import outcomes_aside
from flows.job import Job
from flows.planning import PlannedScope
from flows.recorder import Recorder
from state.store import Store
from transforms.change import GROUP_FIELD
from transforms.group import ATTRIBUTES
from transforms.plan import Change, Entity, Payload, Result

Outcomes = Mapping[tuple[Entity, str], Result]
Progress = Callable[[int], None]
Secrets = Callable[[str, Iterable[str]], Mapping[str, Payload]]


@dataclass(frozen=True)
class PushedScope:
    """What became of each change of a scope, by identity."""

    scope: str
    outcomes: Outcomes


@dataclass
class Push:
    """One pipeline's push. `obstacle` is the error that ended it early, if there was one."""

    job: Job
    store: Store
    run_id: str
    secrets: Secrets = field(repr=False)
    progress: Progress = lambda done: None
    obstacle: ApiError | None = None

    def refusal(self, pushed: Iterable[PushedScope]) -> ApiError | None:
        """The obstacle, if because of it nothing came through at all."""
        results = (result for scope in pushed for result in scope.outcomes.values())
        return None if any(result.outcome == "applied" for result in results) else self.obstacle

    def shard(self, scopes: Sequence[PlannedScope]) -> list[PushedScope]:
        """Pushes the scopes of one shard, one after the other."""
        return [self.scope(planned) for planned in scopes]

    def scope(self, planned: PlannedScope) -> PushedScope:
        """Pushes and records one scope, and says what became of it."""
        plan = planned.plan
        recorder = Recorder(self.store, self.job.name, plan.scope, self.run_id)
        outcomes: dict[tuple[Entity, str], Result] = {}

        def decide(results: Iterable[Result]) -> None:
            decided = list(results)
            recorder.decided(decided)
            outcomes.update({result.change.identity: result for result in decided})

        decide(Result(c, "held", c.held) for c in plan.changes if c.held is not None)
        sendable = tuple(change for change in plan.changes if change.held is None)
        reason = planned.unreadable or (str(self.obstacle) if self.obstacle else None)
        error = None
        if reason is not None:
            decide(Result(change, "failed", f"not sent: {reason}") for change in sendable)
        elif sendable:
            push, error = self.job.target.push(self._work(plan.scope, sendable), recorder)
            outcomes.update(push.outcomes)
            self.obstacle = self.obstacle or error
        self._settle(planned, outcomes)
        if planned.allowances and reason is None and error is None:
            self.store.use_allowances(planned.allowances, self.run_id)
        self.progress(len(plan.changes))
        return PushedScope(plan.scope, outcomes_aside(outcomes, self.job.shelf))

    def _settle(self, planned: PlannedScope, outcomes: Outcomes) -> None:
        """Closes the scope: in step, or to be looked at again next time. A selected part says
        neither that it is in step nor who is missing."""
        plan, pipeline = planned.plan, self.job.name
        kinds = {result.outcome for result in outcomes.values()}
        if planned.unreadable is not None:
            return
        if plan.refreshed:
            self.store.refresh_digests(pipeline, plan.scope, plan.refreshed)
        if planned.accepted:
            self.store.accept_extract(
                pipeline, plan.scope, self.run_id, plan.rows, plan.keys, plan.columns
            )
        look_again = planned.look_again or any(map(_calls_for_a_look, outcomes.values()))
        if plan.part:
            self.store.settle_part(pipeline, plan.scope, self.run_id, look_again=look_again)
            return
        retired = {
            result.change.key
            for result in outcomes.values()
            if result.change.action == "retire" and result.outcome == "applied"
        }
        in_step = (
            kinds <= {"applied"}
            and not planned.tripped
            and not any(result.forget for result in outcomes.values())
        )
        self.store.settle_scope(
            pipeline,
            plan.scope,
            self.run_id,
            digest=plan.digest if in_step else None,
            missing=set(plan.missing) - retired,
            seen=plan.keys,
            look_again=look_again,
        )

    def _work(self, scope: str, changes: tuple[Change, ...]) -> ScopeWork:
        index = self.store.known_index(self.job.name, scope)
        columns = (index[name].tolist() for name in ("key", "remote_id", "name", "group_key"))
        members = {
            key: Member(remote_id, name, group if isinstance(group, str) else None)
            for key, remote_id, name, group in zip(*columns, strict=True)
        }
        return ScopeWork(
            scope=scope,
            changes=changes,
            members=members,
            groups=self.store.known_groups(self.job.name, scope),
            secrets=self.secrets(scope, [change.key for change in changes]),
        )


def _calls_for_a_look(result: Result) -> bool:
    """Whether the scope is read before it is planned again: for what may have come through although
    the API said no, for where a unit stands now, and before that is sent again which a lost
    request may still undo after all had come through."""
    forgotten = set(result.forget) - {ATTRIBUTES}  # no reading shows them
    came_through = result.outcome == "applied"
    undone = GROUP_FIELD in forgotten or (came_through and bool(forgotten))
    return result.look_again or bool(result.doubted) or undone


class Pusher(Protocol):
    """How shards are run: by threads, or by Prefect tasks."""

    def __call__(
        self, push: Push, shards: Sequence[Sequence[PlannedScope]]
    ) -> Iterable[PushedScope]:
        """Pushes every shard and returns what became of each scope."""


def in_threads(push: Push, shards: Sequence[Sequence[PlannedScope]]) -> list[PushedScope]:
    """One thread per shard."""
    if not shards:
        return []
    with ThreadPoolExecutor(len(shards)) as pool:
        return [scope for pushed in pool.map(push.shard, shards) for scope in pushed]


def shards_of(job: Job, scopes: Iterable[PlannedScope]) -> list[list[PlannedScope]]:
    """Scopes packed by expected requests, the largest first, into `concurrency` shards."""
    weighed = [(job.target.forecast(planned.plan.changes), planned) for planned in scopes]
    weighed.sort(key=lambda pair: (-pair[0], pair[1].plan.scope))
    loads: list[tuple[int, int, list[PlannedScope]]] = [
        (0, number, []) for number in range(min(job.target.concurrency, len(weighed)))
    ]
    for requests, planned in weighed:
        load, number, shard = heapq.heappop(loads)
        shard.append(planned)
        heapq.heappush(loads, (load + requests, number, shard))
    return [shard for _, _, shard in sorted(loads, key=lambda entry: entry[1])]
