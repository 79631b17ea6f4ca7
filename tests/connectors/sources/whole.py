"""A source that was read to its end, with all of its rows in one frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from connectors.sources.by_scope import by_scope
from connectors.sources.extract import Chunk, Chunks, Malformed
from connectors.sources.shelf import Shelf


@dataclass
class Whole:
    rows: pd.DataFrame
    malformed: tuple[Malformed, ...]
    complete: bool
    reason: str
    origin: str
    notices: tuple[str, ...] = ()


def sites(rows: pd.DataFrame) -> pd.Series:
    """The scope of each row, where a source has that column."""
    return rows.reindex(columns=["site"])["site"].fillna("").str.strip()


def whole(chunks: Chunks) -> Whole:
    with Shelf() as shelf:
        extract = by_scope(chunks, sites, shelf)
        rows = pd.concat(extract.parts()).sort_index()
    return Whole(
        rows,
        extract.malformed,
        extract.complete,
        extract.reason,
        extract.origin,
        extract.notices,
    )


def whole_of(origin: str, chunks: Iterable[Chunk]) -> Whole:
    return whole(Chunks(origin, iter(chunks)))
