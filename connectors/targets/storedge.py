"""storEDGE: the changes of one facility, pushed in the order that the API demands.

Create groups → re-point reference units that are about to leave → create units → update and move
units → update groups (DESIGN 6, contracts B.14). Nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from connectors.clock import Clock
from connectors.http import HttpClient
from connectors.targets.bulk import Identity
from connectors.targets.push import ScopePush
from connectors.targets.settings import StoredgeSettings
from connectors.targets.storedge_facility import Facility
from connectors.targets.storedge_names import room_for_names, still_borne
from connectors.targets.storedge_reader import StoredgeReader
from connectors.targets.storedge_references import Departure, departures
from connectors.targets.storedge_requests import REFERENCE_FIELDS, StoredgeRequests
from connectors.targets.work import Journal, ScopeWork
from transforms.diff import GROUP_FIELD, changed_fields
from transforms.group import ATTRIBUTES, REFERENCE
from transforms.plan import Change, Entity, Live, LiveUnit, Result
from transforms.settle import settle


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
        changes = tuple(_with_attributes(change) for change in work.changes)
        super().__init__(client, journal, replace(work, changes=changes), clock)
        self.reader = reader
        self.facility = Facility.of(work)
        self.requests = StoredgeRequests(
            work.scope,
            self.facility,
            work.secrets,
            settings.custom_unit_groups,
            settings.batch_size,
        )

    def steps(self) -> None:
        """DESIGN 6, in its order."""
        self._give_up_on_lost_secrets()
        self._make_room("group")
        self._create_groups()
        self._repoint()
        self._make_room("unit")
        self.deliver(self.requests.create_units(), self._creates("unit"))
        self._update_units(but={move.identity for one in self._waiting() for move in one.moves})
        self._repoint()
        self._step_out()
        self._update_units()
        self._update_groups()

    def read(self, entities: Collection[Entity]) -> Live:
        """The facility's units or groups, read completely."""
        return self.reader.read(self.work.scope, entities)

    def settle(
        self, changes: Sequence[Change], live: Live, strangers: Collection[Identity]
    ) -> list[Result]:
        """What the listing shows of them; an adopted unit may leave fields to update."""
        units = {unit.remote_id: unit for unit in live.units}
        telling = [change for change in changes if change.after]  # a hand-over shows in no field
        results = settle(telling, live, self.facility.identities, self.reader.schema)
        return [
            self._as_found(result, units[str(result.remote_id)], strangers)
            if self._is_made(result)
            else result
            for result in results
        ]

    def names(self, change: Change) -> frozenset[str]:
        """Its name, its id, and the reference unit that it asks for."""
        named = {change.name, change.after.get("name")}
        named.add(self.facility.ids(change.entity).get(change.key))
        if REFERENCE in change.after:
            named.add(self.facility.unit_ids.get(str(change.after[REFERENCE])))
        return frozenset(str(name) for name in named if name)

    def confirmed(self, part: Result) -> None:
        """The steps that follow lean on it."""
        self.facility.learn(part)

    # What is left

    def _open(self, entity: Entity) -> list[Change]:
        return [change for change in self.ledger.unresolved() if change.entity == entity]

    def _creates(self, entity: Entity) -> list[Change]:
        return [change for change in self._open(entity) if not self.facility.holds(change)]

    def _give_up_on_lost_secrets(self) -> None:
        """A lock code that only its hash is known of cannot be sent."""
        fields, secrets = self.reader.schema.fields, self.work.secrets
        self.ledger.give_up(
            {
                change.identity: f"not sent: the source no longer has its {name}"
                for change in self._open("unit")
                for name in change.after
                if name in fields and fields[name].secret
                if name not in secrets.get(change.key, {})
            }
        )

    def _make_room(self, entity: Entity) -> None:
        """Whoever bears a name that another wants tonight goes by another one first."""
        standing, ids = self.facility.names(entity), self.facility.ids(entity)
        purpose = f"make room for names of {entity}s"
        bulk = self.requests.update_groups if entity == "group" else self.requests.update_units
        self.deliver(bulk(purpose), room_for_names(self._open(entity), standing, ids))
        self.ledger.give_up(
            {
                (entity, key): f"not sent: {entity} {bearer!r} did not give up its name"
                for key, bearer in still_borne(self._open(entity), standing).items()
            }
        )

    # Units

    def _update_units(self, but: Collection[Identity] = ()) -> None:
        """Updates and moves; who represents a group leaves it last, when it is empty."""
        references = set(self.facility.references.values())
        updates = [
            change
            for change in self._open("unit")
            if self.facility.holds(change) and change.identity not in but
        ]
        updates.sort(key=lambda change: change.key in references)
        self.deliver(self.requests.update_units(), updates)

    def _is_made(self, result: Result) -> bool:
        """Whether a result is about a unit that was found where one was to be created."""
        change = result.change
        if change.entity == "group" or change.action != "create" or self.facility.holds(change):
            return False
        return result.outcome in ("applied", None)

    def _as_found(self, result: Result, unit: LiveUnit, strangers: Collection[Identity]) -> Result:
        """What differs from the source is left to update. Only a unit that is ours can be known
        to hold what no reading shows."""
        change, is_ours = result.change, result.change.identity not in strangers
        known = result.known if is_ours and result.outcome == "applied" else unit.payload
        left = {
            name: change.after[name]
            for name in changed_fields(known, change.after, self.reader.schema)
        }
        if change.group and unit.group_id != self.facility.group_ids.get(change.group):
            left[GROUP_FIELD] = change.group
        if not left:
            return replace(result, outcome="applied", known=known)
        return replace(result, change=replace(change, after=left), outcome=None, known=known)

    # Groups

    def _create_groups(self) -> None:
        """Empty groups. A unit whose group cannot be made is not created outside of it."""
        groups = [replace(c, after={"name": c.name}) for c in self._creates("group")]
        self.deliver(self.requests.create_groups(), groups)
        homeless = [
            change
            for change in self._open("unit")
            if change.action in ("create", "move")
            if change.group and change.group not in self.facility.group_ids
        ]
        self.ledger.give_up(
            {c.identity: f"not sent: its group {c.group!r} {self._fate(c)}" for c in homeless}
        )

    def _fate(self, change: Change) -> str:
        group = self.outcomes.get(("group", str(change.group)))
        return f"could not be made: {group.words}" if group else "is not known"

    def _waiting(self) -> list[Departure]:
        leaving = departures(self.facility, self._open("unit"))
        return [departure for departure in leaving if departure.waits]

    def _repoint(self) -> None:
        """Reference units that are about to leave hand over to a unit that stays.

        The same request carries whatever else about groups can be settled already.
        """
        groups = {change.key: change for change in self._open("group")}
        parts: dict[Identity, Change] = {}
        heirs: dict[str, str] = {}
        for departure in self._waiting():
            if not departure.stayers:
                continue
            change = groups.get(departure.group)
            if change is not None:
                part = self._handing_over(change, departure)
            elif settled := [unit for unit in departure.stayers if self._is_settled(unit)]:
                part = replace(departure.moves[0], after={})
                heirs[part.key] = settled[0]
            else:
                continue
            parts[part.identity] = part
        if parts:
            ready = {c.identity: c for c in groups.values() if self._is_ready(c)}
            bulk = self.requests.update_groups("hand over references", heirs)
            self.deliver(bulk, list((ready | parts).values()))
        self._take_over(heirs)

    def _is_settled(self, unit: str) -> bool:
        """Whether a unit stays because it was meant to, and not because its move failed."""
        change = self.ledger.pending.get(("unit", unit))
        return change is None or GROUP_FIELD not in change.after

    def _handing_over(self, change: Change, departure: Departure) -> Change:
        """As much of a group change as can be settled, with a reference unit that stays."""
        part = change if self._is_ready(change) else _headless(change)
        if REFERENCE in part.after:
            return part
        wanted = change.after.get(REFERENCE)
        heir = wanted if wanted in departure.stayers else departure.stayers[0]
        return replace(part, after={**part.after, REFERENCE: heir})

    def _take_over(self, heirs: Mapping[str, str]) -> None:
        """Of a group without a change of its own no answer tells who represents it now."""
        for unit, heir in heirs.items():
            group = self.facility.unit_groups[unit]
            if group is not None and ("unit", unit) not in self.outcomes:
                self.facility.references[group] = heir

    def _step_out(self) -> None:
        """Where everyone who comes waits in turn, the only unit of a group leaves it first."""
        waiting = [departure for departure in self._waiting() if not departure.stayers]
        alone = [part for departure in waiting for part in departure.steps_out]
        self.deliver(self.requests.update_units("step out of groups"), alone)

    def _is_ready(self, change: Change) -> bool:
        """Whether its reference unit stands in the group, with the attributes that it will have."""
        if not self.facility.holds(change) or not REFERENCE_FIELDS & set(change.after):
            return self.facility.holds(change)
        unit = self.requests.reference_of(change)
        applied = self.outcomes.get(("unit", unit))
        ahead = self.ledger.pending.get(("unit", unit))
        moving = {GROUP_FIELD, *self.reader.schema.memoised_fields}
        settled = ahead is None or (applied is not None and applied.outcome == "applied")
        return self.facility.is_member(unit, change.key) and (
            settled or moving.isdisjoint(ahead.after if ahead else ())
        )

    def _update_groups(self) -> None:
        """All that is left of groups; one whose reference unit did not come through says so."""
        groups = [change for change in self._open("group") if self.facility.holds(change)]
        parts = [change if self._is_ready(change) else _headless(change) for change in groups]
        self.deliver(self.requests.update_groups(), [part for part in parts if part.after])
        self.ledger.give_up(
            {
                change.identity: self._headless_words(change)
                for change in self._open("group")
                if self.facility.holds(change)
            }
        )

    def _headless_words(self, change: Change) -> str:
        unit = self.requests.reference_of(change)
        result = self.outcomes.get(("unit", unit))
        words = f": {result.words}" if result and result.words else ""
        return f"not sent in full: its reference unit {unit!r} did not come through{words}"


def _headless(change: Change) -> Change:
    """The part of a group change that needs no reference unit."""
    rest = {name: value for name, value in change.after.items() if name not in REFERENCE_FIELDS}
    return replace(change, after=rest)


def _with_attributes(change: Change) -> Change:
    """A new reference unit brings its attributes along, also those that the last one had."""
    if change.entity == "unit" or REFERENCE not in change.after or ATTRIBUTES not in change.whole:
        return change
    return replace(change, after={**change.after, ATTRIBUTES: change.whole[ATTRIBUTES]})
