"""The client as its callers see it: what is sent how often, what is believed, what is raised."""

from __future__ import annotations

import gzip
import json
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.auth import BearerToken, OAuth1, VendorAuth
from connectors.clock import FakeClock
from connectors.errors import ApiError
from connectors.http import HttpClient
from connectors.rate import RateLimit
from connectors.retry import RetryBudget

BASE = "https://api.example.com"
Step = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Script:
    """An API that answers by the book: one step per request, the last one again and again."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        if callable(step):
            return step(request)
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)


def client_of(api: Script, clock: FakeClock | None = None, **settings: Any) -> HttpClient:
    clock = clock or FakeClock()
    usual: dict[str, Any] = {"auth": VendorAuth(), "random": Random(1), "budget": RetryBudget()}
    return HttpClient(BASE, clock=clock, transport=httpx.MockTransport(api), **usual | settings)


def ok(**body: Any) -> httpx.Response:
    return httpx.Response(200, json=body or {"units": []})


def said(status: int, **body: Any) -> httpx.Response:
    return httpx.Response(status, json=body)


def failure(client: HttpClient, *, safe: bool = False, method: str = "POST") -> ApiError:
    """The error of a request that does not succeed."""
    with pytest.raises(ApiError) as caught:
        client.send(method, "/v1/f-1/units", json={"units": []}, safe=safe)
    return caught.value


# What is sent


def test_a_request_goes_out_as_the_vendors_want_it() -> None:
    """JSON both ways, our name, the body as given, and one slash between address and path."""
    api = Script(ok(units=[{"id": 1}], meta={"request_id": "r-7"}))
    client = client_of(api)
    reply = client.send(
        "PUT", "/v1/f-1/units/bulk_update", json={"units": [{"name": "ü"}]}, safe=True
    )
    request = api.requests[0]

    assert str(request.url) == "https://api.example.com/v1/f-1/units/bulk_update"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("unitsync/")
    assert json.loads(request.content) == {"units": [{"name": "ü"}]}
    assert (reply.status, reply.json["units"], reply.request_id) == (200, [{"id": 1}], "r-7")


@pytest.mark.parametrize("base", [f"{BASE}/base", f"{BASE}/base/"])
def test_an_address_with_a_path_is_kept(base: str) -> None:
    """The path of the address comes first, and a trailing slash of the request stays."""
    api = Script(ok())
    client = HttpClient(
        base,
        auth=VendorAuth(),
        clock=FakeClock(),
        random=Random(1),
        budget=RetryBudget(),
        transport=httpx.MockTransport(api),
    )
    client.send("POST", "/units/find/", json={}, params={"page": 2}, safe=True)

    assert str(api.requests[0].url) == "https://api.example.com/base/units/find/?page=2"


@pytest.mark.parametrize(
    "path",
    [
        "v1/units",
        "/v1//units",
        "//evil.example/units",
        "https://evil.example/units",
        "/v1/../companies",
        "/v1/%2e%2e/companies",
        "/v1/units?page=1",
        "/v1/units#top",
        "/v1/two words",
        "/v1\\units",
        "/v1/line\nbreak",
    ],
)
def test_a_path_cannot_leave_the_api(path: str) -> None:
    """Credentials go to the configured host, whatever a scope is called in the source."""
    api = Script(ok())
    with pytest.raises(errors.RequestUnsendable):
        client_of(api).send("GET", path, safe=True)

    assert api.requests == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "half a pair \ud800"])
def test_a_body_that_is_no_json_is_not_sent(value: object) -> None:
    """It is one failed request, with an error that does not hold the body."""
    api = Script(ok())
    with pytest.raises(errors.RequestUnsendable) as caught:
        client_of(api).send("POST", "/units", json={"units": [value]}, safe=False)

    assert caught.value.__context__ is None
    assert api.requests == []


def test_an_unsafe_address_is_refused_before_anything_is_built() -> None:
    """http is for loopback only."""
    with pytest.raises(ValueError, match="in the clear"):
        HttpClient(
            "http://api.example.com",
            auth=VendorAuth(),
            clock=FakeClock(),
            random=Random(1),
            budget=RetryBudget(),
        )


def test_no_request_carries_the_cookies_of_another() -> None:
    """A vendor's session cookie is not sent back."""
    api = Script(
        httpx.Response(200, json={}, headers={"Set-Cookie": "session=abc; Path=/"}),
        ok(),
    )
    client = client_of(api)
    for _ in range(2):
        client.send("GET", "/units", safe=True)

    assert [request.headers.get("Cookie") for request in api.requests] == [None, None]


