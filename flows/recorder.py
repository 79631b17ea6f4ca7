"""Step 8: what a push reports, written to the state as it happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from state.store import Store
from transforms.plan import Change, Result


@dataclass(frozen=True)
class Recorder:
    """The journal of one scope in one run (see `connectors.targets.work.Journal`)."""

    store: Store
    pipeline: str
    scope: str
    run_id: str

    def sent(self, method: str, path: str, purpose: str, changes: Sequence[Change]) -> int:
        """Committed before it returns, and so before the request leaves."""
        return self.store.request_sent(
            self.pipeline,
            self.scope,
            self.run_id,
            method,
            path,
            purpose,
            [change.identity for change in changes],
        )

    def answered(
        self,
        request: int,
        status: int | None,
        words: str,
        request_id: str | None,
        results: Sequence[Result],
    ) -> None:
        """The answer, the outcomes and what is known now, in one transaction."""
        self.store.request_answered(request, status, words, request_id, results)

    def learned(self, request: int, results: Sequence[Result]) -> None:
        """What a reading showed of an open request, which stays open."""
        self.store.learn(request, results)

    def settled(self, request: int, results: Sequence[Result]) -> None:
        """The last that is to be known of an open request, which is closed."""
        self.store.settle_request(request, results)

    def decided(self, results: Sequence[Result]) -> None:
        """Outcomes without a request of their own."""
        self.store.record_results(self.pipeline, self.scope, self.run_id, results)
