"""Somebody's notification service, behind a real socket on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from pydantic import SecretStr


@dataclass
class Service:
    """What it received; `status` is how it answers."""

    address: SecretStr
    status: int = 200
    received: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def listening(user: str = "", path: str = "") -> Iterator[Service]:
    """A service that is there until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            service.received.append(json.loads(self.rfile.read(length)))
            self.send_response(service.status)
            self.end_headers()
            self.wfile.write(b"no such channel")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        service = Service(SecretStr(f"json://{user}127.0.0.1:{server.server_port}{path}"))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
