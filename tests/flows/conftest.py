"""One facility and one community on a desk: sources, configuration, sandbox, clock and state."""

from __future__ import annotations

import csv
import itertools
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.clock import FakeClock
from connectors.sandbox import DEMO_CREDENTIALS, Fault, demo_sandbox, mock_transport
from flows.cli import app
from flows.settings import Settings, load
from flows.summary import RunSummary
from flows.sync import Night, preview, sync
from flows.world import World

FACILITY = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
ENVIRONMENT = {
    "STOREDGE_ACCESS_ID": DEMO_CREDENTIALS.access_id,
    "STOREDGE_SECRET_KEY": DEMO_CREDENTIALS.secret_key,
    "TRAVTUS_CLIENT_ID": DEMO_CREDENTIALS.client_id,
    "TRAVTUS_CLIENT_SECRET": DEMO_CREDENTIALS.client_secret,
    "SANDBOX": "http://127.0.0.1:1",
}
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
    missing: report
"""
COMMUNITY_CONFIG = """\
state: unitsync.db
reports: reports
pipelines:
  apartments:
    source: {kind: file, path: apartments.csv}
    target:
      kind: travtus
      client_id: ${TRAVTUS_CLIENT_ID}
      client_secret: ${TRAVTUS_CLIENT_SECRET}
      base_url: ${SANDBOX}
      token_url: ${SANDBOX}/oauth2/token
      requests_per_second: null
    scope: community
    key: ref
    fields:
      external_ref: ref
      unit_number: number
      sqft: sqft
      address.address_line_1: street
      address.address_line_2: {template: "Unit {number}"}
"""


def unit(number: int, **changed: Any) -> dict[str, Any]:
    """A source row of the storage pipeline."""
    row = {
        "site": FACILITY,
        "id": f"u{number}",
        "name": f"A{number}",
        "width": 10,
        "length": 10,
        "rate": "100.00",
        "lock": f"4{number:04}",
        "group": "10x10",
        "group_name": "10x10 indoor",
    }
    return row | changed


def apartment(number: int, **changed: Any) -> dict[str, Any]:
    """A source row of the apartments pipeline."""
    row = {
        "community": "COMM-1",
        "ref": f"c1-{number}",
        "number": number,
        "sqft": 700,
        "street": "1 Main Street",
    }
    return row | changed


class Desk:
    """Everything that one pipeline needs, with time and chance under control."""

    def __init__(self, folder: Path, config: str, source: str) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.sandbox = demo_sandbox(clock=self.clock)
        self.config = folder / "unitsync.yaml"
        self.config.write_text(config)
        self.source = folder / source
        self._ids = itertools.count(1)

    def world(self) -> World:
        return World(
            clock=self.clock,
            random=random.Random(next(self._ids)),
            transport=mock_transport(self.sandbox, advance=self.clock.advance),
            new_id=lambda: f"run-{next(self._ids)}",
        )

    def settings(self, **replaced: str) -> Settings:
        return load(self.config, environ=ENVIRONMENT | replaced)

    def configure(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def export(self, *rows: dict[str, Any]) -> None:
        with self.source.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)

    def sync(self, *rows: dict[str, Any]) -> RunSummary:
        """A night, after a new export if rows are given. Every night must balance."""
        if rows:
            self.export(*rows)
        summary = sync(self.settings(), self.world())
        assert summary.status != "broken", summary
        self.clock.advance(86_400)
        return summary

    def preview(self) -> list[Night]:
        return preview(self.settings(), self.world())

    def fault(self, kind: str, endpoint: str, **details: Any) -> None:
        self.sandbox.order_fault(Fault(kind=kind, endpoint=endpoint, **details))

    def live(self, scope: str = FACILITY) -> dict[str, dict[str, Any]]:
        """The units at the vendor, by name; fails when a name stands there twice."""
        units = self.sandbox.units(scope)
        names = [unit.get("name", unit.get("unit_number")) for unit in units]
        assert len(set(names)) == len(names), f"twice: {names}"
        return dict(zip(names, units, strict=True))

    def writes(self) -> int:
        return int(self.sandbox.counts()["writes"])

    def rows_of(self, query: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.folder / "unitsync.db")) as db, db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(query)]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path, CONFIG, "units.csv")


@pytest.fixture
def desks(tmp_path_factory):
    """As many desks as a test of many examples needs."""
    return lambda: Desk(tmp_path_factory.mktemp("desk"), CONFIG, "units.csv")


@pytest.fixture
def community(tmp_path):
    folder = tmp_path / "community"
    folder.mkdir()
    return Desk(folder, COMMUNITY_CONFIG, "apartments.csv")


@pytest.fixture
def environment():
    """What a user would have exported; nothing listens at its address."""
    return dict(ENVIRONMENT)


@pytest.fixture
def rows():
    """The row builders, under names that do not clash with a test's own."""
    return unit, apartment


@pytest.fixture(name="unit")
def unit_builder():
    """A source row of the storage pipeline, by its number."""
    return unit


@pytest.fixture(name="apartment")
def apartment_builder():
    """A source row of the apartments pipeline, by its number."""
    return apartment


@pytest.fixture
def ask(desk, environment):
    """Runs a command in this process, and returns what it printed."""

    def run(*arguments, code=0):
        arguments = [*arguments, "--config", str(desk.config)]
        done = CliRunner().invoke(app, arguments, env=environment)
        assert code == done.exit_code, done.output
        return done.stdout if code == 0 else done.stderr

    return run
