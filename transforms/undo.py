"""What of a change can be taken back, and what is left as it is, each with its reason.

Only what the change really left is taken back: a field that somebody has changed since, or whose
value before is not known, stays. Pure.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import Any

from transforms.change import GROUP_FIELD, ON_THE_MARKET, updatable
from transforms.former import Former
from transforms.group import ATTRIBUTES
from transforms.plan import Change, KnownGroup, KnownUnit, Payload
from transforms.schema import TargetSchema

CREATED = (
    "it was made by that run, and nothing is ever deleted; if it must go, take it off the market "
    "or remove it at the vendor"
)
FORGOTTEN = "it is not known any more"
REPLACED = "another one at the vendor goes by that key now"
RETIRED = "it was retired since"
RETURNED = "it was put back on the market since"
OFF_BEFORE = "it was off the market before that run, too"
LOCK_CODE = "of a lock code only a keyed hash is kept, so the one before cannot be sent"
UNSENT = "the settings do not send this field any more"
GROUPLESS = "the group that it was in is not known any more"
NOT_KNOWN_BEFORE = "what it was before that run is not known"


@dataclass(frozen=True, slots=True)
class Left:
    """A change that is not taken back, or one `field` of it, and why."""

    change: Change
    reason: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    """What of a change is taken back (None: nothing), and what is left."""

    former: Former | None
    left: tuple[Left, ...] = ()


def undo(
    change: Change,
    known: KnownUnit | KnownGroup | None,
    since: Mapping[str, str],
    schema: TargetSchema,
    groups: Container[str] | None,
) -> Undone:
    """Judges one applied change; `since` says by field who has changed it after that, `groups` are
    the keys of the known groups, None where the settings send no groups."""
    if (reason := _bar(change, known, groups)) is not None or known is None:
        return Undone(None, (Left(change, reason or FORGOTTEN),))
    if change.action == "retire":  # where nobody has said so, a unit is on the market
        change = replace(change, before={ON_THE_MARKET: True})
    now = _now(known)
    fields: dict[str, Any] = {}
    left = []
    for name, sent in change.after.items():
        before = change.before.get(name)
        if name == ATTRIBUTES or before == sent:  # a group follows its reference unit
            continue
        if reason := _bar_of(name, change, now, since, schema, groups):
            left.append(Left(change, reason, name))
        else:
            fields[name] = before
    return Undone(Former(change.entity, change.key, fields) if fields else None, tuple(left))


def _bar(
    change: Change, known: KnownUnit | KnownGroup | None, groups: Container[str] | None
) -> str | None:
    """Why nothing of the change can be taken back."""
    if change.action == "create":
        return CREATED
    if known is None:
        return FORGOTTEN
    if change.remote_id is not None and change.remote_id != known.remote_id:
        return REPLACED
    if isinstance(known, KnownGroup):
        return UNSENT if groups is None else None
    if change.action != "retire":
        return RETIRED if known.retired else None
    if change.before.get(ON_THE_MARKET) is False:
        return OFF_BEFORE
    return None if known.retired else RETURNED


def _bar_of(
    name: str,
    change: Change,
    now: Payload,
    since: Mapping[str, str],
    schema: TargetSchema,
    groups: Container[str] | None,
) -> str | None:
    """Why a field cannot be taken back."""
    if name in schema.fields and schema.fields[name].secret:
        return LOCK_CODE
    if name in since:
        return since[name]
    is_unit = change.entity == "unit"
    if is_unit and (groups is None if name == GROUP_FIELD else name not in _sent(schema)):
        return UNSENT
    if name not in now or now[name] != change.after[name]:
        return f"it is not what that run sent, but {_shown(now.get(name))}"
    before = change.before.get(name)
    if before is None:
        return NOT_KNOWN_BEFORE
    return GROUPLESS if name == GROUP_FIELD and before not in (groups or ()) else None


def _sent(schema: TargetSchema) -> frozenset[str]:
    return frozenset(updatable(dict.fromkeys(schema.fields), schema))


def _now(known: KnownUnit | KnownGroup) -> Payload:
    if isinstance(known, KnownGroup):
        return known.payload
    return {**known.payload, GROUP_FIELD: known.group}


def _shown(value: Any) -> str:
    return "not known" if value is None else str(value)
