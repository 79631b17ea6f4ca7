"""Where one unit or group stands: source, known and live side by side, and who moved.

Everything here is a frozen value. Secret fields are never in it, not even as a hash: an API that
does not show a field cannot have drifted in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from transforms.plan import Entity

StandingName = Literal[
    "in step",
    "pending",
    "drifted",
    "conflict",
    "gone",
    "unmanaged",
    "missing",
    "rejected",
    "held",
    "failed",
    "unknown",
]
STANDINGS: tuple[StandingName, ...] = get_args(StandingName)
DriftPolicy = Literal["report", "accept", "overwrite"]


@dataclass(frozen=True, slots=True)
class FieldStanding:
    """One field on which the three sides do not agree; a side that has no such field is None.

    `moved` says who moved: `pending` (we), `drifted` (they), `conflict` (both). `policy` is what
    the settings say of what they moved.
    """

    source: Any
    known: Any
    live: Any
    moved: Literal["pending", "drifted", "conflict"]
    policy: DriftPolicy = "report"


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit or group that a person may have to look at; those in step are only counted.

    `key` is None for one that only the API has, `remote_id` for one that it never had. `words` say
    what the standing alone does not: why a row was rejected, which unit a stranger may be.
    """

    scope: str
    entity: Entity
    key: str | None
    name: str
    remote_id: str | None
    standing: StandingName
    row: int | None = None
    words: str = ""
    fields: Mapping[str, FieldStanding] = field(default_factory=dict)

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to decide: it will not put itself right, or was changed by both."""
        drifted = any(
            one.moved == "drifted" and one.policy == "report" for one in self.fields.values()
        )
        return drifted or self.standing in ("conflict", "gone", "held", "failed", "unknown")
