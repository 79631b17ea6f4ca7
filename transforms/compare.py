"""Source, known and live side by side: where each unit and group of one scope stands.

What the API never shows, or ignores, or what the source says nothing of, cannot drift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from transforms.canonical import reads_as
from transforms.change import GROUP_FIELD, ON_THE_MARKET, DesiredUnit
from transforms.group import ENCLOSED, REFERENCE
from transforms.plan import Change, Entity, KnownGroup, KnownUnit, LiveGroup, LiveUnit, Payload
from transforms.sides import (
    Sides,
    Trouble,
    is_overwritten,
    linkable,
    moved,
    standing_of,
    stranger,
    told,
)
from transforms.standing import FieldStanding, Standing, StandingName

_GROUP_FIELDS = ("name", REFERENCE, ENCLOSED)


@dataclass(frozen=True)
class Comparison:
    """What was found: how many stand how, who is not in step, and what is known better now.

    `units` and `groups` are known as the reading confirms them: where they read as the source
    wants them already, and where the settings say that drift is overwritten.
    """

    counts: Mapping[tuple[Entity, StandingName], int]
    standings: tuple[Standing, ...]
    units: tuple[KnownUnit, ...]
    groups: tuple[KnownGroup, ...]


def compare(sides: Sides) -> Comparison:
    """Every unit and group of the scope."""
    units, groups = _Units(sides), _Groups(sides)
    standings = [*groups.standings(), *units.standings()]
    counts = Counter((standing.entity, standing.standing) for standing in standings)
    return Comparison(
        counts=counts,
        standings=tuple(standing for standing in standings if standing.standing != "in step"),
        units=tuple(units.learned),
        groups=tuple(groups.learned),
    )


class _Units:
    """The units of a scope."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.live = {unit.remote_id: unit for unit in sides.live.units}
        self.group_keys = {group.remote_id: key for key, group in sides.groups.items()}
        self.group_names = {group.remote_id: group.name for group in sides.live.groups}
        self.changes = {c.key: c for c in sides.changes if c.entity == "unit"}
        self.learned: list[KnownUnit] = []

    def standings(self) -> Iterator[Standing]:
        """Those of the source, those that it no longer shows, and those that are nobody's."""
        for wanted in self.sides.desired:
            known = self.sides.units.get(wanted.key)
            if known is None:
                yield self._new(wanted, self.changes.get(wanted.key))
            else:
                yield self._of_the_source(wanted, known)
        for key, trouble in self.sides.absent.items():
            yield self._absent(self.sides.units[key], *trouble)
        for key in self.sides.unsaid:
            known = self.sides.units[key]
            yield self._of_the_source(_as_it_was(known), known)
        yield from self._strangers()

    def _of_the_source(self, wanted: DesiredUnit, known: KnownUnit) -> Standing:
        live = self.live.get(known.remote_id)
        if live is None:
            return standing_of(self.sides, known, "gone", wanted.row, "it is not live any more")
        fields = dict(self._fields(wanted, known, live))
        self._learn(wanted, known, live, fields)
        standing, words = told(self.sides, "unit", known.key, fields, self._is_unseen(known.key))
        return standing_of(self.sides, known, standing, wanted.row, words, fields)

    def _is_unseen(self, key: str) -> bool:
        """Whether something is to be sent that no reading shows, such as a lock code."""
        after = self.changes[key].after if key in self.changes else {}
        return any(not self._is_compared(name) for name in after if name != GROUP_FIELD)

    def _fields(
        self, wanted: DesiredUnit, known: KnownUnit, live: LiveUnit
    ) -> Iterator[tuple[str, FieldStanding]]:
        payload = {ON_THE_MARKET: True, **wanted.payload} if known.retired else wanted.payload
        for name, value in payload.items():
            if self._is_compared(name):
                sides = value, known.payload.get(name), live.payload.get(name)
                yield from moved(name, *sides, self.sides.policy(name))
        if wanted.group is not None:
            sides = wanted.group, known.group, self._group_of(live)
            yield from moved(GROUP_FIELD, *sides, self.sides.policy(GROUP_FIELD))

    def _is_compared(self, name: str) -> bool:
        one, schema = self.sides.schema.fields[name], self.sides.schema
        silent = one.create_only or one.secret or not one.readable
        return not silent and name not in schema.not_compared

    def _group_of(self, live: LiveUnit) -> str | None:
        """The key of its group; of one that is nobody's, the name."""
        if live.group_id is None:
            return None
        name = self.group_names.get(live.group_id, live.group_id)
        return self.group_keys.get(live.group_id, name)

    def _learn(
        self,
        wanted: DesiredUnit,
        known: KnownUnit,
        live: LiveUnit,
        fields: Mapping[str, FieldStanding],
    ) -> None:
        better = {
            name: value
            for name, value in wanted.payload.items()
            if self._is_compared(name)
            and name not in fields
            and not reads_as(known.payload.get(name), value)
        }
        overwritten = {name: one.live for name, one in fields.items() if is_overwritten(one)}
        group = known.group
        if GROUP_FIELD in overwritten:
            group = self.group_keys.get(live.group_id or "")
        elif wanted.group is not None and GROUP_FIELD not in fields:
            group = wanted.group
        payload = {**known.payload, **better, **overwritten}
        payload = {n: v for n, v in payload.items() if v is not None and n != GROUP_FIELD}
        if payload != dict(known.payload) or group != known.group:
            self.learned.append(
                replace(
                    known, name=live.name or known.name, group=group, payload=payload, digest=""
                )
            )

    def _new(self, wanted: DesiredUnit, change: Change | None) -> Standing:
        """Not known yet: live already, or still to be created."""
        name = change.name if change else wanted.key
        if (remote_id := self.sides.linkable.get(("unit", wanted.key))) is not None:
            return linkable(self.sides, "unit", wanted.key, name, remote_id, wanted.row)
        held: Trouble = ("held", change.held) if change and change.held else ("pending", "")
        standing, words = self.sides.troubles.get(("unit", wanted.key), held)
        return Standing(
            self.sides.live.scope,
            "unit",
            wanted.key,
            name,
            None,
            standing,
            wanted.row,
            words or "to be created",
        )

    def _absent(self, known: KnownUnit, standing: StandingName, words: str) -> Standing:
        if known.remote_id not in self.live:
            return standing_of(self.sides, known, "gone", None, "it is not live any more")
        return standing_of(self.sides, known, standing, None, words)

    def _strangers(self) -> Iterator[Standing]:
        ours = {unit.remote_id for unit in self.sides.units.values()}
        ours.update(self.sides.linkable.values())
        for unit in self.sides.live.units:
            if unit.remote_id not in ours:
                words = self.sides.suggestions.get(unit.remote_id, "")
                yield stranger(self.sides, "unit", unit, words)


