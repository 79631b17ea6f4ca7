"""Groups that the source calls by another key, and by the same name: they are the same groups.

A name is unique in its scope, so a wanted group that nothing is known of cannot be another one than
the known group of that name. Where the key that this one was known by is still wanted, it can.
"""

from __future__ import annotations

from collections.abc import Iterable

from transforms.plan import KnownGroup
from transforms.reshape import ScopeDesired
from transforms.unique import folded


def called_anew(desired: ScopeDesired, known: Iterable[KnownGroup]) -> dict[str, str]:
    """The key that a known group has from now on, by the key that it had. A selected part teaches
    nothing: who was not asked about may go by the old key."""
    if desired.part or "_group" not in desired.units.columns:
        return {}
    pairs = desired.units[["_group", "_group_name"]].drop_duplicates()
    wanted = dict(zip(pairs["_group"], map(folded, pairs["_group_name"]), strict=True))
    standing = {folded(group.name): group.key for group in known}
    kept = {*standing.values()}
    return {
        standing[name]: key
        for key, name in wanted.items()
        if key not in kept and name in standing and standing[name] not in wanted
    }
