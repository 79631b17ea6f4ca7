"""A model of Travtus: tokens, unit upserts, unit search and communities (seed 000, contracts A).

It promises that an answer depends only on the requests before it, the clock and the id source. It
never does I/O. Paths without their trailing slash are redirected, as the vendor's framework does;
a client that follows the redirect of a write loses its body.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from connectors.clock import Clock
from connectors.sandbox.credentials import DEMO_CREDENTIALS, Credentials
from connectors.sandbox.messages import Call, SandboxRequest, SandboxResponse, json_response
from connectors.sandbox.travtus_errors import Refusal, bad_request, refusal
from connectors.sandbox.travtus_groups import Group, Unit
from connectors.sandbox.travtus_requests import (
    ENDPOINTS,
    bearer_of,
    json_object,
    routed,
    scope_of,
)
from connectors.sandbox.travtus_rules import UNIT_CHECKS
from connectors.sandbox.travtus_search import (
    FIRST_POSITION,
    check_search,
    search_communities,
    search_units,
)

TOKEN_SECONDS = 3600
FORM_TYPE = "application/x-www-form-urlencoded"


class TravtusVendor:
    """The vendor. With `auto_groups` a group exists as soon as its external reference is named.

    Without `matches_addresses` it never recognises an address that it stored (contracts T5).
    """

    name = "travtus"

    def __init__(
        self,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        credentials: Credentials = DEMO_CREDENTIALS,
        auto_groups: bool = True,
        forbidden_groups: Iterable[str] = (),
        returns_external_ref: bool = True,
        matches_addresses: bool = True,
    ) -> None:
        self._clock = clock
        self._new_id = new_id
        self._credentials = credentials
        self._auto_groups = auto_groups
        self._forbidden = frozenset(forbidden_groups)
        self._returns_external_ref = returns_external_ref
        self._matches_addresses = matches_addresses
        self._numbers = itertools.count(FIRST_POSITION)
        self._groups: dict[str, Group] = {}
        self._by_ref: dict[str, Group] = {}
        self._tokens: dict[str, datetime] = {}

    def add_group(
        self, external_ref: str | None, *, group_id: str | None = None, name: str | None = None
    ) -> str:
        """Make a group known; its id."""
        group_id = group_id or self._new_id()
        label = name or external_ref or group_id
        group = Group(next(self._numbers), group_id, external_ref, label, self._matches_addresses)
        self._groups[group_id] = group
        if external_ref is not None:
            self._by_ref[external_ref] = group
        return group_id

    def owns(self, request: SandboxRequest) -> bool:
        """Whether the path belongs to this vendor."""
        return request.segments[0] in {"oauth2", "units", "communities"}

    def call(self, request: SandboxRequest) -> Call:
        """The name of the request."""
        _, path, kind = ENDPOINTS.get(request.path, ("", request.path.strip("/"), "other"))
        return Call(f"{request.method} {path}", scope_of(request), kind)

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        """Answer a request."""
        return self.admit(request)()

    def admit(self, request: SandboxRequest) -> Callable[[], SandboxResponse]:
        """Judge the credentials of a request now; what is returned answers it, whenever called."""
        try:
            endpoint = routed(request)
            if endpoint != "oauth2/token":
                self._authorize(request)
        except Refusal as error:
            return partial(_refused, error)
        return partial(self._answer, request, endpoint)

    def handle_expired(self, request: SandboxRequest) -> SandboxResponse:
        """Answer after the token of the request has come to its end; it stays ended."""
        token = bearer_of(request)
        if token in self._tokens:
            self._tokens[token] = self._clock.now()
        return self.handle(request)

    def failure(self, status: int, request: SandboxRequest) -> SandboxResponse:
        """An error of the server itself, as a fault orders it; it has no type (contracts A.2)."""
        return json_response(status, {"error": {"message": "An error occurred."}})

    def unit_rows(self, scope: str | None) -> list[dict[str, Any]]:
        """Every unit with all that was written to it, for inspection."""
        return [
            {
                "vendor": self.name,
                "scope": group.label,
                "group_id": group.group_id,
                "identifier": unit.identifier,
                **unit.values,
            }
            for group in self._inspected(scope)
            for unit in group.units.values()
        ]

    def group_rows(self, scope: str | None) -> list[dict[str, Any]]:
        """Every group, for inspection."""
        return [
            {
                "vendor": self.name,
                "scope": group.label,
                "id": group.group_id,
                "external_ref": group.external_ref,
                "name": group.name,
            }
            for group in self._inspected(scope)
        ]

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How many units each group holds; a group is its own only group."""
        return {group.label: (len(group.units), 1) for group in self._groups.values()}

    def edit(self, entity: str, remote_id: str, fields: Mapping[str, Any]) -> str | None:
        """Change a unit as a person would by hand; the complaint, or None when it was done.

        `deleted: true`, alone, removes it.
        """
        if entity != "unit":
            return "only units can be edited"
        group = next((g for g in self._groups.values() if remote_id in g.units), None)
        if group is None:
            return f"no unit has the identifier {remote_id}"
        if dict(fields) == {"deleted": True}:
            group.remove(group.units[remote_id])
            return None
        if surplus := sorted(fields.keys() - (UNIT_CHECKS.keys() - {"identifier"})):
            return f"unknown fields: {', '.join(surplus)}"
        for name, value in fields.items():
            for complaint in UNIT_CHECKS[name](name, value):
                return complaint
        group.rewrite(group.units[remote_id], fields)
        return None

    def reset(self) -> None:
        """Forget all units and tokens. Groups stay, ids are not used again."""
        self._tokens.clear()
        for group in list(self._groups.values()):
            self.add_group(group.external_ref, group_id=group.group_id, name=group.name)

    def _inspected(self, scope: str | None) -> list[Group]:
        return [g for g in self._groups.values() if scope in (None, g.label, g.group_id)]

    def _answer(self, request: SandboxRequest, endpoint: str) -> SandboxResponse:
        try:
            return json_response(200, self._done(request, endpoint))
        except Refusal as error:
            return _refused(error)

    def _done(self, request: SandboxRequest, endpoint: str) -> dict[str, Any]:
        if endpoint == "oauth2/token":
            return self._issue_token(request)
        if endpoint == "communities":
            return self._communities(dict(request.query))
        payload = json_object(request)
        return self._upsert(payload) if endpoint == "units/multiple" else self._find(payload)

    def _issue_token(self, request: SandboxRequest) -> dict[str, Any]:
        if request.content_type != FORM_TYPE:
            raise Refusal(400, {"error": "invalid_request"})
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        if form.get("grant_type") != "client_credentials":
            raise Refusal(400, {"error": "unsupported_grant_type"})
        given = form.get("client_id"), form.get("client_secret")
        if given != (self._credentials.client_id, self._credentials.client_secret):
            raise Refusal(401, {"error": "invalid_client"})
        token = f"sandbox.{self._new_id()}"
        self._tokens[token] = self._clock.now() + timedelta(seconds=TOKEN_SECONDS)
        return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}

    def _authorize(self, request: SandboxRequest) -> None:
        token = bearer_of(request)
        if not token:
            raise refusal("missing_authorization")
        if token not in self._tokens:
            raise refusal("invalid_authorization")
        if self._clock.now() >= self._tokens[token]:
            raise refusal("expired_token")

    def _upsert(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        if surplus := sorted(payload.keys() - {"group_id", "group_external_ref", "units"}):
            raise bad_request(f"{surplus[0]} is not a known field.")
        group = self._written_group(payload)
        units = payload.get("units")
        if not isinstance(units, list) or not units:
            raise bad_request("units must be a list of objects.")
        results = [group.upsert(item, self._new_unit) for item in units]
        # No order is promised (contracts A.3), so none is kept: match results by their keys.
        return {"units": sorted(results, key=lambda result: result.get("identifier", "~"))}

    def _written_group(self, payload: Mapping[str, Any]) -> Group:
        group_id, external_ref = payload.get("group_id"), payload.get("group_external_ref")
        if group_id and external_ref:
            raise refusal("both_group_identifiers_provided")
        given = group_id or external_ref
        if not given:
            raise refusal("no_group")
        if not isinstance(given, str):
            raise bad_request("A group identifier must be a string.")
        group = self._groups.get(given) if group_id else self._group_by_ref(given)
        if given in self._forbidden or (group is not None and self._is_forbidden(group)):
            raise refusal("no_access_to_group")
        if group is None:
            raise refusal("group_not_found")
        return group

    def _group_by_ref(self, external_ref: str) -> Group | None:
        if external_ref not in self._by_ref and self._auto_groups:
            self.add_group(external_ref)
        return self._by_ref.get(external_ref)

    def _is_forbidden(self, group: Group) -> bool:
        return group.group_id in self._forbidden or group.external_ref in self._forbidden

    def _visible_groups(self) -> list[Group]:
        return [group for group in self._groups.values() if not self._is_forbidden(group)]

    def _find(self, query: Mapping[str, Any]) -> dict[str, Any]:
        check_search(query)
        groups = self._visible_groups()
        if "group_ids" in query:
            groups = [group for group in groups if group.group_id in query["group_ids"]]
        elif "groups_external_refs" in query:
            refs = query["groups_external_refs"]
            groups = [group for group in groups if group.external_ref in refs]
        return search_units(groups, query, with_external_ref=self._returns_external_ref)

    def _communities(self, query: Mapping[str, str]) -> dict[str, Any]:
        if named := query.get("community_external_ref"):
            self._group_by_ref(named)
        return search_communities(self._visible_groups(), query)

    def _new_unit(self) -> Unit:
        return Unit(next(self._numbers), self._new_id(), {})


def _refused(error: Refusal) -> SandboxResponse:
    return json_response(error.status, error.document, error.headers)
