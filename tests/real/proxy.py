"""A proxy of raw sockets between unitsync and the sandbox, which does to answers what networks do.

A fault is a function of one exchange: whether the vendor gets the request at all, and what of the
answer arrives.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass
class Exchange:
    """One request on its way: who called, what was asked, and the vendor behind us."""

    caller: socket.socket
    request: bytes
    vendor: tuple[str, int]

    @property
    def endpoint(self) -> str:
        """The method and the last parts of the path, as in `POST units/bulk_create`."""
        method, target, _ = self.request.split(b"\r\n")[0].decode().split(" ")
        parts = urlsplit(target).path.strip("/").split("/")
        return f"{method} {'/'.join(parts[2:] if parts[0] == 'v1' else parts)}"

    def forward(self) -> tuple[bytes, bytes]:
        """Head and body of the vendor's answer, which has done its work by then."""
        with socket.create_connection(self.vendor) as vendor:
            vendor.sendall(self.request)
            return read(vendor).partition(b"\r\n\r\n")[::2]


Fault = Callable[[Exchange], None]


@dataclass
class Proxy:
    """Listens on a port of its own. `faults` is asked for each endpoint, once per request."""

    upstream: str
    fault_of: Callable[[str], Fault | None] = lambda endpoint: None
    met: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        parts = urlsplit(self.upstream)
        self._vendor = (str(parts.hostname), int(parts.port or 80))
        self._callers: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._port = 0
        self.listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def listen(self) -> None:
        """Open the port; again, if it was closed."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        self._start(self._accept, self._listener)

    def vanish(self) -> None:
        """Nobody listens any more: the next connection is refused."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.vanish()
        for caller in self._callers:
            with suppress(OSError):
                caller.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: Callable[[socket.socket], None], end: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(end,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                caller, _ = listener.accept()
                self._callers.append(caller)
                self._start(self._converse, caller)

    def _converse(self, caller: socket.socket) -> None:
        """One request per connection: what follows an answer is never in question."""
        with caller, suppress(OSError):
            request = read(caller)
            if not request:
                return
            exchange = Exchange(caller, request, self._vendor)
            fault = self.fault_of(exchange.endpoint)
            if fault:
                self.met.append(exchange.endpoint)
            (fault or whole)(exchange)


def read(end: socket.socket) -> bytes:
    """A whole message by its Content-Length, or what came of it."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        piece = end.recv(65_536)
        if not piece:
            return heard
        heard += piece
    head, _, body = heard.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].split(b":")[1]) - len(body) if lengths else 0
    return heard + (end.recv(missing, socket.MSG_WAITALL) if missing > 0 else b"")


def say(
    exchange: Exchange, body: bytes, *, status: str = "200 OK", kind: str = "application/json"
) -> None:
    """An answer of our own."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    exchange.caller.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)


# What is wrong with a network, and nothing is


def whole(exchange: Exchange) -> None:
    head, body = exchange.forward()
    exchange.caller.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)


def reset_before(exchange: Exchange) -> None:
    linger = struct.pack("ii", 1, 0)
    exchange.caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def reset_after(exchange: Exchange) -> None:
    exchange.forward()
    reset_before(exchange)


def half_a_body(exchange: Exchange) -> None:
    """Fewer bytes than Content-Length says."""
    head, body = exchange.forward()
    exchange.caller.sendall(head + b"\r\n\r\n" + body[: len(body) // 2])


def half_a_body_then_reset(exchange: Exchange) -> None:
    half_a_body(exchange)
    reset_before(exchange)


def truncated_json(exchange: Exchange) -> None:
    """As many bytes as Content-Length says, and yet only half of the document."""
    _, body = exchange.forward()
    say(exchange, body[: len(body) // 2])


def login_page(exchange: Exchange) -> None:
    exchange.forward()
    say(exchange, b"<html><title>Sign in</title></html>", kind="text/html")


def empty_list_with_a_code(exchange: Exchange) -> None:
    exchange.forward()
    say(exchange, b'{"units": [], "unit_groups": [], "meta": {"error_code": 7}}')


def bad_credentials_as_an_empty_list(exchange: Exchange) -> None:
    """storEDGE's own way to refuse credentials; nothing is processed."""
    say(exchange, b'{"units": [], "unit_groups": [], "meta": {"error_code": 2}}')


def fault_after(exchange: Exchange) -> None:
    exchange.forward()
    say(exchange, b'{"error": {"message": "An error occurred."}}', status="500 Oops")


def nothing_at_all(exchange: Exchange) -> None:
    """Processed, and then the connection is closed in good order."""
    exchange.forward()


def broken_gzip(exchange: Exchange) -> None:
    _, body = exchange.forward()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
    exchange.caller.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
