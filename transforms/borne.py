"""Names that a complete reading shows to be another's, which is known here by another name.

Somebody has renamed it at the vendor by hand, or made a group there. storEDGE keeps names apart
(contracts B.8, S5), so what is to take such a name would be refused every night; a person decides
which of the two gives way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from transforms.plan import Change, Entity, Live
from transforms.unique import folded


@dataclass(frozen=True, slots=True)
class _Bearer:
    remote_id: str
    key: str | None


def borne(
    changes: Collection[Change], live: Live, entity: Entity, keys: Mapping[str, str]
) -> dict[str, str]:
    """By key of the units or groups that want such a name, why they are held. `keys` are those of
    all that are ours, by remote id. A live unit that is nobody's is told of elsewhere
    (`transforms.settle`)."""
    wanted = [(one, name) for one, name in _wanted(changes, entity) if one.held is None]
    leaving = {change.remote_id: name for change, name in wanted}
    bearers: defaultdict[str, list[_Bearer]] = defaultdict(list)
    for shown in live.units if entity == "unit" else live.groups:
        key = keys.get(shown.remote_id)
        gives_way = leaving.get(shown.remote_id, shown.name)
        if folded(gives_way) == folded(shown.name) and (key or entity == "group"):
            bearers[folded(shown.name)].append(_Bearer(shown.remote_id, key))
    return {
        change.key: _reason(change, name, others[0])
        for change, name in wanted
        if (others := [one for one in bearers[folded(name)] if one.remote_id != change.remote_id])
    }


def _wanted(changes: Iterable[Change], entity: Entity) -> Iterator[tuple[Change, str]]:
    for change in changes:
        name = change.after.get("name")
        if change.entity == entity and name is not None:
            yield change, str(name)


def _reason(change: Change, name: str, bearer: _Bearer) -> str:
    who = f"{change.entity} {bearer.key!r}" if bearer.key else f"a live {change.entity}"
    return (
        f"its name {name!r} is borne at the vendor by {who} ({bearer.remote_id}), which is not "
        "called so here; give one of the two another name, there or in the source"
    )
