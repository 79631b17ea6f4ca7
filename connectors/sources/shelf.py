"""Rows laid aside on disk, while an inventory larger than memory is on its way.

They hold lock codes, so nobody can read them: they are encrypted with a key that only this process
has and never writes, in a file without a name, which is gone when the process ends, however it
ends. It lies in the folder for temporary files (`TMPDIR`).
"""

from __future__ import annotations

import itertools
import os
import pickle
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.errors import SourceUnreadable

CODEC = "lz4"
NONCE_BYTES = 12
NO_FILE = -1


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies: of how many rows, and what it takes to make it again."""

    rows: int
    offset: int
    length: int
    plain_bytes: int
    nonce: bytes
    schema: pa.Schema | None = field(default=None, repr=False)


class Shelf:
    """Frames and values by place, for any thread. The file is made when it is needed."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(bit_length=128))
        self._nonces = itertools.count()
        self._file = NO_FILE
        self._end = 0
        self._lock = threading.Lock()

    @property
    def in_use(self) -> bool:
        """Whether anything lies here: then the inventory is larger than memory."""
        return self._file != NO_FILE

    def put(
        self, frame: pd.DataFrame, labels: pd.Series | np.ndarray[Any, Any]
    ) -> dict[Any, Place]:
        """Lays down the rows by their label, in their order, and says where. Raises
        SourceUnreadable where there is no room."""
        codes, names = pd.factorize(np.asarray(labels, dtype=object))
        order = np.argsort(codes, kind="stable")
        table = pa.Table.from_pandas(frame, preserve_index=True).combine_chunks()
        if np.any(np.diff(codes) < 0):
            table = table.take(pa.array(order)).combine_chunks()
        bounds = np.searchsorted(codes[order], np.arange(len(names) + 1)).tolist()
        return {
            name: self._put(table.slice(first, after - first))
            for name, (first, after) in zip(names, itertools.pairwise(bounds), strict=True)
        }

    def get(self, place: Place) -> pd.DataFrame:
        """The rows that lie there."""
        batch = pa.ipc.read_record_batch(self._read(place), place.schema)
        frame: pd.DataFrame = pa.Table.from_batches([batch]).to_pandas()
        return frame

    def lay(self, value: Sequence[Any] | AbstractSet[Any] | Mapping[Any, Any]) -> Place:
        """Lays down a value of this process, and says where; errors as for `put`."""
        return self._write(len(value), pa.py_buffer(pickle.dumps(value)))

    def fetch(self, place: Place) -> Any:
        """The value that lies there."""
        return pickle.loads(self._read(place))

    def _read(self, place: Place) -> pa.Buffer:
        sealed = os.pread(self._file, place.length, place.offset)
        packed = self._cipher.decrypt(place.nonce, sealed, None)
        return pa.decompress(packed, place.plain_bytes, codec=CODEC)

    def close(self) -> None:
        """Gives the disk back."""
        if self.in_use:
            self._file = NO_FILE
            self._closing()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, table: pa.Table) -> Place:
        plain = table.to_batches()[0].serialize()
        return replace(self._write(len(table), plain), schema=table.schema)

    def _write(self, rows: int, plain: pa.Buffer) -> Place:
        packed = pa.compress(plain, codec=CODEC, asbytes=True)
        with self._lock:
            nonce = next(self._nonces).to_bytes(NONCE_BYTES)
            sealed = self._cipher.encrypt(nonce, packed, None)
            place = Place(rows, self._end, len(sealed), plain.size, nonce)
            try:
                self._append(sealed)
            except OSError as error:
                raise SourceUnreadable(
                    f"the source is larger than memory, and {tempfile.gettempdir()} has no room to "
                    f"lay it aside ({error.strerror}); make room there, or set TMPDIR to a folder "
                    "that has"
                ) from error
            return place

    def _append(self, sealed: bytes) -> None:
        if not self.in_use:
            self._file, name = tempfile.mkstemp(prefix="unitsync-")
            Path(name).unlink()
            # A plan is still shown when its pipelines are disconnected: the file lives as long.
            self._closing = weakref.finalize(self, os.close, self._file)
        written = 0
        while written < len(sealed):
            written += os.pwrite(self._file, sealed[written:], self._end + written)
        self._end += written


@dataclass
class Shelved:
    """Rows on a shelf (see `transforms.rows.Rows`)."""

    shelf: Shelf
    places: dict[str, Place] = field(default_factory=dict)
    none: pd.DataFrame = field(default_factory=pd.DataFrame)

    def add(self, frame: pd.DataFrame, scopes: pd.Series) -> None:
        """Lays down all rows of some scopes that are not here yet."""
        self.none = frame.iloc[:0]
        self.places |= self.shelf.put(frame, scopes)

    def of(self, scope: str) -> pd.DataFrame:
        """The rows of one scope."""
        place = self.places.get(scope)
        return self.none if place is None else self.shelf.get(place)

    def each(self) -> Iterator[pd.DataFrame]:
        """All rows, a scope at a time."""
        yield self.none
        yield from map(self.shelf.get, self.places.values())
