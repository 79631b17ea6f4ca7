"""What a shell completes: pipelines from the configuration, runs and scopes from the state.

Promises to answer at once, to write nothing, and to complete nothing rather than to fail: a person
who presses Tab must not be told of a broken file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.config_errors import ConfigError
from flows.yaml_file import read
from state import glance
from state.errors import StateError

# More than fit on a screen help nobody; one types on.
MOST = 100

# A path from a shell may be anything: a null byte in it is a ValueError.
_UNREADABLE = (ConfigError, StateError, OSError, ValueError)


def pipelines(config: Path, beginning: str) -> list[str]:
    """The pipelines that begin so."""
    found = _settings(config).get("pipelines")
    names = found if isinstance(found, dict) else {}
    return [name for name in names if name.startswith(beginning)]


def runs(config: Path, beginning: str) -> list[tuple[str, str]]:
    """`last` and the runs whose ids begin so, newest first, each with what it was."""
    found = list(_runs(config))
    named = [("last", found[0][1]), *found] if found else []
    return [(run_id, told) for run_id, told in named if run_id.startswith(beginning)]


def scopes(config: Path, beginning: str) -> list[str]:
    """The scopes that a run has spoken of and that begin so."""
    try:
        return glance.scopes(_state(config), beginning, MOST)
    except _UNREADABLE:
        return []


def _runs(config: Path) -> Iterator[tuple[str, str]]:
    try:
        for run in glance.last_runs(_state(config), MOST):
            yield run["run_id"], f"{run['kind']} {run['started_at'][:16]} {run['status']}"
    except _UNREADABLE:
        return


def _state(config: Path) -> Path:
    return config.parent / Path(str(_settings(config).get("state", "unitsync.db"))).expanduser()


def _settings(config: Path) -> dict[str, Any]:
    try:
        return read(config).data
    except _UNREADABLE:
        return {}
