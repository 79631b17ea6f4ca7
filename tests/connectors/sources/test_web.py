"""A file at a web address: the whole of it, or one sentence, and nothing secret in either."""

from __future__ import annotations

import gzip
import itertools
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from connectors.errors import SourceUnreadable
from connectors.sources import web
from connectors.sources.file import FileSource, extract
from connectors.sources.sniff import sniff
from tests.connectors.sources.api import Answer, Api, Asked, answering
from tests.connectors.sources.test_excel import workbook
from tests.connectors.sources.whole import Whole, whole

CSV = "site,unit\nF1,1\nF1,2\n"
SECRET = "hunter31337"
CLOSED = {"Connection": "close"}

Said = Callable[[Asked], Answer]


@contextmanager
def serving(body: object, status: int = 200, **headers: str) -> Iterator[Api]:
    """A web server that has one answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with answering(lambda _: Answer(body, status, named)) as api:
        yield api


def read(url: str, **settings: object) -> Whole:
    source = FileSource.model_validate({"kind": "file", "path": url, **settings})
    return whole(extract(source, Path()))


def message(url: str, **settings: object) -> str:
    with pytest.raises(SourceUnreadable) as refused:
        read(url, format="csv", **settings)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    return str(refused.value)


def test_an_export_is_read_whole_and_asked_for_once() -> None:
    with serving(CSV) as server:
        found = read(f"{server.url}.csv")

    assert found.rows["unit"].tolist() == ["1", "2"]
    assert found.complete
    assert [one.method for one in server.asked] == ["GET"]


@pytest.mark.parametrize(
    ("name", "body", "headers"),
    [
        ("units.csv.gz", gzip.compress(CSV.encode()), {}),
        ("units.csv.gz", gzip.compress(CSV.encode()), {"Content_Encoding": "gzip"}),
        ("units.csv", gzip.compress(CSV.encode()), {"Content_Encoding": "gzip"}),
        ("units.xlsx", workbook(Units=[["site", "unit"], ["F1", 1], ["F1", 2]]), {}),
        ("units.json", '[{"site": "F1", "unit": 1}, {"site": "F1", "unit": 2}]', {}),
    ],
    ids=["gzip", "gzip as an encoding", "encoded on the way", "workbook", "json"],
)
def test_any_format_is_read_packed_or_not(
    name: str, body: bytes | str, headers: dict[str, str]
) -> None:
    with serving(body, **headers) as server:
        assert read(f"{server.url}/{name}").rows["unit"].tolist() == ["1", "2"]


def test_how_it_has_to_be_read_is_seen_at_an_address_without_a_name() -> None:
    with serving(CSV.replace(",", ";")) as server:
        found = sniff(f"{server.url}?report=7", Path())

    assert (found.format, found.delimiter) == ("csv", ";")


def test_an_export_larger_than_a_block_comes_in_pieces() -> None:
    many = CSV + "F1,3\n" * 500_000
    with serving(many) as server:
        assert len(read(f"{server.url}.csv").rows) == 500_002


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Length": "1000", **CLOSED},
        {"Content_Length": "", "Transfer_Encoding": "chunked", **CLOSED},
    ],
)
def test_an_export_that_broke_off_between_two_rows_is_not_believed(headers: dict[str, str]) -> None:
    body = CSV if "Transfer_Encoding" not in headers else f"14\r\n{CSV}\r\n"
    with serving(body, **headers) as server:
        assert "broke off" in message(f"{server.url}?key={SECRET}")


def test_an_export_whose_server_does_not_say_where_it_ends_is_not_believed() -> None:
    with serving(CSV, Content_Length="", **CLOSED) as server:
        assert "no Content-Length" in message(server.url)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (204, "open the address in a browser"),
        (401, "${USER}:${PASSWORD}"),
        (403, "links expire"),
        (404, "does not exist"),
        (418, "open the address in a browser"),
        (503, "try again later"),
    ],
)
def test_an_answer_without_an_export_says_what_to_do(status: int, told: str) -> None:
    with serving("" if status == 204 else CSV, status) as server:
        found = message(f"{server.url}?key={SECRET}")

    assert told in found
    assert f"(status {status})" in found
    assert "/units" in found


def test_a_page_that_asks_for_a_login_is_named_and_no_inventory() -> None:
    page = "<!DOCTYPE html>\n<html><head><title>Sign in &amp; go</title></head></html>"
    with serving(page) as server:
        assert "is a web page (“Sign in & go”) and no export" in message(server.url)
        with pytest.raises(SourceUnreadable, match="web page"):
            sniff(server.url, Path())


def test_a_server_that_is_not_there_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    found = message(f"http://user:{SECRET}@127.0.0.1:{port}/units.csv?key={SECRET}")

    assert f"http://127.0.0.1:{port}/units.csv cannot be reached" in found
    assert "check the address" in found


def test_a_server_that_never_answers_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = message(f"http://127.0.0.1:{silent.getsockname()[1]}/units.csv")

    assert "waited for 0.05 seconds in vain" in found


def test_an_export_that_only_drips_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between two of its bytes no time runs out, so only what came in five minutes can tell."""
    rows = "".join(f"F1,{number}\n" for number in range(40_000))
    moments = itertools.count(0.0, 100.0)
    monkeypatch.setattr(web, "time", SimpleNamespace(monotonic=lambda: next(moments)))

    with serving(CSV + rows) as server:
        assert len(read(f"{server.url}.csv").rows) == 40_002
    monkeypatch.setattr(web, "SLOWEST_BYTES", 10**9)
    with serving(CSV + rows) as server:
        assert "bytes in the last 300 seconds" in message(f"{server.url}.csv")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"http://user:{SECRET}@files.example.com/units.csv", "in the clear"),
        ("https://files.example.com/*.csv", "a web server does not say what it has"),
        (f"https:///units.csv?key={SECRET}", "is no web address"),
        (f"https://files.example.com:port/units.csv?key={SECRET}", "is no web address"),
    ],
)
def test_an_address_that_cannot_be_asked_is_refused_before_anything_is_sent(
    url: str, told: str
) -> None:
    assert told in message(url)


def test_a_user_and_a_password_in_the_address_are_sent_to_that_host_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with serving(CSV) as other:

        def onward(_: Asked) -> Answer:
            return Answer("", 302, {"Location": other.url})

        with answering(onward) as server:
            place = server.url.removeprefix("http://")
            assert len(read(f"http://user:{SECRET}@{place}", format="csv").rows) == 2

    assert "Authorization" in server.asked[0].headers
    assert "Authorization" not in other.asked[0].headers
    assert SECRET not in caplog.text


def test_a_link_that_leads_nowhere_but_on_ends() -> None:
    with serving("", 302, Location="/units") as server:
        assert "leads on in a circle" in message(server.url)

    assert len(server.asked) <= 1 + web.REDIRECTS + 1


def test_nobody_is_led_from_https_into_the_clear() -> None:
    secure = httpx.Response(302, request=httpx.Request("GET", "https://files.example.com/a.csv"))
    answer = httpx.Response(
        200, history=[secure], request=httpx.Request("GET", "http://files.example.com/a.csv")
    )

    with pytest.raises(SourceUnreadable, match="in the clear"):
        web._refuse(answer, "https://files.example.com/a.csv")
