"""The faults of NIGHTS 2 that happen on the wire or inside the vendor, one small function each.

A fault gets the exchange and answers in the vendor's place; `exchange.process()` lets the vendor do
its work. What it raises is what httpx would raise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from connectors.sandbox import Fault as Late
from tests.simulation.exchange import Exchange

READ_SECONDS = 60.0
WRITES = ("bulk_create", "bulk_update", "unit_groups", "multiple/")


Meet = Callable[[Exchange], httpx.Response]


@dataclass(frozen=True)
class Fault:
    """A kind of fault: its name, which requests can meet it, and what happens then. Requests that
    can meet one which is `rare` are so few that every second one does."""

    name: str
    meet: Meet
    meets: Callable[[Exchange], bool] = lambda exchange: True
    rare: bool = False


def raising(error: type[httpx.HTTPError], *, processed: bool, seconds: float = 0.0) -> Meet:
    def meet(exchange: Exchange) -> httpx.Response:
        if processed:
            exchange.process()
        exchange.wire.clock.advance(seconds)
        raise error("simulated", request=exchange.request)

    return meet


def status(code: int, *, processed: bool = False, **headers: str) -> Meet:
    """The vendor's own envelope of an error, in place of its work or after it."""

    def meet(exchange: Exchange) -> httpx.Response:
        if processed:
            exchange.process()
        document = {
            "error": {"message": "simulated"},
            "meta": {"status_code": code, "message": "simulated"},
        }
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(code, json=document, headers=named)

    return meet


def body(content: bytes, kind: str = "application/json", **headers: str) -> Meet:
    """The vendor does its work, and says this in place of its answer."""

    def meet(exchange: Exchange) -> httpx.Response:
        code = exchange.process().status_code
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(code, content=content, headers={"content-type": kind, **named})

    return meet


