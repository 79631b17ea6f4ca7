"""Ids that look random and are not: the same seed gives the same ids in the same order."""

from __future__ import annotations

import itertools
from uuid import NAMESPACE_URL, uuid5


class IdSource:
    """Calling it gives the next uuid. An id is never given twice, not even after a reset."""

    def __init__(self, seed: str = "sandbox") -> None:
        self._seed = seed
        self._numbers = itertools.count(1)

    def __call__(self) -> str:
        """The next uuid, as text."""
        return str(uuid5(NAMESPACE_URL, f"unitsync-sandbox/{self._seed}/{next(self._numbers)}"))
