"""Where a file is: a path beside the configuration, a web address, or any URL that fsspec knows.

A message names what was looked for and what stands near it, never the user, the password or the
signature inside a URL.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import fsspec
from fsspec.core import url_to_fs
from fsspec.spec import AbstractFileSystem

from connectors.errors import SourceUnreadable
from connectors.sources.compressed import is_compressed, unpacked
from connectors.sources.web import fetched, is_web

BLOCK_BYTES = 2**20
LISTED = 5  # names that a message still lists readably


def is_url(path: str) -> bool:
    """Whether it is no path: `scheme://`, and chains of fsspec like `zip://x::file:y.zip`."""
    return "://" in path or "::" in path


def absolute(path: str, base: Path) -> str:
    """The path as it is opened; a relative one starts at `base`."""
    return path if is_url(path) else str(base / Path(path).expanduser())


def origin_of(path: str) -> str:
    """The path for messages: a URL without user, password, query and fragment."""
    if not is_url(path):
        return path
    parts = [re.split(r"[?#]", part)[0] for part in path.split("::")]
    return "::".join(re.sub(r"//[^/]*@", "//", part) for part in parts)


def suffix_of(path: str) -> str:
    """`.csv` of a path or URL, in lower case."""
    if not is_url(path):
        return PurePosixPath(path).suffix.lower()
    first = urlsplit(path.split("::", maxsplit=1)[0])
    return PurePosixPath(first.path or first.netloc).suffix.lower()


class _Raw(io.RawIOBase):
    """A file of fsspec as Python's own readers want it: asking for every line whether the file is
    still open, as they do, would cost a tenth of the time."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self._file.read(len(buffer))
        buffer[: len(read)] = read
        return len(read)

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))


@contextmanager
def opened(path: str) -> Iterator[io.BufferedReader]:
    """The file, unpacked if need be, to be read as far as the block likes, or why it cannot be."""
    with _named(path) as (file, _):
        yield file


def inner_name(path: str) -> str:
    """The path without what compression adds to it; of an archive, the name of what is inside."""
    if not is_compressed(suffix_of(path)):
        return path
    inner = origin_of(path)[: -len(suffix_of(path))]
    if suffix_of(path) == ".zip" and not suffix_of(inner):
        with _named(path) as (_, name):
            return name
    return inner


def expanded(pattern: str) -> list[str]:
    """The files that a URL with * in its path stands for, as URLs."""
    origin = origin_of(pattern)
    system, place = _filesystem(pattern, origin)
    # The same folder in both, whatever the driver makes of the rest of the URL.
    folder = pattern[: pattern.index("*")].rpartition("/")[0]
    known = place[: place.index("*")].rpartition("/")[0]
    with _told(origin, system, place):
        found = system.glob(place, detail=True).values()
        return [folder + one["name"].removeprefix(known) for one in found if one["type"] == "file"]


@contextmanager
def _named(path: str) -> Iterator[tuple[io.BufferedReader, str]]:
    origin, suffix = origin_of(path), suffix_of(path)
    with _raw(path, origin) as file:
        packed: io.BufferedReader = io.BufferedReader(file, BLOCK_BYTES)
        if not is_compressed(suffix):
            yield packed, ""
        elif not packed.peek(1):
            raise SourceUnreadable(f"{origin} is empty (0 bytes); nothing was read.")
        else:
            with unpacked(packed, suffix, origin) as inside:
                yield inside


@contextmanager
def _raw(path: str, origin: str) -> Iterator[io.RawIOBase]:
    if is_web(path):
        with fetched(path, origin, packed=is_compressed(suffix_of(path))) as body:
            yield body
    else:
        system, place = _filesystem(path, origin)
        with _told(origin, system, place), system.open(place, "rb") as file:
            yield _Raw(file)


@contextmanager
def _told(origin: str, system: AbstractFileSystem, place: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise SourceUnreadable(f"{origin} does not exist.{_neighbours(system, place)}") from error
    except IsADirectoryError as error:
        inside = _listed(_names(system, place)) or "it is empty"
        raise SourceUnreadable(f"{origin} is a directory, not a file: {inside}.") from error
    except PermissionError as error:
        raise SourceUnreadable(f"{origin} may not be read by this user.") from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SourceUnreadable(f"{origin} could not be read: {why}.") from error


def _filesystem(path: str, origin: str) -> tuple[AbstractFileSystem, str]:
    try:
        system, place = url_to_fs(path)
    except ImportError as error:
        # fsspec says which package the scheme needs.
        raise SourceUnreadable(f"{origin} needs a driver that is not installed: {error}") from error
    except ValueError as error:
        raise SourceUnreadable(f"{origin} cannot be opened: {_scheme(path)}.") from error
    except OSError as error:  # some drivers connect at once
        why = error.strerror or type(error).__name__
        raise SourceUnreadable(f"{origin} cannot be reached: {why}; check the address.") from error
    return system, place


def _scheme(path: str) -> str:
    scheme = path.partition("://")[0].rpartition("::")[2]
    known = fsspec.available_protocols()
    if scheme in known:
        return "the URL is not complete"
    near = get_close_matches(scheme, known, n=1)
    hint = f"did you mean “{near[0]}”" if near else "use a path, or a scheme such as file or s3"
    return f"the URL scheme “{scheme}” is not known; {hint}"


def _neighbours(system: AbstractFileSystem, place: str) -> str:
    """What stands in the same directory, the most similar name first."""
    parent, _, name = place.rpartition("/")
    names = _names(system, parent or "/")
    near = get_close_matches(name, names, n=1)
    if near:
        return f" Did you mean “{near[0]}”?"
    return f" Its directory has {_listed(names)}." if names else ""


def _names(system: AbstractFileSystem, directory: str) -> list[str]:
    """The files of a directory; none where asking would need the network again."""
    if system.protocol not in (("file", "local"), "memory") or not system.isdir(directory):
        return []
    found = system.ls(directory, detail=False)
    return sorted(PurePosixPath(path).name for path in found)


def _listed(names: list[str]) -> str:
    more = ", …" if len(names) > LISTED else ""
    return ", ".join(f"“{name}”" for name in names[:LISTED]) + more
