"""storEDGE, reading: a facility counts as read only when its listing is proven complete.

Contracts B.2: status 200, no error code, every page fetched, and as many rows as were announced.
Anything else is unreadable, which is never the same as empty.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar
from urllib.parse import quote

from connectors.errors import ListingUnreadable
from connectors.http import HttpClient, Reply
from connectors.targets.settings import StoredgeSettings
from connectors.targets.storedge_records import live_group, live_unit
from transforms.plan import Entity, Live, Payload
from transforms.schema import TargetSchema
from transforms.secrets import SecretMask

PAGE_SIZE = 100  # contracts S10: the largest page that is known to work
MAX_PAGES = 1000  # a page loop ends: 100,000 units are no storage facility
BOTH: Collection[Entity] = ("unit", "group")

L = TypeVar("L")


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

    def read(self, scope: str, entities: Collection[Entity] = BOTH) -> Live:
        """Every unit that is not deleted, and every group where custom groups are on."""
        units = self._collection(scope, "units") if "unit" in entities else []
        grouped = self.settings.custom_unit_groups and "group" in entities
        groups = self._collection(scope, "unit_groups") if grouped else []
        standing = [unit for unit in units if not unit.get("deleted")]
        return Live(
            scope,
            _understood(scope, standing, lambda unit: live_unit(unit, self.schema, self.mask)),
            _understood(scope, groups, live_group),
        )

    def names(self, scope: str, field: str) -> list[tuple[str, str]]:
        """Each name and id that stand in a field of the facility's units: unit types, tiers,
        amenities. There is no other list of them (contracts B.11)."""
        values = [unit.get(field) for unit in self._collection(scope, "units")]
        shown = [one for value in values for one in (value if isinstance(value, list) else [value])]
        named = [one for one in shown if isinstance(one, Mapping) and one.get("name")]
        return list(dict.fromkeys((str(one["name"]).strip(), str(one.get("id"))) for one in named))

    def _collection(self, scope: str, resource: str) -> list[Payload]:
        """All pages; read a second time when rows moved between them (contracts S11)."""
        for _ in range(2):
            rows, total = self._pages(scope, resource)
            distinct = {str(row.get("id")) for row in rows}
            if len(rows) == total == len(distinct):
                return rows
        raise ListingUnreadable(
            f"{resource} of {scope}: {len(distinct)} different rows were listed, {total} announced"
        )

    def _pages(self, scope: str, resource: str) -> tuple[list[Payload], int]:
        rows: list[Payload] = []
        page: int | None = 1
        total = 0
        while page is not None:
            reply = self.client.send(
                "GET",
                path_of(scope, resource),
                params={"page": page, "per_page": PAGE_SIZE},
                safe=True,
            )
            listed, paging = _rows(reply, resource), _pagination(reply)
            if listed is None or paging is None:
                raise ListingUnreadable(
                    f"{resource} of {scope}: the reply has no {resource!r} list with "
                    "meta.pagination, so nothing proves it complete"
                )
            rows += listed
            total, following = paging
            if following is not None and not page < following <= MAX_PAGES:
                raise ListingUnreadable(f"{resource} of {scope}: the listing does not end")
            page = following
        return rows, total


def _rows(reply: Reply, resource: str) -> list[Payload] | None:
    listed = reply.json.get(resource)
    if not isinstance(listed, list) or not all(isinstance(row, Mapping) for row in listed):
        return None
    return listed


def _pagination(reply: Reply) -> tuple[int, int | None] | None:
    """How many rows there are in all, and which page comes next."""
    meta = reply.json.get("meta")
    paging = meta.get("pagination") if isinstance(meta, Mapping) else None
    if not isinstance(paging, Mapping):
        return None
    total, following = paging.get("total_entries"), paging.get("next_page")
    if not isinstance(total, int) or not isinstance(following, int | None):
        return None
    return total, following


def _understood(scope: str, rows: list[Payload], record: Callable[[Payload], L]) -> tuple[L, ...]:
    """The rows in our words; one that makes no sense makes the listing unreadable."""
    try:
        return tuple(record(row) for row in rows)
    except (KeyError, TypeError, ValueError) as error:
        # The error may quote the record, and that may hold a lock code.
        lost = type(error).__name__
    raise ListingUnreadable(f"{scope}: a listed record makes no sense ({lost})")
