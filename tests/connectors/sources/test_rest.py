"""The source kind `rest`: a real server, every kind of paging, an end that is proven or said."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from connectors.clock import FakeClock
from connectors.errors import SourceUnreadable
from connectors.outside import Outside
from connectors.retry import RetryBudget
from connectors.sources import rest
from connectors.sources.rest import RestSource
from connectors.sources.source import Source, extract
from tests.connectors.sources.api import Answer, Asked, answering, paging, slices
from tests.connectors.sources.whole import Whole, whole

UNITS = [{"site": "F1", "id": str(number)} for number in range(1, 8)]
IDS = [unit["id"] for unit in UNITS]
PAGINGS: dict[str, dict[str, Any]] = {
    "page": {"kind": "page"},
    "offset": {"kind": "offset"},
    "cursor": {"kind": "cursor", "next": "meta.cursor"},
    "next": {"kind": "next", "next": "links.next"},
    "link": {"kind": "link"},
}
TOTAL = {"total": "meta.total"}
Said = Callable[[Asked], Answer]


def read(url: str, stop: threading.Event | None = None, **settings: Any) -> Whole:
    said = {"kind": "rest", "url": url, "records": "units", "requests_per_second": None}
    source = TypeAdapter(Source).validate_python({**said, **settings})
    outside = Outside(FakeClock(), Random(1), None, stop or threading.Event(), RetryBudget())
    return whole(extract(source, Path(), outside))


def found(answer: Said, **settings: Any) -> list[str]:
    with answering(answer) as api:
        return read(api.url, **settings).rows["id"].tolist()


def message(answer: Said, **settings: Any) -> str:
    with answering(answer) as api, pytest.raises(SourceUnreadable) as caught:
        read(api.url, **settings)
    return str(caught.value)


def changed(change: Callable[[Asked, Answer], Answer | None], size: int = 3) -> Said:
    """The API as it should be, but for what the change makes of an answer."""
    right = paging(UNITS, size)

    def answer(asked: Asked) -> Answer:
        said = right(asked)
        return change(asked, said) or said

    return answer


@pytest.mark.parametrize("total", [{}, TOTAL], ids=["no total", "total"])
@pytest.mark.parametrize("kind", PAGINGS)
@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_every_page_is_read_once(kind: str, size: int, total: dict[str, str]) -> None:
    with answering(paging(UNITS, size)) as api:
        whole_listing = read(api.url, paging=PAGINGS[kind], **total)

    assert whole_listing.rows["id"].tolist() == IDS
    pages = -(-len(UNITS) // size)
    one_more = kind in ("page", "offset") and not total  # the empty page that ends them
    assert len(api.asked) == pages + one_more
    assert {asked.method for asked in api.asked} == {"GET"}


@pytest.mark.parametrize("kind", ["cursor", "next", "link"])
def test_an_end_that_nothing_names_is_not_proven_unless_there_is_a_total(kind: str) -> None:
    """`next` may look where there never is anything; a total says that this was all."""
    with answering(paging(UNITS, 50)) as api:
        doubted = read(api.url, paging=PAGINGS[kind])
        proven = read(api.url, paging=PAGINGS[kind], **TOTAL)

    assert "no answer named a next page" in doubted.reason
    assert proven.complete


def test_a_server_that_gives_less_than_it_is_asked_for_is_read_to_its_end() -> None:
    """A short page is no end: many servers have a limit of their own."""
    for kind in ("page", "offset"):
        asked = {"kind": kind, "size_param": "limit", "size": 100}
        with answering(paging(UNITS, 3)) as api:
            assert read(api.url, paging=asked).rows["id"].tolist() == IDS
        assert api.asked[0].query["limit"] == "100"


def test_the_address_of_the_next_page_is_followed_with_its_query() -> None:
    with answering(paging(UNITS, 3)) as api:
        read(api.url, paging=PAGINGS["next"], params={"active": "true"})

    assert [asked.query for asked in api.asked] == [
        {"active": "true"},
        {"cursor": "3", "of": "a b&c"},
        {"cursor": "6", "of": "a b&c"},
    ]


def test_the_query_goes_with_every_page() -> None:
    with answering(paging(UNITS, 3)) as api:
        read(api.url, paging=PAGINGS["cursor"], params={"active": "true", "of": 7})

    assert [asked.query.pop("cursor", "") for asked in api.asked] == ["", "3", "6"]
    assert all(asked.query == {"active": "true", "of": "7"} for asked in api.asked)


@pytest.mark.parametrize("kind", ["page", "offset", "cursor"])
def test_a_page_that_comes_again_is_not_an_end(kind: str) -> None:
    """As where the API does not know the parameter, and gives its first page for ever."""
    first = changed(lambda asked, said: paging(UNITS, 3)(Asked("GET", "/", {}, {})))

    assert "records of an earlier one" in message(first, paging=PAGINGS[kind])


def test_a_cursor_that_comes_again_is_not_followed_for_ever() -> None:
    answer = iter(range(10_000))

    def going_round(asked: Asked) -> Answer:
        return Answer({"units": [{"id": next(answer)}], "meta": {"cursor": "same"}})

    assert "named before" in message(going_round, paging=PAGINGS["cursor"])


def test_a_listing_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "MOST_PAGES", 20)

    def endless(asked: Asked) -> Answer:
        return Answer({"units": [{"id": asked.query["page"]}]})

    assert "goes on after 20 pages" in message(endless, paging=PAGINGS["page"])


def test_a_total_that_is_not_met_is_said() -> None:
    def short(asked: Asked, said: Answer) -> Answer:
        return Answer({**said.body, "meta": {"total": 9}}, headers=said.headers)

    assert "ended after 7 of 9 records" in message(changed(short), paging=PAGINGS["link"], **TOTAL)
    # By page or offset it goes on until the page is empty, and is no more than that.
    assert "ended after 7 of 9" in message(changed(short), paging=PAGINGS["page"], **TOTAL)


def test_more_records_than_the_total_are_said() -> None:
    def few(asked: Asked, said: Answer) -> Answer:
        return Answer({**said.body, "meta": {"total": 2}})

    assert "3 records came, where the total is 2" in message(
        changed(few), paging=PAGINGS["page"], **TOTAL
    )


def test_a_total_that_changes_while_it_is_read_is_said() -> None:
    def growing(asked: Asked, said: Answer) -> Answer:
        said.body["meta"]["total"] += len(asked.query)
        return said

    assert "the total was 7 and became 9" in message(
        changed(growing), paging=PAGINGS["next"], **TOTAL
    )


def test_a_record_on_two_pages_puts_the_end_in_doubt() -> None:
    """One was taken out on the way, so one more was skipped, or one was put in before."""

    def moved(asked: Asked) -> Answer:
        first = asked.query["offset"] == "0"
        of = slices(UNITS if first else [{"id": "0"}, *UNITS], 3)
        return Answer({"units": of(asked)[0]})

    assert "a record stands on two pages" in read_from(moved, paging=PAGINGS["offset"]).reason


def read_from(answer: Said, **settings: Any) -> Whole:
    with answering(answer) as api:
        return read(api.url, **settings)


def test_a_failure_in_the_middle_is_no_shorter_extract() -> None:
    def failing(asked: Asked, said: Answer) -> Answer | None:
        return Answer({"error": "out of order"}, 500) if asked.query.get("page") == "2" else None

    found = message(changed(failing), paging=PAGINGS["page"])

    assert "status 500: out of order" in found


def test_an_error_inside_of_a_success_is_no_end() -> None:
    def failing(asked: Asked, said: Answer) -> Answer | None:
        return Answer({"error": "slow down"}) if asked.query.get("page") == "2" else None

    said = message(changed(failing), paging=PAGINGS["page"])

    assert "`records: units` finds nothing where a list is needed" in said
    assert "the keys “error”" in said


def test_a_server_that_was_busy_is_asked_again() -> None:
    calls = iter([429, 503, 200, 200, 200, 200])

    def busy(asked: Asked, said: Answer) -> Answer | None:
        status = next(calls)
        return None if status == 200 else Answer({}, status, {"Retry-After": "1"})

    assert found(changed(busy), paging=PAGINGS["link"]) == IDS


def test_credentials_never_go_to_another_host() -> None:
    with answering(paging(UNITS, 3)) as elsewhere:

        def away(asked: Asked) -> Answer:
            return Answer({"units": UNITS[:1], "links": {"next": elsewhere.url}})

        said = message(away, paging=PAGINGS["next"], headers={"X-Api-Key": "31337"})

    assert "credentials are not sent there" in said
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("https://127.0.0.1/units", "another place than http://127.0.0.1:"),
        ("http://[::1/units", "no address"),
        ("http://127.0.0.1:port/units", "no address"),
    ],
)
def test_an_address_that_is_none_is_not_followed(address: str, complaint: str) -> None:
    away = Answer({"units": UNITS[:1], "links": {"next": address}})

    assert complaint in message(lambda asked: away, paging=PAGINGS["next"])


def test_a_redirect_is_not_followed() -> None:
    with answering(paging(UNITS, 3)) as elsewhere:
        away = Answer({}, 302, {"Location": elsewhere.url})
        said = message(lambda asked: away, headers={"X-Api-Key": "31337"})

    assert "status 302" in said
    assert elsewhere.asked == []


def guarded(header: str, value: str) -> Said:
    def answer(asked: Asked) -> Answer:
        if asked.headers.get(header) != value:
            return Answer({"error": f"who are you? {asked.headers.get(header)}"}, 401)
        return paging(UNITS, 50)(asked)

    return answer


@pytest.mark.parametrize(
    ("settings", "header", "value"),
    [
        ({"headers": {"X-Api-Key": "key-31337"}}, "X-Api-Key", "key-31337"),
        ({"auth": {"kind": "bearer", "token": "t-31337"}}, "Authorization", "Bearer t-31337"),
        (
            {"auth": {"kind": "basic", "user": "u", "password": "p:31337"}},
            "Authorization",
            f"Basic {b64encode(b'u:p:31337').decode()}",
        ),
    ],
    ids=["header", "bearer", "basic"],
)
def test_who_asks_is_said_as_the_settings_say(
    settings: dict[str, Any], header: str, value: str
) -> None:
    assert found(guarded(header, value), **settings) == IDS

    refused = message(guarded(header, "another"), **settings)
    assert "401" in refused
    assert "31337" not in refused
    assert value.rpartition(" ")[2] not in refused
    assert "31337" not in repr(RestSource(kind="rest", url="https://h/u", **settings))


def test_a_token_is_asked_for_with_the_client_credentials() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/token":
            return Answer({"access_token": "t-31337", "token_type": "Bearer", "expires_in": 60})
        return guarded("Authorization", "Bearer t-31337")(asked)

    with answering(answer) as api:
        oauth = {
            "kind": "oauth2",
            "token_url": api.url.replace("/units", "/token"),
            "client_id": "id",
            "client_secret": "s-31337",
            "parameters": {"scope": "units:read"},
        }
        read(api.url, auth=oauth, headers={"X-Tenant": "t1"})

    token, listing = api.asked
    assert token.body == (
        "grant_type=client_credentials&client_id=id&client_secret=s-31337&scope=units%3Aread"
    )
    assert "X-Tenant" not in token.headers
    assert listing.headers["X-Tenant"] == "t1"


def test_a_secret_in_the_query_is_not_shown() -> None:
    def answer(asked: Asked) -> Answer:
        return Answer({"error": f"unknown key {asked.query['api_key']}"}, 403)

    said = message(answer, params={"api_key": "key-31337"})

    assert "unknown key" in said
    assert "31337" not in said


@pytest.mark.parametrize(
    ("body", "settings"),
    [
        ([{"id": "1"}], {"records": None}),
        ({"items": [{"id": "1"}], "page": 1}, {"records": None}),
        ({"data": {"list": [{"u": {"id": "1"}}]}}, {"records": "data.list[].u"}),
        ({"data": [{"id": "1", "n": 2}, {"id": "2", "n": 1}]}, {"records": "data[?n > `1`]"}),
    ],
    ids=["a list", "the only list", "deep", "filtered"],
)
def test_the_records_are_where_the_settings_say(body: Any, settings: dict[str, Any]) -> None:
    assert found(lambda asked: Answer(body), **settings) == ["1"]


def test_numbers_keep_the_text_that_the_answer_has() -> None:
    body = '{"units": [{"id": 1.50, "n": 12345678901234567890, "l": [1, 2.50], "o": {"x": 1e2}}]}'
    with answering(lambda asked: Answer(body)) as api:
        row = read(api.url).rows.iloc[0].to_dict()

    assert row == {"id": "1.50", "n": "12345678901234567890", "l": "[1, 2.5]", "o.x": "1e2"}


@pytest.mark.parametrize(
    ("body", "settings", "complaint"),
    [
        ({"items": []}, {}, "`records: units` finds nothing"),
        ({"units": {}}, {}, "finds a dict where a list is needed"),
        ({"a": [], "b": []}, {"records": None}, "has 2 lists in it"),
        ({"a": 1}, {"records": None}, "has no list in it"),
        ({"units": []}, {}, "it has no records"),
        ({"units": UNITS}, {"total": "meta.count"}, "`total: meta.count` finds nothing"),
        ({"units": UNITS, "n": "many"}, {"total": "n"}, "finds a str, and no number"),
        ({"units": UNITS}, {"paging": {"kind": "next", "next": "units"}}, "finds a list"),
        ('{"units": [', {}, "not valid JSON"),
        ('{"units": [{"id": 1, "id": 2}]}', {}, "a key stands twice"),
    ],
)
def test_an_answer_that_is_not_understood_is_said(
    body: Any, settings: dict[str, Any], complaint: str
) -> None:
    assert complaint in message(lambda asked: Answer(body), **settings)


def test_an_answer_that_is_no_json_is_said() -> None:
    page = Answer("<title>Sign in</title>", headers={"Content-Type": "text/html"})

    assert "Sign in" in message(lambda asked: page)


def test_a_next_page_that_nobody_asked_about_is_noticed() -> None:
    assert "set `paging: {kind: link}`" in message(paging(UNITS, 3))


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceUnreadable, match=r"127\.0\.0\.1/units could not be read"):
        read("http://127.0.0.1:1/units")


def test_a_slash_at_the_end_of_the_address_stays() -> None:
    with answering(paging(UNITS, 50)) as api:
        read(f"{api.url}/")

    assert api.asked[0].path == "/units/"


def test_a_run_that_is_asked_to_stop_asks_for_nothing_more() -> None:
    stop = threading.Event()
    stop.set()
    with answering(paging(UNITS, 3)) as api, pytest.raises(SourceUnreadable, match="stop"):
        read(api.url, stop)

    assert api.asked == []


def test_pages_are_handed_over_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "CHUNK_CHARACTERS", 1)
    source = RestSource(kind="rest", url="http://localhost/", paging={"kind": "link"})
    with answering(paging(UNITS, 3)) as api:
        outside = Outside(FakeClock(), Random(1), None, threading.Event(), RetryBudget())
        settings = source.model_copy(update={"url": api.url, "records": "units"})
        chunks = list(rest.extract(settings, outside).each)

    assert [one.rows.index.tolist() for one in chunks] == [[1, 2, 3], [4, 5, 6], [7]]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"url": "http://api.example.com/units"}, "in the clear"),
        ({"url": "https://api.example.com/units?key=1"}, "before any"),
        ({"url": "https://user:secret@api.example.com/units"}, "user name or a password"),
        ({"records": "units["}, "no JMESPath"),
        ({"paging": {"kind": "pages"}}, "kind"),
        ({"paging": {"kind": "cursor"}}, "next"),
        ({"auth": {"kind": "bearer", "token": ""}}, "is empty"),
        ({"requests_per_second": 0}, "greater than 0"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_read(
    settings: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        RestSource.model_validate({"kind": "rest", "url": "https://h/units", **settings})
