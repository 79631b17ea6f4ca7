"""The words of a plan: what would change, what became of it, and what is known and live.

Everything here is a frozen value. A payload is a flat dictionary of API fields in canonical form
(see `transforms.canonical`); a dot nests (`address.city`). Secret fields never hold their value
in a payload, only its keyed hash (see `transforms.secrets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Payload = Mapping[str, Any]
Entity = Literal["unit", "group"]
Action = Literal["create", "update", "move", "retire"]
Outcome = Literal["applied", "failed", "held", "unknown"]


@dataclass(frozen=True, slots=True)
class Change:
    """One entity, one action, with the fields before and after.

    `after` holds the whole payload for a create and only the changed fields otherwise. `digest`
    is the fingerprint of the desired row, which becomes known once the change is applied. `whole`
    is the complete record after the change: of every group, and of a unit for a target that takes
    whole records (contracts T8).
    `held` says why a person must decide before it is sent; such a change is never sent.
    """

    entity: Entity
    scope: str
    key: str
    name: str
    action: Action
    before: Payload
    after: Payload
    remote_id: str | None = None
    group: str | None = None
    digest: str = ""
    row: int | None = None
    held: str | None = None
    whole: Payload = field(default_factory=dict)

    @property
    def identity(self) -> tuple[Entity, str]:
        """What makes the change unique within its scope and run."""
        return self.entity, self.key


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a change: the outcome, and the API's own words, status and request id.

    An outcome of None is a step on the way (a temporary name, a group made but not yet settled):
    what was confirmed becomes known and the change stays planned. `known` holds the fields that
    the API confirmed, to be merged into what is known. `remote_id` is the vendor's id where the
    answer gave one. `forget` names fields whose vendor value can no longer be vouched for.
    `doubted` names what the API says it does not have: nothing of it is vouched for, and the scope
    is read before it is planned again. `strayed` names units that it says are not in their group.
    `look_again` says that it may have come through although the API said no, or who bears the name
    that it was refused, which only a reading tells.
    """

    change: Change
    outcome: Outcome | None
    words: str = ""
    status: int | None = None
    request_id: str | None = None
    remote_id: str | None = None
    known: Payload = field(default_factory=dict)
    forget: tuple[str, ...] = ()
    doubted: tuple[tuple[Entity, str], ...] = ()
    strayed: tuple[str, ...] = ()
    look_again: bool = False


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit as the API last confirmed it. `group` is the key of its group in the source."""

    key: str
    remote_id: str
    name: str
    group: str | None
    payload: Payload
    digest: str = ""
    retired: bool = False


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A unit group as the API last confirmed it (`remote_id` is its uuid, seed 002)."""

    key: str
    remote_id: str
    name: str
    payload: Payload


class AcceptedExtract(NamedTuple):
    """The last extract of a scope that passed the guardrails: what the next one is judged by."""

    rows: int
    keys: frozenset[str]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiveUnit:
    """A unit as the API returns it when it is read; `payload` holds the readable fields only."""

    remote_id: str
    name: str
    payload: Payload
    group_id: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class LiveGroup:
    """A unit group as the API returns it when it is read."""

    remote_id: str
    name: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Live:
    """A scope read completely and proven so; an unreadable scope never becomes one of these."""

    scope: str
    units: tuple[LiveUnit, ...]
    groups: tuple[LiveGroup, ...] = ()
