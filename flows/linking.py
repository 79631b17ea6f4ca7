"""Which live units and groups a reconciliation links, and which it suggests to a person.

Linked is only what the source and the API name alike, where that was asked for, and what a person
has confirmed. A confirmation that links nothing is told with its reason, never passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from flows.planning import Planner
from flows.recovery import identities
from transforms.diff import ScopePlan, diff
from transforms.plan import Entity, KnownGroup, KnownUnit, Live
from transforms.refresh import refreshed
from transforms.reshape import ScopeDesired
from transforms.settle import as_known
from transforms.suggest import suggested


@dataclass(frozen=True)
class Wish:
    """What a reconciliation is asked for.

    `adopt` links live units that the source means; `confirmed` are remote ids by unit key that a
    person has confirmed. `share` of the requests of a whole reading may be spent.
    """

    adopt: bool = False
    confirmed: Mapping[str, str] = field(default_factory=dict)
    share: float = 1.0


@dataclass
class Confirmations:
    """What a person has confirmed, remote ids by unit key, and what became of it."""

    asked: Mapping[str, str]
    heeded: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)

    def hear(self, scope: str, keys: Iterable[str], linked: Mapping[str, str]) -> None:
        """What became of those that are about `keys` of a scope, of which `linked` are."""
        owner = {remote_id: key for key, remote_id in linked.items()}
        for key in set(keys) & set(self.asked):
            remote_id = self.asked[key]
            if linked.get(key) == remote_id:
                self.heeded.add(key)
            elif key in linked:
                self.refused[key] = f"it is linked to {linked[key]} already"
            elif remote_id in owner:
                self.refused[key] = f"{remote_id} is linked to unit {owner[remote_id]} already"
            else:
                self.refused[key] = f"no live unit of {scope} has that id"

    def complaints(self) -> tuple[str, ...]:
        """Each confirmation that linked nothing, and why."""
        unmet = "no valid row of that key is in a scope that was read"
        return tuple(
            f"--confirm {key}={remote_id} linked nothing: {self.refused.get(key, unmet)}"
            for key, remote_id in self.asked.items()
            if key not in self.heeded
        )


@dataclass(frozen=True)
class Linked:
    """A scope once what was wished is linked: its plan, and by identity the remote ids of those
    that could be linked, too."""

    plan: ScopePlan
    linkable: Mapping[tuple[Entity, str], str]


@dataclass(frozen=True)
class Linking:
    """The links of one pipeline."""

    planner: Planner
    adopt: bool
    confirmations: Confirmations

    def link(self, live: Live, desired: ScopeDesired) -> Linked:
        """Links what is wished in one scope, and plans it."""
        plan = self._plan(desired)
        units, groups, ambiguous = self.planner.recovery.adoptable(plan.changes, live)
        wanted = [*(units if self.adopt else []), *self._confirmed(plan, live)]
        wanted_groups = groups if self.adopt else []
        if wanted or wanted_groups:
            self._keep(live.scope, wanted, wanted_groups)
            plan = self._plan(desired)
            units, groups, ambiguous = self.planner.recovery.adoptable(plan.changes, live)
        linkable: dict[tuple[Entity, str], str] = {("unit", u.key): u.remote_id for u in units}
        linkable |= {("group", group.key): group.remote_id for group in groups}
        if self.confirmations.asked:
            known = identities(self.planner.store, self.planner.job.name, live.scope)
            self.confirmations.hear(live.scope, desired.units["_key"], known.units)
        return Linked(plan.holding_units(ambiguous), linkable)

    def suggestions(self, linked: Linked, live: Live) -> dict[str, str]:
        """By remote id, which unit of the source a live one may be that nobody has linked."""
        known = identities(self.planner.store, self.planner.job.name, live.scope)
        ours = {*known.units.values(), *linked.linkable.values()}
        free = [unit for unit in live.units if unit.remote_id not in ours]
        creates = [
            change
            for change in linked.plan.of("unit")
            if change.action == "create" and ("unit", change.key) not in linked.linkable
        ]
        return {
            unit.remote_id: f"perhaps unit {key} of the source, which looks the same; "
            f"--confirm {key}={unit.remote_id} links it"
            for key, unit in suggested(creates, free, self.planner.job.target.schema).items()
        }

    def _plan(self, desired: ScopeDesired) -> ScopePlan:
        known = self.planner.known(desired.scope, desired.units["_key"])
        return diff(desired, known, self.planner.job.policy)

    def _keep(self, scope: str, units: list[KnownUnit], groups: list[KnownGroup]) -> None:
        planner = self.planner
        planner.store.link(planner.job.name, scope, planner.run_id, units, groups)

    def _confirmed(self, plan: ScopePlan, live: Live) -> Iterator[KnownUnit]:
        """What a person said: this live unit is that unit of the source."""
        if not self.confirmations.asked:
            return
        known = identities(self.planner.store, self.planner.job.name, live.scope)
        taken = set(known.units.values())
        group_keys = {remote_id: key for key, remote_id in known.groups.items()}
        free = {unit.remote_id: unit for unit in live.units if unit.remote_id not in taken}
        schema = self.planner.job.target.schema
        for change in plan.of("unit"):
            unit = free.get(self.confirmations.asked.get(change.key, ""))
            if change.action == "create" and unit is not None:
                yield as_known(change, unit, group_keys, schema)
        shown = {unit.remote_id for unit in live.units}
        made_anew = {
            key: remote_id
            for key, remote_id in self.confirmations.asked.items()
            if key in known.units and known.units[key] not in shown and remote_id in free
        }
        units, groups = self.planner.recovery.known(live.scope)
        relinked = [replace(units[key], remote_id=anew) for key, anew in made_anew.items()]
        yield from refreshed(relinked, groups.values(), live, schema)[0]
