"""Secrets stay secret: whole nights with marked ones, and a look at every byte that was written."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from random import Random
from urllib.parse import quote_plus

import pytest
from typer.testing import CliRunner

from connectors.sandbox import Credentials, Fault, SandboxRequest, SandboxResponse
from flows.cli import app
from tests.marks import files_below, leaks
from tests.real.inventory import Inventory
from tests.real.place import SYNC, Place, Wire, opened

# The ids of credentials are names, not keys; they are kept out of words all the same.
MARKED = Credentials(
    access_id="marked-access-id/1+1=2&x%20",
    secret_key='marked-"secret"-key/\\+=&%41-storedge',
    client_id="marked-client-id",
    client_secret='marked-"secret"/\\+=&%41-travtus',
)
# Nobody is there, which Apprise and what it is built on would write at length to their logs.
HOOK = "json://marked-user:marked-password@127.0.0.1:1/marked-channel"
CORES = re.compile(rb"marked-|code-[0-9]{3}")
Echo = Callable[[SandboxRequest], str]


class Eavesdropper(Wire):
    """A wire on which all that proves who we are is noted, and on which requests can be echoed."""

    def __init__(self, sandbox: object) -> None:
        super().__init__(sandbox)
        self.echoes: list[Echo] = []
        self.carried: set[str] = set()

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        """The vendor's answer, or our own request in its place."""
        self.carried |= set(_proofs(request.headers.get("authorization", "")))
        if self.echoes and b"lock" in request.body:
            said = self.echoes.pop(0)(request)
            return SandboxResponse(422, {"content-type": "text/plain"}, said.encode())
        answer = super().handle(request)
        if request.path == "/oauth2/token" and answer.status == 200:
            self.carried.add(json.loads(answer.body)["access_token"])
        return answer


def _proofs(header: str) -> Iterator[str]:
    """The bearer token, or the signature as it is and as it travels."""
    kind, _, rest = header.partition(" ")
    if kind == "Bearer":
        yield rest
    yield from re.findall('oauth_signature="([^"]+)"', rest)


def everything(request: SandboxRequest) -> str:
    """A gateway that shows what it did not understand."""
    return f"cannot read {request.headers['authorization']} {request.body.decode()}"


def everything_as_json(request: SandboxRequest) -> str:
    return json.dumps({"message": everything(request)})


def everything_quoted(request: SandboxRequest) -> str:
    return quote_plus(everything(request))


def the_key(request: SandboxRequest) -> str:
    return f"{MARKED.access_id} has the key {MARKED.secret_key}, {json.dumps(MARKED.secret_key)}"


@pytest.fixture
def place(tmp_path) -> Iterator[Place]:
    with opened(tmp_path / "place", credentials=MARKED, wire=Eavesdropper) as place:
        place.config.write_text(
            "notify:\n  urls: ${HOOK}\n"
            + place.config.read_text().replace(
                "{max_missing: null,", "{max_rate_change: 10%, max_missing: null,"
            )
        )
        place.environment["HOOK"] = HOOK
        yield place


@pytest.fixture
def inventory(place) -> Inventory:
    """Lock codes as nobody would choose them, with whatever has to be escaped somewhere."""
    inventory = Inventory(Random(1))
    for number, unit in enumerate(inventory.units.values()):
        unit["lock"] = f'code-{number:03}-"ü\\/+=&% <x>'
    inventory.export(place.folder)
    return inventory


@pytest.fixture
def command(place, monkeypatch, caplog) -> Callable[..., int]:
    """Commands in this process, with every logger at its most talkative."""
    caplog.set_level(logging.DEBUG)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> int:
        result = CliRunner().invoke(app, [*arguments, "--config", str(place.config)])
        said.append(result.output + result.stderr)
        return result.exit_code

    said: list[str] = []
    run.said = said
    return run


def test_no_secret_is_written_anywhere_in_any_form(place, inventory, command, caplog):
    locks = [unit["lock"] for unit in inventory.units.values()]
    broken = next(iter(inventory.units.values()))
    broken["width"] = 0
    inventory.export(place.folder)
    place.wire.echoes = [everything, everything_as_json, everything_quoted, the_key]
    for kind in ("drop_after", "status_after", "malformed", "expired_token"):
        place.sandbox.order_fault(Fault(kind=kind, endpoint="POST units/bulk_create"))
        place.sandbox.order_fault(Fault(kind=kind, endpoint="POST units/multiple"))

    assert 1 == command("sync", "--direct")
    assert [] == place.wire.echoes
    inventory.change()
    inventory.export(place.folder)
    plan = str(place.folder / "plan.json")
    assert 1 == command("plan", "--details", "--out", plan)
    assert 1 == command("sync", "--direct", "--json", "--plan", plan)
    inventory.change()
    inventory.export(place.folder)
    killed = place.start(*SYNC)
    writes = place.writes()
    place.wire.watch = lambda *_: killed.kill() if place.writes() == writes + 2 else None
    said = killed.communicate(timeout=60)
    for arguments in (
        ["check"],
        ["why", broken["id"]],
        ["why", "u2", "--json"],
        ["runs", "--json"],
        ["state", "backup"],
        ["state", "verify"],
    ):
        command(*arguments)

    locks += [unit["lock"] for unit in inventory.units.values()]
    secrets = {*locks, *place.wire.carried, MARKED.secret_key, MARKED.client_secret}
    written = files_below(place.folder) | {
        "output": "".join([*command.said, *said]).encode(),
        "logs": caplog.text.encode(),
    }
    suffixes = {name.rpartition(".")[2] for name in written}
    assert {"db", "db-wal", "html", "json", "lineage", "lock"} <= suffixes
    assert len(place.wire.carried) > 20
    assert b"notify.urls[0] did not take the notification" in written["output"]
    assert [] == leaks(secrets, written)
    # Nor does any word of ours that stands in all of them, however often it was escaped.
    assert [] == [place for place, content in written.items() if CORES.search(content)]
