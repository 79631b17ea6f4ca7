"""Whether a run could write what it must write here, found out without writing.

What the API lets these credentials write is told by the first request that writes, and by nothing
before it; that is said, not guessed.
"""

from __future__ import annotations

import os
from pathlib import Path

from flows.settings import Settings
from state.errors import StateIsUnwritable
from state.store import Store


def prove_places(settings: Settings) -> str:
    """Says that the state and the reports can be written; raises StateError where they cannot."""
    with Store.open_for_reading(settings.state):
        pass
    state, reports = settings.state.absolute(), settings.reports.absolute()
    _need(state if state.exists() else state.parent, settings, "state")
    _need(next(path for path in (reports, *reports.parents) if path.exists()), settings, "reports")
    return "state and reports can be written; whether units may be, only the first sync can show"


def _need(place: Path, settings: Settings, setting: str) -> None:
    """Raises StateIsUnwritable unless this user may write to the file, or into the folder."""
    if not place.exists():
        lack = f"the folder {place} does not exist; make it"
    elif place.is_file() and setting == "reports":
        lack = f"{place} is a file, not a folder; move it away"
    elif not os.access(place, os.W_OK):
        lack = f"{place} cannot be written by this user; allow it"
    else:
        return
    raise StateIsUnwritable(f"{lack}, or correct {settings.place(setting)}")
