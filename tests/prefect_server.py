"""What the tests have of Prefect's: a database that was made once, for its migrations take eight
seconds (measured), and one server for all who look at nothing but their own runs.

Both are of the whole session, made by the first of its workers that asks. What an own server does,
and what it leaves on the disk, is a matter of tests/flows/test_shells.py and tests/real.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

# Where the tests of one session keep what all of them share.
SHARED = "UNITSYNC_TESTS_SHARED"
PREFECT = [sys.executable, "-m", "prefect", "server"]
# A start takes five seconds on a quiet machine, and much longer beside other tests.
PATIENCE_SECONDS = 180


def prefect_home(home: Path) -> str:
    """The folder, with an empty database of Prefect's in it."""
    with _alone("prefect") as made:
        if not made.exists():
            _make(made)
    if not (home / "prefect.db").exists():
        shutil.copytree(made, home, dirs_exist_ok=True)
    return str(home)


def prefect_api() -> str:
    """Where the server of the session answers."""
    with _alone("server") as server:
        address = server / "address"
        if not address.exists():
            prefect_home(server)
            address.write_text(_start(server))
        return address.read_text()


def end_prefect() -> None:
    """At the end of the session, which nothing of the server outlives."""
    with suppress(FileNotFoundError, ProcessLookupError):
        pid = (Path(os.environ[SHARED]) / "server" / "pid").read_text()
        os.kill(int(pid), signal.SIGKILL)


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def _alone(name: str) -> Iterator[Path]:
    """What the session shares by this name, while nobody else makes it."""
    path = Path(os.environ[SHARED]) / name
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path


def _make(home: Path) -> None:
    making = home.with_suffix(".making")
    subprocess.run(
        [*PREFECT, "database", "upgrade", "--yes"],
        env={**os.environ, "PREFECT_HOME": str(making)},
        capture_output=True,
        check=True,
    )
    making.rename(home)


def _start(server: Path) -> str:
    """Starts it with what is in this folder; the address of its API, once it answers."""
    port = free_port()
    pid = os.posix_spawn(
        sys.executable,
        [*PREFECT, "start", "--no-ui", "--no-services", "--port", str(port)],
        {
            **os.environ,
            "PREFECT_HOME": str(server),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        },
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, str(server / "log"), os.O_WRONLY | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    (server / "pid").write_text(str(pid))
    _wait_for(f"http://127.0.0.1:{port}/api/health", server / "log")
    return f"http://127.0.0.1:{port}/api"


def _wait_for(url: str, log: Path) -> None:
    latest = time.monotonic() + PATIENCE_SECONDS
    while True:
        with suppress(URLError), urlopen(url, timeout=PATIENCE_SECONDS):
            return
        assert time.monotonic() < latest, log.read_text()
        time.sleep(0.1)
