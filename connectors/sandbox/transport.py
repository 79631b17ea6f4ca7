"""The sandbox as an httpx transport: no sockets, no waiting, the same faults.

A mock transport enforces no time-outs, so they are raised here as a real one would raise them.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from connectors.sandbox.messages import ConnectionDropped, SandboxRequest
from connectors.sandbox.sandbox import Sandbox


def mock_transport(sandbox: Sandbox, *, advance: Callable[[float], None]) -> httpx.MockTransport:
    """A transport that ends in the sandbox; `advance` lets the time of a delay pass.

    A delayed answer that comes after the client's read time-out raises `ReadTimeout`: the vendor
    has processed the request, and the client cannot know.
    """

    def answer(request: httpx.Request) -> httpx.Response:
        try:
            response = sandbox.handle(_received(request))
        except ConnectionDropped as dropped:
            message = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(message, request=request) from dropped
        if response.delay_seconds:
            _let_pass(request, response.delay_seconds, advance)
        return httpx.Response(
            response.status, headers=dict(response.headers), content=response.body
        )

    return httpx.MockTransport(answer)


def _received(request: httpx.Request) -> SandboxRequest:
    return SandboxRequest(
        method=request.method,
        path=request.url.raw_path.partition(b"?")[0].decode("ascii"),
        query=tuple(request.url.params.multi_items()),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.read(),
        scheme=request.url.scheme,
    )


def _let_pass(request: httpx.Request, seconds: float, advance: Callable[[float], None]) -> None:
    patience = request.extensions.get("timeout", {}).get("read")
    if patience is not None and seconds > patience:
        advance(patience)
        raise httpx.ReadTimeout("The read operation timed out", request=request)
    advance(seconds)
