"""What a complete reading of a scope says about changes whose outcome nobody knows.

storEDGE has no reference of ours, so a created unit or group is found by its exact name; Travtus by
`external_ref`, then by address (contracts B.5, A.3). What is already linked to another key is never
taken, no two keys take the same, and two candidates are never guessed between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from transforms.canonical import reads_as
from transforms.change import GROUP_FIELD
from transforms.plan import (
    Change,
    KnownGroup,
    KnownUnit,
    Live,
    LiveGroup,
    LiveUnit,
    Outcome,
    Payload,
    Result,
)
from transforms.refresh import group_payload
from transforms.schema import TargetSchema
from transforms.travtus import address_key
from transforms.unique import folded

REFERENCE_LABEL, ADDRESS_LABEL, NAME_LABEL = "external_ref", "address", "name"


@dataclass(frozen=True, slots=True)
class Identities:
    """The vendor's ids by source key, as far as they are known."""

    units: Mapping[str, str]
    groups: Mapping[str, str]

    def of(self, change: Change) -> str | None:
        """The id of what the change is about, if it has one."""
        ids = self.groups if change.entity == "group" else self.units
        return ids.get(change.key) or change.remote_id


def settle(
    changes: Sequence[Change], live: Live, known: Identities, schema: TargetSchema
) -> list[Result]:
    """A result for each change of which the reading is proof; none for those it does not show.

    A created unit that is live with other values than were sent has the outcome None: it is
    adopted as it stands and what differs is still to be sent.
    """
    units = {unit.remote_id: unit for unit in live.units}
    groups = {group.remote_id: group for group in live.groups}
    free = _Unlinked(live, known, schema)
    made = free.match(change for change in changes if known.of(change) is None)
    results = []
    for change in changes:
        remote_id = known.of(change)
        if change.entity == "group":
            result = _group(change, groups.get(remote_id or ""), remote_id, free)
        elif remote_id is None:
            result = _created(change, made.get(change.key, []), known, schema)
        else:
            result = _updated(change, units.get(remote_id), known, schema)
        if result:
            results.append(result)
    return results


def adopt(
    changes: Sequence[Change], live: Live, known: Identities, schema: TargetSchema
) -> tuple[list[KnownUnit], list[KnownGroup], dict[str, str]]:
    """The live units and groups that the planned creates mean: links to be made before planning
    again, and by unit key the reason why a person must choose."""
    free = _Unlinked(live, known, schema)
    creates = [change for change in changes if change.action == "create"]
    groups = [
        (change, found)
        for change in creates
        if change.entity == "group" and (found := free.group(change.name))
    ]
    group_keys = {remote: key for key, remote in known.groups.items()}
    group_keys |= {found.remote_id: change.key for change, found in groups}
    units, ambiguous = [], {}
    newcomers = [change for change in creates if change.entity == "unit"]
    made = free.match(newcomers)
    for change in newcomers:
        candidates = made.get(change.key, [])
        if len(candidates) == 1:
            units.append(as_known(change, candidates[0], group_keys, schema))
        elif candidates:
            ambiguous[change.key] = _ambiguous(candidates)
        elif alike := free.alike(change):
            ambiguous[change.key] = _alike(alike)
    unit_keys = {remote: key for key, remote in known.units.items()}
    unit_keys |= {unit.remote_id: unit.key for unit in units}
    ambiguous |= _taken_by_strangers(changes, free, unit_keys.keys(), schema)
    return units, [_known_group(change, group, unit_keys) for change, group in groups], ambiguous


def _taken_by_strangers(
    changes: Iterable[Change], free: _Unlinked, linked: Collection[str], schema: TargetSchema
) -> dict[str, str]:
    """By unit key, why it is not renamed: the name is a live unit's that no key stands for."""
    return {
        change.key: _alike(bearers)
        for change in changes
        if change.entity == "unit" and change.action != "create"
        if schema.name_field in change.after
        if (bearers := [unit for unit in free.alike(change) if unit.remote_id not in linked])
    }


class _Unlinked:
    """The live units and groups that no source key stands for yet, by what they go by."""

    def __init__(self, live: Live, known: Identities, schema: TargetSchema) -> None:
        linked_units, linked_groups = set(known.units.values()), set(known.groups.values())
        self._kinds = (NAME_LABEL,) if schema.name_field else (REFERENCE_LABEL, ADDRESS_LABEL)
        self._units: dict[tuple[str, str], list[LiveUnit]] = {}
        self._folded: dict[str, list[LiveUnit]] = {}
        self._groups: dict[str, list[LiveGroup]] = {}
        for unit in live.units:
            if unit.remote_id not in linked_units:
                for kind in self._kinds:
                    if label := _label(kind, unit.name, unit.payload):
                        self._units.setdefault((kind, label), []).append(unit)
                if schema.name_field:
                    self._folded.setdefault(folded(unit.name), []).append(unit)
        for group in live.groups:
            if group.remote_id not in linked_groups:
                self._groups.setdefault(group.name, []).append(group)

    def match(self, creates: Iterable[Change]) -> dict[str, list[LiveUnit]]:
        """By unit key the live units that a created one may be; a reference goes before an
        address, and what one change has taken is nothing to another."""
        units = [change for change in creates if change.entity == "unit"]
        found: dict[str, list[LiveUnit]] = {}
        for kind in self._kinds:
            taken = {unit.remote_id for candidates in found.values() for unit in candidates}
            for change in units:
                label = _label(kind, change.name, change.after)
                free = [u for u in self._units.get((kind, label), []) if u.remote_id not in taken]
                if free and change.key not in found:
                    found[change.key] = free
        return found

    def alike(self, change: Change) -> list[LiveUnit]:
        """The live units whose name differs from the change's in case or form only (S5)."""
        return self._folded.get(folded(change.name), [])

    def group(self, name: str) -> LiveGroup | None:
        found = self._groups.get(name, [])
        return found[0] if len(found) == 1 else None


