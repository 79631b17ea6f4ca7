"""The four writes of storEDGE: what they carry, and what their answers confirm.

`POST unit_groups` (seed 001), `PATCH unit_groups` (seed 002), `POST units/bulk_create` (seed 003)
and `PUT units/bulk_update` (contracts B.6). Results are matched by name or id, never by position.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.http import Reply
from connectors.targets.push import Bulk
from connectors.targets.storedge_facility import Facility
from connectors.targets.storedge_reader import path_of
from transforms.diff import GROUP_FIELD
from transforms.plan import Change, Outcome, Payload, Result

REFERENCE_FIELDS = frozenset({"reference_unit", "reference_attributes"})


@dataclass(frozen=True)
class StoredgeRequests:
    """Builds the requests of one facility. `secrets` are real values by unit key and field."""

    scope: str
    facility: Facility
    secrets: Mapping[str, Payload]
    custom_groups: bool

    def create_groups(self) -> Bulk:
        """Empty groups by name; everything else about them is settled by `update_groups`."""
        return Bulk(
            "POST",
            path_of(self.scope, "unit_groups"),
            "create groups",
            safe=False,
            body=lambda changes: {"unit_groups": [{"name": change.name} for change in changes]},
            results=_made("unit_groups", "uuid", _group_made),
        )

    def update_groups(self) -> Bulk:
        """Names, reference units and enclosure, asymmetric as they come."""
        return Bulk(
            "PATCH",
            path_of(self.scope, "unit_groups"),
            "update groups",
            safe=True,
            body=lambda changes: {"unit_groups": [self._group(change) for change in changes]},
            results=_named("unit_groups", self.facility.group_ids),
        )

    def create_units(self) -> Bulk:
        """Whole units, in their groups from the start."""
        return Bulk(
            "POST",
            path_of(self.scope, "units/bulk_create"),
            "create units",
            safe=False,
            body=lambda changes: {"units": [self._new_unit(change) for change in changes]},
            results=_made("units", "id", _applied),
        )

    def update_units(self) -> Bulk:
        """Changed fields only; what is left out stays as it is."""
        return Bulk(
            "PUT",
            path_of(self.scope, "units/bulk_update"),
            "update units",
            safe=True,
            body=lambda changes: {"units": [self._unit(change) for change in changes]},
            results=_named("units", self.facility.unit_ids),
        )

    def reference_of(self, change: Change) -> str:
        """The unit key that a group change asserts as reference, the same again or another."""
        asserted = change.after.get("reference_unit") or self.facility.references.get(change.key)
        return str(asserted)

    def _group(self, change: Change) -> dict[str, Any]:
        item: dict[str, Any] = {"id": self.facility.group_ids[change.key]}
        if change.action != "create" and "name" in change.after:
            item["name"] = change.after["name"]
        if REFERENCE_FIELDS & set(change.after):
            item["reference_unit_id"] = self.facility.unit_ids[self.reference_of(change)]
        if "fully_enclosed" in change.after:
            item["fully_enclosed"] = change.after["fully_enclosed"]
        return item

    def _new_unit(self, change: Change) -> dict[str, Any]:
        item = self._revealed(change)
        if self.custom_groups:  # contracts S12: explicit when on, never when off
            item["unit_group_id"] = self._group_id(change, otherwise=None)
        return item

    def _unit(self, change: Change) -> dict[str, Any]:
        item = {"id": self.facility.unit_ids[change.key], **self._revealed(change)}
        if GROUP_FIELD in change.after:  # "" takes a unit out of its group (contracts B.6)
            item["unit_group_id"] = self._group_id(change, otherwise="")
        return item

    def _group_id(self, change: Change, otherwise: str | None) -> str | None:
        return self.facility.group_ids[change.group] if change.group else otherwise

    def _revealed(self, change: Change) -> dict[str, Any]:
        """The fields to send, with the real values of secrets in place of their hashes."""
        secrets = self.secrets.get(change.key, {})
        fields = {name: value for name, value in change.after.items() if name != GROUP_FIELD}
        return {name: secrets.get(name, value) for name, value in fields.items()}


def as_step(bulk: Bulk, purpose: str) -> Bulk:
    """The same request as a step on the way: what it confirms is known, and more is to come."""

    def results(changes: Sequence[Change], reply: Reply) -> list[Result]:
        return [replace(result, outcome=None) for result in bulk.results(changes, reply)]

    return replace(bulk, purpose=purpose, results=results)


Interpreter = Callable[[Sequence[Change], Reply], list[Result]]


def _made(
    resource: str, identity: str, result: Callable[[Change, Reply, str], Result]
) -> Interpreter:
    """What was created is recognised by its name."""

    def results(changes: Sequence[Change], reply: Reply) -> list[Result]:
        made = {str(row.get("name")): row.get(identity) for row in _rows(reply, resource)}
        return [
            result(change, reply, str(made[change.name]))
            for change in changes
            if made.get(change.name)
        ]

    return results


def _named(resource: str, ids: Mapping[str, str]) -> Interpreter:
    """What was updated is recognised by its id (a group's is its `uuid`, seed 002)."""

    def results(changes: Sequence[Change], reply: Reply) -> list[Result]:
        named = {str(row.get("uuid") or row.get("id")) for row in _rows(reply, resource)}
        return [
            _applied(change, reply, ids[change.key])
            for change in changes
            if ids[change.key] in named
        ]

    return results


def _applied(change: Change, reply: Reply, remote_id: str) -> Result:
    known = {name: value for name, value in change.after.items() if name != GROUP_FIELD}
    return Result(change, "applied", "", reply.status, reply.request_id, remote_id, known)


def _group_made(change: Change, reply: Reply, remote_id: str) -> Result:
    outcome: Outcome | None = None if set(change.after) - {"name"} else "applied"
    known = {"name": change.name}
    return Result(change, outcome, "", reply.status, reply.request_id, remote_id, known)


def _rows(reply: Reply, resource: str) -> list[Mapping[str, Any]]:
    rows = reply.json.get(resource)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
