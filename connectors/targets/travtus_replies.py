"""What a Travtus reply says of each unit that was sent: it has an outcome of its own.

The call is partially successful by design, so the status of the reply says nothing about a unit
(contracts A.3). Rows are recognised by their keys, never by position, and each answers for one
unit only: two units that Travtus took for one are both for a person to look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.http import Reply
from transforms.canonical import flatten
from transforms.plan import Change, Result
from transforms.travtus import address_key

Row = Mapping[str, Any]


def results_of(
    changes: Sequence[Change],
    reply: Reply,
    identifiers: Mapping[str, str],
    owners: Mapping[str, str],
) -> list[Result]:
    """A result for each unit that the reply speaks of clearly; the others have none.

    `identifiers` are those that Travtus gave to our units before, by key, and `owners` the same
    the other way round.
    """
    rows = reply.json.get("units")
    answered = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    pairs = list(_paired(changes, answered, identifiers))
    shared = Counter(_identifier(row) for _, row in pairs if success_of(row))
    results = []
    for change, row in pairs:
        success, given = success_of(row), _identifier(row)
        if success is None or (success and given is None):
            continue
        sent = identifiers.get(change.key)
        if not success:
            words = str(row.get("failure_reason") or "the API gave no reason")
        else:
            words = _contradiction(change, sent, str(given), owners, shared[given])
        result = _result(change, reply, words, str(given))
        other = success and sent is not None and sent != given
        results.append(replace(result, doubted=(change.identity,) if other else ()))
    return results


def success_of(row: Row) -> bool | None:
    """`sucess` as the unit page spells it, or `success`; text counts too (contracts T4)."""
    value = row.get("sucess", row.get("success"))
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def _result(change: Change, reply: Reply, words: str, identifier: str) -> Result:
    if words:
        return Result(change, "failed", words, reply.status, reply.request_id)
    return Result(change, "applied", "", reply.status, reply.request_id, identifier, change.whole)


def _contradiction(
    change: Change, sent: str | None, given: str, owners: Mapping[str, str], sharing: int
) -> str:
    """Why a unit that was taken is still not the one that we mean, or nothing."""
    owner = owners.get(given, change.key)
    if owner != change.key:
        return (
            f"Travtus took it for its unit {given!r}, which is unit {owner!r}, and has overwritten "
            "that one: make the two addresses differ, then send both again"
        )
    if sent is not None and given != sent:  # contracts T7
        return (
            f"it was sent as Travtus' unit {sent!r} and answered as {given!r}: "
            "look at both at the vendor, one of them may be a second copy"
        )
    if sharing > 1:
        return (
            f"Travtus took {sharing} of the units that were sent for one ({given!r}): "
            "make their addresses differ"
        )
    return ""


def _paired(
    changes: Sequence[Change], rows: Sequence[Row], identifiers: Mapping[str, str]
) -> Iterator[tuple[Change, Row]]:
    """Each change with the row that answers for it."""
    free = list(rows)
    for change in changes:
        row = _row_of(change, free, identifiers.get(change.key))
        if row is not None:
            free.remove(row)
            yield change, row


def _row_of(change: Change, rows: Sequence[Row], identifier: str | None) -> Row | None:
    """By reference, then by identifier, then by address (contracts A.3)."""
    for name, value in (
        ("external_ref", change.whole.get("external_ref")),
        ("identifier", identifier),
    ):
        for row in rows:
            if value is not None and str(row.get(name)) == str(value):
                return row
    address = address_key(change.whole)
    found = (row for row in rows if address.strip() and address_key(flatten(row)) == address)
    return next(found, None)


def _identifier(row: Row) -> str | None:
    return str(row["identifier"]) if row.get("identifier") else None
