"""Copies of the state: taken before a run writes, checked, the last few kept; and the way back.

Promises that a file with a backup's name is a whole, checked copy (a crash leaves only a draft
under another name), and that a restore interrupted anywhere leaves either the old state, the new
one, or none (which the next opening refuses loudly), never a mixture: a `-wal` of the replaced file
is never left beside the restored one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from state import inspection
from state.disk import LOCAL_DISK, Disk, reading_mode
from state.errors import StateIsMissing, StateIsUnwritable, explained
from state.marker import Marker, beside, read_marker, write_marker
from state.opening import connected

# A week of nights; of the runs of every other kind, that many beside them.
KEPT = 7
NIGHT = "sync"
_PRIVATE_FOLDER = 0o700
_SUFFIX = ".db"
# When it was taken, at which serial, and before which kind of run, if that was no night.
_STAMPED = r"-\d{8}T\d{6}Z-(\d{6,})(?:-([a-z]+))?"


def backup(
    state: Path,
    *,
    now: datetime,
    kind: str = NIGHT,
    keep: int = KEPT,
    disk: Disk = LOCAL_DISK,
) -> Path:
    """Copy the state as it is now, before a run of this kind, check the copy, and drop all but the
    last `keep` of the kind: many backfills of one day leave those of the nights alone.

    May be called while a store is open on it.
    """
    state = state.resolve()
    folder = _folder(state)
    with _disk_errors(folder):
        folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        with _draft(folder / f"{_name(state)}.draft") as draft:
            marker = _copy(state, draft, None, disk)
            of_kind = "" if kind == NIGHT else f"-{kind}"
            stem = f"{_name(state)}-{_stamp(now)}-{marker.serial:06}"
            target = folder / f"{stem}{of_kind}{_SUFFIX}"
            disk.rename(draft, target)
        alike = [path for path in backups(state) if _kind(path) == kind]
        for old in alike[:-keep]:
            old.unlink()
    return target


def backups(state: Path) -> list[Path]:
    """The backups of this state, oldest first: by the count of runs, for clocks can jump."""
    state = state.resolve()
    pattern = re.compile(re.escape(_name(state)) + _STAMPED + re.escape(_SUFFIX))
    names = sorted(_folder(state).glob("*" + _SUFFIX))
    serials = {path: match[1] for path in names if (match := pattern.fullmatch(path.name))}
    return sorted(serials, key=lambda path: (int(serials[path]), path.name))


def restore(source: Path, state: Path, *, now: datetime) -> Path | None:
    """Put a copy back in the place of the state; returns where the replaced file was put.

    The caller holds the run lock and has no store open. The next opening sees by the marker that
    the state is older, and the next run then re-reads every scope.
    """
    source, state = source.resolve(), state.resolve()
    inspection.refuse_odd_place(state)
    remembered = read_marker(state)
    with _disk_errors(state.parent), _draft(beside(state, ".restoring")) as draft:
        marker = _copy(source, draft, remembered, LOCAL_DISK)
        if remembered is None:
            write_marker(state, marker)
        replaced = _set_aside(state, now)
        LOCAL_DISK.rename(draft, state)
    return replaced


def snapshot(state: Path, target: Path) -> None:
    """A throw-away copy of the state as it is now, for a preview. The state is not touched.

    The copy remembers what the marker says, so that a preview distrusts an older state, too.
    """
    remembered = read_marker(state.resolve())
    marker = _copy(state.resolve(), target, remembered, LOCAL_DISK)
    write_marker(target, remembered or marker)


def _copy(source: Path, draft: Path, remembered: Marker | None, disk: Disk) -> Marker:
    """A whole copy in one private file, checked and on the disk; says which state it is."""
    if inspection.is_absent(source):
        raise StateIsMissing(
            f"There is no state in {source} to copy. Nothing was changed. The last backups are in"
            " backups/ beside the state."
        )
    draft.unlink(missing_ok=True)
    os.close(disk.create(draft))
    with connected(source, reading_mode(source), disk) as connection:
        if inspection.schema_version(connection, source) is None:
            raise StateIsMissing(f"There is no state in {source} to copy. Nothing was changed.")
        inspection.refuse_other_lineage(connection, source, remembered)
        expected = inspection.identity(connection, source)
        try:
            with explained(draft):
                connection.execute("VACUUM INTO ?", (str(draft),))
        except StateIsUnwritable:
            # Of some damage SQLite says that the disk were full.
            inspection.refuse_damaged(connection, source)
            raise
        connection.close()
    _check(draft, expected)
    disk.sync(draft)
    return expected


def _check(copy: Path, expected: Marker) -> None:
    with connected(copy, "ro") as connection:
        inspection.refuse_damaged(connection, copy)
        inspection.refuse_other_lineage(connection, copy, expected)
        connection.close()


def _set_aside(state: Path, now: datetime) -> Path | None:
    """Move the state away whole, its main file first: from then on nothing can open half of it."""
    if not state.exists():
        return None
    folder = _folder(state)
    folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
    aside = folder / f"{_name(state)}-replaced-{_stamp(now)}{_SUFFIX}"
    for suffix in ("", "-wal", "-shm"):
        part = beside(state, suffix)
        if part.exists():
            part.replace(beside(aside, suffix))
    return aside


def _folder(state: Path) -> Path:
    return state.parent / "backups"


def _name(state: Path) -> str:
    return state.name.removesuffix(_SUFFIX)


def _kind(backup: Path) -> str:
    found = re.search(_STAMPED + re.escape(_SUFFIX) + "$", backup.name)
    return (found and found[2]) or NIGHT


def _stamp(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A file that becomes something by being renamed, and nothing otherwise."""
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateIsUnwritable(
            f"The copy cannot be written to {folder} ({error.strerror}). Look at the free space and"
            " the permissions there, then run again."
        ) from error
