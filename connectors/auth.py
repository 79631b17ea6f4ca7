"""How a request proves who sends it: OAuth 1.0 signatures (storEDGE), bearer tokens (Travtus).

Each attempt is signed, or given its token, anew. The body of a request is left alone and is no
part of a signature. Neither secrets nor tokens appear in a `repr`, a log line or an exception.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Generator, Mapping
from random import Random
from typing import Any

import httpx
from oauthlib import oauth1

from connectors.address import check_base_url
from connectors.clock import Clock
from connectors.errors import ApiError, CredentialsRefused, Stopped, TokenUnavailable
from connectors.retry import as_refused

__all__ = ["BearerToken", "OAuth1", "PostForm", "VendorAuth"]

# oauthlib writes the consumer key and the string that it signs to its debug log.
logging.getLogger("oauthlib").setLevel(logging.WARNING)

AuthFlow = Generator[httpx.Request, httpx.Response, None]
PostForm = Callable[[str, Mapping[str, str]], dict[str, Any]]

# What Travtus documents as the life of a fresh token (contracts A.1), for a reply without it.
DOCUMENTED_LIFE_SECONDS = 3600.0
# However long a token claims to live, a day is longer than any run.
LONGEST_LIFE_SECONDS = 86_400.0
# A token is renewed two minutes before its end, or, if it lives less than ten, after 80 % of its
# life: Travtus may hand out a cached token with little time left, and asking for one per call
# would be throttled.
RENEW_BEFORE_END_SECONDS = 120.0
RENEW_BEFORE_END_SHARE = 0.2
# The statuses with which a token endpoint refuses a client (RFC 6749, 5.2); others are its faults.
REFUSALS = (400, 401, 403)
# The characters of a bearer token (RFC 6750); anything else could not be sent in a header.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


class VendorAuth(httpx.Auth):
    """What the client asks of credentials; by itself, a request without any."""

    def prepare(self, post_form: PostForm) -> None:
        """Get what the next request needs; called before each attempt."""

    def renew(self, refused: httpx.Request) -> bool:
        """Give up what that request carried; True if a new attempt carries something fresh."""
        return False

    def secrets(self) -> tuple[str, ...]:
        """What must never be read in anybody's words."""
        return ()

    def __repr__(self) -> str:
        """Name the class and nothing else, since everything else here is secret."""
        return f"{type(self).__name__}(…)"


class OAuth1(VendorAuth):
    """One-legged OAuth 1.0 with HMAC-SHA1 in the Authorization header.

    Method, final encoded URL and query are signed. A JSON body is not, and no `oauth_body_hash` is
    added, which the vendor never asked for.
    """

    def __init__(self, access_id: str, secret_key: str, *, clock: Clock, random: Random) -> None:
        self._access_id = access_id
        self._secret_key = secret_key
        self._clock = clock
        self._random = random

    def renew(self, refused: httpx.Request) -> bool:
        """A new attempt carries a fresh nonce and timestamp (contracts S28)."""
        return True

    def secrets(self) -> tuple[str, ...]:
        """Both halves of the key."""
        return self._secret_key, self._access_id

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """Sign, then send."""
        signer: Any = oauth1.Client(  # its stubs know HTTP methods as literals only
            self._access_id,
            client_secret=self._secret_key,
            nonce=f"{self._random.getrandbits(128):032x}",
            timestamp=str(int(self._clock.now().timestamp())),
        )
        _, headers, _ = signer.sign(str(request.url), http_method=request.method)
        request.headers["Authorization"] = headers["Authorization"]
        yield request


class BearerToken(VendorAuth):
    """An OAuth 2.0 client-credentials token, fetched when needed and shared by all threads.

    One thread fetches while the others wait for it. Whatever goes wrong while fetching, the request
    that needed the token was not sent: the error is either CredentialsRefused or TokenUnavailable.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        clock: Clock,
        asked: Mapping[str, str] | None = None,
    ) -> None:
        """`asked` is what else stands in the token request, such as a scope."""
        check_base_url(token_url)
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._asked = asked or {}
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = float("-inf")

    def prepare(self, post_form: PostForm) -> None:
        """Make sure that there is a token with time left."""
        with self._lock:
            if self._clock.monotonic() < self._renew_at:
                return
            asked_at = self._clock.monotonic()
            reply = self._ask(post_form)
            self._token = token_of(reply)
            self._renew_at = asked_at + useful_seconds(reply)

    def renew(self, refused: httpx.Request) -> bool:
        """Mark the token as spent, unless another thread has replaced it already."""
        with self._lock:
            if refused.headers.get("Authorization") == self._header():
                self._renew_at = float("-inf")
        return True

    def secrets(self) -> tuple[str, ...]:
        """Both halves of the credentials, and the token that they bought."""
        return self._client_secret, self._client_id, self._token

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """Add the token, then send."""
        request.headers["Authorization"] = self._header()
        yield request

    def _header(self) -> str:
        return f"Bearer {self._token}"

    def _ask(self, post_form: PostForm) -> dict[str, Any]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            **self._asked,
        }
        try:
            return post_form(self._token_url, form)
        except (CredentialsRefused, Stopped):
            raise
        except ApiError as error:
            if error.status in REFUSALS:
                raise as_refused(error) from None
            raise TokenUnavailable(
                f"no token: {error}",
                status=error.status,
                words=error.words,
                error_type=error.error_type,
                request_id=error.request_id,
            ) from None


def token_of(reply: Mapping[str, Any]) -> str:
    """The token of a token reply, if it can be sent in a header."""
    token = reply.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise TokenUnavailable("no token: the token endpoint's answer holds no usable access_token")
    return token


def useful_seconds(reply: Mapping[str, Any]) -> float:
    """How long a token may be used before it is time for the next one."""
    life = reply.get("expires_in")
    if life is None:
        life = DOCUMENTED_LIFE_SECONDS
    if isinstance(life, str) and life.isascii() and life.isdigit():
        life = float(life)
    if isinstance(life, bool) or not isinstance(life, int | float) or life < 0:
        raise TokenUnavailable("no token: the token endpoint's answer has no usable expires_in")
    life = min(life, LONGEST_LIFE_SECONDS)
    return life - min(RENEW_BEFORE_END_SECONDS, life * RENEW_BEFORE_END_SHARE)
