"""Travtus, reading: a group counts as read when the API says that there is no more of it.

404 `not_found` is how Travtus says that nothing matches, and an empty list is not (contracts A.4).
That, a page that brings nothing new, an error inside a success, or a record that makes no sense,
leaves the group unreadable, which is never the same as empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import ListingUnreadable, NotFound
from connectors.http import HttpClient, Reply
from connectors.targets.settings import TravtusSettings
from connectors.words import tidy, words_of
from transforms.canonical import canonical, flatten
from transforms.plan import Live, LiveUnit
from transforms.schema import TargetSchema

FIND = "/units/find/"
FIRST_AFTER_ID = 1  # the documented default of `after-id`
NO_MORE = -1
MAX_PAGES = 1000  # a page loop ends: 100,000 units are no community
FIND_KEYS = {"group_external_ref": "groups_external_refs", "group_id": "group_ids"}


class TravtusReader:
    """Reads a group page by page, until the API says that there is no more (contracts A.4)."""

    def __init__(self, client: HttpClient, settings: TravtusSettings, schema: TargetSchema) -> None:
        self.client = client
        self.settings = settings
        self.schema = schema

    def read(self, scope: str) -> Live:
        """Every unit of the group."""
        units: dict[str, LiveUnit] = {}
        after = FIRST_AFTER_ID
        for _ in range(MAX_PAGES):
            page = self._page(scope, after)
            if page is None:
                return Live(scope, tuple(units.values()))
            listed, last = page
            fresh = {unit.remote_id: unit for unit in listed}
            if last == NO_MORE and (units or fresh):
                return Live(scope, tuple((units | fresh).values()))
            if last == NO_MORE:
                raise ListingUnreadable(
                    f"units of {scope}: the list is empty, which is not how Travtus says that "
                    "there are none (404 not_found)"
                )
            if fresh.keys() <= units.keys():
                break
            units |= fresh
            after = last
        raise ListingUnreadable(f"units of {scope}: the listing does not end")

    def _page(self, scope: str, after: int) -> tuple[list[LiveUnit], int] | None:
        """The units of one page, and where the next one starts; None when nothing matches."""
        body = {FIND_KEYS[self.settings.group_by]: [scope], "after-id": after}
        try:
            reply = self.client.send("POST", FIND, json=body, safe=True)
        except NotFound as error:
            if error.error_type == "not_found":
                return None
            raise
        if reply.json.get("error"):
            words = tidy(words_of(reply.json), self.client.redact)
            raise ListingUnreadable(f"units of {scope}: the reply has an error in it: {words}")
        listed, last = _listed(reply), reply.json.get("last_id")
        if listed is None or not isinstance(last, int):
            raise ListingUnreadable(f"units of {scope}: the reply has no units and last_id")
        return [self._live_unit(record) for record in listed], last

    def _live_unit(self, record: Mapping[str, Any]) -> LiveUnit:
        flat = flatten(record)
        flat.setdefault("has_flex_wall", record.get("is_flex"))
        payload = {
            name: value
            for name, field in self.schema.fields.items()
            if (value := canonical(flat.get(name), field)) is not None
        }
        return LiveUnit(str(record["identifier"]), str(record.get("unit_number") or ""), payload)


def _listed(reply: Reply) -> list[Mapping[str, Any]] | None:
    """The records, if each of them is one and says who it is."""
    listed = reply.json.get("units")
    if not isinstance(listed, list):
        return None
    records = [row for row in listed if isinstance(row, Mapping) and row.get("identifier")]
    return records if len(records) == len(listed) else None
