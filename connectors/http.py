"""The one HTTP client: every request to a vendor goes through here, and no other way.

It promises that a request that may have taken effect is sent again only if its sender called it
safe; that an answer is returned only if it can be believed, and anything else is one typed error;
that nothing is sent once `stop` is set; that credentials go to the configured host alone, never
along a redirect; and that no error shows a secret. The journal is its callers' business: they write
before they call `send`.

The total time of an answer is bounded while its body is read; its headers are bounded only by the
timeout between two pieces, since the socket belongs to httpx.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from json import dumps
from random import Random
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

import httpx

from connectors.address import check_base_url
from connectors.auth import VendorAuth
from connectors.clock import Clock
from connectors.errors import ApiError, RequestUnsendable, Stopped, Throttled, TokenExpired
from connectors.faults import TRANSPORT_ERRORS
from connectors.rate import RateLimit
from connectors.reply import Exchange, Reply, interpret, receive
from connectors.retry import Attempts, RetryBudget, RetryPolicy, as_refused
from connectors.words import Redact, hide

__all__ = ["HttpClient", "Reply", "check_base_url"]

# Contracts T2: the vendors' own limits are about 30 s, and bulk calls were seen to take 120 s.
TIMEOUT_SECONDS = 60.0
# A host that does not accept a connection within ten seconds is down, not busy.
CONNECT_SECONDS = 10.0
# An honest reply may take one timeout to start and be slow at that; four is a drip.
TOTAL_TIMEOUTS = 4
# How often a waiting thread looks whether it should stop; Ctrl-C should feel immediate.
STEP_SECONDS = 0.5
# Servers take addresses of some 8,000 characters; no path of either vendor comes near this.
LONGEST_PATH = 1_000

_AMBIGUOUS = re.compile(r"//|[?#\\\s\x00-\x1f\x7f]")


class HttpClient:
    """The client of one target, for all threads of a run.

    `random` draws the jitter. `redact` removes from the API's words whatever is secret beside the
    credentials. `transport` is the seam for the sandbox, faults and recording.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: VendorAuth,
        clock: Clock,
        random: Random,
        budget: RetryBudget,
        retry: RetryPolicy | None = None,
        rate: RateLimit | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        transport: httpx.BaseTransport | None = None,
        redact: Redact | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.base_url = check_base_url(base_url)
        self.stop = stop or threading.Event()
        self._auth = auth
        self._clock = clock
        self._random = random
        self._budget = budget
        self._retry = retry or RetryPolicy()
        self._rate = rate or RateLimit(None, clock)
        self._total_seconds = TOTAL_TIMEOUTS * timeout_seconds
        self._redact = redact or str
        self._request_count = 0
        self._counting = threading.Lock()
        self._http = httpx.Client(
            base_url=self.base_url,
            transport=transport,
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, CONNECT_SECONDS)),
            headers={"Accept": "application/json", "User-Agent": f"unitsync/{_version()}"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # no request knows another
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    def __repr__(self) -> str:
        """Name the address and nothing secret."""
        return f"HttpClient({self.base_url!r})"

    @property
    def request_count(self) -> int:
        """Requests that were handed to the transport, repeats and token requests included."""
        return self._request_count

    def reserve(self) -> float:
        """Take the next free moment for a request that another process sends in our name, and
        count it; seconds until then."""
        self._count()
        return self._rate.reserve()

    def hold(self, seconds: float) -> None:
        """Nobody who shares our rate sends anything for so long."""
        self._rate.hold(seconds)

    def redact(self, text: str) -> str:
        """The API's words without secrets; for callers who take words from a body themselves."""
        return self._redact(hide(self._auth.secrets(), text))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, str | int | bool | Sequence[str]] | None = None,
        safe: bool,
        max_attempts: int | None = None,
        document: bool = False,
    ) -> Reply:
        """Send until there is an answer that can be believed, or an error that ends it.

        `safe` says that repeating the request does no harm even if it took effect before;
        `document` that JSON of any shape is an answer, which the caller reads. Parts of `path` that
        come from outside must be quoted by the caller.
        """
        _check_path(method, path)
        build = partial(
            self._http.build_request,
            method,
            path,
            content=None if json is None else _encoded(json),
            params=params,
            headers={"Content-Type": "application/json"},
        )
        limit = max_attempts or self._retry.attempts
        return self._insist(build, self._auth, safe, limit, document=document)

    def post_form(self, url: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Ask a token endpoint, without credentials in the header; asking twice does no harm."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        build = partial(self._http.build_request, "POST", url, data=form, headers=headers)
        return self._insist(build, VendorAuth(), True, self._retry.attempts).json

    def _insist(
        self,
        build: Callable[[], httpx.Request],
        auth: VendorAuth,
        safe: bool,
        limit: int,
        *,
        document: bool = False,
    ) -> Reply:
        attempts = Attempts(self._retry, self._budget, self._random, safe=safe, limit=limit)
        delay = 0.0
        while True:
            try:
                self._pause(delay)
                reply = self._attempt(build, auth, safe, document)
                return replace(reply, lost_before=attempts.lost_one)
            except ApiError as error:
                delay = attempts.after(error)
                if isinstance(error, Throttled):
                    self.hold(delay)

    def _attempt(
        self, build: Callable[[], httpx.Request], auth: VendorAuth, safe: bool, document: bool
    ) -> Reply:
        auth.prepare(self.post_form)
        self._pause(self._rate.reserve())
        request = build()
        try:
            return self._exchange(request, auth, safe, document)
        except TokenExpired as refusal:
            if auth.renew(request):
                raise
            raise as_refused(refusal) from None

    def _exchange(
        self, request: httpx.Request, auth: VendorAuth, safe: bool, document: bool
    ) -> Reply:
        started = self._clock.monotonic()
        exchange = Exchange(
            what=f"{request.method} {request.url.path}",
            redact=partial(self._hide, request),
            clock=self._clock,
            until=started + self._total_seconds,
            safe=safe,
            document=document,
        )
        self._count()
        try:
            with closing(self._http.send(request, auth=auth, stream=True)) as response:
                answer = receive(response, exchange)
        except TRANSPORT_ERRORS as error:
            lost = exchange.lost(error)
        else:
            body, request_id = interpret(answer, exchange)
            seconds = self._clock.monotonic() - started
            kept = answer if document else None
            return Reply(answer.status, body, request_id, seconds, answer=kept)
        raise lost  # outside the handler, so that it does not drag the httpx exception along

    def _pause(self, seconds: float) -> None:
        """Wait in small steps, and raise Stopped as soon as the run is asked to stop."""
        while not self.stop.is_set():
            if seconds <= 0:
                return
            step = min(seconds, STEP_SECONDS)
            self._clock.sleep(step)
            seconds -= step
        raise Stopped

    def _hide(self, request: httpx.Request, text: str) -> str:
        """Remove the credential of this very request too."""
        carried = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.redact(hide([carried], text))

    def _count(self) -> None:
        with self._counting:
            self._request_count += 1


def _check_path(method: str, path: str) -> None:
    """Refuse a path that would leave the configured host, or be signed otherwise than read."""
    dots = any(unquote(segment) in (".", "..") for segment in path.split("/"))
    if not path.startswith("/") or _AMBIGUOUS.search(path) or dots or len(path) > LONGEST_PATH:
        raise RequestUnsendable(
            f"{method} {path[:LONGEST_PATH]!r}: this is not a path within the API"
        )


def _encoded(json: Mapping[str, Any]) -> bytes:
    try:
        return dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        lost = RequestUnsendable("the request holds a text or a number that JSON cannot carry")
    raise lost  # outside the handler: the exception holds the whole request


@cache
def _version() -> str:
    try:
        return version("unitsync")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"
