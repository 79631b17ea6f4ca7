"""What a complete reading of a scope says about changes whose outcome nobody knows.

storEDGE has no reference of ours, so a created unit or group is found by its exact name; Travtus by
`external_ref`, then by address (contracts B.5, A.3). What is already linked to another key is never
taken, and two candidates are never guessed between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
from transforms.schema import TargetSchema
from transforms.travtus import address_key


@dataclass(frozen=True, slots=True)
class Identities:
    """The vendor's ids by source key, as far as they are known."""

    units: Mapping[str, str]
    groups: Mapping[str, str]

    def of(self, change: Change) -> str:
        """The id of what the change is about."""
        ids = self.groups if change.entity == "group" else self.units
        return ids[change.key]


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
    results = []
    for change in changes:
        if change.entity == "group":
            result = _group(change, groups, free)
        elif change.action == "create" and change.key not in known.units:
            result = _created(change, free.candidates(change), schema)
        else:
            result = _updated(change, units.get(known.units[change.key]), known, schema)
        if result:
            results.append(result)
    return results


def adopt(
    changes: Iterable[Change], live: Live, known: Identities, schema: TargetSchema
) -> tuple[list[KnownUnit], list[KnownGroup], dict[str, str]]:
    """The live units and groups that the planned creates mean: links to be made before planning
    again, and by unit key the reason why a person must choose."""
    free = _Unlinked(live, known, schema)
    units, groups, ambiguous = [], [], {}
    group_keys = {remote: key for key, remote in known.groups.items()}
    creates = [change for change in changes if change.action == "create"]
    for change in creates:
        if change.entity == "group" and (found := free.group(change.name)):
            group_keys[found.remote_id] = change.key
            groups.append((change, found))
    for change in creates:
        if change.entity == "unit":
            candidates = free.candidates(change)
            if len(candidates) == 1:
                units.append(_known_unit(change, candidates[0], group_keys))
            elif candidates:
                ambiguous[change.key] = _ambiguous(candidates)
    unit_keys = {remote: key for key, remote in known.units.items()}
    unit_keys |= {unit.remote_id: unit.key for unit in units}
    return units, [_known_group(change, group, unit_keys) for change, group in groups], ambiguous


class _Unlinked:
    """The live units and groups that no source key stands for yet, by what they go by."""

    def __init__(self, live: Live, known: Identities, schema: TargetSchema) -> None:
        linked_units, linked_groups = set(known.units.values()), set(known.groups.values())
        self._schema = schema
        self._units: dict[tuple[str, str], list[LiveUnit]] = {}
        self._groups: dict[str, list[LiveGroup]] = {}
        for unit in live.units:
            if unit.remote_id not in linked_units:
                for label in self._labels(unit.name, unit.payload):
                    self._units.setdefault(label, []).append(unit)
        for group in live.groups:
            if group.remote_id not in linked_groups:
                self._groups.setdefault(group.name, []).append(group)

    def candidates(self, change: Change) -> list[LiveUnit]:
        for label in self._labels(change.name, change.after):
            if found := self._units.get(label):
                return found
        return []

    def group(self, name: str) -> LiveGroup | None:
        found = self._groups.get(name, [])
        return found[0] if len(found) == 1 else None

    def _labels(self, name: str, payload: Payload) -> list[tuple[str, str]]:
        if self._schema.name_field:
            return [("name", name)]
        reference = payload.get("external_ref")
        labels = [("external_ref", str(reference))] if reference else []
        return [*labels, ("address", address_key(payload))]


def _group(change: Change, groups: Mapping[str, LiveGroup], free: _Unlinked) -> Result | None:
    if change.remote_id is None:
        found = free.group(change.name)
        if found is None:
            return None
        outcome: Outcome | None = None if set(change.after) - {"name"} else "applied"
        words = "settled by reading: the group exists"
        return Result(change, outcome, words, None, None, found.remote_id, {"name": found.name})
    live = groups.get(change.remote_id)
    if live is None:
        return Result(change, "failed", "the group is gone: it is not among the live groups")
    if set(change.after) == {"name"} and live.name == change.after["name"]:
        words = "settled by reading"
        return Result(change, "applied", words, None, None, live.remote_id, change.after)
    return None


def _created(change: Change, found: list[LiveUnit], schema: TargetSchema) -> Result | None:
    if not found:
        return None
    if len(found) > 1:
        return Result(change, "held", _ambiguous(found))
    unit = found[0]
    sent = {n: v for n, v in change.after.items() if schema.fields[n].readable}
    if all(unit.payload.get(name) == value for name, value in sent.items()):
        known: Payload = {**unit.payload, **change.after}
        return Result(
            change, "applied", "settled by reading: it is live", None, None, unit.remote_id, known
        )
    words = "adopted: a live unit was found in its place"
    return Result(change, None, words, None, None, unit.remote_id, unit.payload)


def _updated(
    change: Change, unit: LiveUnit | None, known: Identities, schema: TargetSchema
) -> Result | None:
    if unit is None:
        return Result(change, "failed", "the unit is gone: it is not among the live units")
    confirmed = {}
    for name, value in change.after.items():
        if name == "unit_group":
            if unit.group_id != (known.groups.get(change.group) if change.group else None):
                return None
        elif not schema.fields[name].readable or unit.payload.get(name) != value:
            return None
        else:
            confirmed[name] = value
    return Result(change, "applied", "settled by reading", None, None, unit.remote_id, confirmed)


def _known_unit(change: Change, unit: LiveUnit, group_keys: Mapping[str, str]) -> KnownUnit:
    group = group_keys.get(unit.group_id or "")
    return KnownUnit(change.key, unit.remote_id, unit.name or change.name, group, unit.payload)


def _known_group(change: Change, group: LiveGroup, unit_keys: Mapping[str, str]) -> KnownGroup:
    payload = {"name": group.name}
    if "fully_enclosed" in group.payload:
        payload["fully_enclosed"] = group.payload["fully_enclosed"]
    if (reference := unit_keys.get(str(group.payload.get("reference_unit_id")))) is not None:
        payload["reference_unit"] = reference
    return KnownGroup(change.key, group.remote_id, group.name, payload)


def _ambiguous(units: list[LiveUnit]) -> str:
    ids = ", ".join(sorted(unit.remote_id for unit in units))
    return f"{len(units)} live units could be this one ({ids}); remove or rename all but one"
