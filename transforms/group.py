"""Unit groups as the source wants them: name, enclosure, and a reference unit that stays put.

The reference unit of a group stays while it still belongs and still has the majority's size, type
and access; else the lowest-numbered unit of the majority takes its place (seed 002: nine 10x10
units and one 10x11 unit want a 10x10 unit).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from transforms.canonical import payloads
from transforms.plan import KnownGroup, Payload
from transforms.reshape import ScopeDesired
from transforms.schema import TargetSchema

SIGNATURE = ["width", "length", "height", "unit_type", "access_type"]


@dataclass(frozen=True, slots=True)
class DesiredGroup:
    """A group as the source wants it: `payload` has name, reference_unit (a unit key),
    reference_attributes (what the group memoises from that unit) and fully_enclosed."""

    key: str
    payload: Payload


def desired_groups(
    desired: ScopeDesired, known: Mapping[str, KnownGroup], schema: TargetSchema
) -> dict[str, DesiredGroup]:
    """The groups of a scope by key. Groups that the source no longer names are left alone."""
    if "_group" not in desired.units.columns:
        return {}
    groups = {}
    for key, members in desired.units.groupby("_group", sort=True):
        current = known[str(key)].payload if str(key) in known else {}
        groups[str(key)] = DesiredGroup(str(key), _payload(members, current, desired, schema))
    return groups


def number_of(name: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key under which A2 stands before A10."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((1, int(part)) if part.isdecimal() else (0, part) for part in parts)


def _payload(
    members: pd.DataFrame, current: Payload, desired: ScopeDesired, schema: TargetSchema
) -> Payload:
    payload: dict[str, Any] = {"name": _name(members)}
    if "_enclosed" in members.columns and members["_enclosed"].notna().any():
        payload["fully_enclosed"] = bool(members["_enclosed"].dropna().all())
    reference = current.get("reference_unit")
    if reference in desired.rejected:
        kept = ("reference_unit", "reference_attributes")
        return payload | {name: current[name] for name in kept if name in current}
    row = _reference(members, reference)
    attributes = next(payloads(row[_present(row, schema.memoised_fields)], schema))
    return payload | {
        "reference_unit": str(row["_key"].iloc[0]),
        "reference_attributes": dict(attributes),
    }


def _name(members: pd.DataFrame) -> str:
    names = members["_group_name"].value_counts()
    return str(min(names[names == names.max()].index))


def _reference(members: pd.DataFrame, current: str | None) -> pd.DataFrame:
    """The one row that represents the group: marked, staying, or lowest of the majority."""
    marked = members[members["_marked"].fillna(False)] if "_marked" in members else members[:0]
    if len(marked):
        staying = marked[marked["_key"] == current]
        return staying if len(staying) else _lowest(marked)
    signature = members[_present(members, SIGNATURE)].astype("str").agg("|".join, axis=1)
    sizes = signature.value_counts()
    largest = set(sizes[sizes == sizes.max()].index)
    majority = members[signature.isin(largest)]
    staying = majority[majority["_key"] == current]
    return staying if len(staying) else _lowest(majority)


def _lowest(members: pd.DataFrame) -> pd.DataFrame:
    numbers = [(number_of(name), key) for name, key in zip(members["name"], members["_key"])]
    position = numbers.index(min(numbers))
    return members.iloc[position : position + 1]


def _present(frame: pd.DataFrame, names: tuple[str, ...] | list[str]) -> list[str]:
    return [name for name in names if name in frame.columns]
