"""What an answer means: a JSON object that can be trusted, or one typed error."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors import errors
from connectors.clock import FakeClock
from connectors.errors import ApiError
from connectors.reply import Exchange, interpret, receive

DEADLINE_SECONDS = 240
JSON = {"Content-Type": "application/json"}


def understood(
    response: httpx.Response, clock: FakeClock | None = None
) -> tuple[dict[str, Any], str | None]:
    """The object and the request id of an answer."""
    exchange = Exchange("POST /v1/units", str, clock or FakeClock(), DEADLINE_SECONDS, safe=True)
    return interpret(receive(response, exchange), exchange)


def failure(response: httpx.Response, clock: FakeClock | None = None) -> ApiError:
    """What is wrong with an answer."""
    with pytest.raises(ApiError) as caught:
        understood(response, clock)
    return caught.value


def said(status: int, **body: Any) -> httpx.Response:
    return httpx.Response(status, json=body)


def json_bytes(content: bytes) -> httpx.Response:
    return httpx.Response(200, headers=JSON, content=content)


def with_length(declared: str) -> httpx.Response:
    return httpx.Response(200, headers=JSON | {"Content-Length": declared}, content=b"{}")


MALFORMED = {
    "empty": json_bytes(b""),
    "null": json_bytes(b"null"),
    "a list": json_bytes(b"[]"),
    "a number": json_bytes(b"17"),
    "half an object": json_bytes(b'{"units": ['),
    "NaN": json_bytes(b'{"rate": NaN}'),
    "infinity": json_bytes(b'{"rate": -Infinity}'),
    "a float without end": json_bytes(b'{"rate": 1e999}'),
    "an integer without end": json_bytes(b'{"rate": %b}' % (b"9" * 9_999)),
    "half a surrogate pair": json_bytes(b'{"name": "\\uD800"}'),
    "a BOM": json_bytes(b"\xef\xbb\xbf{}"),
    "UTF-16": json_bytes('{"a": 1}'.encode("utf-16")),
    "Latin-1": json_bytes('{"name": "ü"}'.encode("latin-1")),
    "a NUL": json_bytes(b'{"name": "\x00"}'),
    "nothing but NULs": json_bytes(bytes(100)),
    "ten megabytes of nothing": json_bytes(b" " * 10_000_000),
    "two documents": json_bytes(b"{}{}"),
    "too deep": json_bytes(b'{"a":' * 100_000),
    "no content type": httpx.Response(200, content=b"{}"),
    "a login page": httpx.Response(200, html="<html><title>Sign in</title>"),
    "plain text": httpx.Response(200, text='{"units": []}'),
    "no content": httpx.Response(204),
    "too short": with_length("99"),
    "too long": with_length("1"),
    "a length of words": with_length("x"),
    "a status that contradicts": said(200, meta={"status_code": 200, "error_code": 7}),
    "a status that is none": said(200, meta={"status_code": "soon"}),
    "a status beyond all": httpx.Response(999),
}


@pytest.mark.parametrize("reply", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_answer_is_an_unknown_outcome(reply: httpx.Response) -> None:
    """It may have been processed, so it is neither a success nor a rejection."""
    assert isinstance(failure(reply), errors.MalformedReply)


def test_a_malformed_answer_is_quoted_by_its_title_only() -> None:
    """The page says "Sign in"; a broken listing, with tenants and lock codes, says nothing."""
    page = failure(MALFORMED["a login page"])
    listing = failure(json_bytes(b'{"units": [{"combination_lock_number": "0815"'))

    assert page.words == "Sign in"
    assert 'the answer is text/html, not JSON ("Sign in")' in str(page)
    assert "0815" not in f"{listing} {vars(listing)}"


def test_a_malformed_answer_keeps_the_request_id() -> None:
    """The person who calls the vendor needs it then most of all."""
    error = failure(httpx.Response(200, headers=JSON | {"X-Request-Id": "r-1"}, content=b"{"))

    assert (error.status, error.request_id) == (200, "r-1")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"],
)
def test_json_by_any_of_its_names_is_read(content_type: str) -> None:
    """Parameters, case and structured suffixes do not matter."""
    reply = httpx.Response(200, headers={"Content-Type": content_type}, content=b'{"a":"\xc3\xbc"}')

    assert understood(reply) == ({"a": "ü"}, None)


def test_ten_megabytes_of_json_are_still_an_answer() -> None:
    """Large is not wrong; only what no honest answer reaches is cut off."""
    body, _ = understood(json_bytes(b'{"units": []}' + b" " * 10_000_000))

    assert body == {"units": []}


def test_of_a_key_that_is_said_twice_the_last_one_counts() -> None:
    """As in every reader of JSON; whether it makes sense is for those who asked to judge."""
    body, _ = understood(json_bytes(b'{"units": [1], "units": []}'))

    assert body == {"units": []}


def test_a_compressed_answer_is_measured_as_it_travelled() -> None:
    """Content-Length counts the compressed bytes."""
    packed = gzip.compress(b'{"units": []}' + b" " * 1_000)
    headers = JSON | {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}

    assert understood(httpx.Response(200, headers=headers, content=packed)) == ({"units": []}, None)


def test_a_truncated_answer_says_how_much_is_missing() -> None:
    """How much came and how much was promised."""
    error = failure(MALFORMED["too short"])

    assert isinstance(error, errors.ReplyTruncated)
    assert "2 bytes came, where Content-Length says 99" in str(error)


def test_an_endless_answer_is_cut_off() -> None:
    """Reading stops just beyond the limit."""
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * (1024 * 1024)

    assert isinstance(
        failure(httpx.Response(200, headers=JSON, content=endless())), errors.ReplyTooLarge
    )
    assert read == 33


def test_a_slow_drip_ends_at_the_deadline() -> None:
    """Pieces that each come in time do not add up to an endless answer."""
    clock = FakeClock()

    def drip() -> Iterator[bytes]:
        while True:
            yield b" "
            clock.advance(59)

    error = failure(httpx.Response(200, headers=JSON, content=drip()), clock)

    assert isinstance(error, errors.ReplyLost)
    assert "too slowly" in str(error)
    assert clock.monotonic() == 5 * 59


@pytest.mark.parametrize("status", [400, 401, 429, 503])
def test_an_error_status_stands_even_if_its_body_is_lost(status: int) -> None:
    """A rejection whose text is cut off is still a rejection."""

    def broken() -> Iterator[bytes]:
        yield b'{"error": '
        raise httpx.ReadError("reset")

    error = failure(httpx.Response(status, content=broken()))

    assert (error.status, error.body) == (status, None)


def test_the_body_of_a_redirect_is_not_even_read() -> None:
    """Nothing in it could change what happens."""

    def forbidden() -> Iterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    assert isinstance(failure(httpx.Response(302, content=forbidden())), errors.RedirectRefused)


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
    """From the body or from a header."""
    assert understood(reply)[1] == expected


@pytest.mark.parametrize("status", [200, 400])
def test_the_echo_of_our_own_request_is_dropped(status: int) -> None:
    """storEDGE repeats the parameters, lock codes included; nobody gets to keep them."""
    echo = said(status, units=[], meta={"parameters": {"combination_lock_number": "0815"}})
    body = understood(echo)[0] if status == 200 else failure(echo).body

    assert body == {"units": [], "meta": {}}


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://login.example.com/sign-in?ticket=hunter2", "https://login.example.com/sign-in"),
        ("/sign-in?ticket=hunter2", "/sign-in"),
        ("//login.example.com/x?ticket=hunter2", "https://login.example.com/x"),
        ("https://[::1", ""),
        ("", ""),
    ],
)
def test_a_redirect_says_where_it_leads_without_its_query(location: str, words: str) -> None:
    """The query may hold a ticket."""
    error = failure(httpx.Response(302, headers={"Location": location}))

    assert (type(error), error.words) == (errors.RedirectRefused, words)
    assert "hunter2" not in str(error)


def test_a_rejection_keeps_the_whole_answer() -> None:
    """Status, words, body and request id: what the report and the next step need."""
    body = {
        "error_hash": {"name": [{"name": "A1", "message": "taken"}]},
        "meta": {"request_id": "r"},
    }
    error = failure(said(400, **body))

    assert type(error) is errors.Rejected
    assert (error.status, error.words, error.request_id) == (400, "name: A1: taken", "r")
    assert error.body == body
    assert str(error) == "POST /v1/units: status 400: name: A1: taken"


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
    error = failure(httpx.Response(403, content=body))

    assert (type(error), error.words) == (errors.Forbidden, words)


@pytest.mark.parametrize(
    ("meta", "kind", "status"),
    [
        ({"status_code": 400}, errors.Rejected, 400),
        ({"status_code": 403}, errors.Forbidden, 403),
        ({"status_code": 404}, errors.NotFound, 404),
        ({"status_code": 429}, errors.Throttled, 429),
        ({"status_code": 500}, errors.ServerFault, 500),
        ({"status_code": 401}, errors.TokenExpired, 401),
        ({"status_code": "401", "error_code": None}, errors.TokenExpired, 401),
        ({"status_code": 200, "error_code": 2}, errors.TokenExpired, 401),
        ({"error_code": "2"}, errors.TokenExpired, 401),
    ],
)
def test_the_status_inside_a_success_is_the_one_that_counts(
    meta: dict[str, Any], kind: type[ApiError], status: int
) -> None:
    """HTTP 200 around an error is that error: unreadable is not empty."""
    error = failure(said(200, units=[], meta=meta | {"message": "no"}))

    assert (type(error), error.status, error.words) == (kind, status, "no")


@pytest.mark.parametrize("inside", [None, 200, 201, "201"])
def test_two_words_for_success_are_a_success(inside: object) -> None:
    """201 inside 200 is no contradiction."""
    body = {"units": [], "meta": {"status_code": inside, "error_code": None}}

    assert understood(said(200, **body)) == (body, None)
