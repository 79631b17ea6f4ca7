"""storEDGE believes a signature only when it is right, timely and new."""

from __future__ import annotations

from dataclasses import replace

import pytest
from authlib.oauth1.rfc5849.client_auth import ClientAuth

from connectors.clock import FakeClock, SystemClock
from connectors.sandbox import (
    DEMO_CREDENTIALS,
    SandboxRequest,
    SandboxResponse,
    demo_sandbox,
)
from connectors.sandbox.oauth import WINDOW_SECONDS

from .callers import FACILITY, JSON_HEADERS, STOREDGE_HOST, StoredgeCaller, unit

GROUP_BODY = b'{"unit_groups": [{"name": "A"}]}'
REFUSAL = {
    "units": [],
    "meta": {"status_code": 401, "error_code": 2, "message": "Invalid OAuth Request"},
}


def with_header(request: SandboxRequest, old: str, new: str) -> SandboxRequest:
    header = request.headers["authorization"]
    assert old in header
    return replace(
        request, headers={**request.headers, "authorization": header.replace(old, new, 1)}
    )


def assert_refused(answer: SandboxResponse, reason: str) -> None:
    assert answer.status == 401
    assert answer.payload == REFUSAL
    assert reason in answer.headers["x-sandbox-reason"]


def test_a_request_signed_by_oauthlib_is_accepted(storedge: StoredgeCaller) -> None:
    assert storedge.call("GET", "units").status == 200


def test_query_parameters_are_part_of_the_signature(storedge: StoredgeCaller) -> None:
    request = storedge.signed("GET", "units", query={"page": "1", "per_page": "7"})

    assert storedge.sandbox.handle(request).status == 200
    changed = replace(storedge.signed("GET", "units", query={"page": "1"}), query=(("page", "2"),))
    assert_refused(storedge.sandbox.handle(changed), "does not match")


def test_a_json_body_is_not_part_of_the_signature(storedge: StoredgeCaller) -> None:
    request = storedge.signed("POST", "unit_groups", b'{"unit_groups": [{"name": "A"}]}')
    changed = replace(request, body=b'{"unit_groups": [{"name": "B"}]}')

    assert storedge.sandbox.handle(changed).status == 201


def authlib_answer(*, signed_body: bytes) -> SandboxResponse:
    """The answer to a write that another library signed; it reads the wall clock itself."""
    signer = ClientAuth(DEMO_CREDENTIALS.access_id, DEMO_CREDENTIALS.secret_key)
    path = f"/v1/{FACILITY}/unit_groups"
    _, headers, _ = signer.sign("POST", f"https://{STOREDGE_HOST}{path}", {}, signed_body)
    request = SandboxRequest(
        "POST",
        path,
        headers={
            **JSON_HEADERS,
            "host": STOREDGE_HOST,
            "authorization": headers["Authorization"],
        },
        body=GROUP_BODY,
        scheme="https",
    )
    return demo_sandbox(clock=SystemClock()).handle(request)


def test_a_request_signed_by_authlib_verifies_too() -> None:
    assert authlib_answer(signed_body=b"").status == 201


def test_a_body_hash_is_refused() -> None:
    answer = authlib_answer(signed_body=GROUP_BODY)

    assert answer.status == 401
    assert answer.headers["x-sandbox-reason"] == "not accepted: oauth_body_hash"


def test_bad_credentials_answer_401_with_a_well_formed_empty_list(
    storedge: StoredgeCaller, clock: FakeClock
) -> None:
    wrong = replace(DEMO_CREDENTIALS, secret_key="x" * 40)
    stranger = StoredgeCaller(storedge.sandbox, clock, wrong)
    storedge.new_unit("A1")

    assert_refused(stranger.call("GET", "units"), "does not match")
    assert stranger.call("GET", "unit_groups").payload == {
        "unit_groups": [],
        "meta": REFUSAL["meta"],
    }
    assert_refused(stranger.create(unit("A2")), "does not match")
    assert list(storedge.units()) == ["A1"]


