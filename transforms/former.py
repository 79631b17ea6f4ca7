"""Units and groups that are to have earlier values again: the changes of one scope that see to it.

Two ask for it: an undo, for what was before a run, and a backfill as sent, for what a run sent. The
source is not asked. Promises that nothing is created or retired, that only what is known is
changed, and that a group takes over again what its reference unit has then. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from transforms.change import GROUP_FIELD, DesiredUnit, group_change, unit_change
from transforms.collisions import hold_collisions, name_claim
from transforms.diff import Known, Policy, ScopePlan, hold_taken
from transforms.group import ATTRIBUTES, REFERENCE, DesiredGroup
from transforms.holds import hold_dependants
from transforms.plan import Change, Entity, KnownGroup, KnownUnit, Payload
from transforms.unique import folded


@dataclass(frozen=True, slots=True)
class Former:
    """A known unit or group, and the fields that it is to have again: of a unit also its group, by
    key, of a group also its reference unit, by key."""

    entity: Entity
    key: str
    fields: Payload


def bring_back(
    scope: str, formers: Sequence[Former], known: Known, policy: Policy, members: Collection[str]
) -> ScopePlan:
    """The plan that gives these units and groups their fields again.

    `members` are the fields that the source speaks of: by those of an address two units are told
    apart. With `policy.resend` what a unit has already is sent, too.
    """
    wanted = {one.key: one.fields for one in formers if one.entity == "unit"}
    units = known.units(list(wanted))
    changes = [
        change
        for key, fields in wanted.items()
        if (change := _unit(scope, units[key], fields, policy)) is not None
    ]
    changes = hold_taken(changes, members, known, policy)
    groups = _groups(scope, formers, changes, known, policy) if policy.groups else []
    return ScopePlan(
        scope=scope,
        changes=hold_dependants([*groups, *changes]),
        unchanged=0,
        missing=(),
        rows=len(changes),
        rejected=0,
        refreshed={},
        keys=frozenset(change.key for change in changes),
        known=int((~known.index["retired"]).sum()),
        digest="",
        part=True,
    )


def _unit(scope: str, unit: KnownUnit, fields: Payload, policy: Policy) -> Change | None:
    rest = {name: value for name, value in fields.items() if name != GROUP_FIELD}
    group = fields.get(GROUP_FIELD, unit.group) if policy.groups else None
    change = unit_change(
        scope,
        DesiredUnit(None, unit.key, group, "", rest),
        unit,
        policy.schema,
        whole=policy.whole_records,
        resend=policy.resend,
    )
    label = policy.schema.name_field or "unit_number"
    return change and replace(change, name=str(rest.get(label) or unit.name))


def _groups(
    scope: str,
    formers: Sequence[Former],
    units: Sequence[Change],
    known: Known,
    policy: Policy,
) -> list[Change]:
    """Those that are to be otherwise, and those whose reference unit will be."""
    wanted = {one.key: one.fields for one in formers if one.entity == "group"}
    moving = {change.key: change for change in units}
    named = {key: wanted.get(key, {}).get(REFERENCE) for key in known.groups}
    held = {key: group.payload.get(REFERENCE) for key, group in known.groups.items()}
    loaded = known.units([str(named[key] or held[key]) for key in known.groups])
    changes = []
    for key, group in known.groups.items():
        fields = dict(wanted.get(key, {}))
        reference = _representing(key, loaded.get(str(named[key] or held[key])), moving)
        if reference is None:  # whoever leaves hands over when that is sent
            fields.pop(REFERENCE, None)
        elif REFERENCE in fields or reference.lends_anew(policy):
            fields[ATTRIBUTES] = reference.lent(group, policy)
        if fields:
            desired = DesiredGroup(key, {"name": group.name, **group.payload, **fields})
            arrives = reference is not None and reference.arrives
            changes.append(group_change(scope, desired, group, arrives=arrives))
    return hold_collisions(
        [change for change in changes if change is not None],
        name_claim(),
        lambda: ((folded(group.name), key) for key, group in known.groups.items()),
    )


@dataclass(frozen=True, slots=True)
class _Reference:
    """The unit that stands for a group once all is sent, and its change, if it has one."""

    unit: KnownUnit
    change: Change | None
    arrives: bool

    def lends_anew(self, policy: Policy) -> bool:
        """Whether the group takes over anything else from it than it has."""
        after = self.change.after if self.change else {}
        return self.arrives or not set(policy.schema.memoised_fields).isdisjoint(after)

    def lent(self, group: KnownGroup, policy: Policy) -> Payload:
        """What the group takes over from it."""
        names = group.payload.get(ATTRIBUTES) or policy.schema.memoised_fields
        then = {**self.unit.payload, **(self.change.after if self.change else {})}
        return {name: then[name] for name in names if name in then}


def _representing(
    group: str, unit: KnownUnit | None, moving: Mapping[str, Change]
) -> _Reference | None:
    """The reference unit of a group; None where it does not stand there once all is sent."""
    if unit is None:
        return None
    change = moving.get(unit.key)
    arrives = change is not None and GROUP_FIELD in change.after
    stands_in = change.group if change is not None and arrives else unit.group
    return _Reference(unit, change, arrives) if stands_in == group else None
