"""Signatures that another library accepts, and tokens that are fetched once and kept secret."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from authlib.oauth1.rfc5849.signature import verify_hmac_sha1
from authlib.oauth1.rfc5849.wrapper import OAuth1Request

from connectors import errors
from connectors.auth import BearerToken, OAuth1, VendorAuth
from connectors.clock import FakeClock
from connectors.errors import ApiError

ACCESS_ID = "access-id-of-the-test"
SECRET_KEY = "secret/key+of the test%"
TOKEN_URL = "https://api.example.com/oauth2/token"


def signed(method: str, url: str, **request: Any) -> httpx.Request:
    """The request as it would go out."""
    auth = OAuth1(ACCESS_ID, SECRET_KEY, clock=FakeClock(), random=Random("nonce"))
    return next(auth.auth_flow(httpx.Request(method, url, **request)))


def verified(request: httpx.Request, secret: str = SECRET_KEY) -> bool:
    """Whether Authlib, written by other people, accepts the signature."""
    headers = {name: request.headers[name] for name in ("Authorization", "Host")}
    seen = OAuth1Request(request.method, str(request.url), None, headers)
    seen.client = SimpleNamespace(get_client_secret=lambda: secret)
    return bool(verify_hmac_sha1(seen))


URLS = [
    "https://api.storedgefms.com/v1/f-1/units",
    "https://API.storedgefms.com:443/v1/f-1/units?page=2&per_page=100",
    "http://127.0.0.1:8765/v1/f-1/unit_groups?page=1",
    "https://api.example.com/v1/f%20one/units/%C3%BC",
    "https://api.example.com/units?fields%5Bunits%5D=a%2Cb&empty=&same=1&same=0&x=a+b%20c~",
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_another_library_verifies_the_signature(method: str, url: str) -> None:
    """Every method, and queries and paths that need encoding; a wrong secret is noticed."""
    request = signed(method, url)

    assert verified(request)
    assert not verified(request, secret="another")


def test_query_parameters_are_signed_as_they_are_encoded() -> None:
    """What httpx makes of awkward parameters is what is signed."""
    params = {"q": "ü & = ? / + ~ ' [x]", "page": 3}

    assert verified(signed("GET", "https://api.example.com/v1/units", params=params))


def test_a_json_body_is_kept_and_not_signed() -> None:
    """The body goes out unchanged, and no `oauth_body_hash` is invented."""
    request = signed("POST", "https://api.example.com/v1/units", json={"units": [{"name": "A1"}]})

    assert request.read() == b'{"units":[{"name":"A1"}]}'
    assert request.headers["Content-Type"] == "application/json"
    assert "oauth_body_hash" not in request.headers["Authorization"]
    assert verified(request)


def test_the_header_names_method_version_and_a_whole_timestamp() -> None:
    """The parameters that the vendor documents, and nothing of the secret."""
    header = signed("GET", URLS[0]).headers["Authorization"]

    assert header.startswith("OAuth ")
    assert 'oauth_signature_method="HMAC-SHA1"' in header
    assert f'oauth_timestamp="{int(FakeClock().now().timestamp())}"' in header
    assert f'oauth_consumer_key="{ACCESS_ID}"' in header
    assert SECRET_KEY not in header


def test_every_attempt_is_signed_anew() -> None:
    """The same request sent twice carries two nonces."""
    auth = OAuth1(ACCESS_ID, SECRET_KEY, clock=FakeClock(), random=Random("nonce"))
    request = httpx.Request("GET", URLS[0])
    first = next(auth.auth_flow(request)).headers["Authorization"]
    second = next(auth.auth_flow(request)).headers["Authorization"]

    assert first != second
    assert verified(request)


def test_signing_leaves_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """oauthlib would write the consumer key to its debug log."""
    with caplog.at_level(logging.DEBUG):
        signed("GET", URLS[0])

    assert ACCESS_ID not in caplog.text


class TokenEndpoint:
    """Answers token requests, and counts them."""

    def __init__(self, reply: Mapping[str, Any] | ApiError | None = None) -> None:
        self.reply = reply
        self.forms: list[Mapping[str, str]] = []

    def __call__(self, url: str, form: Mapping[str, str]) -> dict[str, Any]:
        assert url == TOKEN_URL
        self.forms.append(form)
        if isinstance(self.reply, ApiError):
            raise self.reply
        token = {"access_token": f"token-{len(self.forms)}", "token_type": "Bearer"}
        return token | {"expires_in": 3600} if self.reply is None else token | dict(self.reply)


def bearer(clock: FakeClock | None = None) -> BearerToken:
    return BearerToken(TOKEN_URL, "client-id", "client-secret", clock=clock or FakeClock())


def sent(auth: VendorAuth, endpoint: Callable[[str, Mapping[str, str]], Any]) -> httpx.Request:
    """A request with whatever the credentials add to it."""
    auth.prepare(endpoint)
    return next(auth.auth_flow(httpx.Request("POST", "https://api.example.com/units/multiple/")))


def test_the_token_request_is_the_documented_form() -> None:
    """Client credentials in the body, asked for once and then reused."""
    endpoint, auth = TokenEndpoint(), bearer()
    header = [sent(auth, endpoint).headers["Authorization"] for _ in range(3)]

    expected = {
        "grant_type": "client_credentials",
        "client_id": "client-id",
        "client_secret": "client-secret",
    }

    assert endpoint.forms == [expected]
    assert header == ["Bearer token-1"] * 3


@pytest.mark.parametrize(
    ("life", "last_good", "first_renewed"),
    [
        (3600, 3479, 3480),  # two minutes before the end
        (600, 479, 480),
        (300, 239, 240),  # after 80 % of a short life
        (100, 79, 80),
        ("3600", 3479, 3480),
        (None, 3479, 3480),  # what the vendor documents
        (10**400, 86_279, 86_280),  # no token is used for more than a day
    ],
)
def test_a_token_is_renewed_before_its_end(
    life: object, last_good: float, first_renewed: float
) -> None:
    """`expires_in` is the remaining life, and a cached token may have little of it left."""
    clock = FakeClock()
    endpoint, auth = TokenEndpoint({"expires_in": life}), bearer(clock)
    sent(auth, endpoint)
    clock.advance(last_good)
    sent(auth, endpoint)
    before = len(endpoint.forms)
    clock.advance(first_renewed - last_good)
    sent(auth, endpoint)

    assert (before, len(endpoint.forms)) == (1, 2)


def test_the_life_of_a_token_ignores_the_wall_clock() -> None:
    """Setting the clock back does not keep a dead token alive."""
    clock = FakeClock()
    endpoint, auth = TokenEndpoint(), bearer(clock)
    sent(auth, endpoint)
    clock.jump(-86_400)
    clock.advance(3_500)
    sent(auth, endpoint)

    assert len(endpoint.forms) == 2


def test_a_token_without_life_is_used_once_and_not_asked_for_in_a_loop() -> None:
    """Zero seconds left means one request, and then one more token."""
    endpoint, auth = TokenEndpoint({"expires_in": 0}), bearer()

    assert sent(auth, endpoint).headers["Authorization"] == "Bearer token-1"
    assert len(endpoint.forms) == 1


def test_threads_wait_for_one_token() -> None:
    """However many threads need a token at once, one of them asks."""
    auth, gate, asked = bearer(), threading.Event(), []

    def slow(url: str, form: Mapping[str, str]) -> dict[str, Any]:
        asked.append(url)
        gate.wait(5)
        return {"access_token": "token", "expires_in": 3600}

    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(sent, auth, slow) for _ in range(8)]
        gate.set()
        headers = {request.result().headers["Authorization"] for request in waiting}

    assert headers == {"Bearer token"}
    assert len(asked) == 1


def test_a_refused_token_is_replaced_once_for_all_threads() -> None:
    """A late refusal of the old token does not throw the new one away."""
    endpoint, auth = TokenEndpoint(), bearer()
    first, second = sent(auth, endpoint), sent(auth, endpoint)

    assert auth.renew(first)
    assert sent(auth, endpoint).headers["Authorization"] == "Bearer token-2"
    assert auth.renew(second)
    assert sent(auth, endpoint).headers["Authorization"] == "Bearer token-2"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_are_named_as_such(status: int) -> None:
    """The token endpoint's no is kept, with its words."""
    no = errors.Rejected("no", status=status, words="invalid_client", error_type="invalid_client")
    with pytest.raises(errors.CredentialsRefused) as caught:
        bearer().prepare(TokenEndpoint(no))

    assert (caught.value.status, caught.value.words) == (status, "invalid_client")


