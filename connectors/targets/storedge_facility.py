"""What is known of a facility while it is pushed: ids, names and membership, as answers come in."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.targets.work import ScopeWork
from transforms.plan import Change, Entity, Result
from transforms.settle import Identities


@dataclass
class Facility:
    """By source key: vendor ids, names as they stand at the vendor, and the groups of units."""

    unit_ids: dict[str, str]
    unit_names: dict[str, str]
    unit_groups: dict[str, str | None]
    group_ids: dict[str, str]
    group_names: dict[str, str]
    references: dict[str, str]

    @classmethod
    def of(cls, work: ScopeWork) -> Facility:
        """As it was known before the push; `references` are unit keys by group key."""
        return cls(
            unit_ids={key: member.remote_id for key, member in work.members.items()},
            unit_names={key: member.name for key, member in work.members.items()},
            unit_groups={key: member.group for key, member in work.members.items()},
            group_ids={key: group.remote_id for key, group in work.groups.items()},
            group_names={key: group.name for key, group in work.groups.items()},
            references={
                key: str(group.payload["reference_unit"])
                for key, group in work.groups.items()
                if group.payload.get("reference_unit")
            },
        )

    @property
    def identities(self) -> Identities:
        """The vendor's ids by source key."""
        return Identities(units=self.unit_ids, groups=self.group_ids)

    def names(self, entity: Entity) -> dict[str, str]:
        """The names of the units, or of the groups, as they stand now."""
        return self.group_names if entity == "group" else self.unit_names

    def holds(self, change: Change) -> bool:
        """Whether what the change is about exists at the vendor."""
        ids = self.group_ids if change.entity == "group" else self.unit_ids
        return change.key in ids

    def learn(self, result: Result) -> None:
        """Takes in what an answer confirmed."""
        change, name = result.change, result.known.get("name")
        ids = self.group_ids if change.entity == "group" else self.unit_ids
        if result.remote_id:
            ids[change.key] = result.remote_id
        if name:
            self.names(change.entity)[change.key] = str(name)
        if change.entity == "group" and result.known.get("reference_unit"):
            self.references[change.key] = str(result.known["reference_unit"])
        if change.entity == "unit" and result.outcome == "applied" and change.action != "retire":
            self.unit_groups[change.key] = change.group
