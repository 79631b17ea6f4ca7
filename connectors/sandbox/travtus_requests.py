"""What a request to Travtus asks for: its endpoint, its token, its body and its group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.messages import JSON_TYPE, BodyIsNotJson, CallKind, SandboxRequest
from connectors.sandbox.travtus_errors import Refusal, bad_request

ENDPOINTS: Mapping[str, tuple[str, str, CallKind]] = {
    "/oauth2/token": ("POST", "oauth2/token", "token"),
    "/units/multiple/": ("POST", "units/multiple", "write"),
    "/units/find/": ("POST", "units/find", "read"),
    "/communities/": ("GET", "communities", "read"),
}


def routed(request: SandboxRequest) -> str:
    """The endpoint of a request; raises Refusal for a path or a method that there is not."""
    if request.path not in ENDPOINTS:
        if f"{request.path}/" in ENDPOINTS:
            raise Refusal(301, {}, {"location": f"{request.path}/"})
        raise Refusal(404, {"detail": "Not found."})
    method, endpoint, _ = ENDPOINTS[request.path]
    if request.method != method:
        document = {"detail": f'Method "{request.method}" not allowed.'}
        raise Refusal(405, document, {"allow": method})
    return endpoint


def bearer_of(request: SandboxRequest) -> str:
    """The token of a request, or nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def json_object(request: SandboxRequest) -> dict[str, Any]:
    """The body of a data call; raises Refusal for any other."""
    if request.content_type != JSON_TYPE:
        raise bad_request(f"Content-Type must be {JSON_TYPE}.")
    try:
        payload = request.payload
    except BodyIsNotJson as error:
        raise bad_request(f"The body is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise bad_request("The body must be a JSON object.")
    return payload


def scope_of(request: SandboxRequest) -> str | None:
    """The group that a request is about, as the caller named it."""
    payload = request.json_object
    refs = payload.get("groups_external_refs") or payload.get("group_ids") or [None]
    named = payload.get("group_external_ref") or payload.get("group_id")
    named = named or dict(request.query).get("community_external_ref")
    scope = named or (refs[0] if isinstance(refs, list) else None)
    return scope if isinstance(scope, str) else None
