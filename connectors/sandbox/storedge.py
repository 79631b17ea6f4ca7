"""A model of storEDGE v1: units and unit groups of facilities, as strict and strange as documented.

It promises that an answer depends only on the requests before it, the clock and the id source. It
never does I/O. Bad credentials get 401 *and* a well-formed empty list (contracts B.2).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Any

from connectors.clock import Clock
from connectors.sandbox.credentials import DEMO_CREDENTIALS, Credentials
from connectors.sandbox.messages import (
    JSON_TYPE,
    BodyIsNotJson,
    Call,
    SandboxRequest,
    SandboxResponse,
    json_response,
)
from connectors.sandbox.oauth import InvalidOAuth, OAuthVerifier
from connectors.sandbox.storedge_edits import edit_facility
from connectors.sandbox.storedge_errors import Refusal
from connectors.sandbox.storedge_facility import (
    Facility,
    FacilitySettings,
    Group,
    StoredgeHabits,
    Unit,
)
from connectors.sandbox.storedge_groups import create_groups, update_groups
from connectors.sandbox.storedge_records import (
    Catalogue,
    Page,
    created_group_record,
    group_record,
    meta_block,
    unit_record,
)
from connectors.sandbox.storedge_units import bulk_create, bulk_update

METHODS = {
    "units": frozenset({"GET"}),
    "unit_groups": frozenset({"GET", "POST", "PATCH"}),
    "units/bulk_create": frozenset({"POST"}),
    "units/bulk_update": frozenset({"PUT"}),
}

# The examples carry an empty object beside the list, framework noise that is accepted (seeds).
NOISE = {"units": "unit", "unit_groups": "unit_group"}

OPEN_FACILITY = FacilitySettings()
USUAL_HABITS = StoredgeHabits()


class StoredgeVendor:
    """The vendor. A facility that is not listed is made on first sight when there is a default."""

    name = "storedge"

    def __init__(
        self,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        credentials: Credentials = DEMO_CREDENTIALS,
        facilities: Mapping[str, FacilitySettings] | None = None,
        default_facility: FacilitySettings | None = OPEN_FACILITY,
        habits: StoredgeHabits = USUAL_HABITS,
    ) -> None:
        self._clock = clock
        self._new_id = new_id
        self._verifier = OAuthVerifier(credentials.access_id, credentials.secret_key, clock)
        self._settings = dict(facilities or {})
        self._default = default_facility
        self._habits = habits
        self._numbers = itertools.count(3218)
        self._catalogue = Catalogue()
        self._facilities: dict[str, Facility] = {}

    def owns(self, request: SandboxRequest) -> bool:
        """Whether the path belongs to this vendor."""
        return request.segments[0] == "v1"

    def call(self, request: SandboxRequest) -> Call:
        """The name of the request."""
        scope = request.segments[1] if len(request.segments) > 1 else None
        endpoint = f"{request.method} {_resource(request)}"
        return Call(endpoint, scope, "read" if request.method == "GET" else "write")

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        """Answer a request."""
        return self.admit(request)()

    def admit(self, request: SandboxRequest) -> Callable[[], SandboxResponse]:
        """Judge the credentials of a request now; what is returned answers it, whenever called."""
        try:
            resource = _routed(request)
            self._verifier.verify(request)
        except InvalidOAuth as refusal:
            return partial(self._invalid_oauth, request, str(refusal))
        except Refusal as refusal:
            return partial(self._refused, request, refusal)
        return partial(self._answer, request, resource)

    def handle_expired(self, request: SandboxRequest) -> SandboxResponse:
        """Answer as if the credentials were not valid any more."""
        return self._invalid_oauth(request, "ordered by a fault")

    def failure(self, status: int, request: SandboxRequest) -> SandboxResponse:
        """An error of the server itself, as a fault orders it."""
        return self._refused(request, Refusal(status, "Something went wrong"))

    def unit_rows(self, scope: str | None) -> list[dict[str, Any]]:
        """Every unit with all that was written to it, for inspection."""
        return [
            {"vendor": self.name, "scope": facility.id, **unit.written()}
            for facility in self._inspected(scope)
            for unit in facility.units.values()
        ]

    def group_rows(self, scope: str | None) -> list[dict[str, Any]]:
        """Every group with what it copied and the ids of its units, for inspection."""
        return [
            {"vendor": self.name, "scope": facility.id, **_group_row(facility, group)}
            for facility in self._inspected(scope)
            for group in facility.groups.values()
        ]

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How many units and groups each facility holds."""
        return {f.id: (len(f.units), len(f.groups)) for f in self._facilities.values()}

    def edit(self, entity: str, remote_id: str, fields: Mapping[str, Any]) -> str | None:
        """Change a unit or group as a person would by hand; the complaint, or None when done."""
        return edit_facility(self._facilities.values(), entity, remote_id, fields)

    def reset(self) -> None:
        """Forget all units, groups and nonces. Ids are not used again."""
        self._facilities.clear()
        self._verifier.reset()

    def _inspected(self, scope: str | None) -> Iterable[Facility]:
        return [f for f in self._facilities.values() if scope is None or f.id == scope]

    def _facility(self, facility_id: str) -> Facility:
        if facility_id not in self._facilities:
            settings = self._settings.get(facility_id, self._default)
            if settings is None:
                raise Refusal(404, "Record not found")
            self._facilities[facility_id] = Facility(
                facility_id,
                next(self._numbers),
                settings,
                self._new_group,
                self._catalogue.group_key,
            )
        return self._facilities[facility_id]

    def _new_group(self, name: str) -> Group:
        now = self._clock.now()
        return Group(next(self._numbers), self._new_id(), name, created_at=now, updated_at=now)

    def _answer(self, request: SandboxRequest, resource: str) -> SandboxResponse:
        try:
            return self._done(request, resource, self._facility(request.segments[1]))
        except Refusal as refusal:
            return self._refused(request, refusal)

    def _done(self, request: SandboxRequest, resource: str, facility: Facility) -> SandboxResponse:
        match request.method, resource:
            case "GET", "units":
                return self._list_units(request, facility)
            case "GET", _:
                return self._list_groups(request, facility)
            case "POST", "unit_groups":
                return self._create_groups(request, facility)
            case "PATCH", _:
                return self._update_groups(request, facility)
            case "POST", _:
                units = bulk_create(facility, _items(request, "units"), self._habits, self._new_id)
                return self._bulk_reply(request, 201, units)
            case _:
                units = bulk_update(facility, _items(request, "units"), self._habits)
                return self._bulk_reply(request, 200, units)

    def _list_units(self, request: SandboxRequest, facility: Facility) -> SandboxResponse:
        page = Page.asked_for(request.query)
        units = facility.units
        if not self._habits.read_excluded:
            units = {key: unit for key, unit in units.items() if not unit.exclude_from_api}
        shown = islice(units.values(), page.start, page.start + page.per_page)
        records = [unit_record(unit, self._catalogue) for unit in shown]
        return self._reply(request, 200, "units", records, page.pagination(len(units)))

    def _list_groups(self, request: SandboxRequest, facility: Facility) -> SandboxResponse:
        page = Page.asked_for(request.query)
        shown = islice(facility.groups.values(), page.start, page.start + page.per_page)
        records = [group_record(facility, group, self._catalogue) for group in shown]
        pagination = page.pagination(len(facility.groups))
        return self._reply(request, 200, "unit_groups", records, pagination)

    def _create_groups(self, request: SandboxRequest, facility: Facility) -> SandboxResponse:
        groups = create_groups(facility, _items(request, "unit_groups"), self._habits)
        records = [created_group_record(facility, group) for group in groups]
        return self._reply(request, 201, "unit_groups", records)

    def _update_groups(self, request: SandboxRequest, facility: Facility) -> SandboxResponse:
        records = update_groups(
            facility,
            _items(request, "unit_groups"),
            self._habits,
            now=self._clock.now(),
            unit_type_number=self._catalogue.unit_type_number,
        )
        return self._reply(request, 200, "unit_groups", records)

    def _bulk_reply(
        self, request: SandboxRequest, status: int, units: list[Unit]
    ) -> SandboxResponse:
        """The first page of the written units, by id: match them by name, not by position."""
        page = Page()
        first = sorted(units, key=lambda unit: unit.id)[: page.per_page]
        records = [unit_record(unit, self._catalogue) for unit in first]
        return self._reply(request, status, "units", records, page.pagination(len(units)))

    def _reply(
        self,
        request: SandboxRequest,
        status: int,
        collection: str,
        records: list[dict[str, Any]],
        pagination: dict[str, Any] | None = None,
    ) -> SandboxResponse:
        meta = meta_block(status, request.method, self._new_id(), _parameters(request))
        if pagination is not None:
            meta = {"pagination": pagination, **meta}
        return json_response(status, {collection: records, "meta": meta})

    def _refused(self, request: SandboxRequest, refusal: Refusal) -> SandboxResponse:
        meta = meta_block(refusal.status, request.method, self._new_id(), _parameters(request))
        meta |= {"error_code": None, "message": refusal.message}
        return json_response(refusal.status, {**refusal.members, "meta": meta}, refusal.headers)

    def _invalid_oauth(self, request: SandboxRequest, reason: str) -> SandboxResponse:
        collection = _resource(request).partition("/")[0]
        meta = {"status_code": 401, "error_code": 2, "message": "Invalid OAuth Request"}
        return json_response(401, {collection: [], "meta": meta}, {"x-sandbox-reason": reason})


