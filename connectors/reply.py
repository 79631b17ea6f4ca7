"""What an answer means, or its absence: a JSON object that can be trusted, or one typed error.

A reply is believed only if its status, content type, length, encoding and JSON are all what the
API promises; anything else with a status of success leaves the outcome unknown. An error status
is believed even if the rest of the reply is lost. Bodies are never quoted beyond the API's words.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from connectors.clock import Clock
from connectors.errors import (
    ApiError,
    MalformedReply,
    ReplyLost,
    ReplyTooLarge,
    ReplyTruncated,
    RequestUnsendable,
)
from connectors.faults import TRANSPORT_ERRORS, class_of_exception, class_of_status
from connectors.retry import parse_retry_after
from connectors.words import Redact, error_type_of, tidy, title_of, words_of, words_of_text

__all__ = ["Answer", "Exchange", "Reply", "interpret", "receive"]

# A page of 100 units with everything is some 300 kB; a hundred times that is not an answer.
LARGEST_BYTES = 32 * 1024 * 1024
# storEDGE's code for an OAuth request that it does not accept, sometimes with HTTP 200.
OAUTH_REFUSED = 2
# Where the vendors, and the gateways in front of them, put the id of a request.
REQUEST_ID_HEADERS = ("x-request-id", "x-amzn-requestid", "apigw-requestid", "x-amzn-trace-id")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came over the wire: nothing of it has been believed yet."""

    status: int
    headers: httpx.Headers
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON object that the API answered with a status of success; {} if a document was asked for,
    whose text and headers are in `answer`.

    `lost_before` says that an earlier attempt of the same request had no answer: the API may
    still carry it out.
    """

    status: int
    json: dict[str, Any]
    request_id: str | None
    seconds: float
    lost_before: bool = False
    answer: Answer | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt: what was asked, until when an answer counts, and how to speak of it.

    `safe` says that repeating the request does no harm even if it took effect; `document` that
    whoever asked reads the JSON, of whatever shape it is.
    """

    what: str
    redact: Redact
    clock: Clock
    until: float
    safe: bool
    document: bool = False

    def error(self, kind: type[ApiError], detail: str = "", **answer: Any) -> ApiError:
        """An error that says what was asked and what happened, without a secret."""
        sentence = detail or kind.__doc__ or kind.__name__
        return kind(tidy(f"{self.what}: {sentence}", self.redact), **answer)

    def lost(self, error: Exception) -> ApiError:
        """What an httpx exception means.

        The exception itself is not kept: it holds the request, with its credentials and its body.
        """
        kind = class_of_exception(error)
        # h11 quotes the header that it refuses, and that may be the Authorization.
        text = "" if kind is RequestUnsendable else str(error)
        name = type(error).__name__
        return self.error(kind, f"{kind.__doc__} ({f'{name}: {text}' if text else name})")


def receive(response: httpx.Response, exchange: Exchange) -> Answer:
    """Read the body within the limits of time and size; an error status stands without one."""
    status, content = response.status_code, b""
    if not 300 <= status < 400:
        try:
            content = _body_of(response, exchange)
        except (ApiError, *TRANSPORT_ERRORS):
            if status < 300:
                raise
    return Answer(status, response.headers, content)


def interpret(answer: Answer, exchange: Exchange) -> tuple[dict[str, Any], str | None]:
    """The JSON object of a success and the request's id; any other answer is raised."""
    if not 200 <= answer.status < 300:
        raise _refusal(answer, answer.status, _json_if_any(answer), exchange)
    if exchange.document:
        _refuse_faulty(answer, exchange)
        return {}, _request_id(answer, {})
    body = _json_object(answer, exchange)
    status = _status_inside(answer.status, body, exchange)
    if not 200 <= status < 300:
        refusal = _refusal(answer, status, body, exchange)
        raise refusal if exchange.safe else _not_vouched_for(refusal, answer, exchange)
    return body, _request_id(answer, body)


def _body_of(response: httpx.Response, exchange: Exchange) -> bytes:
    # Made anew from the stream, since a response from a mock counts no bytes.
    measured = httpx.Response(
        response.status_code, headers=response.headers, stream=response.stream
    )
    content = bytearray()
    for chunk in measured.iter_bytes():
        content += chunk
        if len(content) > LARGEST_BYTES:
            raise exchange.error(ReplyTooLarge, f"the answer is over {LARGEST_BYTES:,} bytes")
        if exchange.clock.monotonic() > exchange.until:
            raise exchange.error(ReplyLost, "the answer came too slowly to wait for its end")
    declared = response.headers.get("Content-Length")
    received = measured.num_bytes_downloaded
    # Chunked bodies carry their own end; h11 has checked it.
    if declared not in (None, str(received)) and "Transfer-Encoding" not in response.headers:
        detail = f"{received:,} bytes came, where Content-Length says {declared}"
        raise exchange.error(ReplyTruncated, detail)
    return bytes(content)


