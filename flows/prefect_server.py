"""The Prefect server that deployments are offered at: the one that is configured, or our own.

Promises that nothing is started beside a server that is configured or answers already, that what
was started here is started again should it die, and that it ends with the block, after whoever
still reports to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flows.console import err
from flows.quiet import quieten

quieten()

from prefect.client.orchestration import get_client  # noqa: E402
from prefect.settings import (  # noqa: E402
    PREFECT_API_URL,
    get_current_settings,
    temporary_settings,
)

# Its start takes 9 s on a quiet machine.
_START_SECONDS = 180
_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 5.0  # before one that has died is started again


class ServerUnreachable(Exception):
    """No Prefect server answers; the message says where, and what to do."""


@dataclass(frozen=True)
class Server:
    """Where its API is, and whether it was started here."""

    url: str
    ours: bool

    @property
    def page(self) -> str:
        """What a person opens in the browser."""
        return get_current_settings().ui_url or self.url


@contextmanager
def prefect_server() -> Iterator[Server]:
    """A server that answers, which Prefect's settings name until the end of the block. Raises
    ServerUnreachable."""
    settings = get_current_settings()
    if settings.api.url is not None:
        if not _answers():
            raise ServerUnreachable(
                f"no Prefect server answers at {settings.api.url}: start it (prefect server "
                "start), or correct PREFECT_API_URL"
            )
        yield Server(settings.api.url, ours=False)
        return
    api = settings.server.api
    url = f"http://{api.host}:{api.port}/api"
    with temporary_settings({PREFECT_API_URL: url}):
        if _answers():
            yield Server(url, ours=False)
            return
        own = _Own(url)
        try:
            _wait_for(own.process, url)
            own.keep()
            yield Server(url, ours=True)
        finally:
            own.end()


class _Own:
    """A server of ours, from its start until `end`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._leaving = threading.Event()
        self._starting = threading.Lock()
        self.process = self._start()

    def keep(self) -> None:
        """Starts it again whenever it dies; whoever reports to it waits so long."""
        threading.Thread(target=self._keep, name="prefect-server", daemon=True).start()

    def end(self) -> None:
        """Ends it for good."""
        self._leaving.set()
        with self._starting:
            self.process.terminate()
        self.process.wait()

    def _keep(self) -> None:
        while True:
            code = self.process.wait()
            if self._leaving.is_set():
                return
            err.print(
                f"Prefect's server at {self._url} has ended (exit code {code}) and is started "
                "again; runs that are going on wait for it.",
                markup=False,
                soft_wrap=True,
            )
            self._leaving.wait(_PAUSE_SECONDS)
            with self._starting:
                if self._leaving.is_set():
                    return
                self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "prefect", "server", "start"]
        # Of a session of its own: Ctrl-C reaches it only through us, when nobody needs it any more.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PREFECT_API_URL": self._url},
            start_new_session=True,
        )


def _wait_for(server: subprocess.Popen[bytes], url: str) -> None:
    latest = time.monotonic() + _START_SECONDS
    while not _answers():
        if server.poll() is not None or time.monotonic() > latest:
            raise ServerUnreachable(
                f"Prefect's server does not start at {url}; `prefect server start` shows why. "
                "PREFECT_SERVER_API_PORT gives it another port"
            )
        time.sleep(_POLL_SECONDS)


def _answers() -> bool:
    with get_client(sync_client=True) as client:
        return client.api_healthcheck() is None