class _Groups:
    """The groups of a scope."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.live = {group.remote_id: group for group in sides.live.groups}
        self.unit_keys = {unit.remote_id: key for key, unit in sides.units.items()}
        self.learned: list[KnownGroup] = []

    def standings(self) -> Iterator[Standing]:
        """Those that are known, those that are to be made, and those that are nobody's."""
        changes = {c.key: c for c in self.sides.changes if c.entity == "group"}
        for key, known in self.sides.groups.items():
            yield self._of_the_source(known, changes.get(key))
        for key, change in changes.items():
            if (remote_id := self.sides.linkable.get(("group", key))) is not None:
                yield linkable(self.sides, "group", key, change.name, remote_id, None)
            elif key not in self.sides.groups:
                standing, words = self.sides.troubles.get(("group", key), ("pending", ""))
                yield Standing(
                    self.sides.live.scope,
                    "group",
                    key,
                    change.name,
                    None,
                    standing,
                    words=words or "to be created",
                )
        ours = {group.remote_id for group in self.sides.groups.values()}
        ours.update(self.sides.linkable.values())
        for group in self.sides.live.groups:
            if group.remote_id not in ours:
                yield stranger(self.sides, "group", group, "")

    def _of_the_source(self, known: KnownGroup, change: Change | None) -> Standing:
        live = self.live.get(known.remote_id)
        if live is None:
            return standing_of(self.sides, known, "gone", None, "it is not live any more")
        wanted = {**known.payload, **(change.after if change else {})}
        shown = self._shown(live)
        fields: dict[str, FieldStanding] = {}
        for name in _GROUP_FIELDS:
            if name in wanted and name in shown:
                sides = wanted[name], known.payload.get(name), shown[name]
                fields.update(moved(name, *sides, self.sides.policy(name)))
        self._learn(known, fields)
        unseen = change is not None and not shown.keys() >= change.after.keys()
        standing, words = told(self.sides, "group", known.key, fields, unseen)
        return standing_of(self.sides, known, standing, None, words, fields)

    def _shown(self, live: LiveGroup) -> Payload:
        reference = str(live.payload.get("reference_unit_id"))
        shown: dict[str, Any] = {"name": live.name, REFERENCE: self.unit_keys.get(reference)}
        if ENCLOSED in live.payload:
            shown[ENCLOSED] = live.payload[ENCLOSED]
        return shown

    def _learn(self, known: KnownGroup, fields: Mapping[str, FieldStanding]) -> None:
        overwritten = {name: one.live for name, one in fields.items() if is_overwritten(one)}
        if overwritten:
            payload = {**known.payload, **overwritten}
            name = str(payload.get("name") or known.name)
            payload = {n: value for n, value in payload.items() if value is not None}
            self.learned.append(replace(known, name=name, payload=payload))


def _as_it_was(known: KnownUnit) -> DesiredUnit:
    """What the source wanted when it last spoke of the unit."""
    return DesiredUnit(None, known.key, known.group, known.digest, known.payload)
