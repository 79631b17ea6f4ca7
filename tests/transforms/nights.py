"""Random nights, and what must be true of every plan that is made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.transforms.inventory import TRAVTUS, Row, World, apartment, facility, going, unit
from transforms.diff import ScopePlan
from transforms.group import ATTRIBUTES, REFERENCE
from transforms.reshape import ScopeDesired
from transforms.travtus import address_key
from transforms.unique import folded

KEYS = ("k1", "k2", "k3", "k4", "k5")
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
        return facility(self.rows, self.rejected, complete=self.complete)


@st.composite
def nights(draw: st.DrawFn, *, complete: bool | None = None) -> Night:
    """Names and group names are unique among the valid rows, as validation has seen to."""
    names = draw(st.permutations(NAMES))
    titles = dict(zip(GROUPS, draw(st.permutations(TITLES)), strict=False))
    fates = {key: draw(st.sampled_from(("valid", "valid", "rejected", "absent"))) for key in KEYS}
    rows = [
        unit(key, **_cells(draw, titles), name=draw(st.sampled_from((name, name.swapcase()))))
        for key, name in zip(KEYS, names, strict=False)
        if fates[key] == "valid"
    ]
    rejected = frozenset(key for key, fate in fates.items() if fate == "rejected")
    whole = draw(st.booleans()) if complete is None else complete
    return Night(tuple(rows), rejected, whole)


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


@st.composite
def communities(draw: st.DrawFn) -> ScopeDesired:
    """Apartments with distinct addresses."""
    numbers = draw(st.permutations("123456"))
    rows = [
        apartment(key, number, sqft=draw(st.sampled_from((400, 500))))
        for key, number in zip(KEYS, numbers, strict=False)
        if draw(st.booleans())
    ]
    return facility(rows, schema=TRAVTUS, complete=draw(st.booleans()))


def inconsistencies(world: World, plan: ScopePlan) -> list[str]:
    """What would be wrong at the vendor if all came through that is not held."""
    after = world.after(plan)
    members = {unit.group for unit in after.units.values()}
    made = {c.key for c in going(plan) if c.entity == "group" and c.action == "create"}
    return [
        *(f"two units named {name}" for name in _repeated(after.units.values())),
        *(f"two groups named {name}" for name in _repeated(after.groups.values())),
        *(f"two units at {address}" for address in _shared_addresses(after)),
        *(f"no group {key}" for key in members - after.groups.keys() - {None}),
        *(f"nobody in {key}" for key in made - members),
        *_broken_references(after, plan),
    ]


def _repeated(entries: Iterable[Any]) -> set[str]:
    names = [folded(entry.name) for entry in entries]
    return {name for name in names if names.count(name) > 1}


def _shared_addresses(after: World) -> set[str]:
    addresses = [address_key(unit.payload) for unit in after.units.values()]
    return {address for address in addresses if address.strip() and addresses.count(address) > 1}


def _broken_references(after: World, plan: ScopePlan) -> list[str]:
    """Reference units that are set although they are not there, or are not like that."""
    wrong = []
    for change in going(plan):
        if change.entity == "group" and not {REFERENCE, ATTRIBUTES}.isdisjoint(change.after):
            payload = after.groups[change.key].payload
            reference = after.units.get(payload[REFERENCE])
            if reference is None or reference.group != change.key:
                wrong.append(f"{payload[REFERENCE]} does not stand in {change.key}")
            elif not payload[ATTRIBUTES].items() <= reference.payload.items():
                wrong.append(f"{change.key} is not like {reference.key}")
    return wrong
