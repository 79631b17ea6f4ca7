"""How any target delivers one scope: journaled requests, each change to one outcome.

A request whose outcome is unknown is never sent again blindly: the scope is read, what landed
becomes known, and only the rest is sent again, in smaller batches. When the scope must end, each
change that was not sent says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.clock import Clock
from connectors.errors import (
    ApiError,
    ApiUnreachable,
    CredentialsRefused,
    Forbidden,
    GroupRefused,
    NotSent,
    RedirectRefused,
    Rejected,
    Throttled,
)
from connectors.http import HttpClient, Reply
from connectors.targets.offenders import offenders
from connectors.targets.work import Journal, ScopeWork
from transforms.plan import Change, Entity, Live, Result

# A batch is sent at most this often when its outcome stays unknown: whole, halved, quartered.
MAX_ROUNDS = 3
# Pauses before the reads that settle an unknown create (contracts S25: up to 3 spaced reads).
READ_PAUSES_SECONDS = (0.0, 1.0, 3.0)

_ENDING = (NotSent, CredentialsRefused, Forbidden, GroupRefused, RedirectRefused, Throttled)


class ScopeEnded(Exception):
    """Nothing more can be sent for this scope in this run; the words say why."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, slots=True)
class Bulk:
    """A kind of request that carries many changes. `safe` says whether it may be sent again
    although its outcome is unknown (DESIGN 6)."""

    method: str
    path: str
    purpose: str
    safe: bool
    body: Callable[[Sequence[Change]], dict[str, Any]]
    results: Callable[[Sequence[Change], Reply], list[Result]]


