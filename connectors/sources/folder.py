"""Many files as one source: all of a folder, or those that a pattern names; one export a facility.

A file that cannot be read does not stop the others, and its facility is not empty: it counts as a
record that could not be read, so that nothing is missing from such an extract. Rows keep the number
that they have in their file; those of the second file begin at a million, of the third at two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pandas as pd

from connectors.errors import SourceUnreadable
from connectors.sources.extract import TEXT, Chunk, Malformed, empty_columns
from connectors.sources.location import expanded, is_url, origin_of
from connectors.sources.web import is_web

# No export of a facility has so many rows; one that has takes the numbers of the next.
FILE_ROWS = 1_000_000
_LOCAL_PATTERN = re.compile(r"[*?\[]")
# Left behind by spreadsheet programs that have the file open.
_TEMPORARY = ("~$", ".")


def files_of(path: str, base: Path, readable: Callable[[str], bool]) -> list[str] | None:
    """The files that a pattern or a folder stands for, by name; None for a single file. Of a folder
    those that are `readable` by their name. Raises SourceUnreadable where there are none."""
    if is_web(path):
        return None
    folder = path.endswith("/") or (not is_url(path) and _local(path, base).is_dir())
    pattern = f"{path.rstrip('/')}/*" if folder else path
    if not folder and not _is_pattern(path, base):
        return None
    found = expanded(pattern) if is_url(path) else _found(pattern, base)
    names = sorted(name for name in found if not _file_name(name).startswith(_TEMPORARY))
    names = [name for name in names if readable(name)] if folder else names
    if not names:
        what = (
            "has no file whose name tells a format, such as .csv or .xlsx"
            if folder
            else "names no file that is there"
        )
        raise SourceUnreadable(f"{origin_of(path)} {what}; correct `path`, or export again.")
    return names


def _is_pattern(path: str, base: Path) -> bool:
    if is_url(path):
        return "*" in urlsplit(path).path
    return bool(_LOCAL_PATTERN.search(path)) and not _local(path, base).is_file()


def _found(pattern: str, base: Path) -> list[str]:
    path = Path(pattern).expanduser()
    root = Path(path.anchor) if path.is_absolute() else base
    found = root.glob(str(path.relative_to(path.anchor)))
    names = [one if path.is_absolute() else one.relative_to(base) for one in found if one.is_file()]
    return [name.as_posix() for name in names]


def _local(path: str, base: Path) -> Path:
    return base / Path(path).expanduser()


def _file_name(path: str) -> str:
    return PurePosixPath(path).name


def what_differs(names: list[str], column: str) -> str:
    """An expression for `from_path` that takes what tells the files apart out of their names, or
    out of those of their folders, as a column."""
    paths = [PurePosixPath(origin_of(name)) for name in names]
    called = [path.name for path in paths]
    kind = "".join(paths[0].suffixes)
    before, behind = _around(called) if len(called) > 1 else ("", kind)
    group = f"(?P<{column}>[^/]+)"
    tried = [
        f"{_literally(before)}{group}{_literally(behind)}$",
        f"{group}{_literally(kind)}$",
        f"{group}/[^/]+$",
    ]
    return next((one for one in tried if _tells(one, map(str, paths)) == len(paths)), f"{group}$")


def _around(called: list[str]) -> tuple[str, str]:
    """What all begin and end with, without parts of words: two ids may begin alike."""
    before = _beginning(called)
    behind = _beginning([name[::-1] for name in called])[::-1]
    return re.sub(r"[^\W_]+\Z", "", before), re.sub(r"\A[^\W_]+", "", behind)


def _beginning(texts: list[str]) -> str:
    """What all texts begin with."""
    alike = takewhile(lambda signs: len(set(signs)) == 1, zip(*texts, strict=False))
    return "".join(signs[0] for signs in alike)


def _tells(pattern: str, paths: Iterable[str]) -> int:
    """How many paths the expression tells apart."""
    return len({found[1] for path in paths if (found := re.search(pattern, path))})


def _literally(text: str) -> str:
    """A date in it will be another one the next time."""
    escaped = re.escape(text).replace("\\ ", " ").replace("\\-", "-")
    return re.sub(r"\d{4,}", r"\\d+", re.sub(r"\d{4}-\d\d-\d\d", r"[\\d-]+", escaped))


def with_columns_of_path(chunks: Iterable[Chunk], pattern: str, path: str) -> Iterator[Chunk]:
    """The chunks with a column more for each named group of the pattern, found in the path."""
    found = re.search(pattern, path)
    if found is None:
        raise SourceUnreadable(
            f"the path {path} does not match `from_path`, which should take "
            f"{', '.join(re.compile(pattern).groupindex)} out of it; correct the expression"
        )
    for one in chunks:
        rows = one.rows
        for name, text in found.groupdict().items():
            if name in rows.columns:
                raise SourceUnreadable(
                    f"{path} has a column “{name}” already; give the group of `from_path` "
                    "another name"
                )
            rows = rows.assign(**{name: pd.Series(text, index=rows.index, dtype=TEXT)})
        yield replace(one, rows=rows)


def each_file(
    names: Iterable[str], read: Callable[[str], Iterator[Chunk]], *, alike: bool
) -> Iterator[Chunk]:
    """The chunks of all files. Where they are `alike`, a file without a column that the first one
    has is not readable: its cells would look empty."""
    all_files = _Files(alike)
    for name in names:
        yield from all_files.read(name, read(name))


@dataclass
class _Files:
    """Files on their way: where the numbers of the next one begin, and what is in doubt."""

    alike: bool
    first: int = 0
    last: int = 0
    columns: tuple[str, set[str]] | None = None
    doubts: list[str] = field(default_factory=list)

    def read(self, name: str, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """The chunks of one file, and what became of it."""
        before, doubt = self.last, ""
        try:
            for one in chunks:
                self._compare(name, one)
                yield self._numbered(name, one)
                doubt = one.doubt
            why = "" if self.last > before else f"{origin_of(name)} has no records"
        except SourceUnreadable as error:
            why = str(error)
        if why:
            self.last += 1
            yield self._lost(why)
        if doubt:
            self.doubts.append(f"{origin_of(name)}: {doubt}")
            yield self._lost("")
        self.first = self.last = -(-max(self.last, self.first + 1) // FILE_ROWS) * FILE_ROWS

    def _compare(self, name: str, one: Chunk) -> None:
        columns = set(one.rows.columns) - empty_columns(one.rows)
        if self.columns is None:
            self.columns = name, columns
        model, needed = self.columns
        if self.alike and (absent := sorted(needed - columns)):
            listed = ", ".join(f"“{column}”" for column in absent)
            raise SourceUnreadable(
                f"{origin_of(name)} has no column {listed}, which {origin_of(model)} has"
            )

    def _numbered(self, name: str, one: Chunk) -> Chunk:
        malformed = [
            Malformed(self.first + bad.row, f"{origin_of(name)}, row {bad.row}: {bad.message}")
            for bad in one.malformed
        ]
        rows = one.rows.set_axis(one.rows.index + self.first)
        numbers = [self.last, *(bad.row for bad in malformed)]
        self.last = max([*numbers, int(rows.index.max())] if len(rows) else numbers)
        return Chunk(rows, tuple(malformed), self._doubt())

    def _lost(self, why: str) -> Chunk:
        """No rows, but what is to be said."""
        none = pd.DataFrame(index=pd.Index([], dtype="int64", name="row"))
        malformed = (Malformed(self.last, why.removesuffix(".")),) if why else ()
        return Chunk(none, malformed, self._doubt())

    def _doubt(self) -> str:
        return "; ".join(self.doubts)
