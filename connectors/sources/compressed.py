"""Files that were compressed on their way: .gz, .bz2, .xz, and a .zip with one file in it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Any

from connectors.errors import SourceUnreadable

# What the readers let through when an archive is cut, encrypted or none at all.
BROKEN = (
    EOFError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)


def is_compressed(suffix: str) -> bool:
    """Whether a file with this suffix, in lower case, is unpacked while it is read."""
    return suffix in _UNPACKING


@contextmanager
def unpacked(
    file: io.BufferedReader, suffix: str, origin: str
) -> Iterator[tuple[io.BufferedReader, str]]:
    """What is in the file, with the name that an archive has for it (else ""). Raises
    SourceUnreadable, also while it is read."""
    try:
        inside, name = _UNPACKING[suffix](file, origin)
        with inside:
            yield io.BufferedReader(inside, io.DEFAULT_BUFFER_SIZE), name
    except BROKEN as error:
        raise _broken(origin, suffix) from error
    except OSError as error:
        if error.errno is None:  # how bz2 says it
            raise _broken(origin, suffix) from error
        raise


def _broken(origin: str, suffix: str) -> SourceUnreadable:
    return SourceUnreadable(
        f"{origin} is not a readable {suffix} file; it may have been cut off, or have a password."
    )


def _gzip(file: io.BufferedReader, origin: str) -> tuple[Any, str]:
    return gzip.GzipFile(fileobj=file), ""


def _bzip2(file: io.BufferedReader, origin: str) -> tuple[Any, str]:
    return bz2.BZ2File(file), ""


def _xz(file: io.BufferedReader, origin: str) -> tuple[Any, str]:
    return lzma.LZMAFile(file), ""


def _zip(file: io.BufferedReader, origin: str) -> tuple[IO[bytes], str]:
    archive = zipfile.ZipFile(file if file.seekable() else io.BytesIO(file.read()))
    # A Mac adds its own notes to every archive.
    names = [
        name
        for name in archive.namelist()
        if not name.endswith("/") and not name.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        listed = ", ".join(f"“{name}”" for name in names[:5])
        raise SourceUnreadable(
            f"{origin} has {len(names)} files in it; it must have one. "
            f"One of several is read as `path: zip://NAME::{origin}`"
            + (f": {listed}." if names else ".")
        )
    return archive.open(names[0]), PurePosixPath(names[0]).name


_UNPACKING: dict[str, Callable[[io.BufferedReader, str], tuple[Any, str]]] = {
    ".gz": _gzip,
    ".bz2": _bzip2,
    ".xz": _xz,
    ".zip": _zip,
}
