"""Which of the sent units or groups an error reply names, and in which words.

storEDGE lists them under `error_hash` (seed 003) or `errors` (seeds 001, 002). Whether those stand
at the top or in `meta`, and whether an item is text or an object, is not documented (contracts
S3): both places and both kinds are read.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)

_IDS = ("id", "uuid", "unit_id", "unit_group_id", "reference_unit_id")
_NAMES = ("name",)


def offenders(body: Any, sent: Mapping[K, frozenset[str]]) -> dict[K, str]:
    """The named entries of `sent`, each of which goes by several names and ids, with the words."""
    named: dict[K, dict[str, None]] = {}
    for kind, item in _items(body):
        for entry in _meant(item, sent):
            named.setdefault(entry, {})[f"{kind}: {_message(item)}"] = None
    return {entry: "; ".join(words) for entry, words in named.items()}


def speaks_of_items(body: Any) -> bool:
    """Whether the reply is about some of what was sent, be it named or not."""
    return next(_items(body), None) is not None


def _items(body: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(body, Mapping):
        return
    meta = body.get("meta")
    for place in (body, meta if isinstance(meta, Mapping) else {}):
        for envelope in ("error_hash", "errors"):
            kinds = place.get(envelope)
            if isinstance(kinds, Mapping):
                for kind, items in kinds.items():
                    for item in items if isinstance(items, list) else [items]:
                        yield str(kind), item


def _meant(item: Any, sent: Mapping[K, frozenset[str]]) -> list[K]:
    """By id, else by name, else by what the words mention."""
    for labels in (_IDS, _NAMES) if isinstance(item, Mapping) else ():
        given = {str(item[label]) for label in labels if item.get(label) is not None}
        if exact := [entry for entry, names in sent.items() if given & names]:
            return exact
    return _mentioned(_message(item), sent)


def _mentioned(text: str, sent: Mapping[K, frozenset[str]]) -> list[K]:
    """The entries with the longest name that stands in the text as a word of its own.

    The longest alone, for "10x10 Climate" also mentions "10x10". Naming too few costs a request
    more, naming too many would fail units that nobody meant.
    """
    found: dict[K, int] = {}
    for entry, names in sent.items():
        lengths = [len(name) for name in names if _stands_in(name, text)]
        if lengths:
            found[entry] = max(lengths)
    longest = max(found.values(), default=0)
    return [entry for entry, length in found.items() if length == longest]


def _stands_in(name: str, text: str) -> bool:
    return bool(name) and bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text))


def _message(item: Any) -> str:
    if isinstance(item, Mapping):
        return str(item.get("message") or item.get("error") or dict(item))
    return str(item)
