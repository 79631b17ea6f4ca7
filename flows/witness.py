"""A recorder that remembers what it was told of a scope, for when its teller is lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connectors.targets.bulk import Identity, without
from connectors.targets.work import Journal
from transforms.plan import Change, Result


@dataclass(frozen=True)
class Witness:
    """Writes to `journal` first, and remembers what that has taken.

    `outcomes` says what became of each change so far. `doubted` holds the requests that are open,
    with those of their changes, as they were sent, that nobody has told of.
    """

    journal: Journal
    outcomes: dict[Identity, Result] = field(default_factory=dict)
    doubted: dict[int, list[Change]] = field(default_factory=dict)

    def unresolved(self, changes: Iterable[Change]) -> list[Change]:
        """The changes that have no outcome yet, or one that is open."""
        open_ones = {part.identity for parts in self.doubted.values() for part in parts}
        return [c for c in changes if c.identity not in self.outcomes or c.identity in open_ones]

    def sent(self, method: str, path: str, purpose: str, changes: Sequence[Change]) -> int:
        """See `Journal`."""
        request = self.journal.sent(method, path, purpose, changes)
        self.doubted[request] = list(changes)
        return request

    def answered(
        self,
        request: int,
        status: int | None,
        words: str,
        request_id: str | None,
        results: Sequence[Result],
    ) -> None:
        """See `Journal`."""
        self.journal.answered(request, status, words, request_id, results)
        self._note(results)
        self._narrow(request, results)
        if not self.doubted[request]:
            del self.doubted[request]

    def learned(self, request: int, results: Sequence[Result]) -> None:
        """See `Journal`."""
        self.journal.learned(request, results)
        self._note(results)
        self._narrow(request, results)

    def settled(self, request: int, results: Sequence[Result]) -> None:
        """See `Journal`."""
        self.journal.settled(request, results)
        self._note(results)
        del self.doubted[request]

    def decided(self, results: Sequence[Result]) -> None:
        """See `Journal`."""
        self.journal.decided(results)
        self._note(results)

    def _narrow(self, request: int, results: Sequence[Result]) -> None:
        told = [result for result in results if result.outcome != "unknown"]
        self.doubted[request] = without(self.doubted[request], told)

    def _note(self, results: Sequence[Result]) -> None:
        for result in results:
            self.outcomes.pop(result.change.identity, None)
            if result.outcome is not None:
                self.outcomes[result.change.identity] = result
