"""What a complete reading of a scope teaches about what is known of it, before it is planned.

What a dead run left open is settled; what an older state says, and what an answer threw doubt on,
is known as it is live, or let go; what is live and nobody has linked is adopted, or told to a
person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flows.job import Job
from state.journal import SentRequest
from state.scopes import ScopeRecord
from state.store import Store
from transforms.borne import borne
from transforms.obstacles import obstacles
from transforms.plan import Change, Entity, KnownGroup, KnownUnit, Live, Result
from transforms.refresh import completed, refreshed
from transforms.settle import Identities, adopt, settle
from transforms.twins import Twin, twins


@dataclass(frozen=True)
class Recovery:
    """Readings of one job's scopes, against one store, in one run."""

    job: Job
    store: Store
    run_id: str

    def learn(self, live: Live, record: ScopeRecord | None) -> bool:
        """Brings what is known up to what the reading proves; whether an earlier run had left
        something to be put right."""
        requests = self.store.unanswered(self.job.name, live.scope)
        for request in requests:
            self._settle(request, live)
        found = self._adopt_refused(live, record)
        restored = record is not None and record.restored
        self._look_at_doubted(live, everything=restored)
        remembered = self._remember(live)
        return bool(requests) or found or restored or remembered

    def adoptable(
        self, changes: Sequence[Change], live: Live
    ) -> tuple[list[KnownUnit], list[KnownGroup], dict[str, str]]:
        """The live units and groups that planned creates mean, and by unit key why a person must
        choose."""
        known = identities(self.store, self.job.name, live.scope)
        return adopt(changes, live, known, self.job.target.schema)

    def obstacles(self, changes: Sequence[Change], live: Live) -> dict[str, str]:
        """By unit key, why a change that the reading shows an obstacle to is held."""
        known = identities(self.store, self.job.name, live.scope)
        units, groups = set(known.units.values()), set(known.groups.values())
        found = obstacles(changes, live, units, groups, self.job.target.schema)
        return found | self._borne(changes, live, "unit", known.units)

    def group_obstacles(self, changes: Sequence[Change], live: Live) -> dict[str, str]:
        """By group key, why a change that the reading shows an obstacle to is held."""
        known = identities(self.store, self.job.name, live.scope)
        return self._borne(changes, live, "group", known.groups)

    def _borne(
        self, changes: Sequence[Change], live: Live, entity: Entity, ids: Mapping[str, str]
    ) -> dict[str, str]:
        if not self.job.target.schema.name_field:
            return {}
        return borne(changes, live, entity, ids)

    def twins(self, live: Live) -> tuple[Twin, ...]:
        """What the reading shows beside the units that are known by now."""
        units, _ = self.known(live.scope)
        return twins(units.values(), live, self.job.target.schema)

    def note_strangers(self, live: Live) -> None:
        """Remembers whether live units were seen that no key is linked to."""
        linked = set(self.store.known_index(self.job.name, live.scope)["remote_id"])
        seen = any(unit.remote_id not in linked for unit in live.units)
        self.store.note_strangers(self.job.name, live.scope, seen=seen)

    def _settle(self, request: SentRequest, live: Live) -> None:
        """What the reading cannot confirm of a request is sent again."""
        known = identities(self.store, self.job.name, live.scope)
        results = settle(request.changes, live, known, self.job.target.schema)
        settled = {result.change.identity for result in results}
        results += [
            Result(
                change,
                "failed",
                "settled by reading: it was not processed",
                forget=() if change.action == "create" else tuple(change.after),
            )
            for change in request.changes
            if change.identity not in settled
        ]
        steps = [result for result in results if result.outcome is None]
        self.store.learn(request.id, steps)
        ended = [
            replace(
                step, outcome="failed", known={}, words=f"{step.words}; the rest is planned anew"
            )
            for step in steps
        ]
        final = [result for result in results if result.outcome is not None]
        self.store.settle_request(request.id, [*final, *ended])

    def _adopt_refused(self, live: Live, record: ScopeRecord | None) -> bool:
        """What was made although the API said no goes by the name that was sent, whatever the
        source calls it now; whether there was any."""
        if record is None or record.in_flight is None:
            return False
        known = identities(self.store, self.job.name, live.scope)
        refused = self.store.refused_creates(self.job.name, live.scope, record.in_flight)
        unmade = [change for change in refused if known.of(change) is None]
        units, groups, _ = adopt(unmade, live, known, self.job.target.schema)
        if units or groups:
            self.store.link(self.job.name, live.scope, self.run_id, units, groups)
        return bool(units or groups)

    def _look_at_doubted(self, live: Live, *, everything: bool) -> None:
        """What nothing is vouched for is known as it is live. A listing alone proves nobody gone,
        for it may be late; where an answer has said so, too, they are let go."""
        known, known_groups = self.known(live.scope)
        units = {key for key, unit in known.items() if everything or not unit.payload}
        groups = {key for key, group in known_groups.items() if everything or not group.payload}
        if not units and not groups:
            return
        shown, shown_groups = refreshed(
            known.values(), known_groups.values(), live, self.job.target.schema
        )
        shown = [unit for unit in shown if unit.key in units]
        shown_groups = [group for group in shown_groups if group.key in groups]
        self.store.link(self.job.name, live.scope, self.run_id, shown, shown_groups)
        gone = {key for key in units if not known[key].payload} - {u.key for u in shown}
        gone_groups = {key for key in groups if not known_groups[key].payload}
        gone_groups -= {group.key for group in shown_groups}
        self.store.unlink(self.job.name, live.scope, self.run_id, gone, gone_groups)

    def _remember(self, live: Live) -> bool:
        """What was forgotten of units is known as it is live; whether there was any."""
        known, known_groups = self.known(live.scope)
        units = completed(known.values(), known_groups.values(), live, self.job.target.schema)
        if units:
            self.store.link(self.job.name, live.scope, self.run_id, units, [])
        return bool(units)

    def known(self, scope: str) -> tuple[dict[str, KnownUnit], dict[str, KnownGroup]]:
        """The known units and groups of a scope, by key."""
        keys = self.store.known_index(self.job.name, scope)["key"]
        units = self.store.known_units(self.job.name, scope, keys)
        return units, self.store.known_groups(self.job.name, scope)


def identities(store: Store, pipeline: str, scope: str) -> Identities:
    """The vendor's ids of what is known of a scope."""
    index = store.known_index(pipeline, scope)
    groups = store.known_groups(pipeline, scope)
    return Identities(
        dict(zip(index["key"], index["remote_id"], strict=True)),
        {key: group.remote_id for key, group in groups.items()},
    )
