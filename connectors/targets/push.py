"""How any target delivers one scope: journaled requests, and exactly one outcome for each change.

A request that is not safe to repeat is never sent again blindly: the scope is read, what landed
becomes known, and only the rest is sent again, in smaller batches. When the scope must end, each
change that was not sent says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from connectors.clock import Clock
from connectors.errors import (
    ApiError,
    ApiUnreachable,
    CredentialsRefused,
    Forbidden,
    GroupRefused,
    NotFound,
    NotSent,
    RedirectRefused,
    Rejected,
    RequestUnsendable,
    Throttled,
)
from connectors.http import HttpClient, Reply
from connectors.targets.bulk import (
    Bulk,
    Identity,
    again,
    batches,
    failed,
    halves,
    unknown,
    without,
)
from connectors.targets.ledger import Ledger
from connectors.targets.offenders import offenders
from connectors.targets.refusals import blamed_by, explained, refused
from connectors.targets.work import Journal, ScopeWork
from transforms.plan import Change, Entity, Live, Result

# Changes whose outcome stays unknown are sent in smaller batches for as long as that helps. This
# often in a row without any help, and they are left to the next night: whole, halved, quartered.
FRUITLESS_ROUNDS = 3
# Pauses before the reads that settle an unknown create (contracts S25: up to 3 spaced reads).
READ_PAUSES_SECONDS = (0.0, 1.0, 3.0)

# After these, nothing of the request was processed; any other refusal may hide a part that was.
_CERTAIN = (NotSent, Throttled)
_ENDING = (CredentialsRefused, Forbidden, GroupRefused, RedirectRefused, *_CERTAIN)


class ScopeEnded(Exception):
    """Nothing more can be sent for this scope in this run; the words say why."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, slots=True)
class _Doubt:
    """An open request, and those of its changes that may be sent again."""

    entry: int
    changes: Sequence[Change]


# What a request leaves to be sent: parts that are certain, and a doubt.
_Left = tuple[Sequence[Sequence[Change]], _Doubt | None]