# How often


def test_a_safe_request_is_repeated_until_it_succeeds() -> None:
    """A read survives a lost reply, a fault, a malformed answer; the same body each time."""
    api = Script(httpx.ReadTimeout("slow"), said(503), httpx.Response(200, content=b"<html>"), ok())
    clock = FakeClock()
    client = client_of(api, clock)
    client.send("PUT", "/units", json={"units": [1]}, safe=True)

    assert [request.content for request in api.requests] == [b'{"units":[1]}'] * 4
    assert client.request_count == 4
    assert 0 < clock.slept < 3.5


@pytest.mark.parametrize(
    "step",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.CloseError("?"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.DecodingError("broken gzip"),
        said(500),
        said(502),
        said(503),
        said(504),
        said(408),
        httpx.Response(200, content=b""),
        httpx.Response(204),
    ],
    ids=repr,
)
def test_an_unsafe_request_with_an_unknown_outcome_is_sent_once(step: Step) -> None:
    """A create is never repeated blindly."""
    api = Script(step)
    error = failure(client_of(api), safe=False)

    assert error.outcome == "unknown"
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "step",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("full"),
        httpx.ProxyError("no tunnel"),
        said(429),
    ],
    ids=repr,
)
def test_an_unsafe_request_that_was_not_processed_is_repeated(step: Step) -> None:
    """Connection refused and 429 prove that nothing happened."""
    api = Script(step, step, ok())
    reply = client_of(api).send("POST", "/units", json={}, safe=False)

    assert reply.status == 200
    assert len(api.requests) == 3


def test_giving_up_is_bounded() -> None:
    """429 for ever costs four requests, not the night."""
    api = Script(said(429))

    assert isinstance(failure(client_of(api)), errors.Throttled)
    assert len(api.requests) == 4


def test_a_caller_may_ask_for_fewer_attempts() -> None:
    """A probe is sent once."""
    api = Script(httpx.ConnectError("refused"))
    with pytest.raises(errors.ApiUnreachable):
        client_of(api).send("GET", "/units", safe=True, max_attempts=1)

    assert len(api.requests) == 1


