"""storEDGE: one facility read completely, and its changes pushed in the order that it demands.

Create groups → re-point reference units that are about to leave → create units → update and move
units → update groups (DESIGN 6, contracts B.14). Nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.clock import Clock
from connectors.http import HttpClient, Reply
from connectors.targets.push import Bulk, ScopePush
from connectors.targets.settings import StoredgeSettings
from connectors.targets.storedge_reader import StoredgeReader, path_of
from connectors.targets.work import Journal, ScopeWork
from transforms.diff import GROUP_FIELD
from transforms.plan import Change, Live, Result
from transforms.settle import Identities, settle

REFERENCE_FIELDS = ("reference_unit", "reference_attributes")


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
        self.settings = settings
        self.reader = reader
        self.unit_ids = {key: member.remote_id for key, member in work.members.items()}
        self.names_now = {key: member.name for key, member in work.members.items()}
        self.groups_now = {key: member.group for key, member in work.members.items()}
        self.group_ids = {key: group.remote_id for key, group in work.groups.items()}
        self.group_names = {key: group.name for key, group in work.groups.items()}
        self.asserted: set[str] = set()

    def steps(self) -> None:
        """DESIGN 6, in its order."""
        self._make_room("group")
        self.deliver(self._creating_groups(), self._open("group", "create"))
        self._repoint_references()
        self._make_room("unit")
        self._give_up_on_groupless()
        self.deliver(self._creating_units(), self._open("unit", "create"))
        late = self._late_movers()
        first = [change for change in self._updates() if change.identity not in late]
        self.deliver(self._updating_units(), first)
        self.deliver(self._updating_groups(), self._assertable_groups())
        self.deliver(self._updating_units(), self._updates())

    def read(self) -> Live:
        """The facility, read completely."""
        return self.reader.read(self.work.scope)

    def settle(self, changes: Sequence[Change], live: Live) -> list[Result]:
        """What the listing shows of them; an adopted unit may leave fields to update."""
        results = settle(changes, live, self._identities(), self.reader.schema)
        for result in results:
            if result.outcome is None and result.change.entity == "unit":
                self._adopt(result)
        return results

    def names(self, change: Change) -> frozenset[str]:
        """Its name, its id, and the reference unit that it asks for."""
        reference = self.unit_ids.get(change.after.get("reference_unit", ""))
        known = change.remote_id or self.group_ids.get(change.key)
        named = {change.name, str(change.after.get("name", change.name)), known, reference}
        return frozenset(name for name in named if name)

    def applied(self, result: Result) -> None:
        """Remembers ids, names and membership for the steps that follow."""
        change, name = result.change, result.known.get("name")
        if change.entity == "group":
            if result.remote_id:
                self.group_ids[change.key] = result.remote_id
            if name:
                self.group_names[change.key] = name
            return
        if result.remote_id:
            self.unit_ids[change.key] = result.remote_id
        if name:
            self.names_now[change.key] = name
        if result.outcome == "applied" and change.action in ("create", "move"):
            self.groups_now[change.key] = change.group

    # What is still to be sent

    def _open(self, entity: str, *actions: str) -> list[Change]:
        return [
            change
            for change in self.unresolved()
            if change.entity == entity
            and change.action in actions
            and not (change.action == "create" and self._exists(change))
        ]

    def _exists(self, change: Change) -> bool:
        ids = self.group_ids if change.entity == "group" else self.unit_ids
        return change.key in ids

    def _updates(self) -> list[Change]:
        """Updates and moves, the reference unit of a group last among those that leave it."""
        references = self._references()
        updates = [
            change
            for change in self.unresolved()
            if change.entity == "unit" and (change.action != "create" or self._exists(change))
        ]
        return sorted(updates, key=lambda change: change.key in references)

    def _references(self) -> set[str]:
        return {
            str(group.payload["reference_unit"])
            for group in self.work.groups.values()
            if group.payload.get("reference_unit")
        }

    # Names: whoever bears a wanted name makes room first

    def _make_room(self, entity: str) -> None:
        names = self.group_names if entity == "group" else self.names_now
        bearers = {name.casefold(): key for key, name in names.items()}
        for_wanted = {
            bearers.get(str(change.after["name"]).casefold())
            for change in self.unresolved()
            if change.entity == entity and "name" in change.after
        }
        leaving = [
            change
            for change in self._open(entity, "update", "move")
            if "name" in change.after
            and change.key in for_wanted
            and names[change.key].casefold() != str(change.after["name"]).casefold()
        ]
        aside = []
        for change in leaving:
            free = str(change.after["name"]).casefold() not in bearers
            name = change.after["name"] if free else f"{change.after['name']} ~{change.remote_id}"
            aside.append(replace(change, action="update", after={"name": name}))
        bulk = self._updating_units() if entity == "unit" else self._updating_groups()
        self.deliver(replace(bulk, purpose=f"rename {entity}s", results=_step(bulk)), aside)

    # Groups

    def _creating_groups(self) -> Bulk:
        def results(changes: Sequence[Change], reply: Reply) -> list[Result]:
            made = {str(row.get("name")): row for row in _rows(reply, "unit_groups")}
            return [
                Result(
                    change,
                    None if set(change.after) - {"name"} else "applied",
                    "",
                    reply.status,
                    reply.request_id,
                    str(made[change.name]["uuid"]),
                    {"name": change.name},
                )
                for change in changes
                if made.get(change.name, {}).get("uuid")
            ]

        return Bulk(
            "POST",
            self._path("unit_groups"),
            "create groups",
            safe=False,
            body=lambda changes: {"unit_groups": [{"name": change.name} for change in changes]},
            results=results,
        )

    def _updating_groups(self) -> Bulk:
        def item(change: Change) -> dict[str, Any]:
            fields = {
                name: change.after[name]
                for name in ("name", "fully_enclosed")
                if name in change.after and not (name == "name" and change.action == "create")
            }
            if any(name in change.after for name in REFERENCE_FIELDS):
                fields["reference_unit_id"] = self.unit_ids[self._reference(change)]
            return {"id": self.group_ids[change.key], **fields}

        def results(changes: Sequence[Change], reply: Reply) -> list[Result]:
            named = {str(row.get("uuid") or row.get("id")) for row in _rows(reply, "unit_groups")}
            return [
                _applied(change, reply, self.group_ids[change.key])
                for change in changes
                if self.group_ids[change.key] in named
            ]

        return Bulk(
            "PATCH",
            self._path("unit_groups"),
            "update groups",
            safe=True,
            body=lambda changes: {"unit_groups": [item(change) for change in changes]},
            results=results,
        )

    def _reference(self, change: Change) -> str:
        """The unit key that the change asserts as reference, the same again or another."""
        known = self.work.groups[change.key].payload if change.key in self.work.groups else {}
        return str(change.after.get("reference_unit") or known.get("reference_unit"))

    def _repoint_references(self) -> None:
        """A reference unit that leaves a group hands over to one that already stands in it."""
        leaving = {
            change.key: self.groups_now.get(change.key)
            for change in self._open("unit", "move")
        }
        steps = []
        for change in self._open("group", "update"):
            new = change.after.get("reference_unit")
            old = change.before.get("reference_unit")
            stands = self.groups_now.get(new or "") == change.key and new not in leaving
            if new and stands and leaving.get(old or "") == change.key:
                steps.append(replace(change, after={"reference_unit": new}))
        bulk = self._updating_groups()
        self.deliver(
            replace(bulk, purpose="re-point references", results=_step(bulk)), steps
        )
        for step in steps:
            if not self.failed("group", step.key):
                self._repointed(step)

    def _repointed(self, step: Change) -> None:
        """Setting the reference has copied its attributes, unless those change tonight."""
        self.asserted.add(step.key)
        whole = self.pending[step.identity]
        unit = self.pending.get(("unit", step.after["reference_unit"]))
        if unit and set(unit.after) & set(self.reader.schema.memoised_fields):
            return
        rest = {name: v for name, v in whole.after.items() if name not in REFERENCE_FIELDS}
        asserted = {name: v for name, v in whole.after.items() if name in REFERENCE_FIELDS}
        self.pending[step.identity] = replace(whole, after=rest)
        outcome = None if rest else "applied"
        self.decide([Result(whole, outcome, "", None, None, whole.remote_id, asserted)])

    def _late_movers(self) -> set[tuple[str, str]]:
        """Reference units whose group goes on under a reference that arrives only tonight."""
        going_on = {
            change.before.get("reference_unit"): change.key
            for change in self._open("group", "update")
            if "reference_unit" in change.after and change.key not in self.asserted
        }
        return {
            change.identity
            for change in self._open("unit", "move")
            if going_on.get(change.key) == self.groups_now.get(change.key, "")
        }

    def _assertable_groups(self) -> list[Change]:
        """Group changes whose reference unit is in place; the others fail, and say why."""
        ready = []
        for change in self._open("group", "update", "create") + self._made_groups():
            if not any(name in change.after for name in REFERENCE_FIELDS):
                ready.append(change)
                continue
            unit = self._reference(change)
            if self.groups_now.get(unit) != change.key or self.failed("unit", unit):
                words = f"its reference unit {unit!r} did not come through, so it was not set"
                self.decide([Result(change, "failed", f"not sent: {words}")])
            else:
                ready.append(change)
        return ready

    def _made_groups(self) -> list[Change]:
        return [
            change
            for change in self.unresolved()
            if change.entity == "group" and change.action == "create" and self._exists(change)
        ]

    # Units

    def _creating_units(self) -> Bulk:
        def item(change: Change) -> dict[str, Any]:
            fields = self._revealed(change)
            if self.settings.custom_unit_groups:  # contracts S12: explicit when on, never when off
                fields["unit_group_id"] = self.group_ids[change.group] if change.group else None
            return fields

        def results(changes: Sequence[Change], reply: Reply) -> list[Result]:
            made = {str(row.get("name")): row for row in _rows(reply, "units")}
            return [
                _applied(change, reply, str(made[change.name]["id"]))
                for change in changes
                if made.get(change.name, {}).get("id")
            ]

        return Bulk(
            "POST",
            self._path("units/bulk_create"),
            "create units",
            safe=False,
            body=lambda changes: {"units": [item(change) for change in changes]},
            results=results,
        )

    def _updating_units(self) -> Bulk:
        def item(change: Change) -> dict[str, Any]:
            fields = self._revealed(change)
            if GROUP_FIELD in change.after:  # "" takes a unit out of its group (contracts B.6)
                fields["unit_group_id"] = self.group_ids[change.group] if change.group else ""
            return {"id": self.unit_ids[change.key], **fields}

        def results(changes: Sequence[Change], reply: Reply) -> list[Result]:
            named = {str(row.get("id")) for row in _rows(reply, "units")}
            return [
                _applied(change, reply, self.unit_ids[change.key])
                for change in changes
                if self.unit_ids[change.key] in named
            ]

        return Bulk(
            "PUT",
            self._path("units/bulk_update"),
            "update units",
            safe=True,
            body=lambda changes: {"units": [item(change) for change in changes]},
            results=results,
        )

    def _give_up_on_groupless(self) -> None:
        """A unit whose group could not be made is not created outside of it."""
        for change in self._open("unit", "create", "move"):
            if change.group and change.group not in self.group_ids:
                group = self.outcomes.get(("group", change.group))
                words = group.words if group else "it is not known"
                self.decide(
                    [Result(change, "failed", f"not sent: its group {change.group!r}: {words}")]
                )

    def _adopt(self, result: Result) -> None:
        """A unit that was live already: what differs from the source is left to update."""
        change = result.change
        rest = {
            name: value
            for name, value in change.after.items()
            if result.known.get(name) != value
            and not self.reader.schema.fields[name].create_only
        }
        rest[GROUP_FIELD] = change.group
        self.pending[change.identity] = replace(
            change, after=rest, remote_id=result.remote_id
        )

    def _revealed(self, change: Change) -> dict[str, Any]:
        """The fields to send, with the real values of secrets in place of their hashes."""
        secrets = self.work.secrets.get(change.key, {})
        return {
            name: secrets.get(name, value)
            for name, value in change.after.items()
            if name != GROUP_FIELD
        }

    def _identities(self) -> Identities:
        return Identities(units=self.unit_ids, groups=self.group_ids)

    def _path(self, resource: str) -> str:
        return path_of(self.work.scope, resource)


def _applied(change: Change, reply: Reply, remote_id: str) -> Result:
    known = {name: value for name, value in change.after.items() if name != GROUP_FIELD}
    return Result(change, "applied", "", reply.status, reply.request_id, remote_id, known)


def _step(bulk: Bulk) -> Any:
    """The same results as steps on the way: confirmed, and more to come."""

    def results(changes: Sequence[Change], reply: Reply) -> list[Result]:
        return [replace(result, outcome=None) for result in bulk.results(changes, reply)]

    return results


def _rows(reply: Reply, resource: str) -> list[Mapping[str, Any]]:
    rows = reply.json.get(resource)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
