"""The names that a vendor shows become a table that a lookup reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner

from connectors.clock import SystemClock
from connectors.sandbox import SandboxServer, demo_sandbox
from flows.cli import app
from flows.sync import sync
from flows.world import World

FACILITY = "11111111-1111-4111-8111-111111111111"
DRIVE_UP = "f7687db9-654a-4018-8d27-bd0f3bfd25a0"


@pytest.fixture
def ask_live(desk, rows, environment) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Asks the command about a facility that has three units, behind a real socket."""
    unit, _ = rows
    desk.sandbox = demo_sandbox(clock=SystemClock())
    with SandboxServer(desk.sandbox) as server:
        desk.export(unit(1), unit(2), unit(3))
        sync(desk.settings(SANDBOX=server.url), World())

        def ask(*arguments: str) -> tuple[int, str, str]:
            command = ["names", *arguments, "--config", str(desk.config)]
            done = CliRunner().invoke(app, command, env={**environment, "SANDBOX": server.url})
            return done.exit_code, done.stdout, done.stderr

        yield ask


def test_the_names_of_unit_types_are_a_table_for_a_lookup(ask_live, desk, rows) -> None:
    writes = desk.writes()

    code, table, _ = ask_live("storage", "unit_type", "--scope", FACILITY)

    assert code == 0
    header, *lines = csv.reader(io.StringIO(table))
    assert header == ["name", "id"]
    assert DRIVE_UP in dict(lines).values()
    assert desk.writes() == writes
    names = {type_id: name for name, type_id in lines}
    (desk.folder / "types.csv").write_text(table)
    desk.configure(f"{{const: {DRIVE_UP}}}", "{column: type, lookup: types.csv}")
    unit, _ = rows
    desk.export(*(unit(n, type=names[DRIVE_UP]) for n in range(1, 4)))
    (night,) = desk.preview()
    assert [len(planned.plan.changes) for planned in night.work] == []


def test_a_field_without_names_is_told(ask_live) -> None:
    code, table, told = ask_live("storage", "width", "--scope", FACILITY)

    assert (code, table) == (1, "")
    assert f"No unit of {FACILITY} shows a name for width." in told
