"""How the pages of a JSON API follow one another, and when the last one was read.

A paging ends only as it must: with an empty page, or a page that names no next one; a total, where
there is one, may end it sooner. Whatever else happens is said, and never taken for an end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, parse_qs, urljoin, urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field

from connectors.errors import SourceUnreadable
from connectors.sources.json_path import JsonPath, search

Params = Mapping[str, str | int | bool | Sequence[str]]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class _Sized(_Settings):
    size: int | None = Field(default=None, ge=1, description="So many records are asked for.")
    size_param: str | None = Field(
        default=None, min_length=1, description="The query parameter of the size."
    )

    def sized(self, params: dict[str, str | int | bool | Sequence[str]]) -> Params:
        """The query with the size in it, if there is one."""
        if self.size_param is not None and self.size is not None:
            params[self.size_param] = self.size
        return params


class PagePaging(_Sized):
    """`?page=2`: pages by number, until one is empty."""

    kind: Literal["page"]
    """The number of a page."""
    param: str = Field(default="page", min_length=1, description="The query parameter.")
    first: int = Field(default=1, ge=0, le=1, description="The number of the first page.")


class OffsetPaging(_Sized):
    """`?offset=100`: by the number of records before, until a page is empty."""

    kind: Literal["offset"]
    """How many records were read before."""
    param: str = Field(default="offset", min_length=1, description="The query parameter.")


class CursorPaging(_Sized):
    """`?cursor=…`: each answer holds what to ask with next, and the last one does not."""

    kind: Literal["cursor"]
    """A text of each answer asks for the next one."""
    param: str = Field(default="cursor", min_length=1, description="The query parameter.")
    next: JsonPath = Field(description="JMESPath of the next cursor in an answer.")


class NextPaging(_Settings):
    """Each answer holds the address of the next page, and the last one does not."""

    kind: Literal["next"]
    """An address in each answer leads to the next one."""
    next: JsonPath = Field(description="JMESPath of the next page's address in an answer.")


class LinkPaging(_Settings):
    """The address of the next page stands in the header `Link: <…>; rel="next"`."""

    kind: Literal["link"]
    """The Link header of each answer leads to the next one."""


Paging = Annotated[
    PagePaging | OffsetPaging | CursorPaging | NextPaging | LinkPaging,
    Field(discriminator="kind"),
]


@dataclass(frozen=True)
class Page:
    """One answer: its JSON, its headers, and how many records were read up to here."""

    document: Any
    headers: httpx.Headers
    records: int
    count: int
    total: int | None


@dataclass(frozen=True)
class Request:
    """A path on the configured host, with its query."""

    path: str
    params: Params


@dataclass
class Pages:
    """The requests of one reading. `named` holds the next pages that answers have named: where none
    did, nothing proves that it was looked for in the right place."""

    url: str
    params: Params
    paging: PagePaging | OffsetPaging | CursorPaging | NextPaging | LinkPaging | None
    number: int = 0
    named: set[str] = field(default_factory=set)

    def first(self) -> Request:
        """The first request."""
        return self._asking(self._start())

    def after(self, page: Page) -> Request | None:
        """The next request; None after the last page. Raises SourceUnreadable."""
        self.number += 1
        match self.paging:
            case None:
                return None
            case PagePaging() as paging:
                going_on = _goes_on(page)
                return (
                    self._asking({paging.param: paging.first + self.number}) if going_on else None
                )
            case OffsetPaging() as paging:
                return self._asking({paging.param: page.count}) if _goes_on(page) else None
            case CursorPaging() as paging:
                return self._next(_named(paging.next, page), self._from)
            case NextPaging() as paging:
                return self._next(_named(paging.next, page), self._at)
            case LinkPaging():
                return self._next(next_link(page.headers), self._at)

    @property
    def unproven(self) -> str:
        """Why the end is not proven, where it is not."""
        follows = isinstance(self.paging, CursorPaging | NextPaging | LinkPaging)
        if self.named or not follows:
            return ""
        return (
            "no answer named a next page, so nothing proves that it is looked for where it stands"
        )

    def _start(self) -> dict[str, str | int | bool | Sequence[str]]:
        match self.paging:
            case PagePaging() as paging:
                return {paging.param: paging.first}
            case OffsetPaging() as paging:
                return {paging.param: 0}
        return {}

    def _asking(self, params: dict[str, str | int | bool | Sequence[str]]) -> Request:
        sized = self.paging.sized(params) if isinstance(self.paging, _Sized) else params
        return Request(urlsplit(self.url).path or "/", {**self.params, **sized})

    def _next(self, found: str | None, request: Callable[[str], Request]) -> Request | None:
        if not found:
            return None
        if found in self.named:
            raise SourceUnreadable("the next page was named before, so the paging goes round")
        self.named.add(found)
        return request(found)

    def _from(self, cursor: str) -> Request:
        param = self.paging.param if isinstance(self.paging, CursorPaging) else ""
        return self._asking({param: cursor})

    def _at(self, address: str) -> Request:
        """Another address of the same host; credentials go nowhere else."""
        try:
            found = urlsplit(urljoin(self.url, address))
            place, home = _place(found), _place(urlsplit(self.url))
        except ValueError as error:
            raise SourceUnreadable("the next page is said to be at what is no address") from error
        if place != home:
            raise SourceUnreadable(
                f"the next page is said to be at {place}, another place than {home}; credentials "
                "are not sent there"
            )
        return Request(found.path or "/", parse_qs(found.query, keep_blank_values=True))


def next_link(headers: httpx.Headers) -> str | None:
    """The address of the next page in a Link header."""
    return httpx.Response(200, headers=headers).links.get("next", {}).get("url")


def _goes_on(page: Page) -> bool:
    return page.records > 0 and (page.total is None or page.count < page.total)


def _place(parts: SplitResult) -> str:
    """Scheme, host and port, the same in whatever way they are written."""
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _named(path: str, page: Page) -> str | None:
    """A cursor or an address; APIs write the end as null, "", or false, or leave it out."""
    found = search(path, page.document)
    if found is None or found is False:
        return None
    if isinstance(found, str | float):
        return str(found)
    raise SourceUnreadable(f"`next: {path}` finds a {type(found).__name__}, and no text")
