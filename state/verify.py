"""Looking at a state file closely, without writing: what SQLite finds, and what only we can see."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from state import inspection, known
from state.errors import StateError
from state.marker import read_marker
from state.opening import connected_to_read

Check = Literal["file", "structure", "references", "seal"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, for a person."""

    check: Check
    message: str


def verify(state: Path) -> list[Finding]:
    """Everything that is wrong with the file; empty where it is sound. Never raises a StateError:
    a file that cannot be opened is a finding."""
    state = state.resolve()
    try:
        return list(_findings(state))
    except StateError as error:
        return [Finding("file", str(error))]


def _findings(state: Path) -> Iterator[Finding]:
    remembered = read_marker(state)
    inspection.refuse_odd_place(state)
    if inspection.is_absent(state):
        inspection.refuse_lost(state, existed=remembered is not None)
        yield Finding("file", f"There is no state in {state.name} yet.")
        return
    with connected_to_read(state) as connection:
        if inspection.schema_version(connection, state) is None:
            inspection.refuse_lost(state, existed=remembered is not None)
            yield Finding("file", f"There is no state in {state.name} yet.")
        else:
            inspection.refuse_other_state(connection, state, remembered)
            yield from _structure(connection)
            yield from _references(connection)
            yield from _seals(connection)
        connection.close()


def _structure(connection: sqlite3.Connection) -> Iterator[Finding]:
    for (message,) in connection.execute("PRAGMA integrity_check"):
        if message != "ok":
            yield Finding("structure", str(message))


def _references(connection: sqlite3.Connection) -> Iterator[Finding]:
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Finding("references", f"A row of {table} refers to no row of {parent}.")


def _seals(connection: sqlite3.Connection) -> Iterator[Finding]:
    # A damaged byte may be no UTF-8 any more; it must be reported, not stumbled over.
    connection.text_factory = lambda content: content.decode("utf-8", "replace")
    for entity, pipeline, scope, key, holds in known.sealed_rows(connection):
        if not holds:
            yield Finding(
                "seal", f"The known {entity} {key} of {scope} ({pipeline}) was damaged on the disk."
            )
