"""Clients for the tests, which sign and authorise as the vendors' own callers do."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from oauthlib.oauth1 import Client

from connectors.clock import FakeClock
from connectors.sandbox import (
    DEMO_CREDENTIALS,
    Credentials,
    IdSource,
    Sandbox,
    SandboxRequest,
    SandboxResponse,
    StoredgeVendor,
    TravtusVendor,
)

FACILITY = "c34f098b-c628-4859-8b22-f2077ab3a1cc"
GROUP = "COMM-001"
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
JSON_HEADERS = {"content-type": "application/json"}
STOREDGE_HOST = "api.storedgefms.com"


class StoredgeCaller:
    """Calls one facility with signed requests."""

    def __init__(
        self,
        sandbox: Sandbox,
        clock: FakeClock,
        credentials: Credentials = DEMO_CREDENTIALS,
        name: str = "nonce",
    ) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.credentials = credentials
        self._name = name
        self._nonces = itertools.count(1)

    def signed(
        self,
        method: str,
        resource: str,
        body: bytes = b"",
        *,
        facility: str = FACILITY,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] = JSON_HEADERS,
    ) -> SandboxRequest:
        """A request with a valid signature of its own."""
        path, encoded = f"/v1/{facility}/{resource}", urlencode(query or {})
        client: Any = Client(  # its stubs want the method as a literal
            self.credentials.access_id,
            self.credentials.secret_key,
            nonce=f"{self._name}-{next(self._nonces)}",
            timestamp=str(int(self.clock.now().timestamp())),
        )
        address = f"https://{STOREDGE_HOST}{path}" + (f"?{encoded}" if encoded else "")
        _, signed, _ = client.sign(address, method)
        return SandboxRequest(
            method=method,
            path=path,
            query=tuple(parse_qsl(encoded, keep_blank_values=True)),
            headers={**headers, "host": STOREDGE_HOST, "authorization": signed["Authorization"]},
            body=body,
            scheme="https",
        )

    def call(
        self,
        method: str,
        resource: str,
        payload: object = None,
        *,
        facility: str = FACILITY,
        query: Mapping[str, str] | None = None,
    ) -> SandboxResponse:
        """The answer to a signed request."""
        body = b"" if payload is None else json.dumps(payload).encode()
        return self.sandbox.handle(
            self.signed(method, resource, body, facility=facility, query=query)
        )

    def create(self, *items: object) -> SandboxResponse:
        """Create units."""
        return self.call("POST", "units/bulk_create", {"units": list(items), "unit": {}})

    def update(self, *items: object) -> SandboxResponse:
        """Update units."""
        return self.call("PUT", "units/bulk_update", {"units": list(items)})

    def create_groups(self, *items: object) -> SandboxResponse:
        """Create groups."""
        return self.call("POST", "unit_groups", {"unit_groups": list(items)})

    def update_groups(self, *items: object) -> SandboxResponse:
        """Update groups."""
        return self.call("PATCH", "unit_groups", {"unit_groups": list(items)})

    def units(self) -> dict[str, dict[str, Any]]:
        """The first page of units, by name."""
        return {unit["name"]: unit for unit in self.call("GET", "units").payload["units"]}

    def groups(self) -> dict[str, dict[str, Any]]:
        """The first page of groups, by name."""
        listed = self.call("GET", "unit_groups").payload["unit_groups"]
        return {group["name"]: group for group in listed}

    def new_unit(self, name: str, **fields: Any) -> str:
        """Create one unit; its id."""
        answer = self.create(unit(name, **fields))
        assert answer.status == 201, answer.payload
        return str(answer.payload["units"][0]["id"])

    def new_group(self, name: str) -> str:
        """Create one group; its uuid."""
        answer = self.create_groups({"name": name})
        assert answer.status == 201, answer.payload
        return str(answer.payload["unit_groups"][0]["uuid"])


class TravtusCaller:
    """Calls Travtus with a token."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.token = self.new_token()

    def new_token(self) -> str:
        """A fresh token."""
        return str(self.ask_token().payload["access_token"])

    def ask_token(self, **changed: str) -> SandboxResponse:
        """The answer to a token request, with some of its fields changed."""
        form = {
            "grant_type": "client_credentials",
            "client_id": DEMO_CREDENTIALS.client_id,
            "client_secret": DEMO_CREDENTIALS.client_secret,
            **changed,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.sandbox.handle(
            SandboxRequest("POST", "/oauth2/token", headers=headers, body=urlencode(form).encode())
        )

    def call(
        self,
        method: str,
        path: str,
        payload: object = None,
        *,
        authorization: str | None = "",
        query: tuple[tuple[str, str], ...] = (),
    ) -> SandboxResponse:
        """The answer to a request; `authorization` replaces the usual header, None removes it."""
        headers = dict(JSON_HEADERS)
        if authorization is not None:
            headers["authorization"] = authorization or f"Bearer {self.token}"
        body = b"" if payload is None else json.dumps(payload).encode()
        return self.sandbox.handle(
            SandboxRequest(method, path, query=query, headers=headers, body=body)
        )

    def write(self, *items: object, group: str = GROUP) -> SandboxResponse:
        """Create or update units of a group."""
        return self.call(
            "POST", "/units/multiple/", {"group_external_ref": group, "units": list(items)}
        )

    def result(self, item: object, group: str = GROUP) -> dict[str, Any]:
        """The result of writing one unit."""
        answer = self.write(item, group=group)
        assert answer.status == 200, answer.payload
        (result,) = answer.payload["units"]
        assert isinstance(result, dict)
        return result

    def find(self, **query: Any) -> SandboxResponse:
        """Search units; `after_id` stands for the hyphenated name."""
        if "after_id" in query:
            query["after-id"] = query.pop("after_id")
        return self.call("POST", "/units/find/", query)

    def communities(self, **query: str) -> SandboxResponse:
        """Search communities."""
        return self.call("GET", "/communities/", query=tuple(query.items()))


def unit(name: str, **fields: Any) -> dict[str, Any]:
    """A storEDGE unit with every required field."""
    return {
        "name": name,
        "width": 10.0,
        "length": 20.0,
        "height": 8.0,
        "door_height": 7,
        "door_width": 8,
        "door_type": "roll_up",
        "access_type": "indoor",
        "standard_rate": 99.5,
        "walk_thru_order": 1,
        "unit_type": "f7687db9-654a-4018-8d27-bd0f3bfd25a0",
        **fields,
    }


def apartment(number: str, **fields: Any) -> dict[str, Any]:
    """A Travtus unit with an address of its own."""
    return {
        "external_ref": f"{GROUP}-{number}",
        "unit_number": number,
        "address": {"address_line_1": "199 Spencer Street", "address_line_2": f"Unit {number}"},
        **fields,
    }


def storedge_caller(clock: FakeClock, **options: Any) -> StoredgeCaller:
    """A caller of a storEDGE that was built with these options."""
    vendor = StoredgeVendor(clock=clock, new_id=IdSource("test"), **options)
    return StoredgeCaller(Sandbox([vendor], clock=clock), clock)


def travtus_caller(clock: FakeClock, **options: Any) -> TravtusCaller:
    """A caller of a Travtus that was built with these options."""
    vendor = TravtusVendor(clock=clock, new_id=IdSource("test"), **options)
    return TravtusCaller(Sandbox([vendor], clock=clock))
