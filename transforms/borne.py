"""Names that a complete reading shows to be another's, which is known here by another name.

Somebody has renamed it at the vendor by hand, or made a group there. storEDGE keeps names apart
(contracts B.8, S5), so what is to take such a name would be refused every night; a person decides
which of the two gives way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from transforms.collisions import Bearers, keepers_of, name_claim
from transforms.plan import Change, Entity, Live
from transforms.unique import folded


def borne(
    changes: Iterable[Change], live: Live, entity: Entity, ids: Mapping[str, str]
) -> dict[str, str]:
    """By key of the units or groups that want such a name, why they are held. `ids` are the
    vendor's, of all that are ours. A live unit that is nobody's is told of elsewhere
    (`transforms.settle`)."""
    ours = {change.key: change for change in changes if change.entity == entity}
    keys = {remote_id: key for key, remote_id in ids.items()}

    def bearers() -> Bearers:
        for shown in live.units if entity == "unit" else live.groups:
            if shown.remote_id in keys or entity == "group":
                yield folded(shown.name), keys.get(shown.remote_id, shown.remote_id)

    keepers = keepers_of(ours.values(), name_claim(), bearers)
    return {key: _reason(ours[key], keeper, ids.get(keeper)) for key, keeper in keepers.items()}


def _reason(change: Change, keeper: str, remote_id: str | None) -> str:
    who = f"{change.entity} {keeper!r} ({remote_id})" if remote_id else f"a live group ({keeper})"
    return (
        f"its name {change.after['name']!r} is borne at the vendor by {who}, which is not called "
        "so here; give one of the two another name, there or in the source"
    )
