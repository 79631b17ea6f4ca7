"""What a run counted, in words: in the order of the work, and in grammar.

Promises that nothing which was counted is left out, whoever counted it; only noughts are.
"""

from __future__ import annotations

from collections.abc import Mapping

from flows.report_text import counted, number
from flows.summary import COUNTS
from transforms.standing import STANDINGS

_STANDINGS = tuple(f"{entity} {name}" for entity in ("unit", "group") for name in STANDINGS)
_PLACES = {name: place for place, name in enumerate((*COUNTS, *_STANDINGS))}
_GROUPS = "groups_"


def tallied(counts: Mapping[str, int]) -> str:
    """`2,369 extracted, 1 group created`; of a reconciliation, `3 units drifted, 1 unit gone`."""
    names = sorted(filter(counts.get, counts), key=lambda name: _PLACES.get(name, len(_PLACES)))
    return ", ".join(_tallied(name, counts[name]) for name in names)


def _tallied(name: str, count: int) -> str:
    entity, _, standing = name.partition(" ")
    if standing:
        return f"{counted(count, entity)} {'in ' * (standing == 'conflict')}{standing}"
    if name.startswith(_GROUPS):
        return f"{counted(count, 'group')} {name.removeprefix(_GROUPS)}"
    return f"{number(count)} {name}"
