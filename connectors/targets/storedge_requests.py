"""The four writes of storEDGE: what they carry, and what their answers confirm.

`POST unit_groups` (seed 001), `PATCH unit_groups` (seed 002), `POST units/bulk_create` (seed 003)
and `PUT units/bulk_update` (contracts B.6). Results are matched by name or id, never by position.
A lock code's hash never stands in for the code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.http import Reply
from connectors.targets.bulk import Bulk
from connectors.targets.storedge_facility import Facility
from connectors.targets.storedge_reader import path_of
from transforms.diff import GROUP_FIELD
from transforms.group import ATTRIBUTES, REFERENCE
from transforms.plan import Change, Payload, Result
from transforms.unique import folded

REFERENCE_FIELDS = frozenset({REFERENCE, ATTRIBUTES})


@dataclass(frozen=True)
class StoredgeRequests:
    """Builds the requests of one facility. `secrets` are real values by unit key and field."""

    scope: str
    facility: Facility
    secrets: Mapping[str, Payload]
    custom_groups: bool
    batch: int

    def create_groups(self) -> Bulk:
        """Empty groups by name; everything else about them is settled by `update_groups`."""
        return Bulk(
            "POST",
            path_of(self.scope, "unit_groups"),
            "create groups",
            safe=False,
            body=lambda changes: {"unit_groups": [{"name": change.name} for change in changes]},
            results=_made("unit_groups", "uuid"),
        )

    def update_groups(
        self, purpose: str = "update groups", successors: Mapping[str, str] | None = None
    ) -> Bulk:
        """Names, reference units and enclosure, asymmetric as they come.

        A move of a unit stands for the group that it is about to leave, and `successors` says who
        represents that group from now on, by the key of the unit that leaves.
        """
        heirs = successors or {}
        return Bulk(
            "PATCH",
            path_of(self.scope, "unit_groups"),
            purpose,
            safe=True,
            body=lambda changes: {"unit_groups": [self._group(c, heirs) for c in changes]},
            results=self._identified("unit_groups", self._group_id),
        )

    def create_units(self) -> Bulk:
        """Whole units, in their groups from the start."""
        return Bulk(
            "POST",
            path_of(self.scope, "units/bulk_create"),
            "create units",
            safe=False,
            body=lambda changes: {"units": [self._new_unit(change) for change in changes]},
            results=_made("units", "id"),
            limit=self.batch,
        )

    def update_units(self, purpose: str = "update units") -> Bulk:
        """Changed fields only; what is left out stays as it is."""
        return Bulk(
            "PUT",
            path_of(self.scope, "units/bulk_update"),
            purpose,
            safe=True,
            body=lambda changes: {"units": [self._unit(change) for change in changes]},
            results=self._identified("units", lambda change: self.facility.unit_ids[change.key]),
            limit=self.batch,
        )

    def reference_of(self, change: Change) -> str:
        """The unit key that a group change asserts as reference, the same again or another."""
        return str(change.after.get(REFERENCE) or self.facility.references.get(change.key))

    def _group_id(self, change: Change) -> str:
        """The group that a change of a group, or of a unit that is about to leave it, is about."""
        group = change.key if change.entity == "group" else self.facility.unit_groups[change.key]
        return self.facility.group_ids[str(group)]

    def _group(self, change: Change, heirs: Mapping[str, str]) -> dict[str, Any]:
        item: dict[str, Any] = {"id": self._group_id(change)}
        if change.entity == "unit":
            return item | {"reference_unit_id": self.facility.unit_ids[heirs[change.key]]}
        if "name" in change.after:
            item["name"] = change.after["name"]
        if REFERENCE_FIELDS & set(change.after):
            item["reference_unit_id"] = self.facility.unit_ids[self.reference_of(change)]
        if "fully_enclosed" in change.after:
            item["fully_enclosed"] = change.after["fully_enclosed"]
        return item

    def _new_unit(self, change: Change) -> dict[str, Any]:
        item = self._revealed(change)
        if self.custom_groups:  # contracts S12: explicit when on, never when off
            item["unit_group_id"] = self.facility.group_ids[change.group] if change.group else None
        return item

    def _unit(self, change: Change) -> dict[str, Any]:
        item = {"id": self.facility.unit_ids[change.key], **self._revealed(change)}
        if GROUP_FIELD in change.after:  # "" takes a unit out of its group (contracts B.6)
            item["unit_group_id"] = self.facility.group_ids[change.group] if change.group else ""
        return item

    def _revealed(self, change: Change) -> dict[str, Any]:
        """The fields to send, with the real values of secrets in place of their hashes."""
        secrets = self.secrets.get(change.key, {})
        fields = {name: value for name, value in change.after.items() if name != GROUP_FIELD}
        return {name: secrets.get(name, value) for name, value in fields.items()}

    def _identified(self, resource: str, id_of: Callable[[Change], str]) -> Interpreter:
        """What was updated is recognised by its id (a group's is its `uuid`, seed 002)."""

        def results(changes: Sequence[Change], reply: Reply) -> list[Result]:
            named = {str(row.get("uuid") or row.get("id")) for row in _rows(reply, resource)}
            return [
                _confirmed(change, reply, self._own_id(change))
                for change in changes
                if id_of(change) in named
            ]

        return results

    def _own_id(self, change: Change) -> str:
        return self.facility.ids(change.entity)[change.key]


Interpreter = Callable[[Sequence[Change], Reply], list[Result]]


def _made(resource: str, identity: str) -> Interpreter:
    """What was created is recognised by its name, which the API may have trimmed or re-cased."""

    def results(changes: Sequence[Change], reply: Reply) -> list[Result]:
        rows = [row for row in _rows(reply, resource) if row.get(identity)]
        ids = {folded(str(row.get("name"))): str(row[identity]) for row in rows}
        bearers = Counter(folded(str(row.get("name"))) for row in rows)
        return [
            _confirmed(change, reply, ids[folded(change.name)])
            for change in changes
            if bearers[folded(change.name)] == 1
        ]

    return results


def _confirmed(change: Change, reply: Reply, remote_id: str) -> Result:
    known = {name: value for name, value in change.after.items() if name != GROUP_FIELD}
    # A reference brings its attributes along, and here they are not those that we know of.
    stale = REFERENCE in known and ATTRIBUTES not in known
    forget = (ATTRIBUTES,) if stale else ()
    return Result(change, "applied", "", reply.status, reply.request_id, remote_id, known, forget)


def _rows(reply: Reply, resource: str) -> list[Mapping[str, Any]]:
    rows = reply.json.get(resource)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