def _label(kind: str, name: str, payload: Payload) -> str:
    if kind == NAME_LABEL:
        return name
    return address_key(payload) if kind == ADDRESS_LABEL else str(payload.get(kind, ""))


def _group(
    change: Change, live: LiveGroup | None, remote_id: str | None, free: _Unlinked
) -> Result | None:
    if remote_id is None:
        found = free.group(change.name)
        if found is None:
            return None
        outcome: Outcome | None = None if set(change.after) - {"name"} else "applied"
        words = "settled by reading: the group exists"
        known = {"name": found.name}
        return Result(change, outcome, words, remote_id=found.remote_id, known=known)
    if live is None:
        return Result(change, "failed", "the group is gone: it is not among the live groups")
    if set(change.after) == {"name"} and live.name == change.after["name"]:
        words = "settled by reading"
        return Result(change, "applied", words, remote_id=remote_id, known=change.after)
    return None


def _created(
    change: Change, found: list[LiveUnit], known: Identities, schema: TargetSchema
) -> Result | None:
    if not found:
        return None
    if len(found) > 1:
        return Result(change, "held", _ambiguous(found))
    unit = found[0]
    as_sent = all(
        reads_as(unit.payload.get(name), value)
        for name, value in change.after.items()
        if schema.fields[name].readable
    )
    if as_sent and (change.group is None or is_in_group(unit, change.group, known)):
        payload: Payload = {**unit.payload, **change.after}
        words = "settled by reading: it is live"
        return Result(change, "applied", words, remote_id=unit.remote_id, known=payload)
    words = "adopted: a live unit was found in its place"
    payload = _read(unit, change, schema)
    return Result(change, None, words, remote_id=unit.remote_id, known=payload)


def _updated(
    change: Change, unit: LiveUnit | None, known: Identities, schema: TargetSchema
) -> Result | None:
    if unit is None:
        return Result(change, "failed", "the unit is gone: it is not among the live units")
    fields = {name: value for name, value in change.after.items() if name != GROUP_FIELD}
    read_back = all(
        schema.fields[name].readable and reads_as(unit.payload.get(name), value)
        for name, value in fields.items()
    )
    if not read_back:
        return None
    if GROUP_FIELD in change.after and not is_in_group(unit, change.group, known):
        return None
    words = "settled by reading"
    return Result(change, "applied", words, remote_id=unit.remote_id, known=fields)


def is_in_group(unit: LiveUnit, group: str | None, known: Identities) -> bool:
    """Whether it is live in the group with this key, or for None outside of every group."""
    if group is None:
        return unit.group_id is None
    return group in known.groups and unit.group_id == known.groups[group]


def as_known(
    change: Change, unit: LiveUnit, group_keys: Mapping[str, str], schema: TargetSchema
) -> KnownUnit:
    """A live unit, known as it stands for the unit that a change would create."""
    group = group_keys.get(unit.group_id or "")
    name = unit.name or change.name
    return KnownUnit(change.key, unit.remote_id, name, group, _read(unit, change, schema))


def _read(unit: LiveUnit, change: Change, schema: TargetSchema) -> Payload:
    """What is live, with what the source calls empty and the API null: they read alike."""
    empty = {
        name: value
        for name, value in change.after.items()
        if schema.fields[name].readable and name not in unit.payload and reads_as(None, value)
    }
    return {**unit.payload, **empty}


def _known_group(change: Change, group: LiveGroup, unit_keys: Mapping[str, str]) -> KnownGroup:
    return KnownGroup(change.key, group.remote_id, group.name, group_payload(group, unit_keys))


def _ambiguous(units: list[LiveUnit]) -> str:
    ids = ", ".join(sorted(unit.remote_id for unit in units))
    return f"{len(units)} live units could be this one ({ids}); remove or rename all but one"


def _alike(units: list[LiveUnit]) -> str:
    names = ", ".join(sorted(f"{unit.name!r} ({unit.remote_id})" for unit in units))
    return f"a live unit has its name, or almost: {names}; rename or remove one of the two"
