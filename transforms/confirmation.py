"""What a run confirmed, compared with a complete reading of the scope afterwards.

Only what this very run sent is compared: what a person changed elsewhere says nothing about the
run. Fields that no reading shows, that are written once or that the vendor ignores are left out
(contracts S19, S21). Lock codes are compared by their hashes and never shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from transforms.canonical import reads_as
from transforms.cells import HIDDEN, shown
from transforms.change import GROUP_FIELD
from transforms.group import REFERENCE
from transforms.plan import Change, KnownUnit, Live, LiveGroup, LiveUnit, Payload
from transforms.schema import Field, TargetSchema
from transforms.settle import Identities, is_in_group


def contradictions(
    confirmed: Iterable[Change], live: Live, known: Identities, schema: TargetSchema
) -> Iterator[str]:
    """Where the reading contradicts changes that the API confirmed, one sentence each.

    `known` are the vendor's ids as they are after the changes.
    """
    units = {unit.remote_id: unit for unit in live.units}
    groups = {group.remote_id: group for group in live.groups}
    for change in confirmed:
        remote_id = known.of(change) or ""
        if change.entity == "group":
            said = _of_group(change, groups.get(remote_id), known)
        else:
            said = _of_unit(change, units.get(remote_id), known, schema)
        yield from (f"{named(change)} {words}" for words in said)


def unconfirmed(
    unit: KnownUnit, change: Change, live: Live, schema: TargetSchema
) -> KnownUnit | None:
    """What is left of a known unit without the fields of a confirmed change that read otherwise;
    None where all of them read as they were confirmed."""
    found = {one.remote_id: one for one in live.units}.get(unit.remote_id)
    if found is None:
        return None
    otherwise = {
        name
        for name, _, value in _comparable(change, schema)
        if not reads_as(found.payload.get(name), value)
    }
    if not otherwise:
        return None
    left = {name: value for name, value in unit.payload.items() if name not in otherwise}
    return replace(unit, payload=left, digest="")


def named(change: Change) -> str:
    """`unit 'A1' (100007)`: what a change is about, for a person."""
    key = f" ({change.key})" if change.key != change.name else ""
    return f"{change.entity} {change.name!r}{key}"


def _of_unit(
    change: Change, unit: LiveUnit | None, known: Identities, schema: TargetSchema
) -> Iterator[str]:
    if unit is None:
        yield "was confirmed and is not live"
        return
    for name, field, value in _comparable(change, schema):
        live = unit.payload.get(name)
        if not reads_as(live, value):
            yield _differs(name, *((HIDDEN, HIDDEN) if field.secret else (value, live)))
    placed = change.group is not None if change.action == "create" else GROUP_FIELD in change.after
    if placed and not is_in_group(unit, change.group, known):
        yield _differs("its group", known.groups.get(change.group or ""), unit.group_id)


def _comparable(change: Change, schema: TargetSchema) -> Iterator[tuple[str, Field, Any]]:
    """The fields that were sent and whose reading says something."""
    for name, value in {**change.whole, **change.after}.items():
        field = schema.fields.get(name)
        if field and field.readable and not field.create_only and name not in schema.not_compared:
            yield name, field, value


def _of_group(change: Change, group: LiveGroup | None, known: Identities) -> Iterator[str]:
    if group is None:
        yield "was confirmed and is not live"
        return
    read = {"reference_unit_id": None, **group.payload, "name": group.name}
    for name, value in _as_listed(change, known).items():
        # Whether a listing shows `fully_enclosed` is not documented (contracts B.7).
        if name in read and not reads_as(read[name], value):
            yield _differs(name, value, read[name])


def _as_listed(change: Change, known: Identities) -> Payload:
    """The fields of a group as a listing names them."""
    fields = {n: change.after[n] for n in ("name", "fully_enclosed") if n in change.after}
    if REFERENCE in change.after:
        fields["reference_unit_id"] = known.units.get(str(change.after[REFERENCE]))
    return fields


def _differs(name: str, confirmed: Any, live: Any) -> str:
    return f"reads otherwise: {name} was confirmed as {_told(confirmed)} and is {_told(live)} live"


def _told(value: Any) -> str:
    return "nothing" if value is None else shown(value)
