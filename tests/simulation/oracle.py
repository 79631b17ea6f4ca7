"""What the vendors must hold, said without any history: dictionaries of the truth and of the live.

`taint` names what a person has touched by hand, by remote id: the fields, or `*` for the whole
unit or group. What a person has done there is not ours to put right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from tests.simulation.truth import Row

Live = Iterable[Mapping[str, Any]]
Taint = Mapping[str, set[str]]

MEMO = ("width", "length", "height", "floor", "standard_rate", "access_type")


def storage_disagreements(
    rows: Iterable[Row], units: Live, groups: Live, taint: Taint, doubles: Container[str] = ()
) -> Iterator[str]:
    """Where the facilities are not what the source says; `doubles` are for a person."""
    named = {group["id"]: group["name"] for group in groups}
    live = _by((unit for unit in units if not unit["deleted"]), "scope", "name")
    for row in rows:
        place = str(row["site"]), str(row["name"])
        found = live[place]
        if any("*" in taint.get(unit["id"], ()) for unit in found):
            continue
        if len(found) > 1 and row["name"] in doubles:  # which of them is ours, a person says
            continue
        if len(found) != 1:
            yield f"{row['id']}: {len(found)} live units are called {row['name']!r}"
            continue
        wanted = {
            "width": row["width"],
            "length": row["length"],
            "standard_rate": float(row["rate"]),
            "attribute_description": row["note"],
            "combination_lock_number": row["lock"],
            "rentable": True,
            **({"floor": int(row["floor"])} if row["floor"] else {}),
        }
        wanted["unit_group"] = row["group_name"]
        unit = {**found[0], "unit_group": named.get(found[0]["unit_group_id"])}
        yield from _differences(row["id"], wanted, unit, taint.get(unit["id"], set()))


def group_disagreements(
    rows: Iterable[Row], units: Live, groups: Live, taint: Taint, doubles: Container[str] = ()
) -> Iterator[str]:
    """Where a group that the source names has not taken over what its reference unit is now."""
    named = {(row["site"], row["group_name"]) for row in rows}
    by_id = {unit["id"]: unit for unit in units}
    for group in groups:
        members = [by_id[unit_id] for unit_id in group["unit_ids"]]
        reference = by_id.get(group["reference_unit_id"] or "")
        touched = group["id"] in taint or any(
            taint.get(unit["id"]) or unit["name"] in doubles for unit in members
        )
        if not members or touched or (group["scope"], group["name"]) not in named:
            continue
        if reference is None or reference["id"] not in group["unit_ids"]:
            yield f"group {group['name']!r} has no reference unit of its own"
            continue
        for name in MEMO:
            if name in group["memo"] and group["memo"][name] != reference[name]:
                yield (
                    f"group {group['name']!r} remembers {name} {group['memo'][name]!r}, and its "
                    f"reference unit {reference['name']!r} has {reference[name]!r}"
                )


def apartment_disagreements(rows: Iterable[Row], units: Live, taint: Taint) -> Iterator[str]:
    """Where the community is not what the source says."""
    live = _by(units, "external_ref")
    for row in rows:
        found = live[(str(row["ref"]),)]
        if len(found) != 1:
            yield f"{row['ref']}: {len(found)} live units carry this reference"
            continue
        unit = found[0]
        wanted = {
            "unit_number": str(row["number"]),
            "number_of_bedrooms": row["beds"],
            "sqft": row["sqft"],
        }
        touched = taint.get(unit["identifier"], set())
        yield from _differences(row["ref"], wanted, unit, touched)
        line = unit["address"]["address_line_2"]
        if line != f"Unit {row['number']}":
            yield f"{row['ref']}: lives at {line!r}"


def _differences(
    key: str, wanted: Mapping[str, Any], live: Mapping[str, Any], touched: set[str]
) -> Iterator[str]:
    for name, value in wanted.items():
        # A text that was never set reads as none, which is the same to everybody.
        found = live.get(name) if value != "" else live.get(name) or ""
        if name not in touched and found != value:
            yield f"{key}: {name} is {live.get(name)!r} instead of {value!r}"


def _by(units: Live, *names: str) -> defaultdict[tuple[str, ...], list[Mapping[str, Any]]]:
    found: defaultdict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for unit in units:
        found[tuple(str(unit.get(name)) for name in names)].append(unit)
    return found
