"""What two would bear at once: a name, or the address by which Travtus recognises a unit.

Validation has seen to it that no two valid rows want the same. What is left is a unit or a group
that does not make room tonight: because it is missing or retired, because its row was rejected, or
because its own change is held. A held change keeps what it bears, which can hold others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from transforms.plan import Change, Payload
from transforms.travtus import ADDRESS_FIELDS, address_key
from transforms.unique import folded

Bearers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that only one may bear: `what` it is called, the label that a change wants (None
    when it wants no other), and the label that is borne until the change is applied."""

    what: str
    wanted: Callable[[Change], str | None]
    borne: Callable[[Change], str | None]


def name_claim() -> Claim:
    """Names, whatever their case (contracts S5 and S6)."""
    return Claim(
        "name", lambda change: _folded(change.after), lambda change: _folded(change.before)
    )


def address_claim(members: Iterable[str]) -> Claim:
    """Addresses, by the members that the source speaks of (contracts T5)."""
    compared = frozenset(members)

    def wanted(change: Change) -> str | None:
        moves = change.action == "create" or not compared.isdisjoint(change.after)
        return address_label(change.whole, compared) if moves else None

    def borne(change: Change) -> str | None:
        if change.action == "create" or compared.isdisjoint(change.after):
            return None
        kept = {name: value for name, value in change.whole.items() if name not in change.after}
        return address_label({**kept, **change.before}, compared)

    return Claim("address", wanted, borne)


def address_members(names: Iterable[str]) -> frozenset[str]:
    """Those of the names that are members of an address."""
    return frozenset(ADDRESS_FIELDS).intersection(names)


def address_label(payload: Payload, members: frozenset[str]) -> str | None:
    """The normalised address by some of its members, or None where all of them are empty."""
    key = address_key({name: payload[name] for name in members if name in payload})
    return key if key.strip() else None


def hold_collisions(
    changes: Sequence[Change], claim: Claim, bearers: Callable[[], Bearers]
) -> list[Change]:
    """The same changes; held is what wants a label whose bearer does not give it up tonight.

    `bearers` gives (label, key) of what stands now, and is asked only if something is wanted.
    """
    keepers = keepers_of(changes, claim, bearers)
    return [
        replace(change, held=_reason(claim, change, keepers[change.key]))
        if change.held is None and change.key in keepers
        else change
        for change in changes
    ]


def keepers_of(
    changes: Collection[Change], claim: Claim, bearers: Callable[[], Bearers]
) -> dict[str, str]:
    """By key of what wants a label in vain, the key of who keeps it, as for `hold_collisions`."""
    wanted = {
        change.key: label
        for change in changes
        if change.held is None and (label := claim.wanted(change)) is not None
    }
    if not wanted:
        return {}
    updates = {change.key for change in changes if change.action != "create"}
    return _blocked(wanted, wanted.keys() & updates, bearers())


def _blocked(wanted: Mapping[str, str], leaving: set[str], bearers: Bearers) -> dict[str, str]:
    """By key what wants a label in vain, and who keeps it."""
    seekers: dict[str, list[str]] = {}
    for key, label in wanted.items():
        seekers.setdefault(label, []).append(key)
    standing: dict[str, list[str]] = {}
    borne: dict[str, list[str]] = {}
    for label, key in bearers:
        if label in seekers:
            standing.setdefault(label, []).append(key)
            borne.setdefault(key, []).append(label)
    leaves = {key for key in leaving if wanted[key] not in borne.get(key, ())}
    blocked: dict[str, str] = {}
    queue = deque(wanted)
    while queue:
        key = queue.popleft()
        if key in blocked:
            continue
        keepers = [one for one in standing.get(wanted[key], ()) if one != key and one not in leaves]
        if keepers:
            blocked[key] = min(keepers)
            leaves.discard(key)
            queue += [seeker for label in borne.get(key, ()) for seeker in seekers[label]]
    return blocked


def _reason(claim: Claim, change: Change, keeper: str) -> str:
    return (
        f"its {claim.what} is still borne by {change.entity} {keeper!r}, which does not give it up "
        "tonight; rename or remove one of the two"
    )


def _folded(fields: Payload) -> str | None:
    return folded(str(fields["name"])) if fields.get("name") is not None else None
