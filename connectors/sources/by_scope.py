"""The whole of a source as parts that share no scope, whatever order its rows come in.

A small source is one part and stays in memory. Of a larger one every chunk is laid on the shelf in
buckets by scope, and a part is read back bucket by bucket: what is in memory is bounded by the
largest scope, not by the inventory. Rows that name no scope come first, for they may speak of any.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from connectors.errors import SourceUnreadable
from connectors.sources.extract import TEXT, Chunk, Chunks, Malformed, empty_columns
from connectors.sources.shelf import Place, Shelf

# So much is held in memory: 64 MB of text as columns, some 350,000 units.
HELD_BYTES = 2**27
# A part has as many rows at least, if there are, so that what a part costs by itself (0.1 s) is
# seldom paid; and all of some buckets, so that 25 million rows are still parts of 100,000.
PART_ROWS = 100_000
BUCKETS = 256
NOWHERE = 0  # the bucket of rows without a scope

ScopesOf = Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True, slots=True)
class Extract:
    """All of a source. `complete` is False when its end is not proven, or a record was unreadable;
    `reason` then says why. `count` is the number of its rows, `origin` is for messages and holds no
    secret. It lies on the `shelf`, in `buckets`; without one it is `held` in memory.
    """

    origin: str
    columns: tuple[str, ...]
    count: int
    malformed: tuple[Malformed, ...]
    reason: str
    held: list[pd.DataFrame] = field(repr=False)
    buckets: Mapping[int, list[Place]] = field(repr=False)
    shelf: Shelf | None = field(repr=False)
    notices: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether what is not here is not in the source."""
        return not self.reason

    def parts(self) -> Iterator[pd.DataFrame]:
        """Its rows, every scope whole in one part; what was held is forgotten as it is handed
        over (60 MB of raw text for 100,000 rows, measured)."""
        while self.held:
            yield self.held.pop()
        yield from self._laid_down()

    def column(self, name: str) -> pd.Series:
        """One column of all rows, as long as they were not handed over."""
        frames = (*self.held, *self._laid_down())
        cells: pd.Series = pd.concat([frame[name] for frame in frames])
        return cells

    def _laid_down(self) -> Iterator[pd.DataFrame]:
        if self.shelf is not None:
            for places in self._batches():
                yield _whole(map(self.shelf.get, places), self.columns)

    def _batches(self) -> Iterator[list[Place]]:
        batch: list[Place] = []
        for bucket in sorted(self.buckets):
            for place in self.buckets[bucket]:
                batch.append(place)
                if bucket == NOWHERE and _rows(batch) >= PART_ROWS:
                    yield batch
                    batch = []
            if batch and (bucket == NOWHERE or _rows(batch) >= PART_ROWS):
                yield batch
                batch = []
        if batch:
            yield batch


def by_scope(chunks: Chunks, scopes: ScopesOf, shelf: Shelf) -> Extract:
    """Reads the source to its end; `scopes` says the scope of each row, "" where it names none.
    Raises SourceUnreadable."""
    whole = _Whole(chunks.origin, scopes, shelf)
    for chunk in chunks.each:
        whole.add(chunk)
    return whole.ended()


@dataclass(slots=True)
class _Whole:
    """An extract on its way."""

    origin: str
    scopes: ScopesOf
    shelf: Shelf
    held: list[pd.DataFrame] = field(default_factory=list)
    held_bytes: int = 0
    count: int = 0
    columns: dict[str, None] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    malformed: list[Malformed] = field(default_factory=list)
    doubt: str = ""
    notices: tuple[str, ...] = ()
    buckets: dict[int, list[Place]] = field(default_factory=dict)

    def add(self, chunk: Chunk) -> None:
        self.count += len(chunk.rows)
        self.malformed += chunk.malformed
        self.doubt, self.notices = chunk.doubt, chunk.notices
        self.columns |= dict.fromkeys(chunk.rows.columns)
        self.filled |= set(chunk.rows.columns) - empty_columns(chunk.rows)
        self.held.append(chunk.rows)
        self.held_bytes += int(chunk.rows.memory_usage().sum())
        if self.held_bytes > HELD_BYTES or self.buckets:
            self._lay_down()

    def ended(self) -> Extract:
        if not self.count:
            raise SourceUnreadable(_nothing(self.origin, self.malformed))
        columns = tuple(name for name in self.columns if name in self.filled)
        if self.held:
            self.held = [_whole(self.held, columns)]
        return Extract(
            self.origin,
            columns,
            self.count,
            tuple(self.malformed),
            self.doubt or _unreadable(self.malformed),
            self.held,
            self.buckets,
            self.shelf if self.buckets else None,
            self.notices,
        )

    def _lay_down(self) -> None:
        while self.held:
            rows = self.held.pop(0)
            scopes = self.scopes(rows)
            buckets = scopes.map({scope: _bucket(scope) for scope in scopes.unique()})
            for bucket, place in self.shelf.put(rows, buckets).items():
                self.buckets.setdefault(bucket, []).append(place)


def _whole(frames: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """The frames as one; a record of JSON Lines need not have all fields, so some may lack one."""
    return pd.concat(frames).reindex(columns=list(columns)).astype(TEXT)


def _rows(places: Iterable[Place]) -> int:
    return sum(place.rows for place in places)


def _bucket(scope: str) -> int:
    return 1 + zlib.crc32(scope.encode()) % BUCKETS if scope else NOWHERE


def _unreadable(malformed: list[Malformed]) -> str:
    if not malformed:
        return ""
    return f"{len(malformed)} {'record' if len(malformed) == 1 else 'records'} could not be read"


def _nothing(origin: str, malformed: list[Malformed]) -> str:
    if not malformed:
        return f"{origin} has no records, only column names. Export it again."
    first = malformed[0]
    return f"No record of {origin} could be read; the first, in row {first.row}: {first.message}."
