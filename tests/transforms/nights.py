"""Random nights: what stood in the source at first, and what stands there now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.transforms.inventory import Row, World, apartment, facility, unit
from transforms.group import ATTRIBUTES, REFERENCE
from transforms.plan import KnownGroup, KnownUnit
from transforms.reshape import ScopeDesired
from transforms.unique import folded

KEYS = ("k1", "k2", "k3", "k4", "k5")
# Case does not tell names apart, so A1 and a1 are never both given away.
NAMES = ("A1", "a2", "A3", "A4", "A5", "A6")
GROUPS = ("g1", "g2", "g3")
TITLES = ("Small", "Large", "Huge", "Odd")


@dataclass(frozen=True)
class Night:
    """The rows of a night, each key valid, rejected or absent, and whether the extract is whole."""

    rows: tuple[Row, ...]
    rejected: frozenset[str]
    complete: bool

    @property
    def desired(self) -> ScopeDesired:
        return facility(self.rows, sorted(self.rejected), complete=self.complete)


@st.composite
def nights(draw: st.DrawFn, *, complete: bool | None = None) -> Night:
    """Names and group names are unique among the valid rows, as validation has seen to."""
    names = draw(st.permutations(NAMES))
    titles = dict(zip(GROUPS, draw(st.permutations(TITLES)), strict=False))
    fates = {key: draw(st.sampled_from(("valid", "valid", "rejected", "absent"))) for key in KEYS}
    rows = [
        unit(key, **_cells(draw, titles), name=_cased(draw, name))
        for key, name in zip(KEYS, names, strict=False)
        if fates[key] == "valid"
    ]
    rejected = frozenset(key for key, fate in fates.items() if fate == "rejected")
    whole = draw(st.booleans()) if complete is None else complete
    return Night(tuple(rows), rejected, whole)


def _cased(draw: st.DrawFn, name: str) -> str:
    return draw(st.sampled_from((name, name.swapcase())))


def _cells(draw: st.DrawFn, titles: dict[str, str]) -> dict[str, Any]:
    group = draw(st.sampled_from(GROUPS))
    return {
        "_group": group,
        "_group_name": titles[group],
        "_marked": draw(st.sampled_from((None, False, True))),
        "_enclosed": draw(st.sampled_from((None, False, True))),
        "width": draw(st.sampled_from((5.0, 10.0))),
        "standard_rate": draw(st.sampled_from((50.0, 104.99))),
        "floor": draw(st.sampled_from((None, 1, 2))),
        "rentable": draw(st.sampled_from((None, False, True))),
    }


ADDRESSES = ("1", "2", "3", "4", "5", "6")


@st.composite
def communities(draw: st.DrawFn) -> tuple[Row, ...]:
    """Apartments with distinct addresses."""
    numbers = draw(st.permutations(ADDRESSES))
    return tuple(
        apartment(key, number, sqft=draw(st.sampled_from((400, 500))))
        for key, number in zip(KEYS, numbers, strict=False)
        if draw(st.booleans())
    )


def clashing_names(entries: dict[str, KnownUnit] | dict[str, KnownGroup]) -> set[str]:
    """Names that two units, or two groups, would bear at the vendor."""
    names = [folded(entry.name) for entry in entries.values()]
    return {name for name in names if names.count(name) > 1}


def broken_references(world: World, groups: set[str]) -> dict[str, str]:
    """What is wrong with the reference units of some groups, by group key."""
    wrong = {}
    for key in groups:
        payload = world.groups[key].payload
        reference = world.units.get(str(payload.get(REFERENCE)))
        if reference is None:
            wrong[key] = "it is not known"
        elif reference.group != key:
            wrong[key] = f"it stands in {reference.group}"
        elif not payload[ATTRIBUTES].items() <= reference.payload.items():
            wrong[key] = "the group has other attributes than the unit"
    return wrong
