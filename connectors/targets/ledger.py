"""The changes of a scope on their way: what is left of each, and the one outcome that it gets.

A change may travel in parts, one request after the other: each part that is confirmed becomes
known, and the change is applied when nothing of it is left. The journal is written first, always;
what it was told is what this module believes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from connectors.errors import ApiError
from connectors.http import Reply
from connectors.targets.bulk import Bulk, Identity
from connectors.targets.work import Journal
from connectors.words import Redact, tidy
from transforms.plan import Change, Payload, Result


class Ledger:
    """One scope's changes. Results are told of parts and recorded of the planned changes.

    `pending` holds what is left to be sent of each change, `outcomes` what became of it. An outcome
    names every field that nobody vouches for: those that a request may have changed and none has
    confirmed since, and those whose passing value (a temporary name) a lost request may still
    bring back.
    """

    def __init__(
        self,
        journal: Journal,
        changes: Iterable[Change],
        redact: Redact,
        confirmed: Callable[[Result], None],
    ) -> None:
        """`confirmed` is called for each part that came through; `redact` hides lock codes."""
        self._journal = journal
        self._redact = redact
        self._confirmed = confirmed
        self._planned = {change.identity: change for change in changes}
        self.pending = dict(self._planned)
        self.outcomes: dict[Identity, Result] = {}
        self._unvouched: defaultdict[Identity, set[str]] = defaultdict(set)
        self._may_return: defaultdict[Identity, set[str]] = defaultdict(set)

    def unresolved(self) -> list[Change]:
        """What is left of the changes that have no outcome yet."""
        return [change for key, change in self.pending.items() if key not in self.outcomes]

    def is_whole(self, change: Change) -> bool:
        """Whether nothing of it came through yet."""
        return change == self._planned[change.identity]

    def sent(self, bulk: Bulk, changes: Sequence[Change]) -> int:
        """Notes a request that is about to leave, and returns its number."""
        return self._journal.sent(bulk.method, bulk.path, bulk.purpose, changes)

    def lost(self, parts: Iterable[Change]) -> None:
        """A request had no answer: the API may carry it out when later ones have gone further."""
        for part in parts:
            wanted = self.pending[part.identity].after
            passing = {n for n, value in part.after.items() if n in wanted and wanted[n] != value}
            self._may_return[part.identity] |= passing

    def answered(self, entry: int, source: Reply | ApiError, parts: Iterable[Result]) -> None:
        """An answer, or the error in its place."""
        words = source.words if isinstance(source, ApiError) else ""
        self._tell(
            lambda told: self._journal.answered(
                entry, source.status, words, source.request_id, told
            ),
            parts,
        )

    def learned(self, entry: int, parts: Iterable[Result]) -> None:
        """What a reading showed of an open request."""
        self._tell(lambda told: self._journal.learned(entry, told), parts)

    def settled(self, entry: int, parts: Iterable[Result]) -> None:
        """The last that is to be known of an open request."""
        self._tell(lambda told: self._journal.settled(entry, told), parts)

    def give_up(self, words: Mapping[Identity, str]) -> None:
        """Changes that fail without a request of their own."""
        if words:
            failures = [Result(self.pending[key], "failed", said) for key, said in words.items()]
            self._tell(self._journal.decided, failures)

    def _tell(self, write: Callable[[list[Result]], None], parts: Iterable[Result]) -> None:
        told = [(part, self._of_the_whole(part)) for part in parts]
        write([whole for _, whole in told])
        for part, whole in told:
            self._note(part, whole)

    def _of_the_whole(self, part: Result) -> Result:
        """What a part means for the planned change. The API's words may quote a lock code."""
        is_step = part.outcome == "applied" and bool(self._left(part.change))
        outcome = None if is_step else part.outcome
        return replace(
            part,
            change=self._planned[part.change.identity],
            outcome=outcome,
            words=tidy(part.words, self._redact),
            forget=part.forget if outcome is None else self._forgotten(part),
        )

    def _forgotten(self, part: Result) -> tuple[str, ...]:
        """What nobody vouches for when the change ends with this part."""
        identity = part.change.identity
        return tuple(sorted(self._still_unvouched(part) | self._may_return[identity]))

    def _still_unvouched(self, part: Result) -> set[str]:
        """The fields in doubt that it does not confirm, with those that it throws doubt on."""
        confirmed = part.change.after.keys() if part.outcome == "applied" else ()
        return self._unvouched[part.change.identity].difference(confirmed).union(part.forget)

    def _left(self, part: Change) -> Payload:
        """What is still to be sent of a change when this part of it is through."""
        pending = self.pending[part.identity].after
        return {n: v for n, v in pending.items() if n not in part.after or part.after[n] != v}

    def _note(self, part: Result, whole: Result) -> None:
        identity = part.change.identity
        self._unvouched[identity] = self._still_unvouched(part)
        if whole.outcome is None:
            self.outcomes.pop(identity, None)
        else:
            self.outcomes[identity] = whole
        if part.outcome == "applied":
            left = self._left(part.change)
            self.pending[identity] = replace(self.pending[identity], after=left)
            self._confirmed(part)
        elif part.outcome is None and part.known:
            self.pending[identity] = part.change
            self._confirmed(part)
