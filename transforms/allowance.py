"""What a guardrail holds, and what a person lets through of it, once.

Promises that an allowance covers what was held and no more: a change only if it is the very same
one, and of what is missing or rejected only what was so when the person looked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from transforms.plan import Change, Entity

Identity = tuple[Entity, str]


@dataclass(frozen=True, slots=True)
class Concern:
    """What a tripped guardrail is about, so that the same can be recognised when it comes again.

    `changes` are those that it holds. `missing` are keys of units, `rows` and `columns` what the
    source has lost, and `rejected` counts rejected rows by key ("" for those without one). `known`
    is of how many known units a share was taken, where it was.
    """

    changes: tuple[Identity, ...] = ()
    missing: tuple[str, ...] = ()
    rows: int = 0
    columns: tuple[str, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
    known: int | None = None

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Concern:
        """The concern that was written as JSON, which knows lists only."""
        return cls(
            changes=tuple((entity, key) for entity, key in written["changes"]),
            missing=tuple(written["missing"]),
            rows=written["rows"],
            columns=tuple(written["columns"]),
            rejected=written["rejected"],
            known=written.get("known"),  # an older version wrote none
        )


@dataclass(frozen=True, slots=True)
class Tripped:
    """A guardrail that tripped: its name, the scope, a message for the person who decides, and
    what it is about."""

    guard: str
    scope: str
    message: str
    concern: Concern = Concern()


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a person has let through: the guardrails judge what is left.

    `let_go` are the missing units that were let through by an allowance that is used up.
    """

    changes: Mapping[Identity, Change] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    rows: int = 0
    columns: frozenset[str] = frozenset()
    rejected: Mapping[str, int] = field(default_factory=dict)
    let_go: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        concerns: Iterable[Concern],
        changes: Iterable[Change],
        let_go: Iterable[str] = (),
    ) -> Allowed:
        """All that these concerns are about, as far as `changes` still knows the changes."""
        known = {change.identity: change for change in changes}
        every = list(concerns)
        rejected = Counter[str]()
        for concern in every:
            rejected |= Counter(concern.rejected)
        return cls(
            changes={
                identity: known[identity]
                for concern in every
                for identity in concern.changes
                if identity in known
            },
            missing=frozenset(key for concern in every for key in concern.missing),
            rows=max((concern.rows for concern in every), default=0),
            columns=frozenset(name for concern in every for name in concern.columns),
            rejected=rejected,
            let_go=frozenset(let_go),
        )

    def lets(self, change: Change) -> bool:
        """Whether this very change was let through."""
        then = self.changes.get(change.identity)
        return then is not None and _deed(then) == _deed(change)

    def rejected_of(self, rejected: Mapping[str, int]) -> int:
        """How many of these rejected rows were rejected then, too."""
        return (Counter(rejected) & Counter(self.rejected)).total()


NOTHING = Allowed()


def _deed(change: Change) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return change.action, dict(change.before), dict(change.after)