def test_the_budget_bounds_a_whole_run() -> None:
    """When the retries of the run are spent, every request gets one attempt."""
    api = Script(said(429))
    budget = RetryBudget(4)
    client = client_of(api, budget=budget)
    sent = []
    for _ in range(3):
        before = client.request_count
        failure(client)
        sent.append(client.request_count - before)

    assert sent == [4, 2, 1]


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [("7", 7.0, 7.5), ("Mon, 05 Jan 2026 02:00:30 GMT", 30.0, 30.5), ("soon", 0.0, 0.5)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(status: int, header: str, least: float, most: float) -> None:
    """In both forms, and nonsense means the usual wait."""
    api = Script(httpx.Response(status, headers={"Retry-After": header}), ok())
    clock = FakeClock()
    client_of(api, clock).send("GET", "/units", safe=True)

    assert least <= clock.slept <= most


def test_a_retry_after_of_a_day_is_the_next_nights_business() -> None:
    """Nobody sleeps for a day; the error says what was asked."""
    api = Script(httpx.Response(429, headers={"Retry-After": "86400"}))
    clock = FakeClock()
    error = failure(client_of(api, clock))

    assert (type(error), error.retry_after) == (errors.Throttled, 86_400)
    assert (len(api.requests), clock.slept) == (1, 0)


def test_an_attempt_that_may_have_worked_is_not_forgotten() -> None:
    """A lost reply followed by a refused connection is an unknown outcome, not an unsent one."""
    api = Script(httpx.ReadTimeout("slow"), httpx.ConnectError("refused"))
    error = failure(client_of(api), safe=True)

    assert isinstance(error, errors.ReplyLost)
    assert len(api.requests) == 4


def test_requests_keep_the_configured_rate() -> None:
    """Two a second, repeats included."""
    api = Script(ok(), said(429), ok())
    clock = FakeClock()
    at: list[float] = []
    client = client_of(api, clock, rate=RateLimit(2, clock))
    client._http.event_hooks["request"] = [lambda _: at.append(clock.monotonic())]
    for _ in range(3):
        client.send("GET", "/units", safe=True)
    gaps = [later - sooner for sooner, later in zip(at, at[1:], strict=False)]

    assert len(gaps) == 3
    assert min(gaps) >= 0.5


# Stop


def test_nothing_is_sent_after_a_stop() -> None:
    """Once the run is asked to stop, a request is refused before it leaves."""
    api = Script(ok())
    client = client_of(api)
    client.stop.set()
    error = failure(client)

    assert (type(error), error.outcome) == (errors.Stopped, "not_sent")
    assert api.requests == []


class Interrupted(FakeClock):
    """A clock during whose sleep somebody presses Ctrl-C."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._stop = stop

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._stop.set()


def test_a_stop_ends_a_long_wait_at_once() -> None:
    """Backing off for a minute is over half a second after Ctrl-C."""
    stop = threading.Event()
    clock = Interrupted(stop)
    api = Script(httpx.Response(429, headers={"Retry-After": "60"}))

    assert isinstance(failure(client_of(api, clock, stop=stop)), errors.Stopped)
    assert len(api.requests) == 1
    assert clock.slept <= 0.5


def test_a_stop_after_a_lost_reply_leaves_the_outcome_unknown() -> None:
    """Stopping does not turn what may have happened into what did not."""
    stop = threading.Event()
    api = Script(httpx.ReadTimeout("slow"))

    assert isinstance(
        failure(client_of(api, Interrupted(stop), stop=stop), safe=True), errors.ReplyLost
    )


def test_waiting_for_the_rate_hears_the_stop_too() -> None:
    """A slow rate does not delay Ctrl-C."""
    stop = threading.Event()
    clock = Interrupted(stop)
    api = Script(ok())
    client = client_of(api, clock, stop=stop, rate=RateLimit(0.01, clock))
    client.send("GET", "/units", safe=True)

    assert isinstance(failure(client), errors.Stopped)
    assert len(api.requests) == 1


# What is believed

JSON = {"Content-Type": "application/json"}
MALFORMED = {
    "empty": httpx.Response(200, headers=JSON, content=b""),
    "null": httpx.Response(200, headers=JSON, content=b"null"),
    "a list": httpx.Response(200, headers=JSON, content=b"[]"),
    "a number": httpx.Response(200, headers=JSON, content=b"17"),
    "half an object": httpx.Response(200, headers=JSON, content=b'{"units": ['),
    "NaN": httpx.Response(200, headers=JSON, content=b'{"rate": NaN}'),
    "infinity": httpx.Response(200, headers=JSON, content=b'{"rate": -Infinity}'),
    "a float without end": httpx.Response(200, headers=JSON, content=b'{"rate": 1e999}'),
    "an integer without end": httpx.Response(200, headers=JSON, content=b'{"n": %b}' % (b"9" * 9999)),
    "half a surrogate pair": httpx.Response(200, headers=JSON, content=b'{"name": "\\uD800"}'),
    "a BOM": httpx.Response(200, headers=JSON, content=b"\xef\xbb\xbf{}"),
    "UTF-16": httpx.Response(200, headers=JSON, content='{"a": 1}'.encode("utf-16")),
    "Latin-1": httpx.Response(200, headers=JSON, content='{"name": "ü"}'.encode("latin-1")),
    "too deep": httpx.Response(200, headers=JSON, content=b'{"a":' * 100_000),
    "no content type": httpx.Response(200, content=b"{}"),
    "a login page": httpx.Response(200, html="<html><title>Sign in</title>"),
    "plain text": httpx.Response(200, text='{"units": []}'),
    "no content": httpx.Response(204),
    "too short": httpx.Response(200, headers=JSON | {"Content-Length": "99"}, content=b"{}"),
    "too long": httpx.Response(200, headers=JSON | {"Content-Length": "1"}, content=b"{}"),
    "a length of words": httpx.Response(200, headers=JSON | {"Content-Length": "x"}, content=b"{}"),
    "a status that contradicts": said(200, meta={"status_code": 200, "error_code": 7}),
    "a status that is none": said(200, meta={"status_code": "soon"}),
}  # fmt: skip


@pytest.mark.parametrize("reply", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_success_is_an_unknown_outcome(reply: httpx.Response) -> None:
    """It may have been processed, so it is neither a success nor a rejection."""
    error = failure(client_of(Script(reply)))

    assert isinstance(error, errors.MalformedReply)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"],
)
def test_json_by_any_of_its_names_is_read(content_type: str) -> None:
    """Parameters, case and structured suffixes do not matter."""
    reply = httpx.Response(
        200, headers={"Content-Type": content_type}, content=b'{"a": "\xc3\xbc"}'
    )

    assert client_of(Script(reply)).send("GET", "/units", safe=True).json == {"a": "ü"}


def test_a_compressed_answer_is_measured_as_it_travelled() -> None:
    """Content-Length counts the compressed bytes."""
    packed = gzip.compress(b'{"units": []}' + b" " * 1_000)
    headers = JSON | {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}
    api = Script(lambda _: httpx.Response(200, headers=headers, content=packed))

    assert client_of(api).send("GET", "/units", safe=True).json == {"units": []}


def test_a_truncated_answer_is_named_as_such() -> None:
    """The error says how much came and how much was promised."""
    error = failure(client_of(Script(MALFORMED["too short"])))

    assert isinstance(error, errors.ReplyTruncated)
    assert "2 bytes came, where Content-Length says 99" in str(error)


def test_an_endless_answer_is_cut_off() -> None:
    """Reading stops at the limit, and it is not tried again."""
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * (1024 * 1024)

    api = Script(lambda _: httpx.Response(200, headers=JSON, content=endless()))

    assert isinstance(failure(client_of(api), safe=True), errors.ReplyTooLarge)
    assert (read, len(api.requests)) == (33, 1)


def test_a_slow_drip_ends_at_the_deadline() -> None:
    """No answer may take longer than four timeouts in all."""
    clock = FakeClock()

    def drip() -> Iterator[bytes]:
        yield b"{"
        while True:
            clock.advance(59)
            yield b" "

    api = Script(lambda _: httpx.Response(200, headers=JSON, content=drip()))
    error = failure(client_of(api, clock, timeout_seconds=60))

    assert isinstance(error, errors.ReplyLost)
    assert "too slowly" in str(error)
    assert clock.monotonic() == 5 * 59


@pytest.mark.parametrize("status", [400, 429, 503])
def test_an_error_status_stands_even_if_its_body_is_lost(status: int) -> None:
    """A rejection whose text is cut off is still a rejection."""

    def broken() -> Iterator[bytes]:
        yield b'{"error": '
        raise httpx.ReadError("reset")

    api = Script(lambda _: httpx.Response(status, content=broken()))

    assert failure(client_of(api)).status == status


def test_a_reply_tells_how_long_it_took() -> None:
    """Measured on the injected clock, for this attempt alone."""
    clock = FakeClock()

    def slow(_: httpx.Request) -> httpx.Response:
        clock.advance(2.5)
        return ok()

    api = Script(httpx.ConnectError("refused"), slow)

    assert client_of(api, clock).send("GET", "/units", safe=True).seconds == 2.5


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (said(200, meta={"request_id": "inside"}), "inside"),
        (said(200, request_id="top"), "top"),
        (httpx.Response(200, json={}, headers={"X-Request-Id": "header"}), "header"),
        (httpx.Response(200, json={}, headers={"x-amzn-RequestId": "aws"}), "aws"),
        (said(200, meta={"request_id": None}), None),
        (said(200, meta={"request_id": 7}), None),
    ],
)
def test_the_vendors_request_id_is_kept(reply: httpx.Response, expected: str | None) -> None:
    """From the body or from a header, for the person who calls the vendor."""
    assert client_of(Script(reply)).send("GET", "/units", safe=True).request_id == expected


def test_the_echo_of_our_own_request_is_dropped() -> None:
    """storEDGE repeats the parameters, lock codes included; nobody gets to log them."""
    meta = {"status_code": 200, "parameters": {"combination_lock_number": "0815"}}
    reply = client_of(Script(said(200, units=[], meta=meta))).send("GET", "/units", safe=True)

    assert reply.json == {"units": [], "meta": {"status_code": 200}}


# What is raised


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
def test_a_redirect_is_never_followed(status: int) -> None:
    """Not even for a safe read, and its query is not repeated."""
    location = {"Location": "https://login.example.com/sign-in?ticket=hunter2"}
    api = Script(httpx.Response(status, headers=location))
    error = failure(client_of(api), safe=True, method="GET")

    assert isinstance(error, errors.RedirectRefused)
    assert error.words == "https://login.example.com/sign-in"
    assert len(api.requests) == 1


@pytest.mark.parametrize("location", ["", "/sign-in?ticket=hunter2", "//login.example.com/x?y=1"])
def test_a_redirect_to_anywhere_is_the_same_error(location: str) -> None:
    """Relative, empty and strange destinations are refused alike."""
    error = failure(client_of(Script(httpx.Response(302, headers={"Location": location}))))

    assert isinstance(error, errors.RedirectRefused)
    assert "hunter2" not in str(error)


def test_a_rejection_keeps_the_whole_answer() -> None:
    """Status, words, body and request id: what the report and the next step need."""
    body = {
        "error_hash": {"name": [{"name": "A1", "message": "taken"}]},
        "meta": {"request_id": "r"},
    }
    error = failure(client_of(Script(said(400, **body))))

    assert type(error) is errors.Rejected
    assert (error.status, error.words, error.request_id) == (400, "name: A1: taken", "r")
    assert error.body == body
    assert str(error) == "POST /v1/f-1/units: status 400: name: A1: taken"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (410, errors.NotFound),
        (412, errors.Conflict),
        (413, errors.RequestTooLarge),
        (414, errors.RequestTooLarge),
        (422, errors.Rejected),
    ],
)
def test_a_no_is_not_asked_twice(status: int, kind: type[ApiError]) -> None:
    """A 4xx is final, for a safe request too."""
    api = Script(said(status, message="no"))

    assert type(failure(client_of(api), safe=True)) is kind
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"Access denied", "Access denied"),
        (b"<html><title>403 Forbidden</title>", "403 Forbidden"),
        (b'{"message": "Forbidden"}', "Forbidden"),
        (b'["Forbidden"]', '["Forbidden"]'),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
    ],
)
def test_an_error_page_of_any_kind_has_its_words(body: bytes, words: str) -> None:
    """Gateways do not speak the vendor's JSON."""
    error = failure(client_of(Script(httpx.Response(403, content=body))))

    assert (type(error), error.words) == (errors.Forbidden, words)


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
    api = Script(reply)
    oauth = OAuth1("id", "secret", clock=FakeClock(), random=Random(1))
    error = failure(client_of(api, auth=oauth), method="GET", safe=True)
    signatures = {request.headers["Authorization"] for request in api.requests}

    assert (type(error), error.status) == (errors.CredentialsRefused, 401)
    assert len(api.requests) == len(signatures) == 2


def test_a_fresh_signature_may_be_accepted() -> None:
    """A clock that was a little off, or a nonce seen before, costs one more request."""
    api = Script(said(401, **CREDENTIALS), ok())
    oauth = OAuth1("id", "secret", clock=FakeClock(), random=Random(1))
    client = client_of(api, auth=oauth)

    assert client.send("POST", "/units", json={}, safe=False, max_attempts=1).status == 200


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        (400, errors.Rejected),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (429, errors.Throttled),
        (500, errors.ServerFault),
    ],
)
def test_the_status_inside_a_success_is_the_one_that_counts(
    inside: int, kind: type[ApiError]
) -> None:
    """HTTP 200 around an error is that error."""
    error = failure(client_of(Script(said(200, meta={"status_code": inside, "message": "no"}))))

    assert (type(error), error.status, error.words) == (kind, inside, "no")


