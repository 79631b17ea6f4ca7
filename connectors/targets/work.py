"""What a push is given and where it reports: the work of one scope, and the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from transforms.plan import Change, KnownGroup, Payload, Result


@dataclass(frozen=True, slots=True)
class Member:
    """A known unit of the scope, as far as other changes depend on it."""

    remote_id: str
    name: str
    group: str | None


@dataclass(frozen=True, slots=True)
class ScopeWork:
    """The changes of one scope that may be sent, and what they lean on.

    `members` are the known units and `groups` the known groups, both by source key. `secrets`
    holds, by unit key, the real values of the secret fields whose hashes stand in the changes.
    `doubted` are the open requests of a sender that was lost, by their number in the journal: the
    parts of the changes of which nobody knows what became. They are looked for before anything is
    sent.
    """

    scope: str
    changes: tuple[Change, ...]
    members: Mapping[str, Member]
    groups: Mapping[str, KnownGroup]
    secrets: Mapping[str, Payload] = field(repr=False)
    doubted: Mapping[int, Sequence[Change]] = field(default_factory=dict)


class Journal(Protocol):
    """Where a push writes down what it is about to do, and what became of it."""

    def sent(self, method: str, path: str, purpose: str, changes: Sequence[Change]) -> int:
        """Durably notes a write before it is sent, and returns its number."""

    def answered(
        self,
        request: int,
        status: int | None,
        words: str,
        request_id: str | None,
        results: Sequence[Result],
    ) -> None:
        """Records the answer and all that follows from it, in one transaction.

        A request with a result `unknown` stays open until it is settled.
        """

    def learned(self, request: int, results: Sequence[Result]) -> None:
        """Records what reading the API showed of an open request, which stays open."""

    def settled(self, request: int, results: Sequence[Result]) -> None:
        """Records the last that is to be known of an open request, and closes it."""

    def decided(self, results: Sequence[Result]) -> None:
        """Records outcomes that needed no request of their own."""
