"""A JSON API as the source: all pages of one listing, read and never written.

It promises that an end is proven: by a total that is met exactly, or by the paging ending as it
must. A page that comes again, a total that changes, and a listing that goes on for ever are errors
and no shorter extract. Credentials go to the configured host alone, never along a redirect or to a
next page elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connectors.errors import ApiError, SourceUnreadable
from connectors.http import HttpClient
from connectors.outside import Outside
from connectors.rate import RateLimit
from connectors.sources.extract import CHUNK_CHARACTERS, Chunk, Chunks
from connectors.sources.json_path import JsonPath, Number, search
from connectors.sources.json_records import chunk_of, parse
from connectors.sources.rest_auth import AuthSettings, auth_of
from connectors.sources.rest_paging import Page, Pages, Paging, Request, next_link
from connectors.targets.settings import Secret, check_address
from connectors.words import hide

# Ten million records at a hundred a page; a listing that is longer has no end.
MOST_PAGES = 100_000
# Shorter values of the query are words such as "true", which no message must lose.
SECRET_CHARACTERS = 8
LISTED = 10


def _endpoint(url: str) -> str:
    check_address(url)
    return url  # with its trailing slash, which some APIs insist on


class RestSource(BaseModel):
    """Settings of the source kind `rest`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Literal["rest"]
    """A JSON API."""
    url: Annotated[str, AfterValidator(_endpoint)] = Field(
        description="The address of the listing, without a query; http only on this machine."
    )
    params: dict[str, str | int | bool] = Field(
        default={}, description="The query of every request."
    )
    headers: dict[str, Secret] = Field(
        default={}, description="Headers of every request, such as X-Api-Key: ${NAME}."
    )
    auth: AuthSettings | None = Field(default=None, description="Who asks, beside the headers.")
    records: JsonPath | None = Field(
        default=None,
        description="JMESPath of the list of records in an answer; unless set, the answer is the "
        "list, or has only one.",
    )
    paging: Paging | None = Field(
        default=None, description="How pages follow one another; one answer is all unless set."
    )
    total: JsonPath | None = Field(
        default=None, description="JMESPath of the number of all records, which proves the end."
    )
    requests_per_second: float | None = Field(
        default=10,
        gt=0,
        allow_inf_nan=False,
        description="Requests per second at most. null: unlimited.",
    )
    timeout: float = Field(default=60, gt=0, le=3600, description="Seconds to wait for an answer.")


def extract(settings: RestSource, outside: Outside) -> Chunks:
    """Read the listing, chunk by chunk."""
    parts = urlsplit(settings.url)
    origin = f"{parts.hostname}{parts.path}"
    return Chunks(origin, _chunks(settings, outside, origin))


def _chunks(settings: RestSource, outside: Outside, origin: str) -> Iterator[Chunk]:
    with _client(settings, outside) as client:
        try:
            yield from _Listing(settings).read(client)
        except ApiError as error:
            lost = SourceUnreadable(f"{origin} could not be read: {error}")
        except SourceUnreadable as error:
            lost = SourceUnreadable(f"{origin} could not be read whole: {error}.")
        else:
            return
    raise lost


def _client(settings: RestSource, outside: Outside) -> HttpClient:
    parts = urlsplit(settings.url)
    values = [str(value) for value in settings.params.values()]
    telling = [value for value in values if len(value) >= SECRET_CHARACTERS]
    return HttpClient(
        f"{parts.scheme}://{parts.netloc}",
        auth=auth_of(settings.auth, settings.headers, outside.clock),
        clock=outside.clock,
        random=outside.random,
        budget=outside.budget,
        rate=RateLimit(settings.requests_per_second, outside.clock),
        timeout_seconds=settings.timeout,
        transport=outside.transport,
        redact=lambda text: hide(telling, text),
        stop=outside.stop,
    )


