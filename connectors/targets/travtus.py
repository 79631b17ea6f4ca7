"""Travtus: the changes of one group, pushed as upserts of whole records.

Known units are sent with the identifier that Travtus gave them, new ones are matched by address
(seed 000). So no new unit is sent while a known one still has its address: it would be overwritten.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from connectors.clock import Clock
from connectors.http import HttpClient
from connectors.targets.bulk import Bulk, Identity
from connectors.targets.push import ScopePush
from connectors.targets.settings import TravtusSettings
from connectors.targets.travtus_reader import TravtusReader
from connectors.targets.travtus_replies import results_of
from connectors.targets.work import Journal, ScopeWork
from transforms.canonical import nest
from transforms.collisions import address_claim
from transforms.plan import Change, Entity, Live, Result
from transforms.settle import Identities, settle
from transforms.travtus import ADDRESS_FIELDS

UPSERT = "/units/multiple/"


class TravtusPush(ScopePush):
    """The push of one group."""

    def __init__(
        self,
        client: HttpClient,
        journal: Journal,
        work: ScopeWork,
        settings: TravtusSettings,
        reader: TravtusReader,
        clock: Clock,
    ) -> None:
        super().__init__(client, journal, work, clock)
        self.settings = settings
        self.reader = reader
        self.identifiers = {key: member.remote_id for key, member in work.members.items()}
        self.owners = {identifier: key for key, identifier in self.identifiers.items()}

    def steps(self) -> None:
        """Updates first, so that an address is free before a new unit takes it."""
        self._update_known()
        self._give_up_on_taken_addresses()
        self.deliver(self._upsert("create units", safe=False), self._open(known=False))
        self._update_known()

    def read(self, entities: Collection[Entity]) -> Live:
        """The group, read completely; it has units only."""
        return self.reader.read(self.work.scope)

    def settle(
        self, changes: Sequence[Change], live: Live, strangers: Collection[Identity]
    ) -> list[Result]:
        """What the listing shows of them. What is adopted is sent as a whole, with what it has."""
        known = Identities(self.identifiers, {})
        return [
            replace(result, change=_completed(result)) if result.outcome is None else result
            for result in settle(changes, live, known, self.reader.schema)
        ]

    def names(self, change: Change) -> frozenset[str]:
        """Its reference, its unit number and its identifier."""
        named = {change.key, change.name, self.identifiers.get(change.key)}
        return frozenset(name for name in named if name)

    def confirmed(self, part: Result) -> None:
        """Remembers the identifier that Travtus made."""
        if part.remote_id:
            self.identifiers[part.change.key] = part.remote_id
            self.owners[part.remote_id] = part.change.key

    def _open(self, *, known: bool) -> list[Change]:
        return [c for c in self.ledger.unresolved() if (c.key in self.identifiers) is known]

    def _update_known(self) -> None:
        self.deliver(self._upsert("update units", safe=True), self._open(known=True))

    def _give_up_on_taken_addresses(self) -> None:
        """A known unit whose new address did not come through may still have its old one."""
        claim = address_claim(ADDRESS_FIELDS)
        keepers = {
            label: result.change.key
            for result in self.outcomes.values()
            if result.outcome != "applied" and (label := claim.borne(result.change))
        }
        self.ledger.give_up(
            {
                change.identity: f"not sent: unit {keeper!r} did not give up its address"
                for change in self._open(known=False)
                if (keeper := keepers.get(str(claim.wanted(change))))
            }
        )

    def _upsert(self, purpose: str, *, safe: bool) -> Bulk:
        return Bulk(
            "POST",
            UPSERT,
            purpose,
            safe,
            body=lambda changes: {
                self.settings.group_by: self.work.scope,
                "units": [self._item(change) for change in changes],
            },
            results=lambda changes, reply: results_of(
                changes, reply, self.identifiers, self.owners
            ),
            limit=self.settings.batch_size,
            itemised=True,
        )

    def _item(self, change: Change) -> dict[str, Any]:
        """The complete record, never null (contracts T8)."""
        identifier = self.identifiers.get(change.key)
        return {**({"identifier": identifier} if identifier else {}), **nest(change.whole)}


def _completed(result: Result) -> Change:
    change = result.change
    return replace(change, whole={**result.known, **change.whole})
