"""The sandbox behind httpx without sockets: what a client sees, faults included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from connectors.clock import FakeClock
from connectors.sandbox import DEMO_CREDENTIALS, Fault, Sandbox, mock_transport

from .callers import FACILITY, GROUP, START, STOREDGE_HOST, StoredgeCaller, apartment


@pytest.fixture
def client(sandbox: Sandbox, clock: FakeClock) -> Iterator[httpx.Client]:
    transport = mock_transport(sandbox, advance=clock.advance)
    with httpx.Client(transport=transport, base_url="https://api.travtus.com", timeout=5) as client:
        yield client


def authorized(client: httpx.Client) -> httpx.Client:
    form = {
        "grant_type": "client_credentials",
        "client_id": DEMO_CREDENTIALS.client_id,
        "client_secret": DEMO_CREDENTIALS.client_secret,
    }
    token = client.post("/oauth2/token", data=form).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def test_a_token_and_a_write_go_through(client: httpx.Client, sandbox: Sandbox) -> None:
    body = {"group_external_ref": GROUP, "units": [apartment("1")]}
    answer = authorized(client).post("/units/multiple/", json=body)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert sandbox.requests()[-1]["body"] == body


def test_a_signature_over_a_full_address_verifies(
    client: httpx.Client, storedge: StoredgeCaller
) -> None:
    query = {"page": "1", "per_page": "50"}
    signed = storedge.signed("GET", "units", query=query)
    answer = client.get(
        f"https://{STOREDGE_HOST}/v1/{FACILITY}/units",
        params=query,
        headers={"Authorization": signed.headers["authorization"]},
    )

    assert answer.status_code == 200
    assert answer.json()["meta"]["pagination"]["per_page"] == 50


@pytest.mark.parametrize(("kind", "kept"), [("drop_before", 0), ("drop_after", 1)])
def test_a_drop_is_a_disconnect(
    client: httpx.Client, sandbox: Sandbox, kind: str, kept: int
) -> None:
    sandbox.order_fault(Fault.model_validate({"kind": kind, "endpoint": "POST units/multiple"}))
    body = {"group_external_ref": GROUP, "units": [apartment("1")]}
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        authorized(client).post("/units/multiple/", json=body)

    assert len(sandbox.units(GROUP)) == kept


def test_a_delay_within_patience_lets_time_pass(
    client: httpx.Client, sandbox: Sandbox, clock: FakeClock
) -> None:
    sandbox.order_fault(Fault(kind="delay", seconds=4))

    assert authorized(client).headers["Authorization"]
    assert clock.now() == START + timedelta(seconds=4)


def test_a_delay_beyond_patience_is_a_read_time_out_after_the_work(
    client: httpx.Client, sandbox: Sandbox, clock: FakeClock
) -> None:
    sandbox.order_fault(Fault(kind="delay", seconds=60, endpoint="POST units/multiple"))
    body = {"group_external_ref": GROUP, "units": [apartment("1")]}
    with pytest.raises(httpx.ReadTimeout):
        authorized(client).post("/units/multiple/", json=body)

    assert clock.now() == START + timedelta(seconds=5)
    assert len(sandbox.units(GROUP)) == 1


def test_a_client_without_time_out_waits_for_ever(
    client: httpx.Client, sandbox: Sandbox, clock: FakeClock
) -> None:
    sandbox.order_fault(Fault(kind="delay", seconds=3600))

    assert client.get("/communities/", timeout=None).status_code == 400
    assert clock.now() == START + timedelta(seconds=3600)


def test_a_client_that_follows_the_redirect_of_a_write_loses_its_body(
    client: httpx.Client, sandbox: Sandbox
) -> None:
    body = {"group_external_ref": GROUP, "units": [apartment("1")]}
    answer = authorized(client).post("/units/multiple", json=body, follow_redirects=True)

    assert answer.status_code == 405
    assert sandbox.requests()[-1]["method"] == "GET"
