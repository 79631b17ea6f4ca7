"""`unitsync init`: from an export to a right plan, with as little by hand as there is to know."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from connectors.clock import FakeClock
from connectors.sandbox import demo_sandbox, mock_transport
from flows.checklist import examine
from flows.cli import app
from flows.config_errors import ConfigError
from flows.settings import load
from flows.sync import Night, preview, sync
from flows.world import World
from tests.bench import CREDENTIALS
from tests.connectors.sources.api import Answer, answering
from tests.flows.exports import FACILITY, GERMAN, OWN_NAMES, REPORT, SIZES, TYPE, Export
from tests.flows.exports_more import EVERY, FRENCH
from transforms.gaps import GAP
from transforms.rows import together

ROOT = Path(__file__).parents[2]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the vendor's key in the environment, and an export about to be put into it."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["init", *arguments])
    assert code == done.exit_code, done.output
    return done.output


def put(export: Export, folder: Path) -> Path:
    path = folder / export.file
    path.write_bytes(export.content)
    return path


def gaps(value: Any, place: str = "") -> Iterator[str]:
    if value == GAP:
        yield place
    for name, item in value.items() if isinstance(value, dict) else ():
        yield from gaps(item, f"{place}.{name}".removeprefix("."))


def open_places(config: Path) -> list[str]:
    """What is left open in the only pipeline of a configuration."""
    [pipeline] = yaml.safe_load(config.read_text("utf-8"))["pipelines"].values()
    return list(gaps(pipeline))


def fill(config: Path, export: Export) -> None:
    """What a person does with an editor; dots in the names of fields are no steps."""
    document = yaml.safe_load(config.read_text("utf-8"))
    [pipeline] = document["pipelines"].values()
    for place, value in export.by_hand.items():
        section: Any = pipeline
        *steps, last = place.replace("address.", "address/").split(".")
        for step in steps:
            section = section[step.replace("/", ".")]
        section[last] = value
    config.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")


def world() -> World:
    clock = FakeClock()
    return World(
        clock=clock, transport=mock_transport(demo_sandbox(clock=clock), advance=clock.sleep)
    )


def planned(night: Night) -> dict[str, dict[str, Any]]:
    """The units that the plan would create, by what a person calls them."""
    units: dict[str, dict[str, Any]] = {}
    for scope in night.scopes:
        for change in scope.plan.of("unit"):
            after = {**change.after, "unit_group": change.group}
            name = str(after.get("name") or after["address.address_line_2"])
            apart = after.get("address.building_name") or after.get("external_ref")
            units[f"{scope.plan.scope} {name}"] = after
            units[name if after.get("name") else f"{name}, {apart}"] = after
    return units


@pytest.mark.parametrize("export", EVERY, ids=str)
def test_an_export_is_planned_right_once_what_no_column_says_is_filled_in(
    export: Export, desk: Path
) -> None:
    put(export, desk)
    init(export.file, "--yes")
    config = desk / "unitsync.yaml"
    assert set(open_places(config)) == set(export.by_hand)

    fill(config, export)
    [night] = preview(load(config), world())

    assert night.desired is not None
    assert night.job.pipeline.target.kind == export.target
    units = planned(night)
    for name, truth in export.truth.items():
        assert {field: units[name][field] for field in truth} == truth
    assert together(night.desired.rejections)["row"].nunique() == export.rejected


@pytest.mark.parametrize("export", EVERY, ids=str)
def test_check_passes_once_the_gaps_are_filled(export: Export, desk: Path) -> None:
    put(export, desk)
    init(export.file, "--yes")
    config = desk / "unitsync.yaml"
    fill(config, export)
    [name] = load(config).names

    assert examine(config, name, world()).exit_code == 0


@pytest.mark.parametrize("export", [GERMAN, SIZES], ids=str)
def test_a_row_of_totals_keeps_no_unit_from_being_missing(export: Export, desk: Path) -> None:
    path = put(export, desk)
    init(export.file, "--yes")
    fill(desk / "unitsync.yaml", export)
    outside = world()
    sync(load(desk / "unitsync.yaml"), outside)

    gone = [b"A-01;", b"L002,101,"]
    left = [line for line in path.read_bytes().splitlines(True) if not line.startswith(tuple(gone))]
    path.write_bytes(b"".join(left))
    [pipeline] = sync(load(desk / "unitsync.yaml"), outside).pipelines

    assert pipeline.counts["missing"] == 1
    assert "1 row was left out, as `ignore` says" in pipeline.notices


def test_check_names_every_gap_with_its_line_and_where_to_find_what_is_missing(desk: Path) -> None:
    put(SIZES, desk)
    init(SIZES.file, "--yes")

    with pytest.raises(ConfigError) as refused:
        load(desk / "unitsync.yaml")

    told = {
        problem.path.removeprefix("pipelines.storage."): problem
        for problem in refused.value.problems
    }
    assert all(problem.line for problem in told.values())
    assert told["fields.unit_type.values"].found.endswith("for Climate, Locker and Parking")
    assert "unit_type.id" in told["fields.unit_type.values"].hint
    assert "facilities/short" in told["scope.values"].hint
    assert "none, roll_up or swing" in told["fields.door_type.const"].hint


def test_check_goes_as_far_as_gaps_let_it_and_shows_the_types_that_the_facility_has(
    desk: Path,
) -> None:
    put(OWN_NAMES, desk)
    init(OWN_NAMES.file)
    config, outside = desk / "unitsync.yaml", world()
    sync(load(config), outside)
    text = config.read_text("utf-8")
    assert "unit_type: unit_type.id" in text
    config.write_text(text.replace("unit_type: unit_type.id", f"unit_type: {{const: {GAP}}}"))

    checklist = examine(config, "storage", outside)

    assert checklist.exit_code == 2
    checks = {check.check: (check.status, check.message) for check in checklist.checks}
    assert [status for status, _ in checks.values()] == [
        "failed",
        *["ok"] * 3,
        "skipped",  # whether all credentials are right: only the types were asked for
        "ok",
        "skipped",
    ]
    assert checks["validation"] == ("ok", "5 valid rows, in 1 scope")
    assert re.search(rf"its unit types: Unit Type \d+ is {TYPE}\Z", checks["access"][1])
    assert checklist.sample is None


@pytest.mark.parametrize("name", ["storage_units_night1.csv", "apartments_night1.csv"])
def test_the_examples_are_proposed_as_they_were_mapped_by_hand(name: str, desk: Path) -> None:
    (desk / name).write_bytes((files("examples") / name).read_bytes())
    init(name)
    [proposed] = yaml.safe_load((desk / "unitsync.yaml").read_text("utf-8"))["pipelines"].values()
    by_hand = yaml.safe_load((files("examples") / "unitsync.yaml").read_text("utf-8"))
    known = by_hand["pipelines"][name.partition("_")[0]]

    assert (proposed["scope"], proposed["key"]) == (known["scope"], known["key"])
    assert set(known["fields"]) - set(proposed["fields"]) <= {"tax_rates"}
    for field in set(known["fields"]) - {"unit_type", "door_type", "access_type", "tax_rates"}:
        told, meant = (
            {"column": spec} if isinstance(spec, str) else spec
            for spec in (proposed["fields"][field], known["fields"][field])
        )
        assert told.get("column") == meant.get("column")
        assert told.get("sum") == meant.get("sum")


def test_no_value_of_a_lock_code_or_a_tenant_is_written_or_said(desk: Path) -> None:
    put(GERMAN, desk)
    said = init(GERMAN.file, "--yes") + (desk / "unitsync.yaml").read_text("utf-8")
    put(FRENCH, desk)
    said += init(FRENCH.file, "--out", "boxes.yaml") + (desk / "boxes.yaml").read_text("utf-8")
    put(SIZES, desk)
    said += init(SIZES.file, "--out", "sizes.yaml") + (desk / "sizes.yaml").read_text("utf-8")

    for secret in ("4711", "0815", "1009", "1012", "Doe", "Hara", "$12.00"):
        assert secret not in said


def test_a_file_that_is_there_stays_as_it_is_and_another_name_is_taken(desk: Path) -> None:
    put(OWN_NAMES, desk)
    (desk / "unitsync.yaml").write_text("mine")

    said = init(OWN_NAMES.file, "--yes", code=2)

    assert "unitsync.yaml is there already" in said
    assert "--out" in said
    assert (desk / "unitsync.yaml").read_text() == "mine"
    init(OWN_NAMES.file, "--yes", "--out", "second.yaml")
    assert (desk / "second.yaml").stat().st_mode & 0o777 == 0o600


def test_the_path_of_the_export_is_relative_to_the_configuration(desk: Path) -> None:
    (desk / "exports").mkdir()
    (desk / "settings").mkdir()
    put(OWN_NAMES, desk / "exports")

    init("exports/units.json", "--out", "settings/unitsync.yaml")

    settings = load(desk / "settings" / "unitsync.yaml")
    assert settings.pipelines["storage"].source.path == "../exports/units.json"
    assert preview(settings, world())[0].desired is not None


@pytest.mark.parametrize("path", ["exports", "exports/*.csv"])
def test_many_files_are_one_inventory_with_the_facility_from_their_names(
    path: str, desk: Path
) -> None:
    (desk / "exports").mkdir()
    for name in ("Harbor", "Mill"):
        (desk / "exports" / f"units {name}.csv").write_bytes(REPORT.content)
    init(path, "--yes")

    text = (desk / "unitsync.yaml").read_text("utf-8")
    [pipeline] = yaml.safe_load(text)["pipelines"].values()
    assert pipeline["source"] == {
        "kind": "file",
        "path": path,
        "header": 4,
        "from_path": r"units (?P<facility>[^/]+)\.csv$",
    }
    assert pipeline["scope"] == {"column": "facility", "values": {"Harbor": GAP, "Mill": GAP}}
    assert "the column “facility” is what tells the files apart" in text


def test_files_that_say_of_which_facility_they_are_need_nothing_of_their_names(desk: Path) -> None:
    (desk / "exports").mkdir()
    put(SIZES, desk / "exports")
    init("exports", "--yes")

    [pipeline] = yaml.safe_load((desk / "unitsync.yaml").read_text("utf-8"))["pipelines"].values()
    assert pipeline["source"] == {"kind": "file", "path": "exports"}
    assert pipeline["scope"]["column"] == "Location Code"


def test_the_token_in_an_address_is_not_written_down_and_the_address_still_works(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(lambda _: Answer(OWN_NAMES.content)) as server:
        address = f"{server.url}/{OWN_NAMES.file}?token=hunter2"
        said = init(address) + (desk / "unitsync.yaml").read_text("utf-8")
        monkeypatch.setenv("UNITSYNC_SOURCE", address)
        [night] = preview(load(desk / "unitsync.yaml"), world())

    assert "hunter2" not in said
    assert "UNITSYNC_SOURCE=…" in said
    assert night.desired is not None
    assert len(together(night.desired.units)) == len(json.loads(OWN_NAMES.content)["units"])


def test_the_row_of_the_names_is_written_with_its_confidence(desk: Path) -> None:
    put(REPORT, desk)
    init(REPORT.file, "--yes")

    text = (desk / "unitsync.yaml").read_text("utf-8")
    [line] = [line for line in text.splitlines() if "header" in line]
    assert "header: 4} " in line
    assert line.endswith("# likely: the names stand in row 4, below a title")


def test_rows_below_the_table_are_seen_and_no_unit_is_lost_to_them(desk: Path) -> None:
    below = REPORT.content + b",,,,$190.00,\n*** End of report, 3 units ***\n"
    (desk / REPORT.file).write_bytes(below)

    said = init(REPORT.file, "--yes")

    assert "3 of 3 rows can be sent as they are" in said
    assert "not proven complete" not in said
    [line] = [
        text for text in (desk / "unitsync.yaml").read_text().splitlines() if "footer" in text
    ]
    assert r"footer: ',,,,|\*\*\* End of report'" in line
    assert "the rows at the end that begin so stand below the table" in line


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("gone.csv", None, "does not exist"),
        ("empty.csv", b"", "is empty"),
        ("old.xls", b"\xd0\xcf\x11\xe0" + bytes(100), "old .xls"),
    ],
)
def test_what_no_setting_can_read_is_refused_with_what_to_do(
    file: str, content: bytes | None, told: str, desk: Path
) -> None:
    if content is not None:
        (desk / file).write_bytes(content)

    said = init(file, code=4)

    assert told in said
    assert not (desk / "unitsync.yaml").exists()


def test_on_a_terminal_only_what_is_not_known_is_asked(desk: Path) -> None:
    """A real terminal: what is typed at the questions stands in the file."""
    put(GERMAN, desk)
    command = [sys.executable, "-m", "flows", "init", GERMAN.file]
    master, terminal = pty.openpty()
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environ
    ) as process:
        os.write(master, f"{FACILITY}\nroll_up\n\n{TYPE}\n".encode())
        assert process.wait(60) == 0
    said = os.read(master, 100_000).decode()
    os.close(master)
    os.close(terminal)

    assert open_places(desk / "unitsync.yaml") == ["fields.unit_type.values.Außenbox"]
    assert f'scope: {{const: "{FACILITY}"}}' in (desk / "unitsync.yaml").read_text("utf-8")
    assert "fields.width" not in said


def test_a_target_that_is_none_is_answered_with_those_that_are(desk: Path) -> None:
    put(OWN_NAMES, desk)

    assert 'did you mean "storedge"?' in init(OWN_NAMES.file, "--target", "storage", code=2)


def test_the_first_line_tells_an_editor_and_the_last_ones_what_to_type_next(desk: Path) -> None:
    put(GERMAN, desk)
    said = init(GERMAN.file)

    first = (desk / "unitsync.yaml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=unitsync.schema.json"
    assert "4 of 4 rows can be sent as they are" in said
    assert said.splitlines()[-3:] == [
        "  export STOREDGE_ACCESS_ID=… STOREDGE_SECRET_KEY=…",
        "  unitsync check",
        "  unitsync plan",
    ]
    assert FACILITY not in said
