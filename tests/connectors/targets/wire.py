"""The wire to the sandbox, which can be cut: what httpx would raise, before or after the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from connectors.clock import FakeClock
from connectors.sandbox import Sandbox, mock_transport


@dataclass
class Cut:
    """The next `count` requests of an endpoint meet this, after the first `skip`.

    An endpoint is a method, or *, and how the path ends.
    """

    endpoint: str
    meet: Callable[[httpx.Request, Callable[[httpx.Request], httpx.Response]], httpx.Response]
    count: int
    skip: int = 0

    def concerns(self, request: httpx.Request) -> bool:
        method, _, ending = self.endpoint.partition(" ")
        return method in ("*", request.method) and request.url.path.endswith(ending)


class Wire(httpx.BaseTransport):
    """A transport with faults of its own, in front of the sandbox."""

    def __init__(self, sandbox: Sandbox, clock: FakeClock) -> None:
        self._inner = mock_transport(sandbox, advance=clock.advance)
        self.cuts: list[Cut] = []
        self.attempts: list[str] = []
        self.watch: Callable[[httpx.Request], None] = lambda request: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.attempts.append(f"{request.method} {request.url.path}")
        self.watch(request)
        for cut in self.cuts:
            if cut.count and cut.concerns(request):
                if cut.skip:
                    cut.skip -= 1
                    continue
                cut.count -= 1
                return cut.meet(request, self._inner.handle_request)
        return self._inner.handle_request(request)

    def cut(self, endpoint: str, meet, count: int = 1, skip: int = 0) -> None:
        self.cuts.append(Cut(endpoint, meet, count, skip))


def before(error: type[httpx.TransportError]):
    """The connection fails before the vendor has seen the request."""

    def meet(request, process):
        raise error("cut", request=request)

    return meet


def after(error: type[httpx.TransportError]):
    """The vendor does its work, and the answer is lost."""

    def meet(request, process):
        process(request)
        raise error("cut", request=request)

    return meet


class Killed(BaseException):
    """The process dies; not even a finally of ours may touch the world after this."""


def killing(*, processed: bool):
    """The process dies before or after the vendor has done its work."""

    def meet(request, process):
        if processed:
            process(request)
        raise Killed

    return meet


def answering(content: bytes, kind: str = "application/json", **headers: str):
    """The vendor does its work, and the answer is another one."""

    def meet(request, process):
        status = process(request).status_code
        return httpx.Response(status, content=content, headers={"content-type": kind, **headers})

    return meet


def truncated(request, process):
    """The vendor does its work, and the answer stops short of its own length."""
    answer = process(request)
    body = answer.read()
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    return httpx.Response(answer.status_code, stream=_Half(body), headers=headers)


class _Half(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self):
        yield self._body[: len(self._body) // 2]


def rewritten(change: Callable[[dict], dict]):
    """The vendor does its work, and its answer is changed on the way."""

    def meet(request, process):
        answer = process(request)
        answer.read()
        return httpx.Response(answer.status_code, json=change(answer.json()))

    return meet
