"""What people do between the nights: at the vendor, by hand, and at the desk, with a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from connectors.sandbox.storedge_units import bulk_create
from flows.allow import Decision, allow
from state.store import Store
from tests.simulation.invariants import Checks, known_units, storage_units
from tests.simulation.night import Lived, Simulated

UNIT_TYPE = "f7687db9-654a-4018-8d27-bd0f3bfd25a0"
# Source column of what a person may overwrite by hand.
OWNED = {"standard_rate": "rate", "attribute_description": "note"}
EDITS: tuple[dict[str, Any], ...] = (
    {"standard_rate": 999.0},
    {"attribute_description": "by hand"},
    {"status": "occupied"},
    {"damaged": True},
)
UNMANAGED = "Z1"


@dataclass(frozen=True)
class Touched:
    """A value that a person has set at the vendor, and what the source said of it then."""

    remote_id: str
    field: str
    value: Any
    key: str | None
    said: str | None


class People:
    """They work by hand, and what they did must stand for as long as the source agrees."""

    def __init__(self, world: Simulated, random: Random) -> None:
        self.world = world
        self.random = random
        self.touched: list[Touched] = []

    def came_first(self) -> None:
        """The facility holds units already, some of them ours by name, and one that is nobody's."""
        self.world.settled = True
        rows = self.world.truth.storage_rows()
        some = self.random.sample(rows, len(rows) // 2)
        for site in sorted({row["site"] for row in rows}):
            facility = self.world.storedge._facility(site)
            names = [row["name"] for row in some if row["site"] == site]
            items = [by_hand(name) for name in [*names, UNMANAGED]]
            bulk_create(facility, items, self.world.habits, self.world.new_remote_id)

    def work(self, *, in_step: bool) -> str | None:
        """Somebody changes one value of one unit; says what was done."""
        units = [unit for unit in storage_units(self.world) if not unit["deleted"]]
        if not units:
            return None
        unit, fields = self.random.choice(units), self.random.choice(EDITS)
        assert self.world.sandbox.edit("storedge", "unit", unit["id"], fields) is None
        self.world.taint.setdefault(unit["id"], set()).update(fields)
        keys = {remote_id: key for key, remote_id, _ in known_units(self.world, settled=False)}
        (name, value), key = next(iter(fields.items())), keys.get(unit["id"])
        row = self.world.truth.units.get(key or "")
        if name not in OWNED or (in_step and row):
            said = row[OWNED[name]] if row and name in OWNED else None
            self.touched.append(Touched(unit["id"], name, value, key, said))
        return f"a person sets {name}"

    def are_respected(self, checks: Checks) -> None:
        """What a person set stands, unless the source has said something else since."""
        live = {unit["id"]: unit for unit in storage_units(self.world)}
        self.touched = [one for one in self.touched if self._still_agreed(one)]
        checks.none(
            "what a person has done stands",
            [
                f"{one.field} of {one.remote_id} is {live[one.remote_id][one.field]!r} instead of "
                f"{one.value!r}"
                for one in self.touched
                if live[one.remote_id][one.field] != one.value
            ],
        )
        strange = [
            unit["id"]
            for unit in live.values()
            if unit["name"] == UNMANAGED and unit["standard_rate"] != 1.0
            if unit["id"] not in self.world.taint
        ]
        checks.none("what is nobody's is never touched", strange)

    def _still_agreed(self, one: Touched) -> bool:
        if one.field not in OWNED:
            return True
        row = next((row for row in self.world.told if row["id"] == one.key), None)
        return not self.world.restored and row is not None and row[OWNED[one.field]] == one.said

    def decide(self, lived: Lived) -> int:
        """Let through what the night held; in how many scopes."""
        if lived.summary is None:
            return 0
        with Store.open_for_reading(self.world.state) as store:
            scopes = sorted({held.scope for held in store.held_scopes(lived.summary.run_id)})
        if scopes:
            decision = Decision(
                lived.summary.run_id, scopes, "it is so", "a person", timedelta(days=2)
            )
            allow(self.world.state, self.world.outside(self.world.wire()), decision)
        return len(scopes)


def by_hand(name: str) -> dict[str, Any]:
    """A unit as somebody makes it who knows no more than its name."""
    return {
        "name": name,
        "width": 5,
        "length": 5,
        "height": 8,
        "door_width": 8,
        "door_height": 7,
        "door_type": "roll_up",
        "access_type": "indoor",
        "standard_rate": 1,
        "walk_thru_order": 1,
        "unit_type": UNIT_TYPE,
    }
