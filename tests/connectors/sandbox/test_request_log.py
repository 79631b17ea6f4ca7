"""The log: what was received, without credentials, and counts that never forget by themselves."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.sandbox import DEMO_CREDENTIALS, Sandbox, SandboxRequest
from connectors.sandbox.messages import Call
from connectors.sandbox.request_log import LONGEST, RequestLog

from .callers import FACILITY, GROUP, StoredgeCaller, TravtusCaller, apartment, unit


def test_requests_are_shown_newest_last_with_their_bodies(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    storedge.create(unit("A1"))
    storedge.call("GET", "units", query={"page": "2"})

    created, read = sandbox.requests()
    assert created["body"] == {"units": [unit("A1")], "unit": {}}
    assert created["endpoint"] == "POST units/bulk_create"
    assert (created["vendor"], created["scope"], created["status"]) == ("storedge", FACILITY, 201)
    assert created["received_at"] == "2026-03-01T02:00:00+00:00"
    assert (read["method"], read["path"]) == ("GET", f"/v1/{FACILITY}/units")
    assert (read["query"], read["body"], read["fault"]) == ([["page", "2"]], "", None)
    assert [created["number"], read["number"]] == [1, 2]


def test_no_credentials_are_shown(
    sandbox: Sandbox, storedge: StoredgeCaller, travtus: TravtusCaller
) -> None:
    storedge.call("GET", "units")
    travtus.write(apartment("1"))

    shown = str(sandbox.requests())
    assert DEMO_CREDENTIALS.client_secret not in shown
    assert travtus.token not in shown
    assert "oauth_signature" not in shown
    token, signed, bearer = sandbox.requests()
    assert token["body"]["client_secret"] == "[redacted]"
    assert token["body"]["client_id"] == DEMO_CREDENTIALS.client_id
    assert signed["headers"]["authorization"] == "OAuth [redacted]"
    assert bearer["headers"]["authorization"] == "Bearer [redacted]"


def test_requests_are_counted_by_endpoint_and_kind(
    sandbox: Sandbox, storedge: StoredgeCaller, travtus: TravtusCaller
) -> None:
    storedge.new_unit("A1", unit_group_id=storedge.new_group("A"))
    storedge.units()
    travtus.write(apartment("1"), apartment("2"))
    travtus.find()
    travtus.communities(name="x")

    assert sandbox.counts() == {
        "requests": {
            "GET communities": 1,
            "GET units": 1,
            "POST oauth2/token": 1,
            "POST unit_groups": 1,
            "POST units/bulk_create": 1,
            "POST units/find": 1,
            "POST units/multiple": 1,
        },
        "reads": 3,
        "writes": 3,
        "tokens": 1,
        "units": {FACILITY: 1, GROUP: 2},
        "groups": {FACILITY: 1, GROUP: 1},
    }


def test_forgetting_the_requests_keeps_the_units(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    storedge.new_unit("A1")
    sandbox.forget_requests()

    assert sandbox.requests() == []
    assert (sandbox.counts()["writes"], sandbox.counts()["units"]) == (0, {FACILITY: 1})


def test_the_log_is_bounded_and_the_counts_are_not() -> None:
    log = RequestLog()
    request = SandboxRequest("GET", "/v1/f/units")
    for _ in range(LONGEST + 1):
        log.add(
            datetime(2026, 1, 1, tzinfo=UTC),
            "storedge",
            Call("GET units", "f", "read"),
            request,
            200,
            None,
        )

    rows = log.rows()
    assert (len(rows), rows[0]["number"], rows[-1]["number"]) == (LONGEST, 2, LONGEST + 1)
    assert log.counts()["reads"] == LONGEST + 1


def test_the_log_does_not_keep_parsed_bodies() -> None:
    log = RequestLog()
    request = SandboxRequest("POST", "/v1/f/units", body=b'{"units": []}')
    assert request.payload == {"units": []}
    log.add(
        datetime(2026, 1, 1, tzinfo=UTC), "storedge", Call("x", "f", "write"), request, 200, None
    )

    (received,) = log._received
    assert "payload" not in vars(received.request)
    assert log.rows()[0]["body"] == {"units": []}
