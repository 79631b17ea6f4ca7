"""One unit or one group, desired against known: the change that turns the one into the other.

Only what the source says is compared, field by field; only what differs is in the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from transforms.group import ATTRIBUTES, REFERENCE, DesiredGroup
from transforms.plan import Change, KnownGroup, KnownUnit, Payload
from transforms.schema import TargetSchema

GROUP_FIELD = "unit_group"
# What a retirement takes away and a return gives back (contracts B.10).
ON_THE_MARKET = "rentable"


@dataclass(frozen=True, slots=True)
class DesiredUnit:
    """A valid row as a unit; `group` is None where the source does not speak of groups, `row` where
    it does not speak of the unit."""

    row: int | None
    key: str
    group: str | None
    digest: str
    payload: Payload


def unit_change(
    scope: str,
    desired: DesiredUnit,
    known: KnownUnit | None,
    schema: TargetSchema,
    *,
    whole: bool,
    resend: bool = False,
) -> Change | None:
    """The change of a unit, None if there is none; `whole` adds the complete record (T8), `resend`
    the fields that do not differ."""
    name = _label(desired, schema)
    if known is None:
        return Change(
            entity="unit",
            scope=scope,
            key=desired.key,
            name=name,
            action="create",
            before={},
            after=desired.payload,
            group=desired.group,
            digest=desired.digest,
            row=desired.row,
            whole=desired.payload,
        )
    before, after = _fields(desired, known, schema, resend=resend)
    if not after:
        return None
    return Change(
        entity="unit",
        scope=scope,
        key=desired.key,
        name=name,
        action="move" if GROUP_FIELD in after else "update",
        before=before,
        after=after,
        remote_id=known.remote_id,
        group=desired.group,
        digest=desired.digest,
        row=desired.row,
        whole={**known.payload, **desired.payload} if whole else {},
    )


def retirement(scope: str, unit: KnownUnit) -> Change:
    """Off the market: the API knows no other end of a unit (contracts B.10)."""
    return Change(
        entity="unit",
        scope=scope,
        key=unit.key,
        name=unit.name,
        action="retire",
        before={ON_THE_MARKET: unit.payload.get(ON_THE_MARKET)},
        after={ON_THE_MARKET: False},
        remote_id=unit.remote_id,
        group=unit.group,
    )


def group_change(
    scope: str, desired: DesiredGroup, known: KnownGroup | None, *, arrives: bool
) -> Change | None:
    """The change of a group, None if there is none.

    `arrives` says that its reference unit does not stand in it yet: then it is set again, be it
    the same as ever, for who leaves a group takes nothing back that the group has taken over.
    """
    held = known.payload if known else {}
    wanted = desired.payload if arrives else _keeping_attributes(desired.payload, held)
    again = (REFERENCE, ATTRIBUTES) if arrives else ()
    after = {
        name: value for name, value in wanted.items() if name in again or held.get(name) != value
    }
    if not after:
        return None
    return Change(
        entity="group",
        scope=scope,
        key=desired.key,
        name=str(wanted["name"]),
        action="update" if known else "create",
        before={name: held[name] for name in after if name in held},
        after=after,
        remote_id=known.remote_id if known else None,
        whole=wanted,
    )


def changed_fields(known: Payload, desired: Payload, schema: TargetSchema) -> list[str]:
    """The fields that the source wants otherwise than the API last confirmed.

    A field that the source leaves empty is not touched (contracts S17: null is never sent), a
    create-only field is never compared (S21), nor is one that the vendor ignores (S19).
    """
    return [name for name in updatable(desired, schema) if known.get(name) != desired[name]]


def updatable(desired: Payload, schema: TargetSchema) -> list[str]:
    """The fields of which an update can say anything."""
    return [
        name
        for name in desired
        if not schema.fields[name].create_only and name not in schema.not_compared
    ]


def _fields(
    desired: DesiredUnit, known: KnownUnit, schema: TargetSchema, *, resend: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs, before and after; all of it where it is to be sent again."""
    # We took a retired unit off the market; that it is back puts it on again, unless told not to.
    wanted = {ON_THE_MARKET: True, **desired.payload} if known.retired else desired.payload
    changed = updatable(wanted, schema) if resend else changed_fields(known.payload, wanted, schema)
    before = {name: known.payload[name] for name in changed if name in known.payload}
    after = {name: wanted[name] for name in changed}
    # A unit that was adopted outside of every known group (None) moves into its own, too.
    if desired.group is not None and desired.group != known.group:
        before[GROUP_FIELD], after[GROUP_FIELD] = known.group, desired.group
    return before, after


def _keeping_attributes(desired: Payload, known: Payload) -> Payload:
    """An attribute of which the source says nothing stays as the reference unit lent it."""
    if ATTRIBUTES not in desired or desired[REFERENCE] != known.get(REFERENCE):
        return desired
    return {**desired, ATTRIBUTES: {**known.get(ATTRIBUTES, {}), **desired[ATTRIBUTES]}}


def _label(unit: DesiredUnit, schema: TargetSchema) -> str:
    named = unit.payload.get(schema.name_field or "unit_number")
    return str(named) if named else unit.key