class ScopePush(ABC):
    """The push of one scope. Subclasses say in which order, and how a read settles a change."""

    def __init__(self, client: HttpClient, journal: Journal, work: ScopeWork, clock: Clock) -> None:
        self.client = client
        self.work = work
        self.clock = clock
        self.ledger = Ledger(journal, work.changes, client.redact, self.confirmed)

    @abstractmethod
    def steps(self) -> None:
        """Sends the changes in the target's order."""

    @abstractmethod
    def read(self, entities: Collection[Entity]) -> Live:
        """The scope's units, groups or both, completely; raises an ApiError otherwise."""

    @abstractmethod
    def settle(
        self, changes: Sequence[Change], live: Live, strangers: Collection[Identity]
    ) -> list[Result]:
        """What a read shows of changes whose outcome is unknown; absent ones have no result.

        An outcome of None adopts something live: the change of that result holds what is left to
        be sent. `strangers` were refused: what is live in their place is not their doing.
        """

    @abstractmethod
    def names(self, change: Change) -> frozenset[str]:
        """The names and ids by which an error reply may mean this change."""

    @abstractmethod
    def confirmed(self, part: Result) -> None:
        """Called for each part that came through, so that later steps can lean on it."""

    def run(self) -> CredentialsRefused | ApiUnreachable | None:
        """Pushes the scope. Returns the error that would end any scope alike, if there was one."""
        error: ApiError | None = None
        try:
            self._settle_doubted()
            self.steps()
        except ScopeEnded as ended:
            error = ended.error
        self.ledger.give_up(
            {
                change.identity: self._unsent(change) + (f": {error}" if error else "")
                for change in self.ledger.unresolved()
            }
        )
        return error if isinstance(error, CredentialsRefused | ApiUnreachable) else None

    @property
    def outcomes(self) -> Mapping[Identity, Result]:
        """What became of each change, once the push has run."""
        return self.ledger.outcomes

    def deliver(self, bulk: Bulk, changes: Sequence[Change]) -> None:
        """Sends the changes, or parts of them, in batches until nothing more can be done."""
        for batch in batches(changes, bulk.limit):
            self._insist(bulk, batch)

    def _settle_doubted(self) -> None:
        """What another had sent and never told of is looked for, and the rest is sent again."""
        doubted = self.work.doubted
        for entry, parts in doubted.items():
            self.ledger.lost(parts)
            self.ledger.learned(entry, unknown(parts, "its sender was lost before it told"))
        for entry, parts in doubted.items():
            risky = any(part.action == "create" for part in parts)
            absent = self._read_back(entry, parts, READ_PAUSES_SECONDS[: None if risky else 1])
            told = [r for part in absent for r in again([part], unvouched=part.action != "create")]
            self.ledger.settled(entry, told)

    def _unsent(self, change: Change) -> str:
        return "not sent" if self.ledger.is_whole(change) else "not sent in full"

    def _insist(self, bulk: Bulk, batch: Sequence[Change]) -> None:
        """Smaller and smaller while that helps; what stays unknown is left to the next night."""
        parts, fruitless = deque([batch]), 0
        while parts:
            before, doubts = sum(map(len, parts)), []
            while parts:
                more, doubt = self._send(bulk, parts.popleft(), repeated=fruitless > 0)
                parts.extendleft(reversed(more))
                doubts += [doubt] if doubt else []
            left = sum(len(doubt.changes) for doubt in doubts)
            fruitless = fruitless + 1 if left == before else 0
            if fruitless == FRUITLESS_ROUNDS:
                return
            for doubt in doubts:
                self.ledger.settled(doubt.entry, again(doubt.changes, unvouched=bulk.safe))
                parts.extend(halves(doubt.changes))

    def _send(self, bulk: Bulk, changes: Sequence[Change], *, repeated: bool) -> _Left:
        """Sends one request, and says what of it is to be sent once more."""
        entry = self.ledger.sent(bulk, changes)
        try:
            reply = self.client.send(
                bulk.method, bulk.path, json=bulk.body(changes), safe=bulk.safe
            )
        except RequestUnsendable as error:
            return self._smaller(entry, changes, error), None
        except _ENDING as error:
            self._end(entry, changes, error)
        except Rejected as error:
            return self._sorted_out(bulk, entry, changes, error), None
        except ApiError as error:
            self.ledger.lost(changes)
            told = self._itemised(bulk, changes, error)
            silent = without(changes, told)
            self.ledger.answered(entry, error, [*told, *unknown(silent, str(error), error)])
            return (), self._doubt(bulk, entry, silent)
        else:
            if reply.lost_before:
                self.ledger.lost(changes)
            told = bulk.results(changes, reply)
            silent = without(changes, told)
            doubtful = unknown(silent, "the reply does not mention it")
            self.ledger.answered(entry, reply, [*told, *doubtful])
            return (), self._doubt(bulk, entry, silent, look=repeated)

    def _doubt(
        self, bulk: Bulk, entry: int, silent: Sequence[Change], *, look: bool = False
    ) -> _Doubt | None:
        """What may be sent again of changes whose outcome is unknown (DESIGN 6). Where a success
        mentions nobody for the second time, a look tells: what an update answers is not documented
        (contracts B.6)."""
        if silent and (look or not bulk.safe):
            pauses = READ_PAUSES_SECONDS[: 1 if bulk.safe else None]
            silent = self._read_back(entry, silent, pauses)
            if not silent:
                self.ledger.settled(entry, [])
        return _Doubt(entry, silent) if silent else None

    def _smaller(
        self, entry: int, changes: Sequence[Change], error: RequestUnsendable
    ) -> Sequence[Sequence[Change]]:
        """What cannot be put into a request was not processed: there is no doubt about it."""
        if len(changes) == 1:
            self.ledger.answered(entry, error, failed(changes, error))
            return ()
        self.ledger.answered(entry, error, again(changes, unvouched=False))
        return list(halves(changes))

    def _end(self, entry: int, changes: Sequence[Change], error: ApiError) -> NoReturn:
        """Nothing more is sent tonight, and nothing read: what a refusal hides, the next night
        finds."""
        certain = isinstance(error, _CERTAIN)
        told = failed(changes, error) if certain else refused(changes, error, look_again=True)
        self.ledger.answered(entry, error, told)
        raise ScopeEnded(error) from error

    def _sorted_out(
        self, bulk: Bulk, entry: int, changes: Sequence[Change], error: Rejected
    ) -> Sequence[Sequence[Change]]:
        """A 4xx: the named fail with the API's words, the others go again.

        A 404 that names nobody contradicts what is known, so that the scope is read to see who is
        gone (DESIGN 6). Where the words mean some of many without saying which, halves will tell.
        """
        if error.may_come_late:
            self.ledger.lost(changes)
        told = self._itemised(bulk, changes, error)
        rest = without(changes, told)
        words = offenders(error.body, {change.identity: self.names(change) for change in rest})
        if not rest or (bulk.safe and (words or not isinstance(error, NotFound))):
            blamed = blamed_by(rest, rest, error, words)
            others = without(rest, blamed)
            self.ledger.answered(entry, error, [*told, *blamed, *again(others, unvouched=True)])
        else:
            said = "a refusal may hide a part that was processed"
            self.ledger.answered(entry, error, [*told, *unknown(rest, said, error)])
            left = self._read_back(entry, rest, READ_PAUSES_SECONDS[:1], words.keys(), error)
            blamed = blamed_by(left, rest, error, words)
            others = without(left, blamed)
            self.ledger.settled(entry, [*blamed, *again(others, unvouched=bulk.safe)])
        narrowed = len(others) < len(rest)
        return list(batches(others, None) if narrowed else halves(others))

    def _itemised(self, bulk: Bulk, changes: Sequence[Change], error: ApiError) -> list[Result]:
        """What an error reply says of each item, where it does so (contracts T3)."""
        if not bulk.itemised or error.body is None:
            return []
        return bulk.results(changes, Reply(error.status or 0, error.body, error.request_id, 0.0))

    def _read_back(
        self,
        entry: int,
        changes: Sequence[Change],
        pauses: Sequence[float],
        strangers: Collection[Identity] = (),
        refusal: Rejected | None = None,
    ) -> list[Change]:
        """Reads the scope until each change is found, and returns those that stay absent."""
        absent = list(changes)
        entities = {change.entity for change in changes}
        for pause in pauses if absent else ():
            self.clock.sleep(pause)
            try:
                live = self.read(entities)
            except ApiError as error:
                raise ScopeEnded(error) from error
            found = [explained(refusal, result) for result in self.settle(absent, live, strangers)]
            if found:
                self.ledger.learned(entry, found)
            absent = without(absent, found)
            if not absent:
                break
        return absent
