"""One-legged OAuth 1.0 with HMAC-SHA1, verified as storEDGE does (contracts B.1).

The signature covers method, address and query; a JSON body is not part of it, and a caller that
sends `oauth_body_hash` is refused. A nonce is good for one request within the time window.
"""

from __future__ import annotations

import hmac
from base64 import b64encode

from oauthlib.oauth1.rfc5849.signature import base_string_uri, collect_parameters
from oauthlib.oauth1.rfc5849.utils import escape

from connectors.clock import Clock
from connectors.sandbox.messages import SandboxRequest

# RFC 5849 leaves the window to the server; five minutes is what most servers allow.
WINDOW_SECONDS = 300

REQUIRED = ("oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_timestamp")
ALLOWED = frozenset({*REQUIRED, "oauth_signature_method", "oauth_version"})


class InvalidOAuth(Exception):
    """The request does not prove who sent it; the message says why, for people only."""


class OAuthVerifier:
    """Accepts a request of one known client once, and never again."""

    def __init__(self, access_id: str, secret_key: str, clock: Clock) -> None:
        self._access_id = access_id
        self._secret_key = secret_key
        self._clock = clock
        self._nonces: dict[int, set[str]] = {}

    def verify(self, request: SandboxRequest) -> None:
        """Return when the request is signed, timely and new; raise `InvalidOAuth` otherwise."""
        given = _oauth_parameters(request)
        self._check_parameters(given)
        timestamp = self._timely(given["oauth_timestamp"])
        self._check_signature(request, given)
        self._spend(timestamp, given["oauth_nonce"])

    def reset(self) -> None:
        """Forget every nonce."""
        self._nonces.clear()

    def _check_parameters(self, given: dict[str, str]) -> None:
        if surplus := sorted(given.keys() - ALLOWED):
            raise InvalidOAuth(f"not accepted: {', '.join(surplus)}")
        if lacking := [name for name in REQUIRED if not given.get(name)]:
            raise InvalidOAuth(f"missing: {', '.join(lacking)}")
        if given.get("oauth_signature_method") != "HMAC-SHA1":
            raise InvalidOAuth("oauth_signature_method must be HMAC-SHA1")
        if given.get("oauth_version", "1.0") != "1.0":
            raise InvalidOAuth("oauth_version must be 1.0")
        if given["oauth_consumer_key"] != self._access_id:
            raise InvalidOAuth("unknown oauth_consumer_key")

    def _timely(self, text: str) -> int:
        if not text.isascii() or not text.isdigit():
            raise InvalidOAuth("oauth_timestamp must be a whole number of seconds")
        timestamp = int(text)
        if abs(self._clock.now().timestamp() - timestamp) > WINDOW_SECONDS:
            raise InvalidOAuth("oauth_timestamp is outside the accepted window")
        return timestamp

    def _check_signature(self, request: SandboxRequest, given: dict[str, str]) -> None:
        parameters = [
            *request.query,
            *((name, value) for name, value in given.items() if name != "oauth_signature"),
        ]
        try:
            address = base_string_uri(
                f"{request.scheme}://{request.headers.get('host', '')}{request.path}"
            )
        except ValueError as error:
            raise InvalidOAuth("no Host header to verify the signature with") from error
        base = _base_string(request.method, address, parameters)
        if not hmac.compare_digest(self._sign(base).encode(), given["oauth_signature"].encode()):
            raise InvalidOAuth("the signature does not match")

    def _sign(self, base: str) -> str:
        key = f"{escape(self._secret_key)}&"  # no token, so nothing after the ampersand
        return b64encode(hmac.new(key.encode(), base.encode(), "sha1").digest()).decode()

    def _spend(self, timestamp: int, nonce: str) -> None:
        if timestamp not in self._nonces:
            self._forget_old_nonces()
        spent = self._nonces.setdefault(timestamp, set())
        if nonce in spent:
            raise InvalidOAuth("oauth_nonce was used before")
        spent.add(nonce)

    def _forget_old_nonces(self) -> None:
        oldest = self._clock.now().timestamp() - WINDOW_SECONDS
        for timestamp in [known for known in self._nonces if known < oldest]:
            del self._nonces[timestamp]


def _base_string(method: str, address: str, parameters: list[tuple[str, str]]) -> str:
    """RFC 5849, 3.4.1: parameters are sorted after they are encoded."""
    encoded = sorted((escape(name), escape(value)) for name, value in parameters)
    normalised = "&".join(f"{name}={value}" for name, value in encoded)
    return "&".join(escape(part) for part in (method.upper(), address, normalised))


def _oauth_parameters(request: SandboxRequest) -> dict[str, str]:
    header = request.headers.get("authorization")
    if header is None:
        raise InvalidOAuth("no Authorization header")
    try:
        pairs = collect_parameters(headers={"authorization": header}, exclude_oauth_signature=False)
    except ValueError as error:
        raise InvalidOAuth("the Authorization header is malformed") from error
    return dict(pairs)
