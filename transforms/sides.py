"""The three sides of one scope, and how a difference between them is called.

Who moved a field is told by comparing three values in canonical form: what the API last confirmed
(known) with what the source says (we moved) and with what the API shows now (they moved).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from transforms.canonical import reads_as
from transforms.change import DesiredUnit
from transforms.plan import Change, Entity, KnownGroup, KnownUnit, Live, LiveGroup, LiveUnit
from transforms.schema import TargetSchema
from transforms.standing import DriftPolicy, FieldStanding, Standing, StandingName

ANY_FIELD = "*"
# The worst of its fields is what a unit is called after.
_WORST: tuple[Literal["conflict", "drifted", "pending"], ...] = ("conflict", "drifted", "pending")

Trouble = tuple[StandingName, str]


@dataclass(frozen=True)
class Sides:
    """All that is known of one scope.

    `changes` is the plan, desired against known. `absent` says of known keys that no valid row
    shows why that is; `unsaid` are those of which an extract that is not proven complete may just
    not speak: they are compared with what is known. `linkable` are the remote ids of live units and
    groups that `--adopt` would link, `troubles` the changes that did not come through, with the
    API's words. `suggestions` says by remote id which unit of the source a live one may be.
    """

    live: Live
    units: Mapping[str, KnownUnit]
    groups: Mapping[str, KnownGroup]
    desired: Iterable[DesiredUnit]
    changes: tuple[Change, ...]
    schema: TargetSchema
    policies: Mapping[str, DriftPolicy] = field(default_factory=dict)
    absent: Mapping[str, Trouble] = field(default_factory=dict)
    unsaid: Collection[str] = ()
    linkable: Mapping[tuple[Entity, str], str] = field(default_factory=dict)
    troubles: Mapping[tuple[Entity, str], Trouble] = field(default_factory=dict)
    suggestions: Mapping[str, str] = field(default_factory=dict)

    def policy(self, name: str) -> DriftPolicy:
        """What the settings say of drift in this field."""
        return self.policies.get(name, self.policies.get(ANY_FIELD, "report"))


def moved(
    name: str, source: Any, known: Any, live: Any, policy: DriftPolicy
) -> Iterator[tuple[str, FieldStanding]]:
    """The field, if the API does not show what the source wants, with who moved. Where nothing is
    known, because nothing was ever confirmed, it is for us to send."""
    if reads_as(live, source):
        return
    if reads_as(known, source):
        yield name, FieldStanding(source, known, live, "drifted", policy)
    elif known is None or reads_as(live, known):
        yield name, FieldStanding(source, known, live, "pending", policy)
    else:
        yield name, FieldStanding(source, known, live, "conflict", policy)


def is_overwritten(one: FieldStanding) -> bool:
    """Whether the next sync is to set back what they moved."""
    return one.moved == "drifted" and one.policy == "overwrite"


def worst(fields: Mapping[str, FieldStanding]) -> StandingName:
    """How a unit stands whose fields stand so."""
    moved = {one.moved for one in fields.values()}
    return next((name for name in _WORST if name in moved), "in step")


def told(
    sides: Sides, entity: Entity, key: str, fields: Mapping[str, FieldStanding], unseen: bool
) -> Trouble:
    """How one stands whose fields stand so. What is still to be sent, and did not come through when
    it was, is told as that; also where it is `unseen`, so that no field can show it."""
    standing = worst(fields)
    if standing == "pending" or (standing == "in step" and unseen):
        return sides.troubles.get((entity, key), (standing, ""))
    return standing, ""


def standing_of(
    sides: Sides,
    known: KnownUnit | KnownGroup,
    standing: StandingName,
    row: int | None,
    words: str,
    fields: Mapping[str, FieldStanding] | None = None,
) -> Standing:
    """Where a known unit or group stands."""
    entity: Entity = "unit" if isinstance(known, KnownUnit) else "group"
    return Standing(
        sides.live.scope,
        entity,
        known.key,
        known.name,
        known.remote_id,
        standing,
        row,
        words,
        fields or {},
    )


def linkable(
    sides: Sides, entity: Entity, key: str, name: str, remote_id: str, row: int | None
) -> Standing:
    """One of the source that is live already, and that `--adopt` would link."""
    words = "it is live already; --adopt links it"
    return Standing(sides.live.scope, entity, key, name, remote_id, "unmanaged", row, words)


def stranger(sides: Sides, entity: Entity, live: LiveUnit | LiveGroup, words: str) -> Standing:
    """One that only the API has."""
    return Standing(
        sides.live.scope, entity, None, live.name, live.remote_id, "unmanaged", words=words
    )
