"""unitsync as a machine runs it: processes of its own, a file on a disk, and both vendors' sandbox
behind real sockets.

Nothing is replaced: a run here is the command that cron would start, in a process of its own
wherever the end of a process, its output, its limits or its locks are the point.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from connectors.clock import SystemClock
from connectors.sandbox import (
    DEMO_CREDENTIALS,
    Credentials,
    IdSource,
    Sandbox,
    SandboxRequest,
    SandboxResponse,
    SandboxServer,
    StoredgeVendor,
    TravtusVendor,
)
from flows.cli import app
from flows.settings import load
from flows.summary import RunSummary
from flows.sync import sync
from flows.world import World

ROOT = Path(__file__).parents[2]
UNITSYNC = [sys.executable, "-m", "flows"]
SYNC = ("sync", "--direct", "--json")
CONFIG = """\
state: unitsync.db
reports: reports
pipelines:
  storage:
    source: {kind: file, path: units.csv}
    target:
      kind: storedge
      access_id: ${STOREDGE_ACCESS_ID}
      secret_key: ${STOREDGE_SECRET_KEY}
      base_url: ${SANDBOX}
      requests_per_second: null
      batch_size: 4
    scope: site
    key: id
    fields:
      name: name
      width: width
      length: length
      height: {const: 8}
      door_width: {const: 8}
      door_height: {const: 7}
      door_type: {const: roll_up}
      access_type: {const: indoor}
      standard_rate: {column: rate, parse: money}
      walk_thru_order: {const: 1}
      unit_type: {const: f7687db9-654a-4018-8d27-bd0f3bfd25a0}
      tax_rates: {const: [b8e13a42-3804-4ede-a763-3b83b3901536]}
      combination_lock_number: lock
    groups: {key: group, name: group_name, reference_unit: majority}
    guardrails: {max_missing: null, max_updates: null, max_rejected: null}
  apartments:
    source: {kind: file, path: apartments.csv}
    target:
      kind: travtus
      client_id: ${TRAVTUS_CLIENT_ID}
      client_secret: ${TRAVTUS_CLIENT_SECRET}
      base_url: ${SANDBOX}
      token_url: ${SANDBOX}/oauth2/token
      requests_per_second: null
      batch_size: 4
    scope: community
    key: ref
    fields:
      external_ref: ref
      unit_number: number
      sqft: sqft
      address.address_line_1: street
      address.address_line_2: {template: "Unit {number}"}
    guardrails: {max_missing: null, max_updates: null, max_rejected: null}
"""

# Told of every request to a vendor: its number since the start, and on which side of the work.
Watcher = Callable[[int, str], None]


class Wire:
    """The vendors' end of the wire, and somebody who watches it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.watch: Watcher = lambda number, side: None
        self.received = 0

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        """What the server calls: the sandbox answers, and the watcher learns of it."""
        self.received += 1
        number = self.received
        self.watch(number, "arrived")
        try:
            return self.sandbox.handle(request)
        finally:
            self.watch(number, "processed")


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        return json.loads(self.stdout)

    @property
    def message(self) -> str:
        """What a person was told, on one line."""
        return " ".join(self.stderr.split())


def _ended(code: int, stdout: str, stderr: str) -> Ended:
    """No traceback ever reaches a user."""
    assert "Traceback" not in stderr, stderr
    return Ended(code, stdout, stderr)


class Place:
    """A folder in which unitsync runs, and the vendors that it reaches from there."""

    def __init__(self, folder: Path, wire: Wire, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.wire = wire
        self.sandbox = wire.sandbox
        self.environment = environment
        self.config = folder / "unitsync.yaml"
        self.config.write_text(CONFIG)
        self.state = folder / "unitsync.db"

    def moved_to(self, folder: Path) -> Place:
        """A copy of this place in another folder, with the same vendors."""
        shutil.copytree(self.folder, folder)
        return Place(folder, self.wire, self.environment)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """A command under way."""
        return subprocess.Popen(
            [*UNITSYNC, *arguments, "--config", str(self.config)],
            text=True,
            env=self.environment,
            cwd=self.folder,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )

    def run(self, *arguments: str) -> Ended:
        """A command to its end, in this process: for a test that is not about processes."""
        command = [*arguments, "--config", str(self.config)]
        done = CliRunner().invoke(app, command, env=dict(self.environment))
        return _ended(done.exit_code, done.stdout, done.stderr)

    def end_of(self, process: subprocess.Popen[str]) -> Ended:
        """The end of a command under way."""
        stdout, stderr = process.communicate(timeout=60)
        return _ended(process.returncode, stdout or "", stderr)

    def sync(self, **options: Any) -> Ended:
        """A night, in a process of its own."""
        return self.end_of(self.start(*SYNC, **options))

    def night(self) -> RunSummary:
        """The same engine in this process, for the nights that a test is not about."""
        return sync(load(self.config, environ=self.environment), World())

    def quiet_night(self) -> None:
        """Nothing to do, so nothing is written; late duplicates may be looked for once more."""
        writes = self.writes()
        night = self.night()
        assert (0, writes) == (night.exit_code, self.writes()), night

    def writes(self) -> int:
        return int(self.sandbox.counts()["writes"])

    def rows_of(self, query: str) -> list[tuple[Any, ...]]:
        """What is committed in the state."""
        with closing(sqlite3.connect(f"{self.state.as_uri()}?mode=ro", uri=True)) as db:
            return db.execute(query).fetchall()

    def bytes_of_state(self) -> dict[str, bytes]:
        """Everything that stands beside the configuration and is the state's."""
        return {path.name: path.read_bytes() for path in self.folder.glob("unitsync.db*")}


@contextmanager
def opened(
    folder: Path, *, credentials: Credentials = DEMO_CREDENTIALS, wire: type[Wire] = Wire
) -> Iterator[Place]:
    """A place whose vendors are there until the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    clock, new_id = SystemClock(), IdSource(folder.name)
    storedge = StoredgeVendor(clock=clock, new_id=new_id, credentials=credentials)
    travtus = TravtusVendor(clock=clock, new_id=new_id, credentials=credentials)
    end = wire(Sandbox([storedge, travtus], clock=clock))
    with SandboxServer(end) as server:
        yield Place(folder, end, environment_of(server.url, credentials))


def environment_of(url: str, credentials: Credentials = DEMO_CREDENTIALS) -> dict[str, str]:
    """What a user would have exported, so as to reach the vendors there."""
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "STOREDGE_ACCESS_ID": credentials.access_id,
        "STOREDGE_SECRET_KEY": credentials.secret_key,
        "TRAVTUS_CLIENT_ID": credentials.client_id,
        "TRAVTUS_CLIENT_SECRET": credentials.client_secret,
        "SANDBOX": url,
    }