@pytest.mark.parametrize("inside", [None, 200, 201, "201"])
def test_two_words_for_success_are_a_success(inside: object) -> None:
    """201 inside 200 is no contradiction."""
    reply = said(200, meta={"status_code": inside, "error_code": None})

    assert client_of(Script(reply)).send("POST", "/units", json={}, safe=False).status == 200


# Travtus' own ways


def travtus(*steps: Step, token: httpx.Response | None = None) -> tuple[Script, list[str]]:
    """An API with a token endpoint, and the tokens that its requests carried."""
    script, carried = Script(*steps), []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            number = sum(seen.url.path == "/oauth2/token" for seen in outer.requests)
            fresh = {"access_token": f"token-{number}", "expires_in": 3600}
            return token or httpx.Response(200, json=fresh)
        carried.append(request.headers["Authorization"])
        return script(request)

    outer = Script(answer)
    return outer, carried


def bearer() -> BearerToken:
    return BearerToken(f"{BASE}/oauth2/token", "client-id", "client-secret", clock=FakeClock())


def refusal(status: int, kind: str) -> httpx.Response:
    return said(status, error={"type": kind, "message": f"Because of {kind}."})


@pytest.mark.parametrize("kind", ["expired_token", "invalid_authorization"])
def test_a_refused_token_is_renewed_once_and_the_request_sent_again(kind: str) -> None:
    """A 401 was not processed, so even a create is repeated, and it costs no attempt."""
    api, carried = travtus(refusal(401, kind), ok())
    client = client_of(api, auth=bearer())
    client.send("POST", "/units/multiple/", json={}, safe=False, max_attempts=1)

    assert carried == ["Bearer token-1", "Bearer token-2"]
    assert client.request_count == 4


