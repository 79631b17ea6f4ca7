"""A review: Datasette on a private copy of the state, on this machine only, until it is ended.

Promises that the state is not touched, that nothing is loaded from the network, and that the copy
is gone at the end, also after Ctrl-C, SIGTERM or a terminal that was closed. *Limit:* SIGKILL
leaves the copy, without lock codes and readable by its owner only, in the folder for temporary
files.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import rich
import uvicorn
from datasette.app import Datasette
from starlette.types import ASGIApp

from flows.review_csv import with_harmless_csv
from flows.review_door import KEY, guarded
from state.review.metadata import metadata
from state.review.tables import NAME, make

HOST = "127.0.0.1"
PORT = 8001
_LOOKS = Path(__file__).parent / "templates" / "review"
# Datasette's own limits are those of a public site. Here one person waits for an answer about
# millions of rows; a facility of some thousand units must come whole.
_SETTINGS = {
    "sql_time_limit_ms": 10_000,
    "facet_time_limit_ms": 2_000,
    "max_returned_rows": 10_000,
    "truncate_cells_html": 500,
    "allow_download": False,
}
# An idle connection of a browser must not hold up the end for longer.
_GRACE_SECONDS = 1
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Announce = Callable[[str], None]


class PortTaken(Exception):
    """The port cannot be listened on."""


def review(state: Path, port: int | None, *, announce: Announce) -> int:
    """Serves until a signal ends it, and returns its number. `announce` is told the address.

    Raises StateError where there is no state to review, PortTaken where the port is.
    """
    with (
        _listening(port) as listening,
        _ending() as end,
        tempfile.TemporaryDirectory(prefix="unitsync-review-") as folder,
    ):
        number = listening.getsockname()[1]
        key = secrets.token_urlsafe(16)
        app = _application(make(state, Path(folder)), key, f"unitsync-review-{number}")
        end.server = uvicorn.Server(_config(app))
        if not end.by:
            announce(f"http://{HOST}:{number}/{NAME}?{KEY}={key}")
            end.server.run(sockets=[listening])
    return end.by


class _End:
    """What ends a review: the first signal stops the server, as soon as there is one."""

    by: int = 0
    server: uvicorn.Server | None = None

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.by = self.by or number
        if self.server is not None:
            self.server.should_exit = True


@contextmanager
def _ending() -> Iterator[_End]:
    """No signal kills until the copy is removed. The server hands on those that it takes."""
    end = _End()
    before = {number: signal.signal(number, end.on_signal) for number in _ENDS}
    try:
        yield end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _application(copy: Path, key: str, cookie: str) -> ASGIApp:
    # Of a mistyped query Datasette shows a traceback there, with the values of all variables.
    rich.get_console().quiet = True
    served = Datasette(
        immutables=[str(copy)],
        metadata={**metadata(), "extra_css_urls": [f"/{_LOOKS.name}/review.css"]},
        settings=_SETTINGS,
        template_dir=str(_LOOKS),
        static_mounts=[(_LOOKS.name, str(_LOOKS))],
    )
    return guarded(with_harmless_csv(served.app()), key, cookie)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _listening(port: int | None) -> socket.socket:
    """The port that was asked for; else Datasette's usual one, or any that is free."""
    try:
        return socket.create_server((HOST, PORT if port is None else port))
    except OSError as error:
        if port is None:
            return socket.create_server((HOST, 0))
        raise PortTaken(
            f"{HOST}:{port} cannot be used: {os.strerror(error.errno or 0)}. Try another --port, or"
            " none: then a free one is taken."
        ) from None
