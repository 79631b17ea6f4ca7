"""Rows of a whole inventory, of which those of one scope are looked at at a time.

The planner asks for one scope after the other, so an inventory larger than memory may lie elsewhere
(`connectors.sources.shelf`); one that is not is one frame. Whatever looks at all rows takes them
some scopes at a time, in no order that means anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

Positions = npt.NDArray[np.intp]


class Rows(Protocol):
    """Rows by scope, those of a scope as the source orders them."""

    def of(self, scope: str) -> pd.DataFrame:
        """The rows of one scope; none, with the same columns, for a scope that has none."""

    def each(self) -> Iterator[pd.DataFrame]:
        """All rows, every scope whole in one of the frames; one frame at least."""


@dataclass(frozen=True)
class Held:
    """Rows in memory: one frame, and the scope of each row of it."""

    frame: pd.DataFrame = field(repr=False)
    scopes: pd.Series = field(repr=False)

    def of(self, scope: str) -> pd.DataFrame:
        """The rows of one scope."""
        return self.frame.iloc[self._positions.get(scope, np.empty(0, dtype=np.intp))]

    def each(self) -> Iterator[pd.DataFrame]:
        """All of them at once."""
        yield self.frame

    @cached_property
    def _positions(self) -> Mapping[str, Positions]:
        indices = self.frame.groupby(self.scopes.to_numpy()).indices
        return {str(scope): np.asarray(at) for scope, at in indices.items()}


def together(rows: Rows) -> pd.DataFrame:
    """All of the rows in one frame: for those who can bear it."""
    return pd.concat(rows.each())
