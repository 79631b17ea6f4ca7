"""Desired against known, one scope: the ordered changes that turn the one into the other.

A row whose fingerprint is known is never looked at. What a change would break is held here, with
its reason, before anything is sent: a name that another unit still bears, a unit that the API
cannot move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from transforms.canonical import payloads
from transforms.group import DesiredGroup, desired_groups
from transforms.plan import Change, KnownGroup, KnownUnit, Payload
from transforms.reshape import ScopeDesired
from transforms.schema import TargetSchema
from transforms.travtus import address_key

GROUP_FIELD = "unit_group"


@dataclass(frozen=True, slots=True)
class Known:
    """What the API last confirmed of one scope.

    `index` has one row per unit: key, remote_id, name, group_key, digest, retired. `units` loads
    the payloads of the named keys only. `elsewhere` says under which other scope a key is known.
    """

    index: pd.DataFrame
    units: Callable[[Sequence[str]], Mapping[str, KnownUnit]]
    groups: Mapping[str, KnownGroup]
    elsewhere: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the pipeline's settings say about a diff."""

    schema: TargetSchema
    groups: bool
    retire: bool
    can_move_scopes: bool
    whole_records: bool


@dataclass(frozen=True, slots=True)
class ScopePlan:
    """The ordered changes of one scope, for one run. Group changes stand before unit changes.

    `refreshed` are rows whose fingerprint moved although no field that we compare did. `missing`
    are known units that are not in a complete extract; `rows` and `rejected` count source rows.
    `still_missing` counts the missing of a scope that was skipped because nothing moved.
    """

    scope: str
    changes: tuple[Change, ...]
    unchanged: int
    missing: tuple[str, ...]
    rows: int
    rejected: int
    refreshed: Mapping[str, str]
    keys: frozenset[str]
    known: int
    digest: str
    still_missing: int = 0

    @property
    def missing_count(self) -> int:
        """How many known units are missing, listed or not."""
        return len(self.missing) or self.still_missing

    def of(self, entity: str) -> tuple[Change, ...]:
        """The changes of units, or of groups."""
        return tuple(change for change in self.changes if change.entity == entity)

    def holding_units(self, reasons: Mapping[str, str]) -> ScopePlan:
        """The same plan with these units held, each for its own reason."""
        held = (
            replace(change, held=change.held or reasons[change.key])
            if change.entity == "unit" and change.key in reasons
            else change
            for change in self.changes
        )
        return replace(self, changes=tuple(held))

    def holding(self, reason: str, which: Callable[[Change], bool]) -> ScopePlan:
        """The same plan with more of its changes held for a person."""
        held = (
            replace(change, held=reason) if change.held is None and which(change) else change
            for change in self.changes
        )
        return replace(self, changes=tuple(held))


def diff(desired: ScopeDesired, known: Known, policy: Policy) -> ScopePlan:
    """The plan of one scope."""
    touched, unchanged = _touched(desired.units, known.index)
    loaded = known.units([key for key in touched["_key"] if key in _keys(known.index)])
    changes, refreshed = [], {}
    for row, key, group, digest, payload in _rows(touched, policy):
        change = _unit_change(desired.scope, row, key, group, digest, payload, loaded, policy)
        if change is None:
            refreshed[key] = digest
        else:
            changes.append(_hold_unmovable(change, known, policy))
    missing = _missing(desired, known.index)
    if policy.retire:
        changes += _retirements(desired.scope, missing, known)
    changes = _hold_taken_names(changes, known, policy)
    groups = desired_groups(desired, known.groups, policy.schema) if policy.groups else {}
    group_changes = _hold_taken_group_names(_group_changes(desired.scope, groups, known), known)
    changes = _hold_with_their_groups(changes, group_changes)
    return ScopePlan(
        scope=desired.scope,
        changes=(*group_changes, *changes),
        unchanged=unchanged + len(refreshed),
        missing=missing,
        rows=desired.rows,
        rejected=desired.rejected_rows,
        refreshed=refreshed,
        keys=frozenset(desired.units["_key"]) | desired.rejected,
        known=int((~known.index["retired"]).sum()),
        digest=desired.digest,
    )


