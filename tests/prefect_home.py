"""Prefect's database, made once for all tests: its migrations take eight seconds (measured), and
many tests want a database of their own to look into."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

# Where the tests of one session keep what all of them share.
SHARED = "UNITSYNC_TESTS_SHARED"


def prefect_home(home: Path) -> str:
    """The folder, with an empty database of Prefect's in it."""
    made = Path(os.environ[SHARED]) / "prefect"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _make(made)
    if not (home / "prefect.db").exists():
        shutil.copytree(made, home, dirs_exist_ok=True)
    return str(home)


def _make(home: Path) -> None:
    making = home.with_suffix(".making")
    subprocess.run(
        [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"],
        env={**os.environ, "PREFECT_HOME": str(making)},
        capture_output=True,
        check=True,
    )
    making.rename(home)