def by_half(answer: Meet) -> Meet:
    """The vendor does its work for the first half of the items, and then answers like this."""

    def meet(exchange: Exchange) -> httpx.Response:
        halved = {
            name: items[: (len(items) + 1) // 2] if isinstance(items, list) else items
            for name, items in exchange.body.items()
        }
        exchange.wire.inner.handle_request(exchange.with_body(halved))
        exchange.processed = True
        return answer(exchange)

    return meet


def redirect(exchange: Exchange) -> httpx.Response:
    return httpx.Response(302, headers={"location": "http://login.example/"})


def truncated(exchange: Exchange) -> httpx.Response:
    answer = exchange.process()
    whole = answer.read()
    headers = {"content-type": "application/json", "content-length": str(len(whole))}
    return httpx.Response(answer.status_code, stream=Pieces([whole[:-3]]), headers=headers)


def dripping(exchange: Exchange) -> httpx.Response:
    answer = exchange.process()
    pieces = [bytes([byte]) for byte in answer.read()[:8]]
    waits = Pieces(pieces, lambda: exchange.wire.clock.advance(READ_SECONDS - 1))
    return httpx.Response(
        answer.status_code, stream=waits, headers={"content-type": "application/json"}
    )


class Pieces(httpx.SyncByteStream):
    """A body that comes in pieces, with something before each."""

    def __init__(self, pieces: list[bytes], wait: Callable[[], None] = lambda: None) -> None:
        self._pieces = pieces
        self._wait = wait

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._wait()
            yield piece


def late(exchange: Exchange) -> httpx.Response:
    """No answer now, and the work is done after some listing has not shown it."""
    exchange.wire.delayed |= set(exchange.names)
    skip = len(exchange.wire.attempts) % 4
    exchange.wire.sandbox.order_fault(Late(kind="late", scope=exchange.scope, skip_listings=skip))
    return exchange.wire.inner.handle_request(exchange.request)


def overtaken(exchange: Exchange) -> httpx.Response:
    """No answer now, and the work is done when what was sent after it has long been done."""
    exchange.wire.overtaken = True
    exchange.wire.sandbox.order_fault(Late(kind="late", scope=exchange.scope, skip_listings=99))
    return exchange.wire.inner.handle_request(exchange.request)


def eventual(exchange: Exchange) -> httpx.Response:
    """It is done, nobody says so, and the next listings do not show it either."""
    exchange.process()
    exchange.wire.delayed |= set(exchange.names)
    exchange.wire.hidden |= dict.fromkeys(exchange.names, 2 + len(exchange.wire.attempts) % 3)
    raise httpx.ReadTimeout("simulated", request=exchange.request)


def listing(change: Callable[[dict[str, Any], list[Any]], None]) -> Meet:
    """A listing whose items or paging are not right."""

    def rewrite(document: dict[str, Any]) -> dict[str, Any]:
        items = document.get("units", document.get("unit_groups", []))
        change(document, items)
        return document

    return lambda exchange: exchange.rewritten(rewrite)


def twice(document: dict[str, Any], items: list[Any]) -> None:
    items.extend(items[:1])


def one_missing(document: dict[str, Any], items: list[Any]) -> None:
    del items[:1]


def lagging(exchange: Exchange) -> httpx.Response:
    """A listing that is behind by a unit that we know, and counts as if it were complete."""
    known = exchange.wire.known()

    def change(document: dict[str, Any]) -> dict[str, Any]:
        units = document.get("units", [])
        late = [unit for unit in units if str(unit.get("id") or unit["identifier"]) in known][:1]
        document["units"] = [unit for unit in units if unit not in late]
        pages = document.get("meta", {}).get("pagination")
        if "units" in document and pages:
            pages["total_entries"] -= len(late)
        return document

    return exchange.rewritten(change)


def endless(document: dict[str, Any], items: list[Any]) -> None:
    """It always says that there is more, and always says the same."""
    pages = document.get("meta", {}).get("pagination")
    if pages:
        pages |= {"next_page": 1, "total_pages": 9}
    elif "last_id" in document:
        document["last_id"] = 1


def wrong_total(document: dict[str, Any], items: list[Any]) -> None:
    pages = document.get("meta", {}).get("pagination")
    if pages:
        pages["total_entries"] += 3


def empty_with_code(exchange: Exchange) -> httpx.Response:
    """Status 200, an empty list, and an error code: the answer to a bad credential."""
    name = exchange.endpoint.rpartition(" ")[2].partition("/")[0]
    meta = {"status_code": 200, "error_code": 2, "message": "Invalid OAuth Request"}
    return httpx.Response(200, json={name: [], "meta": meta})


def refused(exchange: Exchange) -> httpx.Response:
    """Status 401, and a well-formed empty list (contracts B.2)."""
    name = exchange.endpoint.rpartition(" ")[2].partition("/")[0]
    meta = {"status_code": 401, "error_code": 2, "message": "Invalid OAuth Request"}
    error = {"type": "expired_token", "message": "The token is expired."}
    return httpx.Response(401, json={name: [], "meta": meta, "error": error})


def some_fail(exchange: Exchange) -> httpx.Response:
    """Travtus: the last unit fails, the others come through, and the status says nothing."""
    units = exchange.body["units"]
    kept = exchange.with_body({**exchange.body, "units": units[:-1]})
    document: dict[str, Any] = {"units": []}
    if units[:-1]:
        document = json.loads(exchange.wire.inner.handle_request(kept).read())
    exchange.processed = True
    failure = {"external_ref": units[-1].get("external_ref")}
    document["units"].append({**failure, "sucess": False, "failure_reason": "simulated"})
    return httpx.Response(200, json=document)


def silent_about_one(exchange: Exchange) -> httpx.Response:
    """The work is done, and the answer does not mention the first of the items."""

    def rewrite(document: dict[str, Any]) -> dict[str, Any]:
        for name in ("units", "unit_groups"):
            document[name] = document.get(name, [])[1:]
        return document

    return exchange.rewritten(rewrite)


def no_such_group(exchange: Exchange) -> httpx.Response:
    """Travtus: the group is gone, or hidden from us."""
    error = {"type": "group_not_found", "message": "We could not find a group with that ID."}
    return httpx.Response(404, json={"error": error})


def _write(exchange: Exchange) -> bool:
    return exchange.is_write


def _listing(exchange: Exchange) -> bool:
    return exchange.is_listing


def _unit_listing(exchange: Exchange) -> bool:
    return exchange.is_listing and not exchange.endpoint.endswith("unit_groups")


def _storedge_listing(exchange: Exchange) -> bool:
    return exchange.is_storedge and exchange.is_listing


def _upsert(exchange: Exchange) -> bool:
    return exchange.endpoint == "POST units/multiple"


def _is_passing(exchange: Exchange) -> bool:
    """Any other late update would overwrite what a later night has sent, and nobody could know."""
    return exchange.is_write and exchange.is_passing


def _makes_units(exchange: Exchange) -> bool:
    units = exchange.body.get("units") or []
    return exchange.makes and bool(units) and not any("identifier" in unit for unit in units)


def _no_token(exchange: Exchange) -> bool:
    return not exchange.is_token


FAULTS: tuple[Fault, ...] = (
    Fault("connection refused", raising(httpx.ConnectError, processed=False)),
    Fault("connect timeout", raising(httpx.ConnectTimeout, processed=False, seconds=10)),
    Fault("pool timeout", raising(httpx.PoolTimeout, processed=False, seconds=10)),
    Fault("reset before processing", raising(httpx.ReadError, processed=False)),
    Fault("write error", raising(httpx.WriteError, processed=False)),
    Fault("disconnected after processing", raising(httpx.RemoteProtocolError, processed=True)),
    Fault("reset after processing", raising(httpx.ReadError, processed=True)),
    Fault("timeout before processing", raising(httpx.ReadTimeout, processed=False, seconds=60)),
    Fault("timeout after processing", raising(httpx.ReadTimeout, processed=True, seconds=60)),
    Fault("late processing", late, _makes_units),
    Fault("passing names come back late", overtaken, _is_passing, rare=True),
    Fault("eventual consistency", eventual, _makes_units),
    Fault("429 seconds", status(429, retry_after="3")),
    Fault("429 date", status(429, retry_after="Mon, 05 Jan 2026 02:00:30 GMT")),
    Fault("429 one day", status(429, retry_after="86400")),
    Fault("429 negative", status(429, retry_after="-5")),
    Fault("429 garbage", status(429, retry_after="soon")),
    Fault("429 bare", status(429)),
    Fault("500 before processing", status(500)),
    Fault("500 after processing", status(500, processed=True), _no_token),
    Fault("502 before processing", status(502)),
    Fault("503 after processing", status(503, processed=True), _no_token),
    Fault("409", status(409), _write),
    Fault("412", status(412), _write),
    Fault("422", status(422), _write),
    Fault("404", status(404), _write),
    Fault("410", status(410), _write),
    Fault("413", status(413), _write),
    Fault("414", status(414), _write),
    Fault("401", refused, _no_token),
    Fault("403", status(403), _no_token),
    Fault("403 after a half", by_half(status(403)), _write),
    Fault("409 after a half", by_half(status(409)), _write),
    Fault("413 after a half", by_half(status(413)), _write),
    Fault("redirect", redirect),
    Fault("redirect after a half", by_half(redirect), _write),
    Fault("malformed JSON", body(b'{"units": [{"id": "a"'), _no_token),
    Fault("empty body", body(b""), _no_token),
    Fault("null", body(b"null"), _no_token),
    Fault("a list", body(b'[{"units": []}]'), _no_token),
    Fault("NaN", body(b'{"units": [{"id": NaN}]}'), _no_token),
    Fault("10 MB", body(b'{"units": "' + b"x" * 10_500_000 + b'"}'), _no_token),
    Fault("byte order mark", body(b'\xef\xbb\xbf{"units": []}'), _no_token),
    Fault("UTF-16", body('{"units": []}'.encode("utf-16")), _no_token),
    Fault("HTML with status 200", body(b"<html>Please log in</html>", "text/html"), _no_token),
    Fault("gzip broken", body(b"no gzip", content_encoding="gzip"), _no_token),
    Fault("truncated body", truncated, _no_token),
    Fault("slow drip", dripping, _no_token),
    Fault("twice in a listing", listing(twice), _listing),
    Fault("missing from a listing", listing(one_missing), _storedge_listing),
    Fault("a listing that lags", lagging, _unit_listing),
    Fault("endless listing", listing(endless), _listing),
    Fault("wrong total", listing(wrong_total), _storedge_listing),
    Fault("empty list with error code", empty_with_code, _storedge_listing),
    Fault("group not found", no_such_group, _upsert),
    Fault("one unit fails", some_fail, _upsert),
    Fault("silent about one", silent_about_one, _write),
)