class ScopePush(ABC):
    """The push of one scope. Subclasses say in which order, and how a read settles a change."""

    def __init__(
        self, client: HttpClient, journal: Journal, work: ScopeWork, batch: int, clock: Clock
    ) -> None:
        """`batch` is the most changes that one request carries."""
        self.client = client
        self.journal = journal
        self.work = work
        self.batch = batch
        self.clock = clock
        self.pending = {change.identity: change for change in work.changes}
        self.outcomes: dict[tuple[Entity, str], Result] = {}

    @abstractmethod
    def steps(self) -> None:
        """Sends the changes in the target's order."""

    @abstractmethod
    def read(self) -> Live:
        """The scope, read completely; raises an ApiError when that cannot be proven."""

    @abstractmethod
    def settle(self, changes: Sequence[Change], live: Live) -> list[Result]:
        """What a read shows of changes whose outcome is unknown; absent ones have no result."""

    @abstractmethod
    def names(self, change: Change) -> frozenset[str]:
        """The names and ids by which an error reply may mean this change."""

    def applied(self, result: Result) -> None:
        """Called for each confirmed result, so that later steps can lean on it."""

    def run(self) -> CredentialsRefused | ApiUnreachable | None:
        """Pushes the scope. Returns the error that would end any scope alike, if there was one."""
        error: ApiError | None = None
        try:
            self.steps()
        except ScopeEnded as ended:
            error = ended.error
        words = f"not sent: {error}" if error else "not sent"
        self.decide(Result(change, "failed", words) for change in self.unresolved())
        return error if isinstance(error, (CredentialsRefused, ApiUnreachable)) else None

    def unresolved(self) -> list[Change]:
        """The changes that have no outcome yet."""
        return [change for key, change in self.pending.items() if key not in self.outcomes]

    def failed(self, entity: Entity, key: str) -> bool:
        """Whether a change was made and did not come through."""
        result = self.outcomes.get((entity, key))
        return result is not None and result.outcome != "applied"

    def decide(self, results: Iterable[Result]) -> None:
        """Outcomes that need no request."""
        decided = list(results)
        if decided:
            self.journal.decided(decided)
            self._note(decided)

    def deliver(self, bulk: Bulk, changes: Sequence[Change]) -> None:
        """Sends the changes in batches until each has an outcome."""
        for batch in _batches(changes, self.batch):
            self._deliver(bulk, batch, rounds=MAX_ROUNDS)

    def _deliver(self, bulk: Bulk, changes: Sequence[Change], rounds: int) -> None:
        entry = self.journal.sent(bulk.method, bulk.path, bulk.purpose, changes)
        body = bulk.body(changes)
        try:
            reply = self.client.send(bulk.method, bulk.path, json=body, safe=bulk.safe)
        except ApiError as error:
            self._answer_error(bulk, entry, changes, error, rounds)
        else:
            results = bulk.results(changes, reply)
            unnamed = _without(changes, results)
            results += [_unknown(change, "the reply does not mention it") for change in unnamed]
            self._answer(entry, reply.status, "", reply.request_id, results)
            self._settle(bulk, entry, unnamed, rounds, READ_PAUSES_SECONDS)

    def _answer_error(
        self, bulk: Bulk, entry: int, changes: Sequence[Change], error: ApiError, rounds: int
    ) -> None:
        if isinstance(error, _ENDING):
            self._answer(entry, error.status, error.words, error.request_id, _fail(changes, error))
            raise ScopeEnded(error)
        if not isinstance(error, Rejected):
            results = [_unknown(change, str(error), error) for change in changes]
            self._answer(entry, error.status, error.words, error.request_id, results)
            self._settle(bulk, entry, changes, rounds, READ_PAUSES_SECONDS)
        elif error.status == 413 and len(changes) > 1:
            self._answer(entry, error.status, error.words, error.request_id, [])
            self._resend(bulk, changes, rounds)
        else:
            self._sort_out(bulk, entry, changes, error, rounds)

    def _sort_out(
        self, bulk: Bulk, entry: int, changes: Sequence[Change], error: Rejected, rounds: int
    ) -> None:
        """A 4xx: the named fail with the API's words, the others go again."""
        if isinstance(error.body, dict) and isinstance(error.body.get("units"), list):
            reply = Reply(error.status or 0, error.body, error.request_id, 0.0)
            if mentioned := bulk.results(changes, reply):
                self._answer(entry, error.status, error.words, error.request_id, mentioned)
                changes = _without(changes, mentioned)
                if not changes:
                    return
        words = offenders(error.body, {change.identity: self.names(change) for change in changes})
        named = [change for change in changes if change.identity in words]
        failures = _fail(named or changes, error, words)
        others = _without(changes, failures)
        if bulk.safe:
            self._answer(entry, error.status, error.words, error.request_id, failures)
            if others:
                self._deliver(bulk, others, rounds)
            return
        doubtful = [
            _unknown(change, "an error reply may hide a part that was processed", error)
            for change in changes
        ]
        self._answer(entry, error.status, error.words, error.request_id, doubtful)
        absent = {change.identity for change in self._read_back(entry, changes, (0.0,))}
        self._close(entry, [result for result in failures if result.change.identity in absent])
        again = [change for change in others if change.identity in absent]
        if again:
            self._deliver(bulk, again, rounds)

    def _settle(
        self,
        bulk: Bulk,
        entry: int,
        changes: Sequence[Change],
        rounds: int,
        pauses: Sequence[float],
    ) -> None:
        if not changes:
            return
        absent = self._read_back(entry, changes, pauses)
        if rounds > 1 or not absent:
            self._close(entry, [])
            self._resend(bulk, absent, rounds - 1)

    def _resend(self, bulk: Bulk, changes: Sequence[Change], rounds: int) -> None:
        for half in _batches(changes, max(1, (len(changes) + 1) // 2)):
            self._deliver(bulk, half, rounds)

    def _read_back(
        self, entry: int, changes: Sequence[Change], pauses: Sequence[float]
    ) -> list[Change]:
        """Reads the scope until each change is found, and returns those that stay absent."""
        absent = list(changes)
        for pause in pauses:
            self.clock.sleep(pause)
            try:
                live = self.read()
            except ApiError as error:
                raise ScopeEnded(error) from error
            results = self.settle(absent, live)
            self.journal.learned(entry, results)
            self._note(results)
            absent = _without(absent, results)
            if not absent:
                break
        return absent

    def _answer(
        self,
        entry: int,
        status: int | None,
        words: str,
        request_id: str | None,
        results: Sequence[Result],
    ) -> None:
        said = self._redacted(results)
        self.journal.answered(entry, status, words, request_id, said)
        self._note(said)

    def _redacted(self, results: Sequence[Result]) -> list[Result]:
        """An API may quote a lock code back at us, in an error that names an offender."""
        return [replace(result, words=self.client.redact(result.words)) for result in results]

    def _close(self, entry: int, results: Sequence[Result]) -> None:
        said = self._redacted(results)
        self.journal.settled(entry, said)
        self._note(said)

    def _note(self, results: Iterable[Result]) -> None:
        for result in results:
            if result.outcome is not None:
                self.outcomes[result.change.identity] = result
            if result.outcome in ("applied", None):
                self.applied(result)


def _batches(changes: Sequence[Change], size: int) -> Iterator[Sequence[Change]]:
    for start in range(0, len(changes), size):
        yield changes[start : start + size]


def _without(changes: Sequence[Change], results: Sequence[Result]) -> list[Change]:
    resolved = {result.change.identity for result in results}
    return [change for change in changes if change.identity not in resolved]


def _fail(
    changes: Sequence[Change], error: ApiError, words: dict[Any, str] | None = None
) -> list[Result]:
    said = words or {}
    return [
        Result(
            change,
            "failed",
            said.get(change.identity) or error.words or str(error),
            error.status,
            error.request_id,
        )
        for change in changes
    ]


def _unknown(change: Change, words: str, error: ApiError | None = None) -> Result:
    status = error.status if error else None
    return Result(change, "unknown", words, status, error.request_id if error else None)
