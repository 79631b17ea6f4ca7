"""The door of a review: only whoever has its address comes in, and nothing goes out.

The port is open to every user and every page of the machine, so the address that is printed holds a
key, which becomes a cookie. Only reading is let through, and the browser is told to load nothing
from elsewhere, whatever stands in a unit's name.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEY = "key"
_READING = ("GET", "HEAD")
# Datasette's pages hold scripts and styles of their own.
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; "
        "form-action 'self'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def guarded(app: ASGIApp, key: str, cookie: str) -> ASGIApp:
    """The application behind the door; `cookie` is the name under which a browser keeps the key."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)

        async def send_quietly(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        opened = app if _same(request.cookies.get(cookie), key) else _closed
        if request.method not in _READING:
            opened = _refused
        elif _same(request.query_params.get(KEY), key):
            opened = _let_in(request, key, cookie)
        await opened(scope, receive, send_quietly)

    return answer


def _let_in(request: Request, key: str, cookie: str) -> Response:
    """On to the same page without the key, which then stands in no history and no link."""
    query = request.url.remove_query_params(KEY).query
    place = "/" + request.url.path.lstrip("/")
    response = RedirectResponse(f"{place}?{query}" if query else place, 303)
    response.set_cookie(cookie, key, httponly=True, samesite="lax")
    return response


_closed = PlainTextResponse("Open the address that `unitsync review` printed.\n", 403)
_refused = PlainTextResponse("A review is read only.\n", 405, {"Allow": ", ".join(_READING)})


def _same(given: str | None, key: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), key.encode())
