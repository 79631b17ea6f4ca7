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
    """A reference unit that leaves a group tonight: its move, and who else is, or will be, there.

    `stayers` stand in the group now and do not leave, the lowest-numbered first; `arrivals` says
    that somebody is still to come.
    """

    group: str
    move: Change
    stayers: tuple[str, ...]
    arrivals: bool

    @property
    def waits(self) -> bool:
        """Whether the group goes on, so that the unit cannot just leave it."""
        return self.arrivals or bool(self.stayers)

    @property
    def steps_out(self) -> Change:
        """The part of the move that leaves the group and enters none."""
        return replace(self.move, group=None, after={GROUP_FIELD: None})


def departures(facility: Facility, open_units: Sequence[Change]) -> list[Departure]:
    """Every reference unit that is about to leave its group, given what is left of unit changes."""
    movers = {
        change.key: change
        for change in open_units
        if GROUP_FIELD in change.after and change.key in facility.unit_ids
    }
    leaving = {
        group: movers[unit]
        for group, unit in facility.references.items()
        if unit in movers and facility.is_member(unit, group) and movers[unit].group != group
    }
    if not leaving:
        return []
    comers = {c.group for c in open_units if not facility.is_member(c.key, c.group or "")}
    members: dict[str, list[str]] = {group: [] for group in leaving}
    for unit, group in facility.unit_groups.items():
        if group in members and (unit not in movers or movers[unit].group == group):
            members[group].append(unit)
    return [
        Departure(
            group,
            move,
            tuple(sorted(members[group], key=lambda key: _number(facility, key))),
            group in comers,
        )
        for group, move in leaving.items()
    ]


def _number(facility: Facility, unit: str) -> tuple[tuple[tuple[int, int | str], ...], str]:
    return number_of(facility.unit_names.get(unit, "")), unit
