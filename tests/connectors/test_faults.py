"""Every status and every exception of httpx is exactly one of our errors."""

from __future__ import annotations

import httpx
import pytest

from connectors import errors
from connectors.errors import ApiError
from connectors.faults import TRANSPORT_ERRORS, class_of_exception, class_of_status

# Written out, so that a new exception of httpx is a red test and a decision.
EXCEPTIONS = {
    "CloseError": "ReplyLost",
    "ConnectError": "ApiUnreachable",
    "ConnectTimeout": "ApiUnreachable",
    "CookieConflict": "ReplyLost",
    "DecodingError": "ReplyLost",
    "HTTPError": "ReplyLost",
    "HTTPStatusError": "ReplyLost",
    "InvalidURL": "RequestUnsendable",
    "LocalProtocolError": "RequestUnsendable",
    "NetworkError": "ReplyLost",
    "PoolTimeout": "ApiUnreachable",
    "ProtocolError": "ReplyLost",
    "ProxyError": "ApiUnreachable",
    "ReadError": "ReplyLost",
    "ReadTimeout": "ReplyLost",
    "RemoteProtocolError": "ReplyLost",
    "RequestError": "ReplyLost",
    "RequestNotRead": "ReplyLost",
    "ResponseNotRead": "ReplyLost",
    "StreamClosed": "ReplyLost",
    "StreamConsumed": "ReplyLost",
    "StreamError": "ReplyLost",
    "TimeoutException": "ReplyLost",
    "TooManyRedirects": "RedirectRefused",
    "TransportError": "ReplyLost",
    "UnsupportedProtocol": "RequestUnsendable",
    "WriteError": "ReplyLost",
    "WriteTimeout": "ReplyLost",
}

STATUSES = {
    401: "TokenExpired",
    403: "Forbidden",
    404: "NotFound",
    408: "ServerFault",
    409: "Conflict",
    410: "NotFound",
    412: "Conflict",
    413: "RequestTooLarge",
    414: "RequestTooLarge",
    429: "Throttled",
}
HUNDREDS = {3: "RedirectRefused", 4: "Rejected", 5: "ServerFault"}


def exceptions_of_httpx() -> list[type[Exception]]:
    found: list[type[Exception]] = list(TRANSPORT_ERRORS)
    for kind in found:
        found.extend(kind.__subclasses__())
    return [kind for kind in found if kind.__module__.startswith("httpx")]


def made(kind: type[Exception]) -> Exception:
    return kind.__new__(kind)


def test_every_exception_of_httpx_has_its_class() -> None:
    """Nothing that httpx raises today is left to chance."""
    actual = {kind.__name__: class_of_exception(made(kind)) for kind in exceptions_of_httpx()}

    assert {name: kind.__name__ for name, kind in actual.items()} == EXCEPTIONS


def test_every_public_exception_of_httpx_is_caught() -> None:
    """No exception of httpx gets past the client."""
    public = [getattr(httpx, name) for name in httpx.__all__]
    raised = [kind for kind in public if isinstance(kind, type) and issubclass(kind, Exception)]

    assert raised
    assert all(issubclass(kind, TRANSPORT_ERRORS) for kind in raised)


def test_an_exception_that_httpx_may_invent_is_unknown() -> None:
    """Until somebody has thought about it, it may have taken effect."""

    class Novelty(httpx.TransportError):
        pass

    assert class_of_exception(Novelty("?")) is errors.ReplyLost


@pytest.mark.parametrize("status", range(300, 600))
def test_every_error_status_has_its_class(status: int) -> None:
    """Each status from 300 to 599 is exactly one error."""
    expected: type[ApiError] = getattr(errors, STATUSES.get(status) or HUNDREDS[status // 100])

    assert expected is class_of_status(status)


@pytest.mark.parametrize("status", [0, 100, 199, 600, 999])
def test_a_status_that_is_none_leaves_the_outcome_unknown(status: int) -> None:
    """What no standard knows says nothing about the effect."""
    assert class_of_status(status) is errors.MalformedReply


@pytest.mark.parametrize(
    ("status", "error_type", "expected"),
    [
        (401, "expired_token", errors.TokenExpired),
        (401, "invalid_authorization", errors.TokenExpired),
        (400, "missing_authorization", errors.CredentialsRefused),
        (401, "missing_authorization", errors.CredentialsRefused),
        (401, "no_access_to_group", errors.GroupRefused),
        (404, "group_not_found", errors.GroupRefused),
        (400, "no_group", errors.Rejected),
        (400, "both_group_identifiers_provided", errors.Rejected),
        (404, "not_found", errors.NotFound),
        (404, "community_not_found", errors.NotFound),
        (500, "no_access_to_group", errors.ServerFault),
        (429, "whatever", errors.Throttled),
    ],
)
def test_travtus_says_more_by_the_type_than_by_the_status(
    status: int, error_type: str, expected: type[ApiError]
) -> None:
    """Of two 401, one asks for a new token and one ends the scope (contracts A.2)."""
    assert class_of_status(status, error_type) is expected