def test_an_unknown_access_id_is_refused(storedge: StoredgeCaller, clock: FakeClock) -> None:
    stranger = StoredgeCaller(
        storedge.sandbox, clock, replace(DEMO_CREDENTIALS, access_id="x" * 40)
    )

    assert_refused(stranger.call("GET", "units"), "unknown oauth_consumer_key")


def test_a_nonce_is_good_for_one_request(storedge: StoredgeCaller) -> None:
    request = storedge.signed("GET", "units")

    assert storedge.sandbox.handle(request).status == 200
    assert_refused(storedge.sandbox.handle(request), "used before")


def test_a_request_that_was_refused_does_not_spend_its_nonce(storedge: StoredgeCaller) -> None:
    request = storedge.signed("GET", "units")
    forged = with_header(request, 'oauth_signature="', 'oauth_signature="A')

    assert_refused(storedge.sandbox.handle(forged), "does not match")
    assert storedge.sandbox.handle(request).status == 200


@pytest.mark.parametrize("seconds", [WINDOW_SECONDS + 1, -WINDOW_SECONDS - 1])
def test_a_timestamp_outside_the_window_is_refused(
    storedge: StoredgeCaller, clock: FakeClock, seconds: int
) -> None:
    request = storedge.signed("GET", "units")
    clock.advance(seconds)

    assert_refused(storedge.sandbox.handle(request), "outside the accepted window")


def test_a_timestamp_at_the_edge_of_the_window_is_accepted(
    storedge: StoredgeCaller, clock: FakeClock
) -> None:
    request = storedge.signed("GET", "units")
    clock.advance(WINDOW_SECONDS)

    assert storedge.sandbox.handle(request).status == 200


def test_nonces_are_remembered_for_as_long_as_they_could_be_replayed(
    storedge: StoredgeCaller, clock: FakeClock
) -> None:
    first = storedge.signed("GET", "units")
    assert storedge.sandbox.handle(first).status == 200
    clock.advance(WINDOW_SECONDS)
    assert storedge.call("GET", "units").status == 200

    assert_refused(storedge.sandbox.handle(first), "used before")
    clock.advance(1)
    assert storedge.call("GET", "units").status == 200
    assert_refused(storedge.sandbox.handle(first), "outside the accepted window")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("HMAC-SHA1", "PLAINTEXT", "must be HMAC-SHA1"),
        ('oauth_version="1.0"', 'oauth_version="2.0"', "must be 1.0"),
        ("oauth_nonce=", "oauth_other=", "not accepted: oauth_other"),
        ('oauth_nonce="nonce-1"', 'oauth_nonce=""', "missing: oauth_nonce"),
        ('oauth_timestamp="1', 'oauth_timestamp="x', "whole number"),
        ("OAuth ", "Bearer ", "malformed"),
    ],
)
def test_a_header_that_is_not_as_it_should_be_is_refused(
    storedge: StoredgeCaller, old: str, new: str, reason: str
) -> None:
    request = with_header(storedge.signed("GET", "units"), old, new)

    assert_refused(storedge.sandbox.handle(request), reason)


def test_no_header_is_refused(storedge: StoredgeCaller) -> None:
    request = storedge.signed("GET", "units")
    headers = {name: value for name, value in request.headers.items() if name != "authorization"}

    assert_refused(storedge.sandbox.handle(replace(request, headers=headers)), "no Authorization")


def test_the_host_is_part_of_the_signature(storedge: StoredgeCaller) -> None:
    request = storedge.signed("GET", "units")
    elsewhere = replace(request, headers={**request.headers, "host": "example.test"})
    nowhere = replace(request, headers={**request.headers, "host": ""})

    assert_refused(storedge.sandbox.handle(elsewhere), "does not match")
    assert_refused(storedge.sandbox.handle(nowhere), "no Host header")


def test_an_encoded_address_verifies(storedge: StoredgeCaller) -> None:
    answer = storedge.call("GET", "units", facility="a%20facility", query={"page": "1"})

    assert answer.status == 200
    assert answer.payload["meta"]["parameters"]["facility_id"] == "a facility"