def _json_object(answer: Answer, exchange: Exchange) -> dict[str, Any]:
    _refuse_faulty(answer, exchange)
    body = _json_if_any(answer)
    if body is None:
        detail = "the answer is not a JSON object in UTF-8"
        known = {"status": answer.status, "request_id": _request_id(answer, {})}
        raise exchange.error(MalformedReply, detail, **known)
    return body


def _refuse_faulty(answer: Answer, exchange: Exchange) -> None:
    fault = _fault_of(answer)
    if fault:
        title = title_of(answer.content.decode("utf-8", "replace"))
        words = tidy(title, exchange.redact)
        said = f'{fault} ("{words}")' if words else fault
        known = {"status": answer.status, "request_id": _request_id(answer, {})}
        raise exchange.error(MalformedReply, said, words=words, **known)


def _fault_of(answer: Answer) -> str:
    if not answer.content:
        return "the answer is empty"
    kind = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        return ""
    return f"the answer is {kind or 'of no declared type'}, not JSON"


def _json_if_any(answer: Answer) -> dict[str, Any] | None:
    try:
        value = _parsed(answer.content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _parsed(content: bytes) -> object:
    """JSON as the standard has it, in UTF-8; raises ValueError or RecursionError."""
    text = content.decode("utf-8")
    value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    if "\\ud" in text.lower():  # an escaped half of a surrogate pair could not be stored
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    if isinstance(value, dict) and isinstance(value.get("meta"), dict):
        value["meta"].pop("parameters", None)  # storEDGE echoes the request, lock codes and all
    return value


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number without end")
    return number


def _status_inside(status: int, body: Mapping[str, Any], exchange: Exchange) -> int:
    """The status that storEDGE's `meta` adds to a success, which may be another (contracts B.2)."""
    meta = body.get("meta")
    if not isinstance(meta, Mapping):
        return status
    code = meta.get("error_code")
    if str(code) == str(OAUTH_REFUSED):
        return 401
    inside = meta.get("status_code")
    inside = status if inside is None else _as_status(inside)
    if code and 200 <= inside < 300:
        detail = f"the answer contradicts itself: status {status}, error_code {code}"
        raise exchange.error(MalformedReply, detail, status=status, words=_words(body, exchange))
    return inside


def _as_status(value: object) -> int:
    """Zero, which is no status at all, unless it is a whole number."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) == 3 else 0


def _refusal(
    answer: Answer, status: int, body: dict[str, Any] | None, exchange: Exchange
) -> ApiError:
    error_type = error_type_of(body) if body is not None else None
    kind = class_of_status(status, error_type)
    words = _words(body, exchange) if body is not None else _text(answer, exchange)
    asked = parse_retry_after(answer.headers.get("Retry-After"), exchange.clock.now())
    return exchange.error(
        kind,
        f"status {status}: {words or kind.__doc__}",
        status=status,
        words=words,
        error_type=error_type,
        request_id=_request_id(answer, body or {}),
        body=body,
        retry_after=asked,
    )


def _not_vouched_for(refusal: ApiError, answer: Answer, exchange: Exchange) -> ApiError:
    """A success that says inside that it was turned away at the door is no reason to send again
    what may have been done."""
    if refusal.outcome != "rejected" or refusal.retry != "now":
        return refusal
    detail = f"the answer contradicts itself: status {answer.status}, inside {refusal.status}"
    said = {"words": refusal.words, "request_id": refusal.request_id}
    return exchange.error(MalformedReply, detail, status=answer.status, **said)


def _words(body: Mapping[str, Any], exchange: Exchange) -> str:
    return tidy(words_of(body), exchange.redact)


def _text(answer: Answer, exchange: Exchange) -> str:
    if 300 <= answer.status < 400:
        return tidy(_destination(answer.headers.get("Location", "")), exchange.redact)
    return tidy(words_of_text(answer.content.decode("utf-8", "replace")), exchange.redact)


def _destination(location: str) -> str:
    """Where a redirect leads, without its query, which may hold a ticket."""
    try:
        parts = urlsplit(location)
        host = parts.hostname
    except ValueError:
        return ""
    return f"{parts.scheme or 'https'}://{host}{parts.path}" if host else parts.path


def _request_id(answer: Answer, body: Mapping[str, Any]) -> str | None:
    meta = body.get("meta")
    inside = meta.get("request_id") if isinstance(meta, Mapping) else body.get("request_id")
    named = (answer.headers.get(name) for name in REQUEST_ID_HEADERS)
    return next((text[:200] for text in (inside, *named) if isinstance(text, str) and text), None)
