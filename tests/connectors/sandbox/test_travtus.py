"""The door of Travtus: tokens, routes, and every error of seed 000 with its words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import FakeClock
from connectors.sandbox import (
    DEMO_CREDENTIALS,
    Credentials,
    IdSource,
    Sandbox,
    SandboxRequest,
    SandboxResponse,
    TravtusVendor,
)

from .callers import GROUP, TravtusCaller, apartment, travtus_caller

# The errors of seed 000, copied from it.
SEED_ERRORS = json.loads((Path(__file__).parent / "examples/travtus_errors.json").read_text())


def assert_error(answer: SandboxResponse, error_type: str) -> None:
    documented = SEED_ERRORS[error_type]
    assert answer.payload == documented["body"]
    assert answer.status == documented["status"]


def write(caller: TravtusCaller, **body: Any) -> SandboxResponse:
    return caller.call("POST", "/units/multiple/", {"units": [apartment("1")], **body})


# Tokens


def test_a_token_is_given_for_client_credentials(travtus: TravtusCaller) -> None:
    answer = travtus.ask_token()

    assert answer.status == 200
    token = answer.payload.pop("access_token")
    assert answer.payload == {"token_type": "Bearer", "expires_in": 3600}
    assert token != travtus.token


@pytest.mark.parametrize("wrong", [{"client_id": "x"}, {"client_secret": "x"}])
def test_wrong_credentials_get_no_token(travtus: TravtusCaller, wrong: dict[str, str]) -> None:
    answer = travtus.ask_token(**wrong)

    assert (answer.status, answer.payload) == (401, {"error": "invalid_client"})


def test_another_grant_gets_no_token(travtus: TravtusCaller) -> None:
    answer = travtus.ask_token(grant_type="password")

    assert (answer.status, answer.payload) == (400, {"error": "unsupported_grant_type"})


def test_a_token_is_asked_for_with_a_form(travtus: TravtusCaller) -> None:
    answer = travtus.call("POST", "/oauth2/token", {"grant_type": "client_credentials"})

    assert (answer.status, answer.payload) == (400, {"error": "invalid_request"})


def test_a_token_ends_after_an_hour(travtus: TravtusCaller, clock: FakeClock) -> None:
    clock.advance(3599)
    assert travtus.write(apartment("1")).status == 200

    clock.advance(1)
    assert_error(travtus.write(apartment("1")), "expired_token")
    travtus.token = travtus.new_token()
    assert travtus.write(apartment("1")).status == 200


@pytest.mark.parametrize("authorization", [None, "Basic abc", "Bearer", "Bearer "])
@pytest.mark.parametrize("path", ["/units/multiple/", "/units/find/"])
def test_no_bearer_token_is_missing_authorization(
    travtus: TravtusCaller, path: str, authorization: str | None
) -> None:
    answer = travtus.call("POST", path, {}, authorization=authorization)

    assert_error(answer, "missing_authorization")


def test_an_unknown_token_is_invalid(travtus: TravtusCaller) -> None:
    answer = travtus.call("GET", "/communities/", authorization="Bearer nonsense")

    assert_error(answer, "invalid_authorization")


def test_the_scheme_may_be_written_in_lower_case(travtus: TravtusCaller) -> None:
    answer = travtus.call("POST", "/units/find/", {}, authorization=f"bearer {travtus.token}")

    assert answer.payload["error"]["type"] == "not_found"


# Groups


@pytest.mark.parametrize("body", [{}, {"group_id": None}, {"group_external_ref": ""}])
def test_a_write_without_a_group_is_refused(travtus: TravtusCaller, body: dict[str, Any]) -> None:
    assert_error(write(travtus, **body), "no_group")


def test_a_write_with_both_group_identifiers_is_refused(travtus: TravtusCaller) -> None:
    answer = write(travtus, group_id="1", group_external_ref=GROUP)

    assert_error(answer, "both_group_identifiers_provided")


def test_an_unknown_group_id_is_not_found(travtus: TravtusCaller) -> None:
    assert_error(write(travtus, group_id="unknown"), "group_not_found")


def test_an_unknown_external_ref_is_a_new_group_or_not_found(clock: FakeClock) -> None:
    assert write(travtus_caller(clock), group_external_ref="NEW").status == 200
    strict = travtus_caller(clock, auto_groups=False)
    assert_error(write(strict, group_external_ref="NEW"), "group_not_found")


def test_a_group_that_was_made_known_is_written_by_either_identifier(clock: FakeClock) -> None:
    vendor = TravtusVendor(clock=clock, new_id=IdSource("test"), auto_groups=False)
    group_id = vendor.add_group(GROUP, name="Spencer Street")
    assert vendor.add_group(None, group_id="42") == "42"
    caller = TravtusCaller(Sandbox([vendor], clock=clock))

    assert write(caller, group_external_ref=GROUP).status == 200
    assert write(caller, group_id=group_id).status == 200
    assert write(caller, group_id="42").status == 200
    assert caller.sandbox.counts()["units"] == {GROUP: 1, "42": 1}


def test_a_forbidden_group_is_refused_by_either_identifier(clock: FakeClock) -> None:
    vendor = TravtusVendor(clock=clock, new_id=IdSource("test"), forbidden_groups=["SECRET", "9"])
    group_id = vendor.add_group("SECRET")
    vendor.add_group("OTHER", group_id="9")
    caller = TravtusCaller(Sandbox([vendor], clock=clock))

    assert_error(write(caller, group_external_ref="SECRET"), "no_access_to_group")
    assert_error(write(caller, group_id=group_id), "no_access_to_group")
    assert_error(write(caller, group_external_ref="OTHER"), "no_access_to_group")
    assert caller.find().status == 404
    assert caller.communities(community_external_ref="SECRET").payload["communities"] == []


def test_a_group_identifier_is_text(travtus: TravtusCaller) -> None:
    answer = write(travtus, group_id=5)

    assert answer.status == 400
    assert answer.payload["error"]["type"] == "invalid_request"


# Routes and bodies


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/units/multiple"), ("POST", "/units/find"), ("GET", "/communities")],
)
def test_a_path_without_its_slash_is_redirected(
    travtus: TravtusCaller, method: str, path: str
) -> None:
    answer = travtus.call(method, path, {})

    assert answer.status == 301
    assert answer.headers["location"] == f"{path}/"


@pytest.mark.parametrize("path", ["/units/", "/units/multiple//", "/oauth2/token/"])
def test_an_unknown_path_is_404(travtus: TravtusCaller, path: str) -> None:
    assert travtus.call("POST", path, {}).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/units/multiple/", "POST"),
        ("PUT", "/units/find/", "POST"),
        ("POST", "/communities/", "GET"),
        ("GET", "/oauth2/token", "POST"),
    ],
)
def test_a_wrong_method_is_405(
    travtus: TravtusCaller, method: str, path: str, allowed: str
) -> None:
    answer = travtus.call(method, path, {})

    assert answer.status == 405
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"", "application/json"), (b"[]", "application/json"), (b"{}", "text/plain")],
)
def test_a_body_that_is_no_json_object_is_400(
    travtus: TravtusCaller, body: bytes, content_type: str
) -> None:
    headers = {"authorization": f"Bearer {travtus.token}", "content-type": content_type}
    answer = travtus.sandbox.handle(
        SandboxRequest("POST", "/units/multiple/", headers=headers, body=body)
    )

    assert answer.status == 400
    assert answer.payload["error"]["type"] == "invalid_request"


@pytest.mark.parametrize("units", [None, [], {}, "x"])
def test_units_must_be_a_list_with_something_in_it(travtus: TravtusCaller, units: object) -> None:
    answer = write(travtus, group_external_ref=GROUP, units=units)

    assert answer.status == 400
    assert answer.payload["error"]["message"] == "units must be a list of objects."


def test_an_unknown_member_beside_the_units_is_400(travtus: TravtusCaller) -> None:
    answer = write(travtus, group_external_ref=GROUP, rent=5)

    assert answer.status == 400
    assert answer.payload["error"]["message"] == "rent is not a known field."


# Edits by hand, and a repr that tells no secret


def test_a_unit_is_edited_by_hand(travtus: TravtusCaller) -> None:
    identifier = travtus.result(apartment("1"))["identifier"]
    edit = travtus.sandbox.edit

    assert edit("travtus", "unit", identifier, {"sqft": 700}) is None
    assert travtus.find().payload["units"][0]["sqft"] == 700
    assert edit("travtus", "unit", identifier, {"sqft": "x"}) == "sqft must be an integer."
    assert edit("travtus", "unit", identifier, {"rent": 1}) == "unknown fields: rent"
    assert edit("travtus", "unit", "x", {}) == "no unit has the identifier x"
    assert edit("travtus", "group", "x", {}) == "only units can be edited"


def test_credentials_do_not_show_their_secrets() -> None:
    shown = repr(Credentials("id", "hidden-1", "client", "hidden-2"))

    assert shown == "Credentials(access_id='id', client_id='client')"
    assert len(DEMO_CREDENTIALS.access_id) == len(DEMO_CREDENTIALS.secret_key) == 40
