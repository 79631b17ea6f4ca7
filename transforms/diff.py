"""Desired against known, one scope: the ordered changes that turn the one into the other.

A row whose fingerprint is known is never looked at. What a change would break is held here, with
its reason, before anything is sent: a name that another unit still bears, a unit that the API
cannot move.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import pandas as pd

from transforms.canonical import payloads
from transforms.change import (
    GROUP_FIELD,
    DesiredUnit,
    changed_fields,
    group_change,
    retirement,
    unit_change,
)
from transforms.collisions import (
    Bearers,
    address_claim,
    address_label,
    address_members,
    hold_collisions,
    name_claim,
)
from transforms.group import REFERENCE, desired_groups
from transforms.holds import INTO_GROUPS, hold_dependants
from transforms.plan import Change, KnownGroup, KnownUnit
from transforms.reshape import ScopeDesired
from transforms.schema import TargetSchema
from transforms.unique import folded

__all__ = [
    "GROUP_FIELD",
    "Known",
    "Policy",
    "ScopePlan",
    "changed_fields",
    "desired_units",
    "diff",
    "hold_taken",
]


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
    """What the pipeline's settings say about a diff; `resend` that every field of a known unit is
    sent again, whether it differs or not."""

    schema: TargetSchema
    groups: bool
    retire: bool
    can_move_scopes: bool
    whole_records: bool
    resend: bool = False


@dataclass(frozen=True, slots=True)
class ScopePlan:
    """The ordered changes of one scope, for one run. Group changes stand before unit changes.

    `refreshed` are rows whose fingerprint moved although no field that we compare did. `missing`
    are known units that are not in a complete extract; `rows` and `rejected` count source rows,
    `rejected_keys` the rejected ones by key. `keys` are the units that the source speaks of in this
    scope, rejected ones included; `astray` counts those of them whose row names no scope. `columns`
    are those of the whole source. `known` counts the units that are not retired. `still_missing`
    counts the missing of a scope that was skipped because nothing moved. `part` says that it is
    about selected units only, and not about the scope as a whole.
    """

    scope: str
    changes: Sequence[Change]
    unchanged: int
    missing: tuple[str, ...]
    rows: int
    rejected: int
    refreshed: Mapping[str, str]
    keys: AbstractSet[str]
    known: int
    digest: str
    rejected_keys: Mapping[str, int] = field(default_factory=dict)
    astray: int = 0
    columns: tuple[str, ...] = ()
    still_missing: int = 0
    part: bool = False

    @property
    def missing_count(self) -> int:
        """How many known units are missing, listed or not."""
        return len(self.missing) or self.still_missing

    def of(self, entity: str) -> tuple[Change, ...]:
        """The changes of units, or of groups."""
        return tuple(change for change in self.changes if change.entity == entity)

    def holding_units(self, reasons: Mapping[str, str]) -> ScopePlan:
        """The same plan with these units held, each for its own reason, and what leans on them."""
        return self._holding(
            lambda change: reasons.get(change.key) if change.entity == "unit" else None
        )

    def holding_groups(self, reasons: Mapping[str, str]) -> ScopePlan:
        """The same plan with these groups held, as for units."""
        return self._holding(
            lambda change: reasons.get(change.key) if change.entity == "group" else None
        )

    def holding(self, reason: str, which: Callable[[Change], bool]) -> ScopePlan:
        """The same plan with more of its changes held for a person, and what leans on them."""
        return self._holding(lambda change: reason if which(change) else None)

    def _holding(self, reason: Callable[[Change], str | None]) -> ScopePlan:
        held = [
            replace(change, held=why)
            if change.held is None and (why := reason(change)) is not None
            else change
            for change in self.changes
        ]
        return replace(self, changes=hold_dependants(held))


def diff(
    desired: ScopeDesired, known: Known, policy: Policy, waiting: Collection[str] = ()
) -> ScopePlan:
    """The plan of one scope. What is `waiting` for a person represents no group meanwhile."""
    touched, unchanged = _touched(desired.units, known.index, policy)
    units, refreshed = _unit_changes(touched, desired, known, policy)
    shown = frozenset(desired.units["_key"].tolist())
    absent = _absent(shown, known.index)
    missing = _missing(desired, absent)
    if policy.retire:
        units += [retirement(desired.scope, unit) for unit in _loaded(known, missing)]
    units = hold_taken(units, desired.units.columns, known, policy)
    late = {*waiting, *(unit.key for unit in units if unit.held and unit.action in INTO_GROUPS)}
    groups = _group_changes(desired, absent, late, known, policy) if policy.groups else []
    astray = desired.astray.intersection(known.index["key"].tolist())
    return ScopePlan(
        scope=desired.scope,
        changes=hold_dependants([*groups, *units]),
        unchanged=unchanged + len(refreshed),
        missing=missing,
        rows=desired.rows,
        rejected=desired.rejected_rows,
        refreshed=refreshed,
        keys=shown | desired.rejected | astray,
        known=int((~known.index["retired"]).sum()),
        digest=desired.digest,
        rejected_keys=desired.rejected_keys,
        astray=len(astray),
        columns=desired.columns,
        part=desired.part,
    )


def _touched(units: pd.DataFrame, index: pd.DataFrame, policy: Policy) -> tuple[pd.DataFrame, int]:
    """The rows of which we do not know that the API has them, and how many others there are."""
    if policy.resend:
        return units, 0
    standing = index[~index["retired"]].set_index("key")["digest"]
    same = units["_digest"].to_numpy() == units["_key"].map(standing).to_numpy()
    return units[~same], int(same.sum())


def _unit_changes(
    touched: pd.DataFrame, desired: ScopeDesired, known: Known, policy: Policy
) -> tuple[list[Change], dict[str, str]]:
    """The changes of the touched rows, and the fingerprints of those that need none after all."""
    loaded = known.units(_among(touched["_key"], known.index))
    changes: list[Change] = []
    refreshed: dict[str, str] = {}
    for unit in desired_units(touched, policy):
        change = unit_change(
            desired.scope,
            unit,
            loaded.get(unit.key),
            policy.schema,
            whole=policy.whole_records,
            resend=policy.resend,
        )
        if change is None:
            refreshed[unit.key] = unit.digest
        else:
            changes.append(_hold_unmovable(change, desired, known, policy))
    return changes, refreshed


def desired_units(touched: pd.DataFrame, policy: Policy) -> Iterator[DesiredUnit]:
    """The rows of a frame, each as a unit."""
    grouped = policy.groups and "_group" in touched.columns
    groups = touched["_group"].tolist() if grouped else [None] * len(touched)
    columns = (touched.index.tolist(), touched["_key"].tolist(), groups, touched["_digest"])
    yield from map(DesiredUnit, *columns, payloads(touched, policy.schema))


def _among(keys: pd.Series, index: pd.DataFrame) -> list[str]:
    standing = frozenset(index["key"].tolist())
    return [key for key in keys.tolist() if key in standing]


def _loaded(known: Known, keys: Sequence[str]) -> list[KnownUnit]:
    return [unit for _, unit in sorted(known.units(keys).items())] if keys else []


def _absent(shown: frozenset[str], index: pd.DataFrame) -> dict[str, str]:
    """The known units that no valid row shows, retired ones apart, with their group or ""."""
    standing = index[~index["retired"]]
    gone = frozenset(standing["key"].tolist()) - shown
    if not gone:
        return {}
    groups = zip(standing["key"].tolist(), standing["group_key"].fillna("").tolist(), strict=True)
    return {key: group for key, group in groups if key in gone}


def _missing(desired: ScopeDesired, absent: Mapping[str, str]) -> tuple[str, ...]:
    if not desired.complete:
        return ()
    return tuple(sorted(absent.keys() - desired.rejected - desired.astray))


def _hold_unmovable(change: Change, desired: ScopeDesired, known: Known, policy: Policy) -> Change:
    origin = known.elsewhere.get(change.key)
    if policy.can_move_scopes or change.action != "create" or origin is None:
        return change
    if change.key in desired.shared:  # in both scopes tonight: two units that are called alike
        return change
    reason = (
        f"the unit is known in group {origin!r} and the API cannot move it to {change.scope!r} "
        "(contracts T10); move it by hand at the vendor"
    )
    return replace(change, held=reason)


def hold_taken(
    changes: list[Change], fields: Iterable[str], known: Known, policy: Policy
) -> list[Change]:
    """Holds what would collide with a known unit that does not make room tonight; `fields` are
    those that the source speaks of."""
    if policy.schema.name_field:
        return hold_collisions(changes, name_claim(), lambda: _names(known.index))
    members = address_members(fields)
    return hold_collisions(changes, address_claim(members), lambda: _addresses(known, members))


def _names(index: pd.DataFrame) -> Bearers:
    return zip(map(folded, index["name"].tolist()), index["key"].tolist(), strict=True)


def _addresses(known: Known, members: frozenset[str]) -> Bearers:
    """All known payloads are read for this, on nights with a new unit or address only: an address
    of which the source speaks in part can stand in any of them."""
    for key, unit in known.units(known.index["key"].tolist()).items():
        if (label := address_label(unit.payload, members)) is not None:
            yield label, key


def _group_changes(
    desired: ScopeDesired,
    absent: Mapping[str, str],
    waiting: AbstractSet[str],
    known: Known,
    policy: Policy,
) -> list[Change]:
    missing = frozenset(_missing(desired, absent))
    unseen = {key: group for key, group in absent.items() if key not in missing}
    wanted = desired_groups(desired, known.groups, policy.schema, unseen, waiting)
    columns = (known.index[name].tolist() for name in ("key", "group_key"))
    standing = dict(zip(*columns, strict=True)) if wanted else {}
    changes = (
        group_change(
            desired.scope,
            group,
            known.groups.get(key),
            arrives=standing.get(group.payload[REFERENCE]) != key,
        )
        for key, group in wanted.items()
    )
    return hold_collisions(
        [change for change in changes if change is not None],
        name_claim(),
        lambda: ((folded(group.name), key) for key, group in known.groups.items()),
    )
