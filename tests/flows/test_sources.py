"""A night from any kind of source: the same state as from a file, and nothing lost with a part."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

FACILITY = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
FILE = "{kind: file, path: units.csv}"
Row = dict[str, Any]


@pytest.fixture
def units(rows):
    unit, _ = rows
    return [*(unit(n) for n in range(1, 4)), *(unit(n, site=OTHER) for n in range(4, 7))]


def in_a_database(desk, units: list[Row]) -> str:
    with closing(sqlite3.connect(desk.folder / "units.db")) as db, db:
        names = ", ".join(f'"{name}"' for name in units[0])
        db.execute(f"CREATE TABLE units ({names})")
        marks = ", ".join("?" * len(units[0]))
        db.executemany(f"INSERT INTO units VALUES ({marks})", [list(u.values()) for u in units])
    db.close()
    return "{kind: sql, url: 'sqlite:///units.db', table: units}"


def in_a_function(desk, units: list[Row]) -> str:
    module = f"units_{desk.folder.name}".replace("-", "_")
    (desk.folder / f"{module}.py").write_text(f"def units():\n    yield from {units!r}\n")
    return f"{{kind: python, call: '{module}:units'}}"


def in_a_folder(desk, units: list[Row]) -> str:
    (desk.folder / "exports").mkdir(exist_ok=True)
    for site in dict.fromkeys(unit["site"] for unit in units):
        desk.source = desk.folder / "exports" / f"units-{site}.csv"
        desk.export(*({**unit, "site": "?"} for unit in units if unit["site"] == site))
        text = desk.source.read_text().replace("site,", "", 1).replace("?,", "")
        desk.source.write_text(text)
    return "{kind: file, path: exports/*.csv, from_path: 'units-(?P<site>[-0-9]+)[.]csv'}"


def in_json(desk, units: list[Row]) -> str:
    (desk.folder / "units.json").write_text(json.dumps({"units": units}))
    return "{kind: file, path: units.json}"


@pytest.mark.parametrize("put", [in_a_database, in_a_function, in_a_folder, in_json])
def test_a_night_is_the_same_from_any_kind_of_source(
    put: Callable[..., str], desk, units: list[Row]
) -> None:
    desk.export(*units)
    assert desk.sync().status == "ok"
    before = desk.rows_of("SELECT scope, key, digest, payload FROM units ORDER BY scope, key")

    desk.configure(FILE, put(desk, units))
    again = desk.sync()

    (counts,) = (pipeline.counts for pipeline in again.pipelines)
    assert counts["unchanged"] == len(units)
    assert (
        desk.rows_of("SELECT scope, key, digest, payload FROM units ORDER BY scope, key") == before
    )
    assert again.pipelines[0].requests == 0


def test_a_facility_whose_export_cannot_be_read_loses_nothing_and_stops_nobody(
    desk, units: list[Row]
) -> None:
    desk.configure(FILE, in_a_folder(desk, units))
    desk.configure("missing: report", "missing: retire")
    desk.sync()

    changed = [{**unit, "rate": "120.00"} for unit in units]
    in_a_folder(desk, changed)
    (desk.folder / "exports" / f"units-{OTHER}.csv").write_bytes(b"")
    (pipeline,) = desk.sync().pipelines

    assert pipeline.counts["updated"] == 3
    assert pipeline.counts["missing"] == pipeline.counts["retired"] == 0
    assert pipeline.counts["rejected"] == 1
    assert {unit["standard_rate"] for unit in desk.live(FACILITY).values()} == {120.0}
    assert {unit["standard_rate"] for unit in desk.live(OTHER).values()} == {100.0}


def test_a_facility_whose_export_is_gone_is_held_for_a_person(desk, units: list[Row]) -> None:
    desk.configure(FILE, in_a_folder(desk, units))
    desk.configure("missing: report", "missing: retire")
    desk.sync()

    (desk.folder / "exports" / f"units-{OTHER}.csv").unlink()
    (pipeline,) = desk.sync().pipelines

    assert pipeline.status == "attention"
    assert pipeline.counts["retired"] == 0
    assert all(unit["rentable"] for unit in desk.live(OTHER).values())


def test_rates_of_another_file_stand_beside_the_units(desk, units: list[Row]) -> None:
    desk.export(*({name: unit[name] for name in unit if name != "rate"} for unit in units))
    rates = "".join(f"{unit['id']},{100 + n}.50\n" for n, unit in enumerate(units[1:]))
    (desk.folder / "rates.csv").write_text(f"unit,rate\n{rates}")
    desk.configure(
        FILE, f"{FILE}\n    join: [{{source: {{kind: file, path: rates.csv}}, by: {{id: unit}}}}]"
    )

    (pipeline,) = desk.sync().pipelines

    assert pipeline.counts["created"] == 5
    assert pipeline.counts["rejected"] == 1  # a rate is required
    told = "1 of 6 rows of units.csv found nothing beside them in rates.csv"
    assert told in pipeline.notices
    assert {unit["standard_rate"] for unit in desk.live(FACILITY).values()} == {100.5, 101.5}


def test_names_are_looked_up_in_a_table_of_their_own(desk, units: list[Row]) -> None:
    kind = "f7687db9-654a-4018-8d27-bd0f3bfd25a0"
    desk.export(*({**unit, "type": "Drive-Up" if n else "Attic"} for n, unit in enumerate(units)))
    (desk.folder / "types.csv").write_text(f"name,id\ndrive-up,{kind}\n")
    desk.configure(f"{{const: {kind}}}", "{column: type, lookup: types.csv}")

    (pipeline,) = desk.sync().pipelines

    assert pipeline.counts["created"] == 5
    assert pipeline.counts["rejected"] == 1  # an attic is not in the table
    (desk.folder / "types.csv").unlink()
    (pipeline,) = desk.sync().pipelines
    assert pipeline.status == "error"
    assert "types.csv does not exist" in pipeline.notes[0]


def test_a_password_is_in_no_output_and_the_exit_says_that_the_source_is_unreadable(
    desk, ask
) -> None:
    url = "postgresql://nobody:pass31337@127.0.0.1:1/units"
    desk.configure(FILE, f"{{kind: sql, url: '{url}', table: units}}")

    for command in ("check", "plan"):
        said = ask(command, code=4)
        assert "units in units could not be read" in said or command == "check"
        assert "31337" not in said
