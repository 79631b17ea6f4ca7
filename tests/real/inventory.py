"""An inventory that lives: each night some of it is repriced, renamed, moved, new, or gone.

And what both vendors must hold of it in the end, whatever happened on the way.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from connectors.sandbox import Sandbox

FACILITIES = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")
COMMUNITIES = ("COMM-1", "COMM-2")
GROUPS = ("10x10", "10x15", "10x20")

Row = dict[str, Any]


class Inventory:
    """Two facilities and two communities, growing and changing by chance alone."""

    def __init__(self, random: Random, *, units: int = 10, apartments: int = 7) -> None:
        self._random = random
        self._number = 0
        self.units: dict[str, Row] = {}
        self.apartments: dict[str, Row] = {}
        self.gone: set[str] = set()
        self._swapped: set[str] = set()
        for place in (*FACILITIES, *COMMUNITIES):
            for _ in range(units if place in FACILITIES else apartments):
                self._add(place)

    def change(self) -> None:
        """A day in which people work on the inventory."""
        for place in (*FACILITIES, *COMMUNITIES):
            self._add(place)
        for unit in self._some(self.units, 6):
            unit["rate"] = f"{self._random.randrange(5_000, 20_000) / 100:.2f}"
        for unit in self._some(self.units, 2):
            unit["group"] = self._random.choice(GROUPS)
        for unit in self._some(self.units, 2):
            unit["lock"] = f"L{self._random.randrange(10_000, 99_999)}"
        self._rename(self._some(self.units, 1), "name")
        self._swap_names()
        for apartment in self._some(self.apartments, 4):
            apartment["sqft"] = self._random.randrange(400, 1_200)
        self._rename(self._some(self.apartments, 1), "number")
        self._remove()

    def export(self, folder: Path) -> None:
        """Both source files, as they are today."""
        units = [unit | {"group_name": f"{unit['group']} indoor"} for unit in self.units.values()]
        _write(folder / "units.csv", units)
        _write(folder / "apartments.csv", list(self.apartments.values()))

    def differences(self, sandbox: Sandbox) -> list[str]:
        """Whatever keeps the vendors from holding each unit once, and as it is here."""
        return [
            *self._of_units(sandbox),
            *self._of_apartments(sandbox),
        ]

    def _of_units(self, sandbox: Sandbox) -> list[str]:
        named = {group["id"]: group["name"] for group in sandbox.groups() if "name" in group}
        rows = [unit for unit in sandbox.units() if unit["vendor"] == "storedge"]
        live = {(row["scope"], row["name"]): row for row in rows if not row["deleted"]}
        twice = [f"twice: {name}" for name, count in _names(rows).items() if count > 1]
        wrong = []
        for unit in self.units.values():
            there = live.pop((unit["site"], unit["name"]), None)
            desired = (
                unit["width"],
                unit["length"],
                float(unit["rate"]),
                unit["lock"],
                f"{unit['group']} indoor",
            )
            held = there and (
                there["width"],
                there["length"],
                there["standard_rate"],
                there["combination_lock_number"],
                named.get(there["unit_group_id"]),
            )
            if held != desired:
                wrong.append(f"{unit['name']}: {held} is not {desired}")
        strangers = [f"a stranger: {name}" for _, name in live if name not in self.gone]
        return [*twice, *wrong, *strangers]

    def _of_apartments(self, sandbox: Sandbox) -> list[str]:
        rows = [unit for unit in sandbox.units() if unit["vendor"] == "travtus"]
        refs = Counter(row["external_ref"] for row in rows)
        live = {row["external_ref"]: row for row in rows}
        twice = [f"twice: {ref}" for ref, count in refs.items() if count > 1]
        wrong = []
        for ref, unit in self.apartments.items():
            there = live.pop(ref, None)
            held = there and (there["scope"], str(there["unit_number"]), there["sqft"])
            if held != (unit["community"], unit["number"], unit["sqft"]):
                wrong.append(f"{ref}: {held} is not {unit}")
        strangers = [f"a stranger: {ref}" for ref in live if ref not in self.gone]
        return [*twice, *wrong, *strangers]

    def _add(self, place: str) -> None:
        self._number += 1
        number = self._number
        if place in FACILITIES:
            self.units[f"u{number}"] = {
                "site": place,
                "id": f"u{number}",
                "name": f"A{number}",
                "width": 10,
                "length": 10,
                "rate": "100.00",
                "lock": f"L{self._random.randrange(10_000, 99_999)}",
                "group": self._random.choice(GROUPS),
            }
        else:
            self.apartments[f"c{number}"] = {
                "community": place,
                "ref": f"c{number}",
                "number": f"{number}",
                "sqft": 700,
                "street": "1 Main Street",
            }

    def _some(self, rows: dict[str, Row], count: int) -> list[Row]:
        return self._random.sample(list(rows.values()), count)

    def _rename(self, rows: list[Row], column: str) -> None:
        for row in rows:
            self._number += 1
            row[column] = f"{row[column].split('-')[0]}-{self._number}"

    def _swap_names(self) -> None:
        place = self._random.choice(FACILITIES)
        one, two = self._random.sample([u for u in self.units.values() if u["site"] == place], 2)
        one["name"], two["name"] = two["name"], one["name"]
        self._swapped |= {one["id"], two["id"]}

    def _remove(self) -> None:
        """One that nobody else wants the name of: what is gone stays at the vendor (`report`)."""
        unit = self._random.choice(list(self.units.values()))
        if unit["name"] == unit["id"].replace("u", "A") and unit["id"] not in self._swapped:
            del self.units[unit["id"]]
            self.gone.add(unit["name"])
        ref = self._random.choice(list(self.apartments))
        del self.apartments[ref]
        self.gone.add(ref)


def _names(rows: list[Row]) -> Counter[tuple[str, str]]:
    return Counter((row["scope"], row["name"]) for row in rows if not row["deleted"])


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
