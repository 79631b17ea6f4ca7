"""Every class of the error tree is raised by what it is for, and answers as it is meant to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.auth import BearerToken, OAuth1, VendorAuth
from connectors.clock import FakeClock
from connectors.errors import ConnectorError
from connectors.http import HttpClient
from connectors.reply import Exchange, interpret, receive
from connectors.retry import RetryBudget
from connectors.sources.file import FileSource, extract
from connectors.targets.settings import StoredgeSettings
from connectors.targets.storedge_reader import StoredgeReader
from transforms import storedge
from transforms.secrets import SecretMask

BASE = "https://api.example.com"
JSON = {"Content-Type": "application/json"}
Step = httpx.Response | Exception
Raise = Callable[[], object]


def client_of(*steps: Step, auth: VendorAuth | None = None) -> HttpClient:
    """A client of an API that answers by the book, the last step again and again."""
    left = list(steps)

    def answer(_: httpx.Request) -> httpx.Response:
        step = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(step, Exception):
            raise step
        return step

    return HttpClient(
        BASE,
        auth=auth or VendorAuth(),
        clock=FakeClock(),
        random=Random(1),
        budget=RetryBudget(),
        transport=httpx.MockTransport(answer),
    )


def sending(*steps: Step, auth: VendorAuth | None = None, json: Any = None) -> Raise:
    """A create that meets these answers."""
    return lambda: client_of(*steps, auth=auth).send("POST", "/units", json=json or {}, safe=False)


def said(status: int, **body: Any) -> httpx.Response:
    return httpx.Response(status, json=body)


def travtus(status: int, kind: str) -> httpx.Response:
    return said(status, error={"type": kind, "message": "no"})


def bearer() -> BearerToken:
    return BearerToken(f"{BASE}/oauth2/token", "client-id", "client-secret", clock=FakeClock())


def oauth() -> OAuth1:
    return OAuth1("access-id", "secret-key", clock=FakeClock(), random=Random(1))


def endless() -> Iterator[bytes]:
    while True:
        yield b" " * (1024 * 1024)


def one_attempt(response: httpx.Response) -> Raise:
    """An answer as a single attempt sees it, before anybody renews a credential."""
    exchange = Exchange("GET /units", str, FakeClock(), until=60, safe=True)
    return lambda: interpret(receive(response, exchange), exchange)


def stopped() -> object:
    client = client_of(said(200))
    client.stop.set()
    return client.send("GET", "/units", safe=True)


def listing() -> object:
    """A list that nothing proves complete."""
    settings = StoredgeSettings(kind="storedge", access_id="access-id", secret_key="secret-key")
    client, schema = client_of(said(200, units=[])), storedge.schema()
    return StoredgeReader(client, settings, schema, SecretMask(b"key")).read("facility")


def no_file() -> object:
    return list(extract(FileSource(kind="file", path="nowhere.csv"), Path()).each)


# What raises each class; a new one is a red test until somebody says what it is for.
RAISED: dict[str, Raise] = {
    "ApiUnreachable": sending(httpx.ConnectError("refused")),
    "Conflict": sending(said(409)),
    "CredentialsRefused": sending(said(401, meta={"error_code": 2}), auth=oauth()),
    "Forbidden": sending(said(403)),
    "GroupRefused": sending(travtus(401, "no_access_to_group")),
    "ListingUnreadable": listing,
    "MalformedReply": sending(httpx.Response(200, html="<title>Sign in</title>")),
    "NotFound": sending(said(404)),
    "RedirectRefused": sending(httpx.Response(302, headers={"Location": "/login"})),
    "Rejected": sending(said(422)),
    "ReplyLost": sending(httpx.ReadError("reset")),
    "ReplyTooLarge": sending(httpx.Response(200, headers=JSON, content=endless())),
    "ReplyTruncated": sending(
        httpx.Response(200, headers=JSON | {"Content-Length": "99"}, content=b"{}")
    ),
    "RequestTooLarge": sending(said(413)),
    "RequestUnsendable": sending(said(200), json={"rate": float("nan")}),
    "ServerFault": sending(said(503)),
    "SourceUnreadable": no_file,
    "Stopped": stopped,
    "Throttled": sending(said(429)),
    "TokenExpired": one_attempt(travtus(401, "expired_token")),
    "TokenUnavailable": sending(said(500), auth=bearer()),
}
# Raised by nobody: whoever catches one of these catches all that stand below it.
FAMILIES = {"ApiError", "ConnectorError", "NotSent", "OutcomeUnknown"}

# What became of the request, and when it may be sent again. Written out, so that a class which
# inherits an answer does so because somebody has looked at it.
ANSWERS = {
    "ApiError": ("unknown", "next_run"),
    "ApiUnreachable": ("not_sent", "now"),
    "Conflict": ("rejected", "never"),
    "ConnectorError": ("unknown", "next_run"),
    "CredentialsRefused": ("rejected", "next_run"),
    "Forbidden": ("rejected", "next_run"),
    "GroupRefused": ("rejected", "next_run"),
    "ListingUnreadable": ("unknown", "next_run"),
    "MalformedReply": ("unknown", "now"),
    "NotFound": ("rejected", "never"),
    "NotSent": ("not_sent", "now"),
    "OutcomeUnknown": ("unknown", "now"),
    "RedirectRefused": ("rejected", "next_run"),
    "Rejected": ("rejected", "never"),
    "ReplyLost": ("unknown", "now"),
    "ReplyTooLarge": ("unknown", "next_run"),
    "ReplyTruncated": ("unknown", "now"),
    "RequestTooLarge": ("rejected", "never"),
    "RequestUnsendable": ("not_sent", "never"),
    "ServerFault": ("unknown", "now"),
    "SourceUnreadable": ("not_sent", "next_run"),
    "Stopped": ("not_sent", "next_run"),
    "Throttled": ("rejected", "now"),
    "TokenExpired": ("rejected", "now"),
    "TokenUnavailable": ("not_sent", "next_run"),
}


def tree() -> dict[str, type[ConnectorError]]:
    found = [ConnectorError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return {kind.__name__: kind for kind in found if kind.__module__ == errors.__name__}


@pytest.mark.parametrize("name", sorted(RAISED))
def test_every_class_is_raised_by_what_it_is_for(name: str) -> None:
    """By the real part, and as itself, not as one of its family."""
    with pytest.raises(ConnectorError) as caught:
        RAISED[name]()

    assert type(caught.value).__name__ == name
    assert str(caught.value)


def test_no_class_is_left_without_a_use() -> None:
    """A class that nothing raises is a promise that nobody keeps."""
    assert {*RAISED, *FAMILIES} == set(tree())
    assert not {*RAISED} & FAMILIES
    assert all(tree()[name].__subclasses__() for name in FAMILIES)


def test_every_class_answers_as_somebody_decided() -> None:
    """A new class inherits nothing unseen."""
    assert {name: (kind.outcome, kind.retry) for name, kind in tree().items()} == ANSWERS