@pytest.mark.parametrize("kind", ["expired_token", "invalid_authorization"])
def test_a_renewed_token_that_is_refused_again_ends_it(kind: str) -> None:
    """There is no loop of renewals."""
    api, carried = travtus(refusal(401, kind))
    error = failure(client_of(api, auth=bearer()), safe=True)

    assert (type(error), error.error_type) == (errors.CredentialsRefused, kind)
    assert error.words == f"Because of {kind}."
    assert len(carried) == 2


def test_a_token_is_renewed_once_per_request_whatever_happens_between() -> None:
    """A fault between two refusals does not allow a third token."""
    api, carried = travtus(refusal(401, "expired_token"), said(429), refusal(401, "expired_token"))

    assert isinstance(failure(client_of(api, auth=bearer())), errors.CredentialsRefused)
    assert len(carried) == 3


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
    api, carried = travtus(refusal(status, type_))
    error = failure(client_of(api, auth=bearer()), safe=True)

    assert (type(error), error.error_type, error.status) == (kind, type_, status)
    assert carried == ["Bearer token-1"]


def test_a_token_request_is_a_form_without_credentials_in_the_header() -> None:
    """It goes through the same transport, as the vendor documents it."""
    api, _ = travtus(ok())
    client_of(api, auth=bearer()).send("GET", "/communities/", safe=True)
    asked = api.requests[0]

    assert asked.method == "POST"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in asked.headers
    assert asked.content == (
        b"grant_type=client_credentials&client_id=client-id&client_secret=client-secret"
    )


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_token_endpoint_that_says_no_is_asked_once(status: int) -> None:
    """Wrong credentials are reported, not repeated; the request itself never leaves."""
    api, carried = travtus(ok(), token=said(status, error="invalid_client"))
    error = failure(client_of(api, auth=bearer()))

    assert (type(error), error.words) == (errors.CredentialsRefused, "invalid_client")
    assert (len(api.requests), carried) == (1, [])


