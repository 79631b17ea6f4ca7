"""The sandbox behind real sockets: the same answers, and connections that are really cut."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from oauthlib.oauth1 import Client

from connectors.clock import FakeClock
from connectors.sandbox import (
    DEMO_CREDENTIALS,
    Sandbox,
    SandboxServer,
    demo_sandbox,
    serve,
)

from .callers import FACILITY, START, unit

ROOT = Path(__file__).parents[3]
SERVE = """
from connectors.clock import SystemClock
from connectors.sandbox import demo_sandbox, serve
serve(demo_sandbox(clock=SystemClock()), "127.0.0.1", 0,
      announce=lambda url: print(url, flush=True))
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Sandbox, SandboxServer]]:
    """One server for the module; every test starts from an empty sandbox."""
    sandbox = demo_sandbox(clock=FakeClock(START))
    with SandboxServer(sandbox) as server:
        yield sandbox, server


@pytest.fixture
def sandbox(served: tuple[Sandbox, SandboxServer]) -> Sandbox:
    served[0].reset()
    return served[0]


@pytest.fixture
def client(served: tuple[Sandbox, SandboxServer], sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served[1].url, timeout=5) as client:
        yield client


def send(client: httpx.Client, method: str, resource: str, **options: Any) -> httpx.Response:
    """A signed request over the wire."""
    request = client.build_request(method, f"/v1/{FACILITY}/{resource}", **options)
    signer: Any = Client(
        DEMO_CREDENTIALS.access_id,
        DEMO_CREDENTIALS.secret_key,
        timestamp=str(int(START.timestamp())),
    )
    _, headers, _ = signer.sign(str(request.url), method)
    request.headers["Authorization"] = headers["Authorization"]
    return client.send(request)


def create(client: httpx.Client, name: str, **options: Any) -> httpx.Response:
    return send(client, "POST", "units/bulk_create", json={"units": [unit(name)]}, **options)


def names(sandbox: Sandbox) -> list[str]:
    return [row["name"] for row in sandbox.units(FACILITY)]


def test_a_signed_write_and_read_go_over_the_wire(client: httpx.Client) -> None:
    assert create(client, "A1").status_code == 201
    answer = send(client, "GET", "units", params={"page": "1", "per_page": "10"})

    assert answer.status_code == 200
    assert [row["name"] for row in answer.json()["units"]] == ["A1"]
    assert answer.headers["content-type"] == "application/json"


def test_both_vendors_and_the_sandbox_answer_on_one_port(client: httpx.Client) -> None:
    assert client.get("/communities/").json()["error"]["type"] == "missing_authorization"
    assert client.get(f"/v1/{FACILITY}/units").json()["units"] == []
    counts = client.get("/_sandbox/counts").json()
    assert counts["requests"] == {"GET communities": 1, "GET units": 1}


def test_a_big_batch_arrives_whole(client: httpx.Client, sandbox: Sandbox) -> None:
    batch = {"units": [unit(f"U{n}", attribute_description="x" * 500) for n in range(500)]}

    assert send(client, "POST", "units/bulk_create", json=batch).status_code == 201
    assert len(names(sandbox)) == 500


@pytest.mark.parametrize(("kind", "kept"), [("drop_before", []), ("drop_after", ["A1"])])
def test_a_drop_cuts_the_connection(
    client: httpx.Client, sandbox: Sandbox, kind: str, kept: list[str]
) -> None:
    order = {"kind": kind, "endpoint": "POST units/bulk_create"}
    assert client.post("/_sandbox/faults", json=order).status_code == 201
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        create(client, "A1")

    assert names(sandbox) == kept
    assert create(client, "A2").status_code == 201


def test_late_work_cuts_the_connection_and_is_done_after_a_listing(
    client: httpx.Client, sandbox: Sandbox
) -> None:
    client.post("/_sandbox/faults", json={"kind": "late", "endpoint": "POST units/bulk_create"})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        create(client, "A1")
    before = names(sandbox)
    assert send(client, "GET", "units").json()["units"] == []

    assert (before, names(sandbox)) == ([], ["A1"])


def test_a_drop_sends_not_a_single_byte(
    served: tuple[Sandbox, SandboxServer], client: httpx.Client
) -> None:
    client.post("/_sandbox/faults", json={"kind": "drop_before"})
    address = (client.base_url.host, client.base_url.port or 0)
    with socket.create_connection(address, timeout=5) as raw:
        raw.sendall(b"GET /communities/ HTTP/1.1\r\nHost: x\r\n\r\n")

        assert raw.recv(1) == b""


def test_a_delay_beyond_patience_is_a_read_time_out_after_the_work(
    client: httpx.Client, sandbox: Sandbox
) -> None:
    client.post("/_sandbox/faults", json={"kind": "delay", "seconds": 0.5})
    with pytest.raises(httpx.ReadTimeout):
        create(client, "A1", timeout=0.1)

    assert names(sandbox) == ["A1"]


def test_a_short_delay_is_waited_for(client: httpx.Client) -> None:
    client.post("/_sandbox/faults", json={"kind": "delay", "seconds": 0.2})
    begun = time.monotonic()

    assert create(client, "A1").status_code == 201
    assert time.monotonic() - begun >= 0.2


def test_a_server_stops_while_clients_are_still_connected() -> None:
    with SandboxServer(demo_sandbox(clock=FakeClock(START))) as server:
        client = httpx.Client(base_url=server.url)
        assert client.get("/_sandbox/counts").status_code == 200
        url = server.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    client.close()


def test_a_port_in_use_is_an_os_error(served: tuple[Sandbox, SandboxServer]) -> None:
    sandbox, server = served
    port = httpx.URL(server.url).port or 0

    with pytest.raises(OSError, match="in use"):
        serve(sandbox, "127.0.0.1", port)


def test_ctrl_c_ends_the_serving_cleanly() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/_sandbox/counts").status_code == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)

    assert (out, err, process.returncode) == ("done\n", "", 0)
