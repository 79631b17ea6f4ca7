"""storEDGE records as they are read, in our words (seed 003, contracts B.3 and B.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transforms.canonical import canonical
from transforms.plan import LiveGroup, LiveUnit
from transforms.schema import TargetSchema
from transforms.secrets import SecretMask


def live_unit(record: Mapping[str, Any], schema: TargetSchema, mask: SecretMask) -> LiveUnit:
    """A unit record: ids in place of the objects that stand for them, lock codes hashed."""
    payload = {}
    for name, field in schema.fields.items():
        value = canonical(_id_of(record.get(name)), field) if field.readable else None
        if value is not None:
            payload[name] = mask.hashed(value) if field.secret else value
    group = record.get("unit_group_id")
    return LiveUnit(
        remote_id=str(record["id"]),
        name=str(record.get("name") or "").strip(),
        payload=payload,
        group_id=str(group) if group else None,
        status=record.get("status"),
    )


def live_group(record: Mapping[str, Any]) -> LiveGroup:
    """A group record; its key is the uuid, also where an integer `id` stands beside it."""
    shown = {"reference_unit_id": record.get("reference_unit_id")}
    shown["fully_enclosed"] = record.get("fully_enclosed")
    return LiveGroup(
        remote_id=str(record.get("uuid") or record["id"]),
        name=str(record.get("name") or ""),
        payload={name: value for name, value in shown.items() if value is not None},
    )


def _id_of(value: Any) -> Any:
    """`unit_type` and `tier` are objects when read and ids when written; amenities a list."""
    if isinstance(value, Mapping):
        return value.get("id")
    if isinstance(value, list):
        return [_id_of(item) for item in value]
    return value
