"""Whom a refusal is about, and what nobody vouches for after it.

A refusal is believed about what it says, never about what it leaves unsaid: a part of the request
may have been processed although the answer is no.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from connectors.errors import ApiError, NotFound, Rejected, RequestTooLarge
from connectors.targets.bulk import Identity, failed
from connectors.targets.offenders import speaks_of_items
from transforms.change import GROUP_FIELD
from transforms.plan import Change, Result

# How a refusal calls what is wrong with a name: of a unit (seed 003), of a group (seeds 001, 002).
_OF_NAMES = re.compile(r"(?:^|; )name(?:_assignments)?: ")


def blamed_by(
    candidates: Sequence[Change],
    rest: Sequence[Change],
    error: Rejected,
    words: Mapping[Identity, str],
) -> list[Result]:
    """Those of the candidates that the refusal is about; none as long as it can be narrowed."""
    if words:
        named = failed([c for c in candidates if c.identity in words], error, words)
        return [_contradicting(result, error) for result in named]
    about_some = isinstance(error, RequestTooLarge) or speaks_of_items(error.body)
    if len(candidates) < len(rest) or (len(rest) > 1 and about_some):
        return []
    return refused(candidates, error)


def refused(
    changes: Iterable[Change], error: ApiError, *, look_again: bool = False
) -> list[Result]:
    """Refused, which may hide a part that was processed: nobody knows what the fields hold."""
    return [
        replace(result, forget=tuple(result.change.after), look_again=look_again)
        for result in failed(changes, error)
    ]


def explained(refusal: Rejected | None, found: Result) -> Result:
    """A reading explains a refusal, whose own words are kept."""
    if refusal is None or found.outcome != "failed":
        return found
    words = f"{refusal.words}; {found.words}" if refusal.words else found.words
    return replace(found, words=words, status=refusal.status, request_id=refusal.request_id)


def _contradicting(refused: Result, error: Rejected) -> Result:
    """A refusal with what its words say against what is known: a unit or group that is not there, a
    group that was not found, or that somebody else made the unit the reference of, a reference unit
    outside of its group, a name that nobody is known to bear."""
    change, words = refused.change, refused.words
    doubted: list[Identity] = [change.identity] if isinstance(error, NotFound) else []
    if change.group is not None and "unit_group" in words:
        doubted = [("group", group) for group in _entered_and_left(change)]
    reference = {**change.whole, **change.after}.get("reference_unit")
    strayed = (str(reference),) if reference and "reference_unit" in words else ()
    named = "name" in change.after and _OF_NAMES.search(words) is not None
    return replace(refused, doubted=tuple(doubted), strayed=strayed, look_again=named)


def _entered_and_left(change: Change) -> Iterator[str]:
    """The groups of which a refusal of the one field may speak."""
    for group in (change.group, change.before.get(GROUP_FIELD)):
        if group is not None:
            yield str(group)
