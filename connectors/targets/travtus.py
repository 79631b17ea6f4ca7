"""Travtus: one group read completely, and its changes pushed as upserts of whole records.

Known units are sent with the identifier that Travtus gave them, new ones are matched by address
(seed 000). Each unit of a reply has an outcome of its own, whatever the status of the reply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.clock import Clock
from connectors.errors import ListingUnreadable, NotFound
from connectors.http import HttpClient, Reply
from connectors.targets.push import Bulk, ScopePush
from connectors.targets.settings import TravtusSettings
from connectors.targets.work import Journal, ScopeWork
from transforms.canonical import canonical, flatten, nest
from transforms.plan import Change, Live, LiveUnit, Result
from transforms.schema import TargetSchema
from transforms.settle import Identities, settle
from transforms.travtus import address_key

UPSERT = "/units/multiple/"
FIND = "/units/find/"
MAX_PAGES = 1000  # a page loop ends: 100,000 units are no community
FIND_KEYS = {"group_external_ref": "groups_external_refs", "group_id": "group_ids"}


class TravtusReader:
    """Reads a group page by page, until the API says that there is no more (contracts A.4)."""

    def __init__(self, client: HttpClient, settings: TravtusSettings, schema: TargetSchema) -> None:
        self.client = client
        self.settings = settings
        self.schema = schema

    def read(self, scope: str) -> Live:
        """Every unit of the group. 404 `not_found` is how Travtus says that there is none."""
        units: dict[str, LiveUnit] = {}
        after: Any = 1
        for _ in range(MAX_PAGES):
            body = {FIND_KEYS[self.settings.group_by]: [scope], "after-id": after}
            try:
                reply = self.client.send("POST", FIND, json=body, safe=True)
            except NotFound as error:
                if error.error_type != "not_found":
                    raise
                return Live(scope, tuple(units.values()))
            listed, last = reply.json.get("units"), reply.json.get("last_id")
            if not isinstance(listed, list) or not isinstance(last, int):
                raise ListingUnreadable(f"units of {scope}: the reply has no units and last_id")
            for record in listed:
                unit = self._live_unit(record)
                units[unit.remote_id] = unit
            if last == -1:
                return Live(scope, tuple(units.values()))
            after = last
        raise ListingUnreadable(f"units of {scope}: the listing does not end")

    def _live_unit(self, record: Mapping[str, Any]) -> LiveUnit:
        flat = flatten(record)
        flat.setdefault("has_flex_wall", record.get("is_flex"))
        payload = {
            name: value
            for name, field in self.schema.fields.items()
            if (value := canonical(flat.get(name), field)) is not None
        }
        return LiveUnit(str(record["identifier"]), str(record.get("unit_number") or ""), payload)


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
        super().__init__(client, journal, work, settings.batch_size, clock)
        self.settings = settings
        self.reader = reader
        self.unit_ids = {key: member.remote_id for key, member in work.members.items()}

    def steps(self) -> None:
        """Updates first, so that an address is free before a new unit takes it."""
        known = [change for change in self.unresolved() if change.key in self.unit_ids]
        self.deliver(self._upsert("update units", safe=True), known)
        new = [change for change in self.unresolved() if change.key not in self.unit_ids]
        self.deliver(self._upsert("create units", safe=False), new)
        adopted = [change for change in self.unresolved() if change.key in self.unit_ids]
        self.deliver(self._upsert("update units", safe=True), adopted)

    def read(self) -> Live:
        """The group, read completely."""
        return self.reader.read(self.work.scope)

    def settle(self, changes: Sequence[Change], live: Live) -> list[Result]:
        """What the listing shows of them."""
        return settle(changes, live, Identities(self.unit_ids, {}), self.reader.schema)

    def names(self, change: Change) -> frozenset[str]:
        """Its reference, its unit number and its identifier."""
        known = self.unit_ids.get(change.key)
        named = {change.key, change.name, known}
        return frozenset(name for name in named if name)

    def applied(self, result: Result) -> None:
        """Remembers the identifier that Travtus made."""
        if result.remote_id:
            self.unit_ids[result.change.key] = result.remote_id

    def _upsert(self, purpose: str, *, safe: bool) -> Bulk:
        def item(change: Change) -> dict[str, Any]:
            known = self.unit_ids.get(change.key)
            return {**({"identifier": known} if known else {}), **nest(change.whole)}

        return Bulk(
            "POST",
            UPSERT,
            purpose,
            safe,
            body=lambda changes: {
                self.settings.group_by: self.work.scope,
                "units": [item(change) for change in changes],
            },
            results=self._results,
        )

    def _results(self, changes: Sequence[Change], reply: Reply) -> list[Result]:
        rows = reply.json.get("units")
        answered = (
            [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        )
        return [
            result
            for change in changes
            if (row := self._row_of(change, answered)) is not None
            and (result := self._result(change, row, reply)) is not None
        ]

    def _row_of(
        self, change: Change, rows: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """The row that answers for the change: by reference, then identifier, then address."""
        wanted = (
            ("external_ref", change.whole.get("external_ref")),
            ("identifier", self.unit_ids.get(change.key)),
        )
        for name, value in wanted:
            found = [row for row in rows if value is not None and row.get(name) == value]
            if found:
                return found[0]
        address = address_key(change.whole)
        return next((row for row in rows if address_key(flatten(row)) == address), None)

    def _owner(self, identifier: str) -> str | None:
        return next((key for key, known in self.unit_ids.items() if known == identifier), None)

    def _result(self, change: Change, row: Mapping[str, Any], reply: Reply) -> Result | None:
        success = _success(row)
        sent, got = self.unit_ids.get(change.key), row.get("identifier")
        if success is False:
            words = str(row.get("failure_reason") or "the API gave no reason")
        elif success is None or not got:
            return None
        elif sent and str(got) != sent:  # contracts T7
            words = f"sent as unit {sent!r}, answered as {got!r}: look at both at the vendor"
        elif self._owner(str(got)) not in (None, change.key):
            words = f"answered as {got!r}, which is unit {self._owner(str(got))!r} already"
        else:
            return Result(
                change, "applied", "", reply.status, reply.request_id, str(got), change.whole
            )
        return Result(change, "failed", words, reply.status, reply.request_id)


def _success(row: Mapping[str, Any]) -> bool | None:
    """`sucess` as the unit page spells it, or `success`; text counts too (contracts T4)."""
    value = row.get("sucess", row.get("success"))
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None
