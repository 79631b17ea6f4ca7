"""The client and its credentials: renewed once, refused plainly, and never printed."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.auth import BearerToken, OAuth1, VendorAuth
from connectors.clock import FakeClock
from connectors.errors import ApiError
from connectors.http import HttpClient
from connectors.retry import RetryBudget

BASE = "https://api.example.com"
TOKEN_PATH = "/oauth2/token"
Step = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Vendor:
    """An API with a token endpoint: one step per request, the last one again and again."""

    def __init__(self, *steps: Step, token: httpx.Response | None = None) -> None:
        self.steps = list(steps)
        self.token = token
        self.asked: list[httpx.Request] = []
        self.carried: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH:
            self.asked.append(request)
            fresh = {"access_token": f"token-{len(self.asked)}", "expires_in": 3600}
            return self.token or httpx.Response(200, json=fresh)
        self.carried.append(request.headers["Authorization"])
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return step(request) if callable(step) else step


def client_of(vendor: Vendor, auth: VendorAuth, **settings: Any) -> HttpClient:
    return HttpClient(
        BASE,
        auth=auth,
        clock=FakeClock(),
        random=Random(1),
        budget=RetryBudget(),
        transport=httpx.MockTransport(vendor),
        **settings,
    )


def oauth() -> OAuth1:
    return OAuth1("access-id", "secret-key", clock=FakeClock(), random=Random(1))


def bearer() -> BearerToken:
    return BearerToken(f"{BASE}{TOKEN_PATH}", "client-id", "client-secret", clock=FakeClock())


def said(status: int, **body: Any) -> httpx.Response:
    return httpx.Response(status, json=body)


def refusal(status: int, kind: str) -> httpx.Response:
    return said(status, error={"type": kind, "message": f"Because of {kind}."})


def failure(client: HttpClient, *, safe: bool = False) -> ApiError:
    """The error of a request that does not succeed."""
    with pytest.raises(ApiError) as caught:
        client.send("POST", "/units/multiple/", json=LOCKED, safe=safe)
    return caught.value


OK = said(200, units=[])
LOCK_CODE = "hunter2"
LOCKED = {"units": [{"combination_lock_number": LOCK_CODE}]}


# storEDGE's own ways

CREDENTIALS = {"units": [], "meta": {"error_code": 2, "message": "Invalid OAuth Request"}}


@pytest.mark.parametrize(
    "reply",
    [
        said(401, **CREDENTIALS),
        said(200, **CREDENTIALS),
        said(200, units=[], meta={"status_code": 401}),
        said(200, units=[], meta={"status_code": "401", "error_code": None}),
    ],
)
def test_a_well_formed_empty_list_is_not_believed_with_bad_credentials(
    reply: httpx.Response,
) -> None:
    """Unreadable is not empty: one fresh signature, then the credentials are refused."""
    vendor = Vendor(reply)
    error = failure(client_of(vendor, oauth()), safe=True)

    assert (type(error), error.status) == (errors.CredentialsRefused, 401)
    assert len(vendor.carried) == len(set(vendor.carried)) == 2


def test_a_fresh_signature_may_be_accepted() -> None:
    """A clock that was a little off, or a nonce seen before, costs one more request."""
    client = client_of(Vendor(said(401, **CREDENTIALS), OK), oauth())

    assert client.send("POST", "/units", json={}, safe=False, max_attempts=1).status == 200


@pytest.mark.parametrize("meta", [{"error_code": 2}, {"status_code": 401}, {"status_code": 429}])
def test_a_success_that_says_no_inside_sends_nothing_again_that_may_have_been_done(
    meta: dict[str, Any],
) -> None:
    """The status says that a create was processed, so that its sender has to look first."""
    vendor = Vendor(said(200, units=[], meta=meta), OK)
    error = failure(client_of(vendor, oauth()), safe=False)

    assert type(error) is errors.MalformedReply
    assert len(vendor.carried) == 1


# Travtus' own ways


@pytest.mark.parametrize("kind", ["expired_token", "invalid_authorization"])
def test_a_refused_token_is_renewed_once_and_the_request_sent_again(kind: str) -> None:
    """A 401 was not processed, so even a create is repeated, and it costs no attempt."""
    vendor = Vendor(refusal(401, kind), OK)
    client = client_of(vendor, bearer())
    client.send("POST", "/units/multiple/", json={}, safe=False, max_attempts=1)

    assert vendor.carried == ["Bearer token-1", "Bearer token-2"]
    assert client.request_count == 4


@pytest.mark.parametrize("kind", ["expired_token", "invalid_authorization"])
def test_a_renewed_token_that_is_refused_again_ends_it(kind: str) -> None:
    """There is no loop of renewals."""
    vendor = Vendor(refusal(401, kind))
    error = failure(client_of(vendor, bearer()), safe=True)

    assert (type(error), error.error_type) == (errors.CredentialsRefused, kind)
    assert error.words == f"Because of {kind}."
    assert len(vendor.carried) == 2


def test_a_token_is_renewed_once_per_request_whatever_happens_between() -> None:
    """A fault between two refusals does not allow a third token."""
    vendor = Vendor(refusal(401, "expired_token"), said(429), refusal(401, "expired_token"))

    assert isinstance(failure(client_of(vendor, bearer())), errors.CredentialsRefused)
    assert len(vendor.carried) == 3


@pytest.mark.parametrize(
    ("status", "type_", "kind"),
    [
        (400, "missing_authorization", errors.CredentialsRefused),
        (401, "missing_authorization", errors.CredentialsRefused),
        (401, "no_access_to_group", errors.GroupRefused),
        (404, "group_not_found", errors.GroupRefused),
        (400, "no_group", errors.Rejected),
        (400, "both_group_identifiers_provided", errors.Rejected),
        (404, "not_found", errors.NotFound),
    ],
)
def test_what_a_new_token_cannot_cure_is_not_renewed(
    status: int, type_: str, kind: type[ApiError]
) -> None:
    """Every documented error of seed 000 is one request and one typed error."""
    vendor = Vendor(refusal(status, type_))
    error = failure(client_of(vendor, bearer()), safe=True)

    assert (type(error), error.error_type, error.status) == (kind, type_, status)
    assert vendor.carried == ["Bearer token-1"]


def test_a_token_request_is_a_form_without_credentials_in_the_header() -> None:
    """It goes through the same transport, as the vendor documents it."""
    vendor = Vendor(OK)
    client_of(vendor, bearer()).send("GET", "/communities/", safe=True)
    asked = vendor.asked[0]

    assert asked.method == "POST"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in asked.headers
    assert asked.content == (
        b"grant_type=client_credentials&client_id=client-id&client_secret=client-secret"
    )


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_token_endpoint_that_says_no_is_asked_once(status: int) -> None:
    """Wrong credentials are reported, not repeated; the request itself never leaves."""
    vendor = Vendor(OK, token=said(status, error="invalid_client"))
    error = failure(client_of(vendor, bearer()))

    assert (type(error), error.words) == (errors.CredentialsRefused, "invalid_client")
    assert (len(vendor.asked), vendor.carried) == (1, [])


@pytest.mark.parametrize(
    "token", [said(500), said(429), said(200), httpx.Response(200, text="<html>"), said(404)]
)
def test_a_create_that_got_no_token_was_not_sent(token: httpx.Response) -> None:
    """A broken token endpoint never makes an outcome unknown, and is tried four times at most."""
    vendor = Vendor(OK, token=token)
    error = failure(client_of(vendor, bearer()))

    assert (type(error), error.outcome) == (errors.TokenUnavailable, "not_sent")
    assert len(vendor.asked) in (1, 4)
    assert vendor.carried == []


# Secrets


def everything_about(error: BaseException) -> str:
    """What a log, a report or a crash page could print of an error."""
    trail = "".join(traceback.format_exception(error))
    return f"{error!r} {error} {vars(error)} {trail} {error.__cause__!r} {error.__context__!r}"


def echo(status: int) -> Step:
    """An answer that repeats the credential and the body of the request."""
    return lambda request: httpx.Response(
        status, text=f"<title>{request.headers['Authorization']} {LOCK_CODE}</title>"
    )


@pytest.mark.parametrize(
    "step",
    [
        echo(200),
        echo(400),
        echo(401),
        echo(500),
        said(400, message=f"{LOCK_CODE} is no lock code, token-1 is"),
        httpx.ReadError(f"while reading {LOCK_CODE} for Bearer token-1"),
        httpx.LocalProtocolError("Illegal header value b'Bearer token-1\\n'"),
    ],
    ids=["success", "rejection", "refusal", "fault", "json", "lost", "header"],
)
def test_no_secret_gets_into_an_error(step: Step) -> None:
    """Not those of the settings, and not the token of this very request."""
    vendor = Vendor(step)
    client = client_of(vendor, bearer(), redact=lambda text: text.replace(LOCK_CODE, "…"))
    with pytest.raises(ApiError) as caught:
        client.send("POST", "/units/multiple/", json=LOCKED, safe=False)
    error = caught.value
    error.body = None  # kept as it came, for the code that looks for offenders
    printed = everything_about(error)

    assert LOCK_CODE not in printed
    assert not re.search("token-[12]", printed)


def test_a_token_that_another_thread_replaced_meanwhile_gets_into_no_error() -> None:
    auth = bearer()

    def overtaken(request: httpx.Request) -> httpx.Response:
        auth.renew(request)
        auth.prepare(lambda url, form: {"access_token": "token-2", "expires_in": 3600})
        return said(400, message=f"{request.headers['Authorization']} is no lock code")

    error = failure(client_of(Vendor(overtaken), auth))

    assert "is no lock code" in str(error)
    assert "token-1" not in error.words


@pytest.mark.parametrize("status", [200, 400, 500])
def test_no_credential_of_the_settings_gets_into_an_error(status: int) -> None:
    """A token endpoint that repeats the form does not put it into the report."""
    page = "<title>client_id=client-id client_secret=client-secret</title>"
    error = failure(client_of(Vendor(OK, token=httpx.Response(status, html=page)), bearer()))

    assert isinstance(error, errors.CredentialsRefused | errors.TokenUnavailable)
    assert "client_secret=…" in str(error)
    assert not re.search("client-(id|secret)", everything_about(error))


def test_callers_can_hide_the_same_secrets() -> None:
    """Words taken from a kept body go through the same sieve: credentials, then lock codes."""
    client = client_of(Vendor(OK), oauth(), redact=lambda text: text.replace(LOCK_CODE, "…"))

    assert client.redact(f"access-id secret-key {LOCK_CODE} A101") == "… … … A101"
