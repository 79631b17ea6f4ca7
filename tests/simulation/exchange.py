"""One request on its way to a vendor: what it asks for, and what of it is done."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.simulation.wire import Wire


class Exchange:
    """One request on its way, and whether the vendor has processed it."""

    def __init__(self, request: httpx.Request, wire: Wire) -> None:
        self.request = request
        self.wire = wire
        self.processed = False

    @property
    def endpoint(self) -> str:
        path = self.request.url.path
        tail = path.split("/", 3)[3] if path.startswith("/v1/") else path.strip("/")
        return f"{self.request.method} {tail}"

    @property
    def scope(self) -> str | None:
        path = self.request.url.path
        if path.startswith("/v1/"):
            return path.split("/")[2]
        refs = self.body.get("groups_external_refs") or [None]
        named = self.body.get("group_external_ref") or refs[0]
        return named if isinstance(named, str) else None

    @cached_property
    def body(self) -> dict[str, Any]:
        try:
            document = json.loads(self.request.read() or b"{}")
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def is_token(self) -> bool:
        return self.endpoint.endswith("token")

    @property
    def is_listing(self) -> bool:
        return self.request.method == "GET" or self.endpoint == "POST units/find"

    @property
    def is_write(self) -> bool:
        return not self.is_listing and not self.is_token

    @property
    def makes(self) -> bool:
        """Whether it makes something, so that it must not be repeated blindly."""
        return self.request.method == "POST" and self.is_write

    @property
    def makes_units(self) -> bool:
        return self.endpoint == "POST units/bulk_create"

    @property
    def is_storedge(self) -> bool:
        return self.request.url.path.startswith("/v1/")

    @property
    def items(self) -> list[dict[str, Any]]:
        """Its units, or groups."""
        return self.body.get("units") or self.body.get("unit_groups") or []

    @property
    def names(self) -> list[str]:
        """What its units, or groups, go by."""
        return [name_of(item) for item in self.items]

    @property
    def is_passing(self) -> bool:
        """Whether it sets nothing but temporary names, or takes units out of their groups."""
        return bool(self.items) and all(
            len(item) == 2 and (" ~" in item.get("name", "") or item.get("unit_group_id") == "")
            for item in self.items
        )

    def with_body(self, document: dict[str, Any]) -> httpx.Request:
        """The same request with another document."""
        headers = {k: v for k, v in self.request.headers.items() if k != "content-length"}
        return httpx.Request(self.request.method, self.request.url, headers=headers, json=document)

    def process(self) -> httpx.Response:
        response = self.wire.inner.handle_request(self.request)
        self.processed = True
        if self.is_listing and self.wire.hidden and response.status_code == 200:
            return self._without_hidden(response)
        return response

    def rewritten(self, change: Callable[[dict[str, Any]], Any]) -> httpx.Response:
        """The vendor's answer with its document changed."""
        response = self.process()
        document = json.loads(response.read())
        return httpx.Response(response.status_code, json=change(document))

    def _without_hidden(self, response: httpx.Response) -> httpx.Response:
        document = json.loads(response.read())
        units = document.get("units", [])
        shown = [unit for unit in units if name_of(unit) not in self.wire.hidden]
        if len(shown) < len(units):
            for unit in units:
                if name_of(unit) in self.wire.hidden:
                    self._count_down(name_of(unit))
            document["units"] = shown
            pages = document.get("meta", {}).get("pagination")
            if pages:
                pages["total_entries"] -= len(units) - len(shown)
        return httpx.Response(response.status_code, json=document)

    def _count_down(self, name: str) -> None:
        self.wire.hidden[name] -= 1
        if not self.wire.hidden[name]:
            del self.wire.hidden[name]


def name_of(unit: dict[str, Any]) -> str:
    return str(unit.get("name") or unit.get("external_ref") or unit.get("unit_number"))
