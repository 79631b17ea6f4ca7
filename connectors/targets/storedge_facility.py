"""What is known of a facility while it is pushed: ids, names and membership, as answers come in."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.targets.work import ScopeWork
from transforms.diff import GROUP_FIELD
from transforms.group import REFERENCE
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
        """As it was known before the push.

        `references` are unit keys by group key; one that has left its group represents it no more.
        """
        return cls(
            unit_ids={key: member.remote_id for key, member in work.members.items()},
            unit_names={key: member.name for key, member in work.members.items()},
            unit_groups={key: member.group for key, member in work.members.items()},
            group_ids={key: group.remote_id for key, group in work.groups.items()},
            group_names={key: group.name for key, group in work.groups.items()},
            references={
                key: str(group.payload[REFERENCE])
                for key, group in work.groups.items()
                if _stands_in(work, group.payload.get(REFERENCE), key)
            },
        )

    @property
    def identities(self) -> Identities:
        """The vendor's ids by source key."""
        return Identities(units=self.unit_ids, groups=self.group_ids)

    def names(self, entity: Entity) -> dict[str, str]:
        """The names of the units, or of the groups, as they stand now."""
        return self.group_names if entity == "group" else self.unit_names

    def ids(self, entity: Entity) -> dict[str, str]:
        """The vendor's ids of the units, or of the groups."""
        return self.group_ids if entity == "group" else self.unit_ids

    def holds(self, change: Change) -> bool:
        """Whether what the change is about exists at the vendor."""
        return change.key in self.ids(change.entity)

    def is_member(self, unit: str, group: str) -> bool:
        """Whether a unit stands in a group now."""
        return self.unit_groups.get(unit) == group

    def learn(self, part: Result) -> None:
        """Takes in what an answer, or a reading, confirmed."""
        change, name = part.change, part.known.get("name")
        if part.remote_id:
            self.ids(change.entity)[change.key] = part.remote_id
        if name:
            self.names(change.entity)[change.key] = str(name)
        if change.entity == "group" and part.known.get(REFERENCE):
            self.references[change.key] = str(part.known[REFERENCE])
        if change.entity == "unit" and self._tells_group(part):
            self._move(change.key, change.group)

    def _tells_group(self, part: Result) -> bool:
        """A confirmed move, or a new unit that stands where it was wanted."""
        if GROUP_FIELD in part.change.after:
            return part.outcome == "applied"
        return part.change.action == "create" and part.change.key not in self.unit_groups

    def _move(self, unit: str, group: str | None) -> None:
        left = self.unit_groups.get(unit)
        if left is not None and left != group and self.references.get(left) == unit:
            del self.references[left]
        self.unit_groups[unit] = group


def _stands_in(work: ScopeWork, unit: str | None, group: str) -> bool:
    member = work.members.get(unit or "")
    return member is not None and member.group == group
