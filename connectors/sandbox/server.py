"""The sandbox behind real HTTP: one Starlette application on one port, served by uvicorn.

An ordered drop really cuts the connection: the caller sees a disconnect, never an error page.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from connectors.sandbox.messages import ConnectionDropped, SandboxRequest
from connectors.sandbox.sandbox import Sandbox

BACKLOG = 128
# An idle keep-alive connection or a delayed answer must not hold up the end for longer.
GRACE_SECONDS = 1


class CuttableProtocol(H11Protocol):
    """HTTP/1.1 whose applications can cut the connection that a request came over."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {**self.app_state, "cut": self._cut}

    def _cut(self) -> None:
        self.transport.abort()


class SandboxServer:
    """A running sandbox, on a port of its own choice unless told; a context manager.

    The socket listens as soon as the server exists, so nobody has to wait for it.
    """

    def __init__(self, sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = _listening(host, port)
        self._server = _server(sandbox)
        self._thread = Thread(target=self._run, name="unitsync-sandbox", daemon=True)

    @property
    def url(self) -> str:
        """The base URL of both vendors."""
        return _url(self._socket)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def serve(
    sandbox: Sandbox, host: str, port: int, *, announce: Callable[[str], None] = lambda url: None
) -> None:
    """Serve until Ctrl-C. `announce` is told the URL; a port in use raises `OSError`."""
    listening = _listening(host, port)
    announce(_url(listening))
    try:
        _server(sandbox).run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn raises it again after it has shut down
        return
    finally:
        listening.close()


def application(sandbox: Sandbox) -> Starlette:
    """The ASGI application of both vendors and of the sandbox's own pages."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = sandbox.handle(await _received(Request(scope, receive)))
        except ConnectionDropped:
            scope["state"]["cut"]()
            await receive()  # the body is read, so this returns when the connection is gone
            return
        await asyncio.sleep(response.delay_seconds)
        headers = dict(response.headers)
        await Response(response.body, response.status, headers)(scope, receive, send)

    return Starlette(routes=[Mount("/", app=answer)])


async def _received(request: Request) -> SandboxRequest:
    return SandboxRequest(
        method=request.method,
        path=request.scope["raw_path"].decode("ascii"),
        query=tuple(parse_qsl(request.url.query, keep_blank_values=True)),
        headers=dict(request.headers),
        body=await request.body(),
        scheme=request.url.scheme,
    )


def _server(sandbox: Sandbox) -> uvicorn.Server:
    config = uvicorn.Config(
        application(sandbox),
        http=CuttableProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def _listening(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), backlog=BACKLOG)


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"
