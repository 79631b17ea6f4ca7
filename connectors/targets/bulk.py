"""What a target says about one kind of request, and the results that every target tells alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import ApiError
from connectors.http import Reply
from transforms.plan import Change, Entity, Result

Identity = tuple[Entity, str]


@dataclass(frozen=True, slots=True)
class Bulk:
    """A kind of request that carries many changes, or one part of each.

    `safe` says whether it may be sent again although its outcome is unknown (DESIGN 6). `limit`
    is the most changes that one request carries; None: as many as there are. `itemised` says that
    each item of a reply has an outcome of its own, whatever the status (contracts T3).
    """

    method: str
    path: str
    purpose: str
    safe: bool
    body: Callable[[Sequence[Change]], dict[str, Any]]
    results: Callable[[Sequence[Change], Reply], list[Result]]
    limit: int | None = None
    itemised: bool = False


def batches(changes: Sequence[Change], size: int | None) -> Iterator[Sequence[Change]]:
    """The changes in their order, at most `size` at a time."""
    step = size or max(1, len(changes))
    for start in range(0, len(changes), step):
        yield changes[start : start + step]


def halves(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """The changes in two parts, the first the larger one; a single change stays whole."""
    return batches(changes, (len(changes) + 1) // 2)


def without(changes: Iterable[Change], told: Iterable[Result]) -> list[Change]:
    """The changes of which nothing was told."""
    known = {result.change.identity for result in told}
    return [change for change in changes if change.identity not in known]


def failed(
    changes: Iterable[Change], error: ApiError, words: Mapping[Identity, str] | None = None
) -> list[Result]:
    """Refused, or not sent: in the words about each change, or else in those about all."""
    said, general = words or {}, error.words or str(error)
    return [
        Result(c, "failed", said.get(c.identity) or general, error.status, error.request_id)
        for c in changes
    ]


def unknown(changes: Iterable[Change], words: str, error: ApiError | None = None) -> list[Result]:
    """Sent, and nobody knows what became of it."""
    status, request_id = (error.status, error.request_id) if error else (None, None)
    return [Result(change, "unknown", words, status, request_id) for change in changes]


def again(changes: Iterable[Change], *, unvouched: bool) -> list[Result]:
    """To be sent once more. `unvouched`: an earlier request may have changed the fields already,
    so that until then nobody knows what they hold."""
    return [Result(c, None, forget=tuple(c.after) if unvouched else ()) for c in changes]
