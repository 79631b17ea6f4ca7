"""The client as its callers see it: what goes out, and nothing once it is asked to stop."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.auth import VendorAuth
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


def client_of(
    api: Script, clock: FakeClock | None = None, base: str = BASE, **settings: Any
) -> HttpClient:
    """A client of this API, with the usual settings where no others are given."""
    usual: dict[str, Any] = {
        "auth": VendorAuth(),
        "clock": clock or FakeClock(),
        "random": Random(1),
        "budget": RetryBudget(),
        "transport": httpx.MockTransport(api),
    }
    return HttpClient(base, **usual | settings)


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
    client = client_of(api, base=base)
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
        "/v1/" + "long" * 250,
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
        client_of(Script(ok()), base="http://api.example.com")


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


# Beside


def test_a_reply_tells_how_long_it_took() -> None:
    """Measured on the injected clock, for this attempt alone."""
    clock = FakeClock()

    def slow(_: httpx.Request) -> httpx.Response:
        clock.advance(2.5)
        return ok()

    api = Script(httpx.ConnectError("refused"), slow)

    assert client_of(api, clock).send("GET", "/units", safe=True).seconds == 2.5


def test_an_answer_is_waited_for_four_timeouts_in_all() -> None:
    """What comes later is an unknown outcome, even if it looks complete."""
    clock = FakeClock()

    def late(_: httpx.Request) -> httpx.Response:
        clock.advance(41)
        return ok()

    assert isinstance(failure(client_of(Script(late), clock, timeout_seconds=10)), errors.ReplyLost)


def test_a_transport_error_is_not_dragged_along() -> None:
    """httpx' exception holds the request, with its credentials and its body."""
    error = failure(client_of(Script(httpx.ReadTimeout("slow"))))

    assert error.__cause__ is None
    assert error.__context__ is None
    assert "ReadTimeout: slow" in str(error)


def test_the_client_prints_its_address_only() -> None:
    """Nothing else of it is fit for a log."""
    assert repr(client_of(Script(ok()))) == "HttpClient('https://api.example.com')"


def test_leaving_the_block_returns_the_connections() -> None:
    """A closed client closes its transport."""
    closed = []

    class Watched(httpx.MockTransport):
        def close(self) -> None:
            closed.append(True)

    with client_of(Script(ok()), transport=Watched(Script(ok()))) as client:
        client.send("GET", "/units", safe=True)

    assert closed == [True]