def _touched(units: pd.DataFrame, index: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    standing = index[~index["retired"]].set_index("key")["digest"]
    same = units["_digest"].to_numpy() == units["_key"].map(standing).to_numpy()
    return units[~same], int(same.sum())


def _rows(
    touched: pd.DataFrame, policy: Policy
) -> Iterable[tuple[int, str, str | None, str, Payload]]:
    grouped = policy.groups and "_group" in touched.columns
    groups = touched["_group"].tolist() if grouped else [None] * len(touched)
    return zip(
        touched.index.tolist(),
        touched["_key"].tolist(),
        groups,
        touched["_digest"].tolist(),
        payloads(touched, policy.schema),
        strict=True,
    )


def _unit_change(
    scope: str,
    row: int,
    key: str,
    group: str | None,
    digest: str,
    payload: Payload,
    loaded: Mapping[str, KnownUnit],
    policy: Policy,
) -> Change | None:
    unit = loaded.get(key)
    name = _label(payload, key, policy.schema)
    if unit is None:
        return Change(
            "unit", scope, key, name, "create", {}, payload, None, group, digest, row, None, payload
        )
    changed = changed_fields(unit.payload, payload, policy.schema)
    moved = policy.groups and group != unit.group
    if not changed and not moved and not unit.retired:
        return None
    after: dict[str, Any] = {name: payload[name] for name in changed}
    before = {name: unit.payload[name] for name in changed if name in unit.payload}
    if moved:
        before[GROUP_FIELD], after[GROUP_FIELD] = unit.group, group
    return Change(
        "unit",
        scope,
        key,
        name,
        "move" if moved else "update",
        before,
        after,
        unit.remote_id,
        group,
        digest,
        row,
        None,
        {**unit.payload, **payload} if policy.whole_records else {},
    )


def changed_fields(known: Payload, desired: Payload, schema: TargetSchema) -> list[str]:
    """The fields that the source wants otherwise than the API last confirmed.

    A field that the source leaves empty is not touched (contracts S17: null is never sent), a
    create-only field is never compared (S21), nor is one that the vendor ignores (S19).
    """
    return [
        name
        for name, value in desired.items()
        if not schema.fields[name].create_only
        and name not in schema.not_compared
        and known.get(name) != value
    ]


def _label(payload: Payload, key: str, schema: TargetSchema) -> str:
    named = payload.get(schema.name_field) if schema.name_field else payload.get("unit_number")
    return str(named) if named else key


def _missing(desired: ScopeDesired, index: pd.DataFrame) -> tuple[str, ...]:
    if not desired.complete:
        return ()
    here = set(desired.units["_key"]) | desired.rejected
    standing = index.loc[~index["retired"], "key"]
    return tuple(sorted(key for key in standing if key not in here))


def _retirements(scope: str, missing: Sequence[str], known: Known) -> list[Change]:
    units = known.units(missing)
    return [
        Change(
            "unit",
            scope,
            key,
            unit.name,
            "retire",
            {"rentable": unit.payload.get("rentable")},
            {"rentable": False},
            unit.remote_id,
            unit.group,
        )
        for key, unit in sorted(units.items())
    ]


def _hold_unmovable(change: Change, known: Known, policy: Policy) -> Change:
    origin = known.elsewhere.get(change.key)
    if policy.can_move_scopes or change.action != "create" or origin is None:
        return change
    reason = (
        f"the unit is known in group {origin!r} and the API cannot move it to {change.scope!r} "
        "(contracts T10); move it by hand at the vendor"
    )
    return replace(change, held=reason)


def _hold_taken_names(changes: list[Change], known: Known, policy: Policy) -> list[Change]:
    """Holds what would collide with a known unit that does not make room tonight."""
    if policy.schema.name_field:
        borne = {name.casefold(): key for name, key in zip(known.index["name"], known.index["key"])}
        return _hold_collisions(changes, borne, _new_name(policy.schema.name_field), "name")
    newcomers = [change for change in changes if change.action == "create"]
    if not newcomers:
        return changes
    here = {change.key for change in changes}
    others = known.units([key for key in known.index["key"] if key not in here])
    borne = {address_key(unit.payload): key for key, unit in others.items()}
    return _hold_collisions(changes, borne, lambda change: address_key(change.whole), "address")


def _hold_taken_group_names(changes: Iterable[Change], known: Known) -> list[Change]:
    borne = {group.name.casefold(): key for key, group in known.groups.items()}
    return _hold_collisions(list(changes), borne, _new_name("name"), "name")


def _hold_with_their_groups(changes: list[Change], groups: Sequence[Change]) -> list[Change]:
    held = {group.key: group.held for group in groups if group.held and group.action == "create"}
    return [
        replace(change, held=f"its group cannot be created: {held[change.group]}")
        if change.held is None and change.group in held
        else change
        for change in changes
    ]


def _hold_collisions(
    changes: list[Change],
    borne: Mapping[str, str],
    wanted: Callable[[Change], str | None],
    what: str,
) -> list[Change]:
    """A held change keeps what it bears, which can hold others; so until nothing more is held."""
    while True:
        going = [change for change in changes if change.held is None]
        leaving = {change.key for change in going if change.action != "create" and wanted(change)}
        taken = {}
        for change in going:
            holder = borne.get((wanted(change) or "").casefold())
            if holder not in (None, change.key) and holder not in leaving:
                taken[change.identity] = (
                    f"its {what} is still borne by {change.entity} {holder!r}, which does not "
                    "give it up tonight; rename or remove one of the two"
                )
        if not taken:
            return changes
        changes = [replace(c, held=c.held or taken.get(c.identity)) for c in changes]


def _new_name(field: str) -> Callable[[Change], str | None]:
    return lambda change: change.after.get(field)


def _group_changes(
    scope: str, groups: Mapping[str, DesiredGroup], known: Known
) -> Iterable[Change]:
    for key, group in groups.items():
        current = known.groups.get(key)
        held = current.payload if current else {}
        after = {name: value for name, value in group.payload.items() if held.get(name) != value}
        if after:
            yield Change(
                "group",
                scope,
                key,
                str(group.payload["name"]),
                "update" if current else "create",
                {name: held[name] for name in after if name in held},
                after,
                current.remote_id if current else None,
            )


def _keys(index: pd.DataFrame) -> frozenset[str]:
    return frozenset(index["key"])