def _resource(request: SandboxRequest) -> str:
    return "/".join(request.segments[2:])


def _routed(request: SandboxRequest) -> str:
    resource = _resource(request)
    if resource not in METHODS or not request.segments[1]:
        raise Refusal(404, "No route matches")
    if request.method not in METHODS[resource]:
        allowed = ", ".join(sorted(METHODS[resource]))
        raise Refusal(405, "Method not allowed", headers={"allow": allowed})
    return resource


def _parameters(request: SandboxRequest) -> dict[str, Any]:
    scope = {"facility_id": request.segments[1]} if len(request.segments) > 1 else {}
    return {**dict(request.query), **request.json_object, **scope}


def _items(request: SandboxRequest, collection: str) -> list[dict[str, Any]]:
    if request.content_type != JSON_TYPE:
        raise Refusal(400, f"Content-Type must be {JSON_TYPE}")
    try:
        payload = request.payload
    except BodyIsNotJson as error:
        raise Refusal(400, f"The body is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise Refusal(400, "The body must be a JSON object")
    if surplus := sorted(payload.keys() - {collection, NOISE[collection]}):
        raise Refusal(400, f"Unknown parameters: {', '.join(surplus)}")
    items = payload.get(collection)
    if not isinstance(items, list) or not items or not all(isinstance(i, dict) for i in items):
        raise Refusal(400, f"{collection} must be an Array of nested elements")
    return items


def _group_row(facility: Facility, group: Group) -> dict[str, Any]:
    return {
        "id": group.uuid,
        "name": group.name,
        "reference_unit_id": group.reference_unit_id,
        "fully_enclosed": group.fully_enclosed,
        "memo": group.memo,
        "unit_ids": [unit.id for unit in facility.members(group.uuid)],
    }
