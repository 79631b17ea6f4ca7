"""How often a request is sent: again when that is safe, and never again when it is not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
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


class SpyingClock(FakeClock):
    """Tells, before it sleeps, somebody who shares the rate."""

    def __init__(self, clock: FakeClock, told: Callable[[], None]) -> None:
        super().__init__()
        self._clock, self._told = clock, told

    def sleep(self, seconds: float) -> None:
        """Time passes for both."""
        self._told()
        self._clock.sleep(seconds)
        super().sleep(seconds)


def ok(**body: Any) -> httpx.Response:
    return httpx.Response(200, json=body or {"units": []})


def said(status: int, **body: Any) -> httpx.Response:
    return httpx.Response(status, json=body)


def failure(client: HttpClient, *, safe: bool = False, method: str = "POST") -> ApiError:
    """The error of a request that does not succeed."""
    with pytest.raises(ApiError) as caught:
        client.send(method, "/v1/f-1/units", json={"units": []}, safe=safe)
    return caught.value


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
    ids=str,
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
    ids=str,
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
    [
        ("7", 7.0, 7.5),
        ("Mon, 05 Jan 2026 02:00:30 GMT", 30.0, 30.5),
        ("Mon, 05 Jan 2026 01:00:00 GMT", 0.0, 0.5),
        ("-7", 0.0, 0.5),
        ("soon", 0.0, 0.5),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(status: int, header: str, least: float, most: float) -> None:
    """In both forms, and nonsense means the usual wait."""
    api = Script(httpx.Response(status, headers={"Retry-After": header}), ok())
    clock = FakeClock()
    client_of(api, clock).send("GET", "/units", safe=True)

    assert least <= clock.slept <= most


@pytest.mark.parametrize("header", ["86400", "Tue, 06 Jan 2026 02:00:00 GMT"])
def test_a_retry_after_of_a_day_is_the_next_nights_business(header: str) -> None:
    """Nobody sleeps for a day; the error says what was asked."""
    api = Script(httpx.Response(429, headers={"Retry-After": header}))
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
    clock = FakeClock()
    at: list[float] = []

    def timed(status: int) -> Step:
        def answer(_: httpx.Request) -> httpx.Response:
            at.append(clock.monotonic())
            return said(status)

        return answer

    api = Script(timed(200), timed(429), timed(200))
    client = client_of(api, clock, rate=RateLimit(2, clock))
    for _ in range(3):
        client.send("GET", "/units", safe=True)
    gaps = [later - sooner for sooner, later in pairwise(at)]

    assert len(gaps) == 3
    assert min(gaps) >= 0.5


def test_too_many_requests_slow_down_all_who_share_the_rate() -> None:
    """What one request is asked to wait, the others wait, too; an answer is what another sees."""
    clock, waits = FakeClock(), []
    rate = RateLimit(None, clock)
    throttled = httpx.Response(429, headers={"Retry-After": "60"}, json={})
    elsewhere = SpyingClock(clock, lambda: waits.append(rate.reserve()))
    api = Script(throttled, ok())
    client_of(api, elsewhere, rate=rate).send("GET", "/units", safe=True)

    assert max(waits) >= 60
    assert rate.reserve() == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
def test_a_redirect_is_never_followed(status: int) -> None:
    """Not even for a safe read."""
    api = Script(httpx.Response(status, headers={"Location": "https://login.example.com/"}))

    assert isinstance(failure(client_of(api), safe=True, method="GET"), errors.RedirectRefused)
    assert len(api.requests) == 1


def test_a_no_is_not_asked_twice() -> None:
    """A 4xx is final, for a safe request too."""
    api = Script(said(422, message="no"))

    assert type(failure(client_of(api), safe=True)) is errors.Rejected
    assert len(api.requests) == 1


def test_an_answer_says_whether_an_earlier_attempt_was_lost() -> None:
    """What was lost may still be carried out; what was throttled or never left will not be."""
    lost = client_of(Script(httpx.ReadTimeout("slow"), ok()))
    certain = client_of(Script(said(429), httpx.ConnectError("refused"), ok()))

    assert lost.send("PUT", "/v1/f-1/units", json={}, safe=True).lost_before
    assert not certain.send("PUT", "/v1/f-1/units", json={}, safe=True).lost_before


@pytest.mark.parametrize(
    ("steps", "may_come_late"),
    [
        ((said(400),), False),
        ((said(429), said(400)), False),
        ((httpx.ReadTimeout("slow"), said(400)), True),
        ((said(503),), True),
    ],
)
def test_an_error_says_whether_the_request_may_still_be_carried_out(
    steps: tuple[Step, ...], may_come_late: bool
) -> None:
    """A refusal is the last word about one attempt, and not about one that was lost before."""
    assert failure(client_of(Script(*steps)), safe=True).may_come_late is may_come_late
