"""Which of our errors a status, or an exception of httpx, is: each exactly one.

These tables decide whether a request may be sent again, so what is not certain is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from connectors.errors import (
    ApiError,
    ApiUnreachable,
    Conflict,
    CredentialsRefused,
    Forbidden,
    GroupRefused,
    MalformedReply,
    NotFound,
    RedirectRefused,
    Rejected,
    ReplyLost,
    RequestTooLarge,
    RequestUnsendable,
    ServerFault,
    Throttled,
    TokenExpired,
)

__all__ = ["TRANSPORT_ERRORS", "class_of_exception", "class_of_status"]

# All that httpx can raise. The first class of an exception's ancestry that is listed decides;
# what httpx may invent later is unknown until somebody has thought about it.
TRANSPORT_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict)
_BY_EXCEPTION: Mapping[type, type[ApiError]] = {
    httpx.ConnectError: ApiUnreachable,  # refused, DNS, TLS
    httpx.ConnectTimeout: ApiUnreachable,
    httpx.PoolTimeout: ApiUnreachable,
    httpx.ProxyError: ApiUnreachable,  # the proxy did not open the tunnel
    httpx.InvalidURL: RequestUnsendable,
    httpx.UnsupportedProtocol: RequestUnsendable,
    httpx.LocalProtocolError: RequestUnsendable,  # found before the first byte is written
    httpx.TooManyRedirects: RedirectRefused,
    httpx.HTTPError: ReplyLost,
    httpx.StreamError: ReplyLost,
    httpx.CookieConflict: ReplyLost,
}

_BY_STATUS: Mapping[int, type[ApiError]] = {
    401: TokenExpired,
    403: Forbidden,
    404: NotFound,
    408: ServerFault,  # gateways send it also when the server behind them took too long
    409: Conflict,
    410: NotFound,
    412: Conflict,
    413: RequestTooLarge,
    414: RequestTooLarge,
    429: Throttled,
}
_BY_HUNDRED: Mapping[int, type[ApiError]] = {3: RedirectRefused, 4: Rejected, 5: ServerFault}

# Travtus says more by `error.type` than by the status (contracts A.2).
_BY_ERROR_TYPE: Mapping[str, type[ApiError]] = {
    "expired_token": TokenExpired,
    "invalid_authorization": TokenExpired,
    "missing_authorization": CredentialsRefused,
    "no_access_to_group": GroupRefused,
    "group_not_found": GroupRefused,
}


def class_of_exception(error: Exception) -> type[ApiError]:
    """Which of our errors an httpx exception is."""
    ancestry = (_BY_EXCEPTION[base] for base in type(error).__mro__ if base in _BY_EXCEPTION)
    return next(ancestry, ReplyLost)


def class_of_status(status: int, error_type: str | None = None) -> type[ApiError]:
    """Which of our errors a status is, given the error type that came with it."""
    named = _BY_ERROR_TYPE.get(error_type or "")
    if named and 400 <= status < 500:
        return named
    return _BY_STATUS.get(status) or _BY_HUNDRED.get(status // 100, MalformedReply)
