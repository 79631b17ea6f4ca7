"""A JSON API of somebody's, behind a real socket on this machine, that pages as it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Headers = dict[str, str]


@dataclass
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Headers
    body: str = ""


@dataclass
class Answer:
    """What is said to it; a body of text or bytes is sent as it is, a header of "" not at all."""

    body: Any
    status: int = 200
    headers: Headers = field(default_factory=dict)


@dataclass
class Api:
    """Where it is, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)


def sent_as(body: Any) -> bytes:
    """The bytes of a body."""
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()


@contextmanager
def answering(answer: Callable[[Asked], Answer]) -> Iterator[Api]:
    """An API that is there until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                {name.title(): value for name, value in self.headers.items()},
                self.rfile.read(length).decode(),
            )
            api.asked.append(asked)
            said = answer(asked)
            body = sent_as(said.body)
            self.send_response(said.status)
            kind = {"Content-Type": "application/json"}
            sent = {**kind, "Content-Length": str(len(body)), **said.headers}
            for name, value in sent.items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        api = Api(f"http://127.0.0.1:{server.server_port}/units")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()


def slices(records: Sequence[Any], size: int) -> Callable[[Asked], tuple[list[Any], int, int]]:
    """The records that a request asks for, by page, offset or cursor: with where they begin and
    end."""

    def of(asked: Asked) -> tuple[list[Any], int, int]:
        query = asked.query
        start = int(query.get("offset") or query.get("cursor") or 0)
        start = (int(query["page"]) - 1) * size if "page" in query else start
        return list(records[start : start + size]), start, min(start + size, len(records))

    return of


def paging(records: Sequence[Any], size: int) -> Callable[[Asked], Answer]:
    """An API that says everything that any kind of paging needs."""
    of = slices(records, size)

    def answer(asked: Asked) -> Answer:
        some, _, end = of(asked)
        more = end < len(records)
        address = f"/units?{urlencode({'cursor': end, 'of': 'a b&c'})}"
        return Answer(
            {
                "units": some,
                "meta": {"total": len(records), "cursor": str(end) if more else None},
                "links": {"next": address if more else None},
            },
            headers={"Link": f'<{address}>; rel="next"'} if more else {"Link": "</x>; rel=first"},
        )

    return answer
