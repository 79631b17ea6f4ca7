"""Other settings from one night to the next: each is one small decision of whoever keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from tests.simulation import truth as inventory
from tests.simulation.night import Simulated

Decision = Callable[[Simulated, Random], None]
GUARDRAILS = (inventory.LIMITS, inventory.TIGHT, inventory.NO_LIMITS)


def _batch_size(world: Simulated, random: Random) -> None:
    world.batch = random.choice([1, 3, 50])


def _missing(world: Simulated, random: Random) -> None:
    world.missing = random.choice(["report", "retire"])


def _noted(world: Simulated, random: Random) -> None:
    world.noted = not world.noted


def _names_of_groups(world: Simulated, random: Random) -> None:
    world.suffix = "" if world.suffix else " (new)"


def _canary(world: Simulated, random: Random) -> None:
    world.canary = 1 - world.canary


def _guardrails(world: Simulated, random: Random) -> None:
    world.limits = random.choice([limits for limits in GUARDRAILS if limits != world.limits])


def _group_key(world: Simulated, random: Random) -> None:
    """The groups are others from now on, and those that were are left alone, and empty; or they are
    only called by another key."""
    world.grouping = random.choice([one for one in inventory.GROUP_KEYS if one != world.grouping])


def _column(world: Simulated, random: Random) -> None:
    """One field comes from a column that says something else."""
    world.floor = _other(inventory.FLOORS, world.floor)


def _renamed(world: Simulated, random: Random) -> None:
    """A column has another name in the export, and in the settings, from the same day on."""
    world.rate = _other(inventory.RATES, world.rate)


def _other(both: tuple[Any, Any], one: Any) -> Any:
    return both[1 - both.index(one)]


OTHER_SETTINGS: Mapping[str, Decision] = {
    "another batch_size": _batch_size,
    "another habit for missing units": _missing,
    "a field is mapped or no longer": _noted,
    "other names for all groups": _names_of_groups,
    "canary on or off": _canary,
    "other guardrails": _guardrails,
    "another key for all groups": _group_key,
    "a field from another column": _column,
    "a column renamed on both sides": _renamed,
}


def decide(world: Simulated, random: Random) -> str:
    """The settings are changed between two nights; says how."""
    name = random.choice(list(OTHER_SETTINGS))
    OTHER_SETTINGS[name](world, random)
    return name
