"""Known as it is live: what a complete reading says of units and groups that are linked.

A reading is believed where nothing better is known: in place of all that an older state says, and
of what was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from transforms.canonical import reads_as
from transforms.plan import KnownGroup, KnownUnit, Live, LiveGroup, LiveUnit, Payload
from transforms.schema import TargetSchema


def refreshed(
    units: Iterable[KnownUnit], groups: Iterable[KnownGroup], live: Live, schema: TargetSchema
) -> tuple[list[KnownUnit], list[KnownGroup]]:
    """The known units and groups as they are live now, where an older state was put back: what
    it knows was confirmed once, and perhaps not last. What no reading shows stays as it is known.
    """
    live_units = {unit.remote_id: unit for unit in live.units}
    live_groups = {group.remote_id: group for group in live.groups}
    known_units, known_groups = list(units), list(groups)
    group_keys = {group.remote_id: group.key for group in known_groups}
    unit_keys = {unit.remote_id: unit.key for unit in known_units}
    return [
        _as_live(unit, found, group_keys, schema)
        for unit in known_units
        if (found := live_units.get(unit.remote_id))
    ], [
        replace(group, name=shown.name, payload=group_payload(shown, unit_keys))
        for group in known_groups
        if (shown := live_groups.get(group.remote_id))
    ]


def completed(
    units: Iterable[KnownUnit], groups: Iterable[KnownGroup], live: Live, schema: TargetSchema
) -> list[KnownUnit]:
    """The units of which something was forgotten that the reading shows, with it: what guardrails
    and allowances measure by, and the group, which who represents it cannot just leave.

    A name stays forgotten and is sent again: what a vendor still has to do may follow the reading.
    """
    shown = {unit.remote_id: unit for unit in live.units}
    group_keys = {group.remote_id: group.key for group in groups}
    return [
        whole
        for unit in units
        if not unit.digest and (found := shown.get(unit.remote_id))
        if (whole := _completed(unit, found, group_keys, schema)) != unit
    ]


def group_payload(group: LiveGroup, unit_keys: Mapping[str, str]) -> Payload:
    """What a live group says that a source could say of it; its reference unit by our key."""
    payload: dict[str, Any] = {"name": group.name}
    if "fully_enclosed" in group.payload:
        payload["fully_enclosed"] = group.payload["fully_enclosed"]
    if (reference := unit_keys.get(str(group.payload.get("reference_unit_id")))) is not None:
        payload["reference_unit"] = reference
    return payload


def _as_live(
    unit: KnownUnit, live: LiveUnit, group_keys: Mapping[str, str], schema: TargetSchema
) -> KnownUnit:
    standing = {
        name: value
        for name, value in unit.payload.items()
        if not schema.fields[name].readable or reads_as(live.payload.get(name), value)
    }
    return replace(
        unit,
        name=live.name or unit.name,
        group=group_keys.get(live.group_id or ""),
        payload={**live.payload, **standing},
        digest="",
    )


def _completed(
    unit: KnownUnit, live: LiveUnit, group_keys: Mapping[str, str], schema: TargetSchema
) -> KnownUnit:
    said = {name: value for name, value in live.payload.items() if name != schema.name_field}
    group = group_keys.get(live.group_id or "") if unit.group is None else unit.group
    return replace(unit, group=group, payload={**said, **unit.payload})
