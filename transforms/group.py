"""Unit groups as the source wants them: name, enclosure, and a reference unit that stays put.

The reference unit of a group stays while it still belongs and still has the majority's size, type
and access; else the lowest-numbered unit of the majority takes its place (seed 002: nine 10x10
units and one 10x11 unit want a 10x10 unit). A group that the source shows only in part tonight,
because a row was rejected or not selected, or the extract is not complete, keeps what it is known
for: neither its reference unit nor its enclosure is decided by those who happen to be seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from transforms.canonical import payloads
from transforms.plan import KnownGroup, Payload
from transforms.reshape import ScopeDesired
from transforms.schema import TargetSchema

SIGNATURE = ("width", "length", "height", "unit_type", "access_type")
REFERENCE = "reference_unit"
ATTRIBUTES = "reference_attributes"
ENCLOSED = "fully_enclosed"

Codes = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DesiredGroup:
    """A group as the source wants it: `payload` has name, reference_unit (a unit key),
    reference_attributes (what the group memoises from that unit) and fully_enclosed."""

    key: str
    payload: Payload


def desired_groups(
    desired: ScopeDesired,
    known: Mapping[str, KnownGroup],
    schema: TargetSchema,
    unseen: Mapping[str, str],
    waiting: AbstractSet[str] = frozenset(),
) -> dict[str, DesiredGroup]:
    """The groups of a scope by key. Groups that the source no longer names are left alone.

    `unseen` are the known units that no valid row shows although the source may still have them,
    each with the key of the group that it is known in. `waiting` are units that do not come
    tonight: they represent a group only where nobody else can.
    """
    if "_group" not in desired.units.columns:
        return {}
    members = _Members.of(desired, known, unseen, waiting)
    parts = zip(
        members.groups,
        members.names(),
        members.enclosures(),
        members.references(schema),
        strict=True,
    )
    return {
        key: DesiredGroup(key, {"name": name, **enclosure, **reference})
        for key, name, enclosure, reference in parts
    }


def number_of(name: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key under which A2 stands before A10."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((1, int(part)) if part.isdecimal() else (0, part) for part in parts)


@dataclass(frozen=True, slots=True)
class _Members:
    """The units of a scope, with the place of each one's group in `groups`.

    By group: what it is known for, whether a part of it is unseen, and whether that part is its
    reference unit. `selected`: who is unseen was not asked about. `waiting` do not come tonight.
    """

    units: pd.DataFrame
    places: Codes
    groups: list[str]
    known: list[Payload]
    partial: Mask
    headless: Mask
    selected: bool
    waiting: AbstractSet[str]

    @classmethod
    def of(
        cls,
        desired: ScopeDesired,
        known: Mapping[str, KnownGroup],
        unseen: Mapping[str, str],
        waiting: AbstractSet[str],
    ) -> _Members:
        units = desired.units
        places, keys = pd.factorize(units["_group"], sort=True)
        groups = [str(key) for key in keys]
        current = [known[key].payload if key in known else {} for key in groups]
        partial = set(unseen.values())
        return cls(
            units,
            places,
            groups,
            current,
            partial=np.array([key in partial for key in groups], dtype=bool),
            headless=np.array(
                [
                    unseen.get(held.get(REFERENCE, "")) == key
                    for key, held in zip(groups, current, strict=True)
                ],
                dtype=bool,
            ),
            selected=desired.part,
            waiting=waiting,
        )

    def names(self) -> list[str]:
        """The name that most of its units give a group, the first of them where they disagree; a
        few selected units do not rename the group of all others."""
        labels, names = pd.factorize(self.units["_group_name"], sort=True)
        first = np.full(len(self.groups), len(names))
        most = self._majority(labels)
        np.minimum.at(first, self.places[most], labels[most])
        given = [str(names[label]) for label in first]
        return [
            str(held.get("name", name)) if is_partial and self.selected else name
            for held, is_partial, name in zip(self.known, self.partial, given, strict=True)
        ]

    def enclosures(self) -> list[Payload]:
        """Fully enclosed is a group if all of its units that say anything are."""
        if "_enclosed" not in self.units.columns:
            return [{} for _ in self.groups]
        said = self._any(self.units["_enclosed"].notna().to_numpy())
        ajar = self._any(~self.units["_enclosed"].fillna(value=True).to_numpy(dtype=bool))
        tonight = [
            {ENCLOSED: not is_ajar} if is_said else {}
            for is_ajar, is_said in zip(ajar.tolist(), said.tolist(), strict=True)
        ]
        return [
            _only(held, ENCLOSED) if is_partial and ENCLOSED in held else enclosure
            for held, is_partial, enclosure in zip(self.known, self.partial, tonight, strict=True)
        ]

    def references(self, schema: TargetSchema) -> list[Payload]:
        """The reference unit of each group, with the attributes that the group takes from it."""
        units = self.units.iloc[self._representatives()]
        lent = [name for name in schema.memoised_fields if name in units.columns]
        return [
            _only(held, REFERENCE, ATTRIBUTES)
            if is_headless
            else {REFERENCE: str(key), ATTRIBUTES: attributes}
            for held, is_headless, key, attributes in zip(
                self.known, self.headless, units["_key"], payloads(units[lent], schema), strict=True
            )
        ]

    def _representatives(self) -> list[int]:
        """By group the row that stands for it: marked, staying, or lowest of the majority."""
        marked = self._marked()
        by_mark = self._any(marked)[self.places]
        candidates = np.where(by_mark, marked, self._majority(self._signatures()))
        current = np.array([held.get(REFERENCE) for held in self.known], dtype=object)
        unjudged = self.partial[self.places] & ~by_mark
        stays = (self.units["_key"].to_numpy() == current[self.places]) & (candidates | unjudged)
        vacant = self._coming(candidates) & ~self._any(stays)[self.places]
        staying = zip(self.places[stays].tolist(), np.flatnonzero(stays).tolist(), strict=True)
        chosen = {**self._lowest(vacant), **dict(staying)}
        return [chosen[place] for place in range(len(self.groups))]

    def _coming(self, candidates: Mask) -> Mask:
        """The candidates that do not wait, and where all of them do, those."""
        if not self.waiting:
            return candidates
        coming = candidates & ~self.units["_key"].isin(list(self.waiting)).to_numpy()
        return np.where(self._any(coming)[self.places], coming, candidates)

    def _lowest(self, candidates: Mask) -> dict[int, int]:
        if not candidates.any():
            return {}
        at = np.flatnonzero(candidates)
        rows = self.units.iloc[at]
        lowest: dict[int, tuple[Any, ...]] = {}
        for place, name, key, position in zip(
            self.places[at].tolist(), rows["name"], rows["_key"], at.tolist(), strict=True
        ):
            rank = (number_of(name), key, position)
            lowest[place] = min(lowest.get(place, rank), rank)
        return {place: rank[-1] for place, rank in lowest.items()}

    def _marked(self) -> Mask:
        if "_marked" not in self.units.columns:
            return np.zeros(len(self.units), dtype=bool)
        return self.units["_marked"].fillna(value=False).to_numpy(dtype=bool)

    def _signatures(self) -> Codes:
        columns = [name for name in SIGNATURE if name in self.units.columns]
        if not columns:
            return np.zeros(len(self.units), dtype=np.intp)
        by_signature = self.units.groupby(columns, sort=False, dropna=False)
        return np.asarray(by_signature.ngroup(), dtype=np.intp)

    def _majority(self, labels: Codes) -> Mask:
        """The units whose label is among the most frequent of their group."""
        pairs = self.places * (labels.max(initial=0) + 1) + labels
        _, pair, counts = np.unique(pairs, return_inverse=True, return_counts=True)
        most = np.zeros(len(self.groups), dtype=counts.dtype)
        np.maximum.at(most, self.places, counts[pair])
        return np.asarray(counts[pair] == most[self.places])

    def _any(self, mask: Mask) -> Mask:
        """By group, whether the mask holds for any of its units."""
        return np.asarray(np.bincount(self.places, weights=mask, minlength=len(self.groups)) > 0)


def _only(payload: Payload, *names: str) -> Payload:
    return {name: payload[name] for name in names if name in payload}
