"""storEDGE: the changes of one facility, pushed in the order that the API demands.

Create groups → re-point reference units that are about to leave → create units → update and move
units → update groups (DESIGN 6, contracts B.14). Nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.clock import Clock
from connectors.http import HttpClient
from connectors.targets.push import ScopePush
from connectors.targets.settings import StoredgeSettings
from connectors.targets.storedge_facility import Facility
from connectors.targets.storedge_reader import StoredgeReader
from connectors.targets.storedge_requests import REFERENCE_FIELDS, StoredgeRequests, as_step
from connectors.targets.work import Journal, ScopeWork
from transforms.diff import GROUP_FIELD
from transforms.plan import Change, Entity, Live, Result
from transforms.settle import settle

Identity = tuple[Entity, str]


class StoredgePush(ScopePush):
    """The push of one facility."""

    def __init__(
        self,
        client: HttpClient,
        journal: Journal,
        work: ScopeWork,
        settings: StoredgeSettings,
        reader: StoredgeReader,
        clock: Clock,
    ) -> None:
        super().__init__(client, journal, work, settings.batch_size, clock)
        self.reader = reader
        self.facility = Facility.of(work)
        self.requests = StoredgeRequests(
            work.scope, self.facility, work.secrets, settings.custom_unit_groups
        )

    def steps(self) -> None:
        """DESIGN 6, in its order."""
        self._make_room("group")
        self.deliver(self.requests.create_groups(), self._creates("group"))
        self._hand_over_references()
        self._make_room("unit")
        self._give_up_on_groupless()
        self.deliver(self.requests.create_units(), self._creates("unit"))
        waiting = self._waiting_for_a_successor()
        self.deliver(
            self.requests.update_units(),
            [change for change in self._updates() if change.identity not in waiting],
        )
        self.deliver(self.requests.update_groups(), self._settleable_groups())
        self.deliver(self.requests.update_units(), self._updates())

    def read(self) -> Live:
        """The facility, read completely."""
        return self.reader.read(self.work.scope)

    def settle(self, changes: Sequence[Change], live: Live) -> list[Result]:
        """What the listing shows of them; an adopted unit may leave fields to update."""
        results = settle(changes, live, self.facility.identities, self.reader.schema)
        for result in results:
            if result.outcome is None and result.change.entity == "unit":
                self._adopt(result)
        return results

    def names(self, change: Change) -> frozenset[str]:
        """Its name, its id, and the reference unit that it asks for."""
        ids = self.facility.group_ids if change.entity == "group" else self.facility.unit_ids
        reference = self.facility.unit_ids.get(str(change.after.get("reference_unit")))
        named = {change.name, change.after.get("name"), ids.get(change.key), reference}
        return frozenset(str(name) for name in named if name)

    def applied(self, result: Result) -> None:
        """The steps that follow lean on it."""
        self.facility.learn(result)

    # What is still to be sent

    def _open(self, entity: Entity, *actions: str) -> list[Change]:
        return [
            change
            for change in self.unresolved()
            if change.entity == entity and change.action in actions
        ]

    def _creates(self, entity: Entity) -> list[Change]:
        return [c for c in self._open(entity, "create") if not self.facility.holds(c)]

    def _updates(self) -> list[Change]:
        """Updates and moves, the reference unit of a group last among those that leave it."""
        references = set(self.facility.references.values())
        updates = [
            change
            for change in self.unresolved()
            if change.entity == "unit" and self.facility.holds(change)
        ]
        return sorted(updates, key=lambda change: change.key in references)

    # Names: whoever bears a wanted name makes room first

    def _make_room(self, entity: Entity) -> None:
        """One request more: to the final name where that is free, else to a temporary one."""
        standing = self.facility.names(entity)
        bearers = {name.casefold(): key for key, name in standing.items()}
        naming = [c for c in self.unresolved() if c.entity == entity and "name" in c.after]
        wanted = {bearers.get(str(change.after["name"]).casefold()): change for change in naming}
        aside = []
        for change in naming:
            if change.key in wanted and wanted[change.key].key != change.key:
                name = str(change.after["name"])
                if name.casefold() in bearers:
                    name = f"{name} ~{self.facility.identities.of(change)}"
                aside.append(replace(change, action="update", after={"name": name}))
        bulk = self.requests.update_groups() if entity == "group" else self.requests.update_units()
        self.deliver(as_step(bulk, f"make room for names of {entity}s"), aside)

    # Reference units

    def _hand_over_references(self) -> None:
        """A reference unit that leaves a group hands over to one that already stands in it."""
        movers = {change.key for change in self._open("unit", "move")}
        steps = []
        for change in self._open("group", "update"):
            new, old = change.after.get("reference_unit"), self.facility.references.get(change.key)
            stands = self.facility.unit_groups.get(str(new)) == change.key and new not in movers
            leaves = old in movers and self.facility.unit_groups.get(str(old)) == change.key
            if stands and leaves:
                steps.append(replace(change, after={"reference_unit": new}))
        self.deliver(as_step(self.requests.update_groups(), "hand over references"), steps)
        for step in steps:
            if self.facility.references.get(step.key) == step.after["reference_unit"]:
                self._handed_over(self.pending[step.identity])

    def _handed_over(self, change: Change) -> None:
        """Setting the reference has copied its attributes, unless those change tonight."""
        unit = self.pending.get(("unit", str(change.after["reference_unit"])))
        if unit and set(unit.after) & set(self.reader.schema.memoised_fields):
            return
        rest = {n: v for n, v in change.after.items() if n not in REFERENCE_FIELDS}
        copied = {n: v for n, v in change.after.items() if n in REFERENCE_FIELDS}
        self.pending[change.identity] = replace(change, after=rest)
        self.decide([Result(change, None if rest else "applied", known=copied)])

    def _waiting_for_a_successor(self) -> set[Identity]:
        """Reference units whose group goes on under a reference that arrives only tonight."""
        leaving = {
            self.facility.references[change.key]: change.key
            for change in self._open("group", "update")
            if change.after.get("reference_unit")
            and change.key in self.facility.references
            and self.facility.references[change.key] != change.after["reference_unit"]
        }
        return {
            change.identity
            for change in self._open("unit", "move")
            if change.key in leaving
            and self.facility.unit_groups.get(change.key) == leaving[change.key]
        }

    def _settleable_groups(self) -> list[Change]:
        """Group changes whose reference unit is in place; the others fail, and say why."""
        changes = [c for c in self._open("group", "create", "update") if self.facility.holds(c)]
        ready = []
        for change in changes:
            unit = self.requests.reference_of(change)
            in_place = self.facility.unit_groups.get(unit) == change.key
            if not REFERENCE_FIELDS & set(change.after) or (
                in_place and not self.failed("unit", unit)
            ):
                ready.append(change)
            else:
                words = f"not sent: its reference unit {unit!r} did not come through"
                self.decide([Result(change, "failed", words)])
        return ready

    # Units

    def _give_up_on_groupless(self) -> None:
        """A unit whose group could not be made is not created outside of it."""
        for change in self._open("unit", "create", "move"):
            if change.group and change.group not in self.facility.group_ids:
                group = self.outcomes.get(("group", change.group))
                words = group.words if group else "it is not known"
                said = f"not sent: its group {change.group!r} could not be made: {words}"
                self.decide([Result(change, "failed", said)])

    def _adopt(self, result: Result) -> None:
        """A unit that was live already: what differs from the source is left to update."""
        change, fields = result.change, self.reader.schema.fields
        rest = {
            name: value
            for name, value in change.after.items()
            if result.known.get(name) != value and not fields[name].create_only
        }
        if self.requests.custom_groups:
            rest[GROUP_FIELD] = change.group
        self.pending[change.identity] = replace(change, after=rest, remote_id=result.remote_id)
