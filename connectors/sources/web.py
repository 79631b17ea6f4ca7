"""A file at a web address, read as it comes.

It promises that a file which broke off, or whose server does not say where it ends, is an error
and no shorter export; and that no message and no log shows what in an address is secret. Only GET
is ever sent, and once: a night that could not read its source is tried again as a whole.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from connectors.address import is_loopback
from connectors.errors import SourceUnreadable

# A server that makes the export when it is asked for may think for a minute.
TIMEOUT_SECONDS = 60.0
# A host that does not accept a connection within ten seconds is down, not busy.
CONNECT_SECONDS = 10.0
# What comes slower than this never ends: an honest line is a thousand times as fast.
SLOWEST_BYTES, WITHIN_SECONDS = 65_536, 300.0
# Links that people share lead on once or twice; more is a circle.
REDIRECTS = 5

_REFUSALS = {
    401: "wants to know who asks, or does not accept it; copy the address again, with its key or "
    "as https://${USER}:${PASSWORD}@…",
    403: "may not be read with this address; copy it again, for links expire",
    404: "does not exist; copy the address again",
    410: "is not there any more; copy the address again",
    429: "was asked for too often; wait, and ask less often",
}

# It logs every address, with its password and its query.
logging.getLogger("httpx").setLevel(logging.WARNING)


def is_web(path: str) -> bool:
    """Whether a file is at a web address."""
    return path.lower().startswith(("http://", "https://"))


@contextmanager
def fetched(url: str, origin: str, *, packed: bool) -> Iterator[io.RawIOBase]:
    """The file, to be read once from its beginning; `packed` says that it is to stay so, for some
    servers call that a way of sending. Raises SourceUnreadable, also while it is read."""
    body = None
    try:
        with _answer(_address(url, origin)) as response:
            _refuse(response, origin)
            body = _Body(response.iter_raw() if packed else response.iter_bytes(), origin)
            yield body
    except httpx.HTTPError as error:
        why = _why(error, body.count if body else 0)
    else:
        return
    raise SourceUnreadable(f"{origin} {why}.")  # outside: the exception holds the address


def _address(url: str, origin: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        address = None
    if address is None or not address.host:
        raise SourceUnreadable(f"{origin} is no web address; write https://HOST/FILE.")
    if "*" in address.path:
        raise SourceUnreadable(
            f"{origin} names no file: a web server does not say what it has for *; write the name."
        )
    if address.scheme == "http" and address.userinfo and not is_loopback(address.host):
        raise SourceUnreadable(f"{origin} would be sent the password in the clear; use https.")
    return address


@contextmanager
def _answer(address: httpx.URL) -> Iterator[httpx.Response]:
    timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
    # Unpacked on the way, a file has another length than the server says.
    headers = {"Accept-Encoding": "identity"}
    with (
        httpx.Client(timeout=timeout, follow_redirects=True, max_redirects=REDIRECTS) as client,
        client.stream("GET", address, headers=headers) as response,
    ):
        yield response


def _refuse(response: httpx.Response, origin: str) -> None:
    """Whatever is not the whole file."""
    status = response.status_code
    schemes = [one.url.scheme for one in (*response.history, response)]
    if schemes != sorted(schemes):  # http, then https
        raise SourceUnreadable(f"{origin} leads on to an address in the clear; use another link.")
    if status != httpx.codes.OK:
        fault = "cannot be made by its server now; try again later"
        other = fault if status >= 500 else "was not given; open the address in a browser"
        raise SourceUnreadable(f"{origin} {_REFUSALS.get(status, other)} (status {status}).")
    if not {"content-length", "transfer-encoding"} & response.headers.keys():
        raise SourceUnreadable(
            f"{origin} has no proven end: its server sends no Content-Length, so a part would look "
            "like the whole. Save it as a file first."
        )


def _why(error: httpx.HTTPError, count: int) -> str:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return f"cannot be reached ({str(error) or 'no connection in time'}); check the address"
    if isinstance(error, httpx.TooManyRedirects):
        return "leads on in a circle; open it in a browser, and use where that ends"
    came = f"after {count:,} bytes" if count else "before anything came"
    if isinstance(error, httpx.TimeoutException):
        return f"was waited for {TIMEOUT_SECONDS:g} seconds in vain, {came}; try again later"
    return f"broke off {came}, so it is not the whole; try again later"


class _Body(io.RawIOBase):
    """The bytes that come, as Python's own readers want them; `count` of them have come. Raises
    SourceUnreadable where they only drip."""

    def __init__(self, pieces: Iterator[bytes], origin: str) -> None:
        self._pieces = pieces
        self._origin = origin
        self._piece = b""
        self.count = 0
        self._looked_at, self._counted = time.monotonic(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._piece:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._piece = piece
            self.count += len(piece)
            self._look()
        taken, self._piece = self._piece[: len(buffer)], self._piece[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < WITHIN_SECONDS:
            return
        came = self.count - self._counted
        if came < SLOWEST_BYTES:
            raise SourceUnreadable(
                f"{self._origin} gave {came:,} bytes in the last {now - self._looked_at:.0f} "
                f"seconds, {self.count:,} in all, and is not at its end; try again later."
            )
        self._looked_at, self._counted = now, self.count