@pytest.mark.parametrize(
    "token", [said(500), said(429), said(200), httpx.Response(200, text="<html>"), said(404)]
)
def test_a_create_that_got_no_token_was_not_sent(token: httpx.Response) -> None:
    """A broken token endpoint never makes an outcome unknown, and is tried four times at most."""
    api, carried = travtus(ok(), token=token)
    error = failure(client_of(api, auth=bearer()))

    assert (type(error), error.outcome) == (errors.TokenUnavailable, "not_sent")
    assert len(api.requests) in (1, 4)
    assert carried == []


# Secrets


def everything_about(error: BaseException) -> str:
    """What a log, a report or a crash page could print of an error."""
    trail = "".join(traceback.format_exception(error))
    return f"{error!r} {error} {vars(error)} {trail} {error.__cause__!r} {error.__context__!r}"


LOCK_CODE = "hunter2"
LOCKED = {"units": [{"combination_lock_number": LOCK_CODE}]}


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
    ids=repr,
)
def test_no_secret_gets_into_an_error(step: Step) -> None:
    """Not those of the settings, and not the token of this very request."""
    api, _ = travtus(step)
    client = client_of(api, auth=bearer(), redact=lambda text: text.replace(LOCK_CODE, "…"))
    with pytest.raises(ApiError) as caught:
        client.send("POST", "/units/multiple/", json=LOCKED, safe=False)
    error = caught.value
    error.body = None  # kept as it came, for the code that looks for offenders
    printed = everything_about(error)

    assert LOCK_CODE not in printed
    assert not re.search("token-[12]", printed)


def test_a_transport_error_is_not_dragged_along() -> None:
    """httpx' exception holds the request, with its credentials and its body."""
    error = failure(client_of(Script(httpx.ReadTimeout("slow"))))

    assert error.__cause__ is None
    assert error.__context__ is None
    assert "ReadTimeout: slow" in str(error)


def test_the_client_prints_its_address_only() -> None:
    """Nothing else of it is fit for a log."""
    assert repr(client_of(Script(ok()))) == "HttpClient('https://api.example.com')"


def test_a_closed_client_closes_its_transport() -> None:
    """Leaving the block returns the connections."""
    closed = []

    class Watched(httpx.MockTransport):
        def close(self) -> None:
            closed.append(True)

    with HttpClient(
        BASE,
        auth=VendorAuth(),
        clock=FakeClock(),
        random=Random(1),
        budget=RetryBudget(),
        transport=Watched(Script(ok())),
    ) as client:
        client.send("GET", "/units", safe=True)

    assert closed == [True]