@dataclass
class _Listing:
    """A listing on its way: what was read of it, and what the next page is compared with."""

    settings: RestSource
    count: int = 0
    total: int | None = None
    pages: set[bytes] = field(default_factory=set)
    before: set[str] = field(default_factory=set)
    doubts: list[str] = field(default_factory=list)

    def read(self, client: HttpClient) -> Iterator[Chunk]:
        """All records, numbered from 1. Raises ApiError, or SourceUnreadable."""
        pages = Pages(self.settings.url, self.settings.params, self.settings.paging)
        request: Request | None = pages.first()
        held: list[tuple[int, Any]] = []
        characters = 0
        while request is not None:
            text, headers = _asked(client, request)
            page, records = self._page(text, headers)
            held += enumerate(records, start=self.count - len(records) + 1)
            characters += len(text)
            request = pages.after(page)
            if request is None:
                self._end(pages, headers)
            elif pages.number >= MOST_PAGES:
                raise SourceUnreadable(f"it goes on after {MOST_PAGES:,} pages")
            if request is None or characters >= CHUNK_CHARACTERS:
                yield replace(chunk_of(held), doubt="; ".join(self.doubts))
                held, characters = [], 0

    def _page(self, text: str, headers: httpx.Headers) -> tuple[Page, list[Any]]:
        try:
            document = parse(text, Number)
        except ValueError as error:
            raise SourceUnreadable(f"an answer is not valid JSON: {error}") from error
        records = self._records(document)
        self._compare(records)
        self.count += len(records)
        self._add_up(document)
        return Page(document, headers, len(records), self.count, self.total), records

    def _records(self, document: Any) -> list[Any]:
        path = self.settings.records
        found = _only_list(document) if path is None else search(path, document)
        if isinstance(found, list):
            return found
        what = "nothing" if found is None else f"a {type(found).__name__}"
        where = f"`records: {path}` finds {what} where a list is needed"
        raise SourceUnreadable(f"{where}; the answer has {_keys(document)}")

    def _compare(self, records: list[Any]) -> None:
        """A page is no page that was there before, nor does it begin within the one before."""
        told = {repr(record) for record in records}
        digest = hashlib.sha256(repr(records).encode()).digest()
        if records and digest in self.pages:
            raise SourceUnreadable(
                "a page holds the records of an earlier one, so the paging does not move on; "
                "compare `paging` with what the API asks for, or set `total`"
            )
        if told & self.before and not self.doubts:
            self.doubts.append(
                "a record stands on two pages that follow one another, so the list may have moved "
                "while it was read"
            )
        self.pages.add(digest)
        self.before = told

    def _add_up(self, document: Any) -> None:
        path = self.settings.total
        found = None if path is None else search(path, document)
        if found is None and path is not None and self.total is None:
            raise SourceUnreadable(
                f"`total: {path}` finds nothing; the answer has {_keys(document)}"
            )
        if found is not None:
            total = _whole_number(found, path or "")
            if self.total not in (None, total):
                raise SourceUnreadable(
                    f"the total was {self.total} and became {total} while it was read; the next "
                    "run may find it at rest"
                )
            self.total = total
        if self.total is not None and self.count > self.total:
            raise SourceUnreadable(f"{self.count} records came, where the total is {self.total}")

    def _end(self, pages: Pages, headers: httpx.Headers) -> None:
        if self.total is not None and self.count != self.total:
            raise SourceUnreadable(f"it ended after {self.count} of {self.total} records")
        if self.settings.paging is None and next_link(headers):
            raise SourceUnreadable(
                "the answer names a next page in its Link header; set `paging: {kind: link}`"
            )
        if not self.count:
            raise SourceUnreadable("it has no records, and unreadable is not empty")
        if self.total is None and pages.unproven:
            self.doubts.append(pages.unproven)


def _asked(client: HttpClient, request: Request) -> tuple[str, httpx.Headers]:
    reply = client.send("GET", request.path, params=request.params, safe=True, document=True)
    if reply.answer is None:
        return "", httpx.Headers()
    try:
        return reply.answer.content.decode(), reply.answer.headers
    except UnicodeDecodeError as error:
        raise SourceUnreadable("an answer is not UTF-8") from error


def _only_list(document: Any) -> Any:
    """The document itself, or the only list in it."""
    if not isinstance(document, dict):
        return document
    lists = {name: value for name, value in document.items() if isinstance(value, list)}
    if len(lists) != 1:
        found = f"{len(lists)} lists" if lists else "no list"
        raise SourceUnreadable(
            f"the answer has {found} in it, so `records` must say where they are; it has "
            f"{_keys(document)}"
        )
    return next(iter(lists.values()))


def _whole_number(found: Any, path: str) -> int:
    text = str(found)
    if not (text.isascii() and text.isdigit()) or isinstance(found, bool):
        raise SourceUnreadable(f"`total: {path}` finds a {type(found).__name__}, and no number")
    return int(text)


def _keys(document: Any) -> str:
    """What could be looked for in an answer, without a value of it."""
    if not isinstance(document, dict):
        return f"no keys: it is a {type(document).__name__}"
    return "the keys " + ", ".join(f"“{name}”" for name in list(document)[:LISTED])
