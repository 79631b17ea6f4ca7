"""The Prefect server that deployments are offered at: the one that is configured, or our own.

Promises that nothing is started beside a server that is configured or answers already, and that
what was started here ends with the block, after whoever still reports to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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
        with _started(url):
            yield Server(url, ours=True)


@contextmanager
def _started(url: str) -> Iterator[None]:
    command = [sys.executable, "-m", "prefect", "server", "start"]
    # Of a session of its own: Ctrl-C reaches it only through us, when nobody needs it any more.
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PREFECT_API_URL": url},
        start_new_session=True,
    )
    try:
        _wait_for(server, url)
        yield
    finally:
        server.terminate()
        server.wait()


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
