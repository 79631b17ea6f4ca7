"""What a past run sent, as it may be sent again: to the same units and groups, the same values.

Promises that nothing is made a second time, nobody is retired, and no retired unit comes back by
it; and that a value is sent again also where a later one was confirmed since, for that is what was
asked for. Pure.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from transforms.change import GROUP_FIELD, updatable
from transforms.former import Former
from transforms.group import ATTRIBUTES
from transforms.plan import Change, KnownGroup, KnownUnit, Payload
from transforms.schema import TargetSchema

UNKNOWN = "not known (any more); `unitsync backfill --unit` makes what the source has"
RETIREMENT = "a retirement is not repeated"
RETIRED = "retired since"
LOCK_CODE = "of lock codes only a keyed hash is kept; --resend sends those of the source"
GROUPLESS = "its group is not known any more"


@dataclass(frozen=True, slots=True)
class Again:
    """What of a change is sent again (None: nothing), and why the rest is not."""

    former: Former | None
    reasons: tuple[str, ...] = ()


def again(
    change: Change,
    known: KnownUnit | KnownGroup | None,
    schema: TargetSchema,
    groups: Container[str],
) -> Again:
    """Judges one change that was sent; `groups` are the keys of the known groups."""
    if known is None:
        return Again(None, (UNKNOWN,))
    if change.action == "retire":
        return Again(None, (RETIREMENT,))
    if isinstance(known, KnownUnit) and known.retired:
        return Again(None, (RETIRED,))
    sent = _fields(change, schema)
    secret = [name for name in change.after if _is_secret(name, schema)]
    reasons = [LOCK_CODE] if secret else []
    if GROUP_FIELD in sent and sent[GROUP_FIELD] not in groups:
        reasons.append(GROUPLESS)
        del sent[GROUP_FIELD]
    return Again(Former(change.entity, change.key, sent) if sent else None, tuple(reasons))


def _fields(change: Change, schema: TargetSchema) -> dict[str, Any]:
    """What an update may say of it; a group takes its attributes from its reference unit."""
    if change.entity == "group":
        return {name: value for name, value in change.after.items() if name != ATTRIBUTES}
    fields: Payload = {name: v for name, v in change.after.items() if name != GROUP_FIELD}
    sent = {
        name: fields[name]
        for name in updatable(fields, schema)
        if fields[name] is not None and not _is_secret(name, schema)
    }
    moved = change.action in ("create", "move") and change.group is not None
    return {**sent, GROUP_FIELD: change.group} if moved else sent


def _is_secret(name: str, schema: TargetSchema) -> bool:
    return name in schema.fields and schema.fields[name].secret
