"""Which keys stand in several scopes of a source: two units that are called alike.

Asked of few keys and on few nights, so nothing is looked through before the first question. What is
kept from then on are 12 bytes a key, not the keys: a word that says in which scopes to look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Places = pd.DataFrame  # scope, key


@dataclass(frozen=True)
class SharedKeys:
    """Answers whether a key stands in more than one scope. `places` gives all of them, some at a
    time, and `keys_of` the keys of one scope."""

    places: Callable[[], Iterable[Places]] = field(repr=False)
    keys_of: Callable[[str], frozenset[str]] = field(repr=False)

    def __contains__(self, key: object) -> bool:
        words, codes, scopes = self._index
        word = _words([key])[0]
        first, last = np.searchsorted(words, word, "left"), np.searchsorted(words, word, "right")
        named = {scopes[code] for code in codes[first:last]}
        return len(named) > 1 and sum(key in self.keys_of(scope) for scope in named) > 1

    @cached_property
    def _index(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32], list[str]]:
        """The words of all keys in order, the scope of each by its code, and the scopes."""
        numbers: dict[str, int] = {}
        words, codes = [np.empty(0, np.uint64)], [np.empty(0, np.int32)]
        for places in self.places():
            distinct = places.drop_duplicates()
            named = distinct[(distinct["scope"] != "") & (distinct["key"] != "")]
            seen = {scope: numbers.setdefault(scope, len(numbers)) for scope in named["scope"]}
            codes.append(named["scope"].map(seen).to_numpy(dtype=np.int32))
            words.append(_words(named["key"]))
        order = np.argsort(np.concatenate(words))
        return np.concatenate(words)[order], np.concatenate(codes)[order], list(numbers)


def _words(keys: Iterable[Any]) -> npt.NDArray[np.uint64]:
    texts = np.array(list(keys), dtype=object)
    return pd.util.hash_array(texts, categorize=False).astype(np.uint64)
