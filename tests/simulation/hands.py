"""What people do at the vendor by hand, past us: rename, move, delete, make anew; also at night.

What somebody took into their own hands is theirs: the oracle does not ask for it any more, and all
other promises stand. `world.personal` has the keys of those units and groups.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from random import Random
from typing import Any

from connectors.sandbox.storedge_units import bulk_create
from connectors.sandbox.travtus_rules import UNIT_CHECKS
from tests.simulation.exchange import Exchange
from tests.simulation.invariants import Witness, apartment_units, known_units, storage_units
from tests.simulation.night import Simulated
from tests.simulation.people import by_hand
from tests.simulation.truth import FACILITIES

# How many of a night's requests have gone when somebody acts in its middle.
EARLY = 6
# At how many of the worst moments somebody acts.
OFTEN = 0.6


class Hands:
    """Somebody with the vendor's own pages open. Whatever they do, they do to what is live."""

    def __init__(self, world: Simulated, random: Random) -> None:
        self.world = world
        self.random = random
        self._made = 0
        # The units of whoever is looked at right now; without any, all of them are.
        self._aim: Container[str] = ()

    def act(self) -> str | None:
        """Any one deed; says what was done, or None where there was nothing to do it to."""
        return self._one_of(*BY_DAY)

    def act_at_night(self, witness: Witness, saw: Callable[[str], None]) -> None:
        """Somewhere in a night, or at its worst moments."""
        if self.random.random() < 0.5:
            witness.meanwhile = self.meanwhile(saw)
        else:
            witness.between = self.between(saw)

    def meanwhile(self, saw: Callable[[str], None]) -> Callable[[int], None]:
        """A deed in the middle of a night, between some request of ours and the next."""
        moment = self.random.randint(1, EARLY)

        def after(requests: int) -> None:
            if requests == moment and (deed := self._one_of(*AT_NIGHT)):
                saw(f"at night: {deed}")

        return after

    def between(self, saw: Callable[[str], None]) -> Callable[[Exchange], None]:
        """A deed at the worst moment: a scope was read, and the write that follows is on its way.
        It strikes what that write is about, now and then."""

        def before(write: Exchange) -> None:
            if self.random.random() < OFTEN:
                self._aim = {str(item.get("id") or item.get("identifier")) for item in write.items}
                deeds = BETWEEN if write.is_storedge else BETWEEN_HOMES
                deed = self.namesake(write) if write.makes_units else self._one_of(*deeds)
                self._aim = ()
                if deed:
                    saw(f"between reading and writing: {deed}")

        return before

    def _one_of(self, *deeds: Callable[[Hands], str | None]) -> str | None:
        return self.random.choice(deeds)(self)

    def rename(self) -> str | None:
        return self._edited("renames a unit", {"name": self._new_name()})

    def ungroup(self) -> str | None:
        return self._edited("takes a unit out of its group", {"unit_group_id": None})

    def move(self) -> str | None:
        unit = self._unit()
        here = [group["id"] for group in self._groups() if unit and group["scope"] == unit["scope"]]
        if unit is None or not here:
            return None
        self._edit(unit, {"unit_group_id": self.random.choice(here)})
        return "moves a unit"

    def delete(self) -> str | None:
        return self._edited("deletes a unit", {"deleted": True})

    def make_anew(self) -> str | None:
        """The same name under another id."""
        unit = self._unit()
        if unit is None:
            return None
        self._edit(unit, {"deleted": True})
        facility = self.world.storedge._facility(unit["scope"])
        bulk_create(facility, [by_hand(unit["name"])], self.world.habits, self.world.new_remote_id)
        made = next(u for u in facility.units.values() if u.name == unit["name"] and not u.deleted)
        self.world.taint[made.id] = {"*"}
        if unit["id"] in self.world.namesakes:
            self.world.namesakes[made.id] = made.name
        return "makes a unit anew"

    def double(self) -> str | None:
        """A second unit of the same name, where the vendor allows it."""
        unit = self._unit()
        return self._make_namesake(unit["scope"], unit["name"]) if unit else None

    def namesake(self, write: Exchange) -> str | None:
        """Somebody is quicker, and makes a unit that we are about to make."""
        return self._make_namesake(str(write.scope), self.random.choice(write.names))

    def _make_namesake(self, scope: str, name: str) -> str | None:
        facility, habits = self.world.storedge._facility(scope), self.world.habits
        if habits.unique_names and facility.unit_named(name):
            return None
        known = set(facility.units)
        bulk_create(facility, [by_hand(name)], habits, self.world.new_remote_id)
        (made,) = set(facility.units) - known
        self.world.taint[made] = {"*"}
        self.world.namesakes[made] = name
        self._claim(name)
        return "makes a unit of a name that is ours"

    def price(self) -> str | None:
        unit = self._unit()
        if unit is None:
            return None
        assert (
            self.world.sandbox.edit("storedge", "unit", unit["id"], {"standard_rate": 7.0}) is None
        )
        self.world.taint.setdefault(unit["id"], set()).add("standard_rate")
        return "sets a rate"

    def rename_group(self) -> str | None:
        return self._on_group("renames a group", {"name": self._new_name()})

    def delete_group(self) -> str | None:
        return self._on_group("deletes a group", {"deleted": True})

    def delete_apartment(self) -> str | None:
        unit = self._apartment()
        if unit is None:
            return None
        self._of_apartment(unit, {"deleted": True})
        return "deletes an apartment"

    def renumber_apartment(self) -> str | None:
        unit = self._apartment()
        if unit is None:
            return None
        self._of_apartment(unit, {"unit_number": self._new_name()})
        return "renumbers an apartment"

    def make_apartment_anew(self) -> str | None:
        """The same home under another identifier."""
        unit = self._apartment()
        if unit is None:
            return None
        self._of_apartment(unit, {"deleted": True})
        group = self.world.travtus._groups[unit["group_id"]]
        kept = {name: unit[name] for name in UNIT_CHECKS if name in unit and name != "identifier"}
        made = group.upsert(kept, self.world.travtus._new_unit)
        self.world.taint[made["identifier"]] = {"*"}
        return "makes an apartment anew"

    def readdress_apartment(self) -> str | None:
        unit = self._apartment()
        if unit is None:
            return None
        address = {**unit["address"], "address_line_1": f"{self._new_name()} Side Street"}
        self._of_apartment(unit, {"address": address})
        return "edits an address"

    def _new_name(self) -> str:
        self._made += 1
        return f"H{self._made}"

    def _unit(self) -> dict[str, Any] | None:
        return self._any([unit for unit in storage_units(self.world) if not unit["deleted"]], "id")

    def _any(self, units: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
        aimed = [unit for unit in units if unit[name] in self._aim]
        return self.random.choice(aimed or units) if units else None

    def _groups(self) -> list[dict[str, Any]]:
        return [group for site in FACILITIES for group in self.world.sandbox.groups(site)]

    def _apartment(self) -> dict[str, Any] | None:
        unit = self._any(apartment_units(self.world), "identifier")
        if unit is None:
            return None
        self.world.taint[unit["identifier"]] = {"*"}
        self.world.personal.add(str(unit.get("external_ref")))
        return unit

    def _of_apartment(self, unit: dict[str, Any], fields: dict[str, Any]) -> None:
        assert self.world.sandbox.edit("travtus", "unit", unit["identifier"], fields) is None

    def _edited(self, deed: str, fields: dict[str, Any]) -> str | None:
        unit = self._unit()
        if unit is None:
            return None
        self._edit(unit, fields)
        return deed

    def _edit(self, unit: dict[str, Any], fields: dict[str, Any]) -> None:
        """The unit is theirs from now on, and so is whatever the source calls by its name."""
        groups = unit["unit_group_id"], fields.get("unit_group_id")
        self.world.taint |= {str(thing): {"*"} for thing in (unit["id"], *groups)}
        self._claim(unit["name"])
        known = known_units(self.world, settled=False)
        self.world.personal |= {key for key, remote_id, _ in known if remote_id == unit["id"]}
        assert self.world.sandbox.edit("storedge", "unit", unit["id"], fields) is None

    def _claim(self, name: str) -> None:
        rows = self.world.storage_rows()
        self.world.personal |= {row["id"] for row in rows if row["name"] == name}

    def _on_group(self, deed: str, fields: dict[str, Any]) -> str | None:
        groups = self._groups()
        if not groups:
            return None
        group = self.random.choice(groups)
        self.world.taint |= {thing: {"*"} for thing in (group["id"], *group["unit_ids"])}
        rows = self.world.storage_rows()
        self.world.personal |= {r["group"] for r in rows if r["group_name"] == group["name"]}
        assert self.world.sandbox.edit("storedge", "group", group["id"], fields) is None
        return deed


# What makes or deletes a unit is done by day, when nobody counts units.
AT_NIGHT = (Hands.price, Hands.rename, Hands.ungroup, Hands.move, Hands.rename_group, Hands.delete)
BY_DAY = (*AT_NIGHT, Hands.make_anew, Hands.delete_group, Hands.delete_apartment)
BY_DAY += (Hands.renumber_apartment, Hands.double, Hands.make_apartment_anew)
BY_DAY += (Hands.readdress_apartment,)
BETWEEN = (Hands.price, Hands.rename, Hands.ungroup, Hands.move, Hands.delete)
BETWEEN_HOMES = (Hands.renumber_apartment, Hands.readdress_apartment)
