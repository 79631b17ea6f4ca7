"""storEDGE, reading: a facility counts as read only when its listing is proven complete.

Contracts B.2: status 200, no error code, every page fetched, and as many rows as were announced.
Anything else is unreadable, which is never the same as empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from connectors.errors import ListingUnreadable
from connectors.http import HttpClient, Reply
from connectors.targets.settings import StoredgeSettings
from connectors.targets.storedge_records import live_group, live_unit
from transforms.plan import Live, Payload
from transforms.schema import TargetSchema
from transforms.secrets import SecretMask

PAGE_SIZE = 100  # contracts S10: the largest page that is known to work
MAX_PAGES = 1000  # a page loop ends: 100,000 units are no storage facility


def path_of(scope: str, resource: str) -> str:
    """The address of a facility's resource."""
    return f"/v1/{quote(scope, safe='')}/{resource}"


class StoredgeReader:
    """Reads a facility, and says so only when the listing is proven complete (contracts B.2)."""

    def __init__(
        self, client: HttpClient, settings: StoredgeSettings, schema: TargetSchema, mask: SecretMask
    ) -> None:
        self.client = client
        self.settings = settings
        self.schema = schema
        self.mask = mask

    def read(self, scope: str) -> Live:
        """Every unit that is not deleted, and every group where custom groups are on."""
        units = self._collection(scope, "units")
        groups = self._collection(scope, "unit_groups") if self.settings.custom_unit_groups else []
        return Live(
            scope,
            tuple(
                live_unit(unit, self.schema, self.mask) for unit in units if not unit.get("deleted")
            ),
            tuple(live_group(group) for group in groups),
        )

    def _collection(self, scope: str, resource: str) -> list[dict[str, Any]]:
        """All pages; read a second time when rows moved between them (contracts S11)."""
        for _ in range(2):
            rows, total = self._pages(scope, resource)
            distinct = {str(row.get("id")) for row in rows}
            if len(rows) == total == len(distinct):
                return rows
        raise ListingUnreadable(
            f"{resource} of {scope}: {len(distinct)} different rows were listed, {total} announced"
        )

    def _pages(self, scope: str, resource: str) -> tuple[list[dict[str, Any]], int]:
        rows: list[dict[str, Any]] = []
        page: int | None = 1
        total = 0
        for _ in range(MAX_PAGES):
            if page is None:
                return rows, total
            reply = self.client.send(
                "GET",
                path_of(scope, resource),
                params={"page": page, "per_page": PAGE_SIZE},
                safe=True,
            )
            listed, paging = reply.json.get(resource), _pagination(reply)
            if not isinstance(listed, list) or paging is None:
                raise ListingUnreadable(
                    f"{resource} of {scope}: the reply has no {resource!r} list with "
                    "meta.pagination, so nothing proves it complete"
                )
            rows += listed
            total = int(paging["total_entries"])
            following = paging.get("next_page")
            page = int(following) if following else None
        raise ListingUnreadable(f"{resource} of {scope}: the listing does not end")


def _pagination(reply: Reply) -> Payload | None:
    meta = reply.json.get("meta")
    paging = meta.get("pagination") if isinstance(meta, Mapping) else None
    complete = isinstance(paging, Mapping) and isinstance(paging.get("total_entries"), int)
    return paging if complete else None
