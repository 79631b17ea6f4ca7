"""Reference units that are about to leave their group: who waits, and who takes over.

A reference unit may only be moved if the same request leaves its group empty (contracts B.6). So
it hands over to a unit that stays, or waits for one that arrives. Where all that arrive wait in
turn (two groups that swap their only units), it steps out of its group, which is empty then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.targets.storedge_facility import Facility
from transforms.diff import GROUP_FIELD
from transforms.group import number_of
from transforms.plan import Change


@dataclass(frozen=True)
class Departure:
    """A group that its reference unit leaves tonight, and who else is, or will be, there.

    `moves` is the move of that unit; of all units that leave, where nobody knows which of them it
    is. `stayers` stand in the group now and do not leave, the lowest-numbered first; `arrivals`
    says that somebody is still to come.
    """

    group: str
    moves: tuple[Change, ...]
    stayers: tuple[str, ...]
    arrivals: bool

    @property
    def waits(self) -> bool:
        """Whether the group goes on, so that its reference unit cannot just leave it."""
        return self.arrivals or bool(self.stayers)

    @property
    def steps_out(self) -> list[Change]:
        """The parts of the moves that leave the group and enter none."""
        return [replace(move, group=None, after={GROUP_FIELD: None}) for move in self.moves]


def departures(facility: Facility, open_units: Sequence[Change]) -> list[Departure]:
    """Every group that its reference unit is about to leave, given what is left of unit changes."""
    movers = {c.key: c for c in open_units if _leaves(facility, c)}
    leaving: dict[str, list[Change]] = {}
    for unit, move in movers.items():
        group = str(facility.unit_groups[unit])
        if facility.references.get(group, unit) == unit:
            leaving.setdefault(group, []).append(move)
    if not leaving:
        return []
    comers = {c.group for c in open_units if not facility.is_member(c.key, c.group or "")}
    stayers: dict[str, list[str]] = {group: [] for group in leaving}
    for unit, standing in facility.unit_groups.items():
        if standing in stayers and unit not in movers:
            stayers[standing].append(unit)
    return [
        Departure(
            group,
            tuple(moves),
            tuple(sorted(stayers[group], key=lambda unit: _number(facility, unit))),
            group in comers,
        )
        for group, moves in leaving.items()
    ]


def _leaves(facility: Facility, change: Change) -> bool:
    standing = facility.unit_groups.get(change.key)
    return GROUP_FIELD in change.after and standing is not None and standing != change.group


def _number(facility: Facility, unit: str) -> tuple[tuple[tuple[int, int | str], ...], str]:
    return number_of(facility.unit_names.get(unit, "")), unit
