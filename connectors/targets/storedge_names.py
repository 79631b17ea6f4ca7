"""Names that change hands: whoever bears a name that another wants tonight makes room first.

Names are unique within a facility, and in which order one request is worked through is not
documented (contracts B.9): so no name is given up and taken in the same request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from transforms.plan import Change
from transforms.unique import folded


def room_for_names(
    changes: Sequence[Change], standing: Mapping[str, str], ids: Mapping[str, str]
) -> list[Change]:
    """The renames that go ahead of all else, as parts that carry a name only.

    `changes` are of one entity, `standing` the names as they are now, by key. A name that is free
    is taken for good; a swap, a ring or a chain goes through temporary names, which hold the id.
    So does a name of which an earlier night left nobody sure.
    """
    bearers = {folded(name): key for key, name in standing.items()}
    naming = [change for change in changes if "name" in change.after]
    wanted = {folded(str(change.after["name"])): change.key for change in naming}
    ahead = []
    for change in naming:
        name, current = str(change.after["name"]), standing.get(change.key)
        if current is None:
            continue
        is_unsure = "name" not in change.before and len(naming) > 1
        if is_unsure or folded(name) in bearers:
            name = f"{name} ~{ids[change.key]}"
        if is_unsure or wanted.get(folded(current)) not in (None, change.key):
            ahead.append(replace(change, after={"name": name}))
    return ahead


def still_borne(changes: Sequence[Change], standing: Mapping[str, str]) -> dict[str, str]:
    """By key of the change that wants it, who still bears its name, after room was to be made.

    That the vendor would refuse it is suggested and never stated (contracts S5).
    """
    bearers = {folded(name): key for key, name in standing.items()}
    return {
        change.key: bearer
        for change in changes
        if "name" in change.after
        if (bearer := bearers.get(folded(str(change.after["name"])), change.key)) != change.key
    }