@pytest.mark.parametrize(
    "error",
    [
        errors.ApiUnreachable(),
        errors.Throttled(status=429),
        errors.ReplyLost(),
        errors.ServerFault(status=503),
        errors.MalformedReply(),
        errors.NotFound(status=404),
        errors.RedirectRefused(status=302),
    ],
)
def test_without_a_token_the_request_itself_was_not_sent(error: ApiError) -> None:
    """A lost token reply never makes a create unknown."""
    with pytest.raises(errors.TokenUnavailable) as caught:
        bearer().prepare(TokenEndpoint(error))

    assert caught.value.outcome == "not_sent"
    assert caught.value.status == error.status
    assert isinstance(caught.value, errors.ApiUnreachable)


def test_a_stop_while_asking_for_a_token_stays_a_stop() -> None:
    """Ctrl-C is not reported as a fault of the token endpoint."""
    with pytest.raises(errors.Stopped):
        bearer().prepare(TokenEndpoint(errors.Stopped()))


@pytest.mark.parametrize(
    "reply",
    [
        {"access_token": ""},
        {"access_token": None},
        {"access_token": 17},
        {"access_token": "two\nlines"},
        {"access_token": "jeton-é"},
        {"expires_in": -1},
        {"expires_in": True},
        {"expires_in": "soon"},
        {"expires_in": []},
    ],
)
def test_an_unusable_token_reply_is_no_token(reply: dict[str, Any]) -> None:
    """What cannot be sent in a header, or has no life, is refused before it is used."""
    with pytest.raises(errors.TokenUnavailable):
        bearer().prepare(TokenEndpoint(reply))


def test_tokens_are_asked_for_over_a_safe_address_only() -> None:
    """The token URL is checked like the address of the API."""
    with pytest.raises(ValueError, match="in the clear"):
        BearerToken("http://api.example.com/token", "id", "secret", clock=FakeClock())


def test_no_secret_is_printed() -> None:
    """Neither secrets nor tokens appear in a repr."""
    auth = bearer()
    sent(auth, TokenEndpoint())
    oauth = OAuth1(ACCESS_ID, SECRET_KEY, clock=FakeClock(), random=Random("nonce"))

    assert [repr(auth), repr(oauth)] == ["BearerToken(…)", "OAuth1(…)"]
