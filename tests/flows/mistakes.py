"""What a new user gets wrong in the first hour, and what the real command says to it.

`python -m tests.flows.mistakes FILE` writes the page that a test holds against what is said now.
"""

from __future__ import annotations

import csv
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from unittest.mock import patch

from openpyxl import Workbook
from typer.testing import CliRunner

from connectors.clock import SystemClock
from connectors.sandbox import Fault, Sandbox, SandboxServer, demo_sandbox
from flows.cli import app
from flows.commands.demo import bring
from tests.bench import CREDENTIALS, HARBOR, MILL

CONFIG, STORAGE, APARTMENTS = "unitsync.yaml", "storage_units.csv", "apartments.csv"
# The lines of the example that are there to be rejected; they would stand in every message.
REJECTED = (15, 45, 72, 103)
INTRODUCTION = """# Mistakes, and what unitsync says to them

What goes wrong in the first hour: in the configuration, in the export, in what is typed. Each
message says where it is, what was found, and what to do. `unitsync check` finds all of those in
files without writing anything. A test makes every one of these mistakes and holds this page against
what is said then; `make docs` writes it again.
"""
CHECK = ("check", "storage", "--json")
_ODD = re.compile(r"^(rejected|doubtful):", re.MULTILINE)


@dataclass(frozen=True)
class Desk:
    """A folder with the example inventories and a configuration, which are made worse."""

    folder: Path
    sandbox: Sandbox

    def path(self, name: str) -> Path:
        return self.folder / name


Make = Callable[[Desk], None]


@dataclass(frozen=True)
class Mistake:
    """One mistake: how it is made, what is typed then, and what the message must hold."""

    name: str
    make: Make
    place: str
    cause: str
    cure: str
    command: tuple[str, ...] = CHECK
    code: int = 2


def edit(name: str, old: str, new: str) -> Make:
    """A text in a file becomes another."""

    def make(desk: Desk) -> None:
        text = desk.path(name).read_text("utf-8")
        assert old in text, old
        desk.path(name).write_text(text.replace(old, new, 1), "utf-8")

    return make


def config(old: str, new: str) -> Make:
    """The same, in the configuration."""
    return edit(CONFIG, old, new)


def write(name: str, content: bytes) -> Make:
    """A file has another content."""
    return lambda desk: void(desk.path(name).write_bytes(content))


def edit_bytes(old: str, new: bytes) -> Make:
    """A text in the export becomes bytes that are no UTF-8."""

    def make(desk: Desk) -> None:
        content = desk.path(STORAGE).read_bytes()
        assert old.encode() in content
        desk.path(STORAGE).write_bytes(content.replace(old.encode(), new, 1))

    return make


def below(text: str) -> Make:
    """Lines stand below the last row."""
    return lambda desk: void(
        desk.path(STORAGE).write_bytes(desk.path(STORAGE).read_bytes() + text.encode())
    )


def in_front(text: str) -> Make:
    """Lines stand above the column names."""

    def make(desk: Desk) -> None:
        content = desk.path(STORAGE).read_text("utf-8")
        desk.path(STORAGE).write_text(text + content, "utf-8")

    return make


def as_workbook(*above: list[str]) -> Make:
    """The export is a workbook, with rows above the column names."""

    def make(desk: Desk) -> None:
        book = Workbook()
        for row in above:
            book.active.append(row)
        for line in csv.reader(desk.path(STORAGE).read_text("utf-8").splitlines()):
            book.active.append(line)
        book.save(desk.path("units.xlsx"))
        source("{kind: file, path: units.xlsx}")(desk)

    return make


def source(settings: str) -> Make:
    """The source of the storage pipeline has other settings."""
    return config("{kind: file, path: storage_units.csv}", settings)


def at_the_server(path: str) -> Make:
    """The export is looked for at a web server, which has no such file."""
    return lambda desk: source(f"{{kind: file, path: '{address(desk)}{path}'}}")(desk)


def both(*makes: Make) -> Make:
    """One mistake that takes several changes."""

    def make(desk: Desk) -> None:
        for one in makes:
            one(desk)

    return make


def in_an_empty_folder(desk: Desk) -> None:
    """The path is that of a folder in which no export lies."""
    desk.path("exports").mkdir()
    config(f"path: {STORAGE}", "path: exports")(desk)


def address(desk: Desk) -> str:
    """Where the configuration says that storEDGE is."""
    found = re.search(r"base_url: (\S+)", desk.path(CONFIG).read_text("utf-8"))
    assert found
    return found[1]


def environ(name: str, value: str | None) -> Make:
    """An environment variable has another value, or none."""

    def make(desk: Desk) -> None:
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value

    return make


def void(_: object) -> None:
    """Nothing of it."""


def nothing(_: Desk) -> None:
    """The files are as they should be; the mistake is in what is typed."""


MISTAKES: dict[str, list[Mistake]] = {
    "The file": [
        Mistake(
            "a tab instead of spaces",
            config("      name: sUnitName", "\tname: sUnitName"),
            f"{CONFIG}:30:1",
            "a tab",
            "replace the tab by spaces",
        ),
        Mistake(
            "a line that is indented too little",
            config("    scope: SiteID", "   scope: SiteID"),
            f"{CONFIG}:27:4",
            "indentation",
            "line up settings",
        ),
        Mistake(
            "no colon",
            config("    key: UnitID", "    key UnitID"),
            f"{CONFIG}:28:5",
            "",
            "name: value",
        ),
        Mistake(
            "no space after the colon",
            config("state: unitsync.db", "state:unitsync.db"),
            f"{CONFIG}:9:6",
            "no space",
            'write "state: …"',
        ),
        Mistake(
            "a setting that stands twice",
            config("      length: dcLength", "      width: dcLength"),
            f"{CONFIG}:32:7",
            "width",
            "keep one of the two",
        ),
        Mistake(
            "typographic quotes",
            config('sync: "0 2 * * *"', "sync: “0 2 * * *”"),
            f"{CONFIG}:11",
            "“",
            "straight",
        ),
        Mistake(
            "a percent sign in front",
            config("max_missing: 10%", "max_missing: %10"),
            f"{CONFIG}:59",
            '"%"',
            "quotes",
        ),
        Mistake(
            "a template without quotes",
            config(
                'key: "{dcWidth:g}x{dcLength:g} {sTypeName}"',
                "key: {dcWidth:g}x{dcLength:g} {sTypeName}",
            ),
            f"{CONFIG}:54",
            "{",
            "quotes",
        ),
        Mistake(
            "a quote that is never closed",
            config('sync: "0 2 * * *"', 'sync: "0 2 * * *'),
            f"{CONFIG}:11",
            "never closed",
            "close the quote",
        ),
        Mistake(
            "a cron line without quotes",
            config('sync: "0 2 * * *"', "sync: */5 * * * *"),
            f"{CONFIG}:11",
            "*",
            "quotes",
        ),
        Mistake(
            "a backslash in double quotes",
            config(
                "walk_thru_order: iWalkThruOrder",
                'walk_thru_order: {column: sUnitName, extract: "(\\d+)"}',
            ),
            f"{CONFIG}:39",
            "backslash",
            "single quotes",
        ),
        Mistake(
            "a file saved as UTF-16",
            lambda desk: void(
                desk.path(CONFIG).write_text(desk.path(CONFIG).read_text("utf-8"), "utf-16")
            ),
            CONFIG,
            "UTF-16",
            "UTF-8",
        ),
        Mistake("an empty file", write(CONFIG, b""), CONFIG, "empty", "name: value"),
    ],
    "Settings": [
        Mistake(
            "a misspelt section",
            config("    guardrails:", "    guardrail:"),
            f"{CONFIG}:59:5",
            'unknown setting "guardrail"',
            'did you mean "guardrails"?',
        ),
        Mistake(
            "a misspelt setting",
            config("      custom_unit_groups: true ", "      custom_unit_group: true "),
            f"{CONFIG}:25:7",
            'unknown setting "custom_unit_group"',
            'did you mean "custom_unit_groups"?',
        ),
        Mistake(
            "a setting in the wrong section",
            config("    missing: report  ", "    batch_size: 50  "),
            f"{CONFIG}:58:5",
            "batch_size",
            "target",
        ),
        Mistake(
            "an unknown kind of target",
            config("kind: storedge", "kind: storage_edge"),
            f"{CONFIG}:21",
            'unknown kind "storage_edge"',
            "storedge",
        ),
        Mistake(
            "an unknown kind of source",
            config("kind: file, path: storage", "kind: csv, path: storage"),
            f"{CONFIG}:19",
            '"csv"',
            "file, sql, rest or python",
        ),
        Mistake(
            "a word where a number belongs",
            config("      tiered_pricing: false", "      batch_size: fifty     "),
            f"{CONFIG}:26",
            '"fifty"',
            "a whole number from 1 to 100",
        ),
        Mistake(
            "a word where true or false belongs",
            config("tiered_pricing: false", "tiered_pricing: none "),
            f"{CONFIG}:26",
            "none",
            "true or false",
        ),
        Mistake(
            "a guardrail that could be 1 % or everything",
            config("max_missing: 10%", "max_missing: 10"),
            f"{CONFIG}:59",
            "10",
            "10%",
        ),
        Mistake(
            "a guardrail of more than everything",
            config("max_updates: 50%", "max_updates: 150%"),
            f"{CONFIG}:59",
            "150%",
            "from 0% to 100%",
        ),
        Mistake(
            "a time zone that is none",
            config("America/New_York", "New York"),
            f"{CONFIG}:11",
            '"New York"',
            'did you mean "America/New_York"?',
        ),
        Mistake(
            "a cron line of six fields",
            config('sync: "0 2 * * *"', 'sync: "0 0 2 * * *"'),
            f"{CONFIG}:11",
            "6 instead of five",
            '"0 2 * * *" is every night at 2:00',
        ),
        Mistake(
            "an hour that does not exist",
            config('sync: "0 2 * * *"', 'sync: "0 24 * * *"'),
            f"{CONFIG}:11",
            'the hour "24"',
            "0 to 23",
        ),
        Mistake(
            "an address in the clear",
            lambda desk: config(address(desk), "http://api.storedgefms.com")(desk),
            f"{CONFIG}:24",
            "in the clear",
            "https",
        ),
        Mistake(
            "an address without https",
            lambda desk: config(address(desk), "api.storedgefms.com")(desk),
            f"{CONFIG}:24",
            "an address must look like",
            'did you mean "https://api.storedgefms.com"?',
        ),
        Mistake(
            "a state in a folder that is not there",
            config("state: unitsync.db", "state: data/unitsync.db"),
            f"{CONFIG}:9 (state)",
            "does not exist",
            "make it",
            code=4,
        ),
        Mistake(
            "a state that is a folder",
            config("state: unitsync.db", "state: data/"),
            f"{CONFIG}:9:1",
            '"data/"',
            'did you mean "data/unitsync.db"?',
        ),
        Mistake(
            "a path instead of a source",
            source("storage_units.csv"),
            f"{CONFIG}:19",
            "a section of settings",
            'did you mean {kind: file, path: "storage_units.csv"}?',
        ),
        Mistake(
            "a path of Windows in double quotes",
            source('{kind: file, path: "C:\\exports\\units.csv"}'),
            f"{CONFIG}:19:45",
            "a backslash",
            "single quotes",
        ),
        Mistake(
            "a row of names that counts from 0",
            source("{kind: file, path: storage_units.csv, header: 0}"),
            f"{CONFIG}:19:51",
            "found 0",
            "a whole number from 1",
        ),
        Mistake(
            "a delimiter by its name",
            source("{kind: file, path: storage_units.csv, delimiter: tab}"),
            f"{CONFIG}:19:51",
            '"tab"',
            r'write "\t"',
        ),
        Mistake(
            "the version in the address of the API",
            lambda desk: config(address(desk), f"{address(desk)}/v1")(desk),
            f"{CONFIG}:24",
            "the version",
            "leave out what follows the host",
        ),
        Mistake(
            "an export as the state",
            config("state: unitsync.db", "state: storage_units.csv"),
            "storage_units.csv",
            "not a database",
            "Correct `state:`",
            code=4,
        ),
        Mistake(
            "a source without a path",
            config("{kind: file, path: storage_units.csv}", "{kind: file}"),
            f"{CONFIG}:19",
            '"path" is missing',
            "A path, relative to the configuration file",
        ),
    ],
    "Credentials": [
        Mistake(
            "a variable that is not set",
            environ("STOREDGE_SECRET_KEY", None),
            f"{CONFIG}:23",
            "STOREDGE_SECRET_KEY is not set",
            "export STOREDGE_SECRET_KEY=…",
        ),
        Mistake(
            "a variable that is empty",
            environ("STOREDGE_SECRET_KEY", ""),
            f"{CONFIG}:23",
            "STOREDGE_SECRET_KEY is empty",
            "export STOREDGE_SECRET_KEY=…",
        ),
        Mistake(
            "a variable without braces",
            config("${STOREDGE_SECRET_KEY}", "$STOREDGE_SECRET_KEY"),
            f"{CONFIG}:23",
            "not filled in",
            "write ${NAME}",
        ),
        Mistake(
            "a key with a blank inside",
            environ("STOREDGE_SECRET_KEY", "abc def"),
            f"{CONFIG}:23",
            "damaged",
            "copy it again",
        ),
        Mistake(
            "the wrong key (storEDGE)",
            environ("STOREDGE_SECRET_KEY", "w" * 40),
            f"{CONFIG}:20",
            "does not accept the credentials",
            "check access_id and secret_key",
            code=4,
        ),
        Mistake(
            "the wrong secret (Travtus)",
            environ("TRAVTUS_CLIENT_SECRET", "w" * 40),
            f"{CONFIG}:63",
            "does not accept the credentials",
            "check client_id and client_secret",
            command=("check", "apartments", "--json"),
            code=4,
        ),
        Mistake(
            "an API that is not there",
            lambda desk: config(address(desk), "http://127.0.0.1:9")(desk),
            f"{CONFIG}:20",
            "cannot be reached",
            "check base_url",
            code=4,
        ),
        Mistake(
            "a facility that is somebody else's",
            lambda desk: desk.sandbox.order_fault(
                Fault(kind="status", status=403, scope=MILL, count=None)
            ),
            MILL,
            "403",
            'correct the id in column "SiteID"',
            code=4,
        ),
    ],
    "The mapping": [
        Mistake(
            "an API field that is misspelt",
            config("      width: dcWidth", "      widht: dcWidth"),
            f"{CONFIG}:31:7",
            'unknown API field "widht"',
            'did you mean "width"?',
        ),
        Mistake(
            "a required API field left out",
            config("      name: sUnitName                          # a column\n", ""),
            f"{CONFIG}:29",
            "name",
            'add "name: COLUMN"',
        ),
        Mistake(
            "a column that is misspelt",
            config("width: dcWidth", "width: dcWidht"),
            f"{CONFIG}:31",
            'has no column "dcWidht"',
            'did you mean "dcWidth"?',
        ),
        Mistake(
            "a column in the wrong case",
            config("width: dcWidth", "width: dcwidth"),
            f"{CONFIG}:31",
            'has no column "dcwidth"',
            'did you mean "dcWidth"?',
        ),
        Mistake(
            "a blank behind a column",
            config("width: dcWidth", 'width: "dcWidth "'),
            f"{CONFIG}:31",
            'has no column "dcWidth "',
            'did you mean "dcWidth"?',
        ),
        Mistake(
            "a column that is like no other",
            config("width: dcWidth", "width: Breite"),
            f"{CONFIG}:31",
            'has no column "Breite"',
            "dcWidth",
        ),
        Mistake(
            "a broken regular expression",
            config(
                "walk_thru_order: iWalkThruOrder",
                "walk_thru_order: {column: sUnitName, extract: '(x'}",
            ),
            f"{CONFIG}:39",
            "is not a regular expression",
            "write one such as",
        ),
        Mistake(
            "a regular expression without a group",
            config(
                "walk_thru_order: iWalkThruOrder",
                "walk_thru_order: {column: sUnitName, extract: '[0-9]+'}",
            ),
            f"{CONFIG}:39",
            "has 0 groups",
            "([0-9]+)",
        ),
        Mistake(
            "a brace that is not closed",
            config(
                'name: "{dcWidth:g}x{dcLength:g} {sTypeName}"', 'name: "{dcWidth:gx{dcLength:g}"'
            ),
            f"{CONFIG}:55",
            "{",
            "with both braces",
        ),
        Mistake(
            "a template with a column that is not there",
            config(
                'name: "{dcWidth:g}x{dcLength:g} {sTypeName}"', 'name: "{dcWidth:g}x{dcLenght:g}"'
            ),
            f"{CONFIG}:55",
            'has no column "dcLenght"',
            'did you mean "dcLength"?',
        ),
        Mistake(
            "a number of a text",
            config('name: "{dcWidth:g}x{dcLength:g} {sTypeName}"', 'name: "{sTypeName:g}"'),
            f"{CONFIG}:55",
            "sTypeName",
            "number",
            code=1,
        ),
        Mistake(
            "a word that the API does not know",
            config("1: roll_up", "1: rollup"),
            f"{CONFIG}:36",
            "'rollup' is not one of",
            "did you mean roll_up?",
        ),
        Mistake(
            "a value that the table lacks",
            config("1: roll_up, 2: swing", "1: roll_up"),
            f"{CONFIG}:36",
            "“2”",
            "Add it to the values",
            code=1,
        ),
        Mistake(
            "yes and no where the export has True and False",
            config("{true: indoor, false: outdoor}", "{yes: indoor, no: outdoor}"),
            f"{CONFIG}:37",
            "allowed are “yes”, “no”",
            "Add it to the values",
            code=1,
        ),
        Mistake(
            "money that is none",
            config("{column: dcStdRate, parse: money}", "{column: sTypeName, parse: money}"),
            f"{CONFIG}:38",
            "Drive-Up",
            "an amount such as 1234.50",
            code=1,
        ),
        Mistake(
            "a way of reading that does not exist",
            config("parse: money", "parse: currency"),
            f"{CONFIG}:38",
            '"currency"',
            "money, number, boolean, text or date",
        ),
        Mistake(
            "a date where there is none",
            config('{column: sUnitNote, default: ""}', "{column: sUnitNote, parse: date}"),
            f"{CONFIG}:50",
            "Corner unit",
            "2026-01-31",
            code=1,
        ),
        Mistake(
            "a key that is not unique",
            config("key: UnitID", "key: sTypeName"),
            f"{CONFIG}:28",
            "sTypeName",
            "one row per key",
            code=1,
        ),
        Mistake(
            "a list of columns as the key",
            config("key: UnitID", "key: [SiteID, UnitID]"),
            f"{CONFIG}:28:5",
            "found a list",
            '"{SiteID}-{UnitID}"',
        ),
        Mistake(
            "a table of values without texts",
            config("values: {0: none, 1: roll_up, 2: swing}", "values: [none, roll_up, swing]"),
            f"{CONFIG}:36",
            "found a list",
            "write values: {NAME: VALUE}",
        ),
        Mistake(
            "totals by a word alone",
            config("    key: UnitID", "    ignore: Total\n    key: UnitID"),
            f"{CONFIG}:28",
            '"Total"',
            "write ignore: {NAME: VALUE}",
        ),
        Mistake(
            "totals by what every row matches",
            config("    key: UnitID", "    ignore: {sUnitName: '.*'}\n    key: UnitID"),
            f"{CONFIG}:28",
            "matches an empty cell",
            "'Total'",
        ),
        Mistake(
            "a decimal sign in words",
            config("    key: UnitID", "    decimal: comma\n    key: UnitID"),
            f"{CONFIG}:28",
            '"comma"',
            'write decimal: ","',
        ),
        Mistake(
            "a decimal sign that the export does not have",
            config("    key: UnitID", "    decimal: ','\n    key: UnitID"),
            f"{CONFIG}:32 (width)",
            "“5.0000”",
            "`decimal` is a comma",
            code=1,
        ),
        Mistake(
            "an address that is nested",
            config("      address.city: city", "      address: {city: city}"),
            f"{CONFIG}:81",
            'unknown setting "city"',
            'write "address.city: …"',
            command=("check", "apartments", "--json"),
        ),
        Mistake(
            "a lookup that is not there",
            config("rentable: bRentable", "rentable: {column: bRentable, lookup: types.csv}"),
            f"{CONFIG}:49 (lookup)",
            "types.csv does not exist",
            "Did you mean",
            code=4,
        ),
        Mistake(
            "a key of a join that the other file calls otherwise",
            both(
                write("rates.csv", b"Unit,rate\n1,2\n"),
                config(
                    "    missing: report",
                    "    join:\n      - {source: {kind: file, path: rates.csv}, by: UnitID}\n"
                    "    missing: report",
                ),
            ),
            f"{CONFIG}:59",
            "rates.csv has no column “UnitID”",
            "did you mean “Unit”?",
            code=4,
        ),
        Mistake(
            "a fixed value as if it were a column",
            config("floor: iFloor", "floor: 1"),
            f"{CONFIG}:48",
            "found 1",
            "{const: 1}",
        ),
        Mistake(
            "a column in braces",
            config("floor: iFloor", "floor: {iFloor}"),
            f"{CONFIG}:48",
            "iFloor",
            "without braces",
        ),
    ],
    "The export": [
        Mistake(
            "a name that is almost right",
            config("storage_units.csv", "storage_unit.csv"),
            f"{CONFIG}:19",
            "storage_unit.csv does not exist",
            "Did you mean “storage_units.csv”?",
            code=4,
        ),
        Mistake(
            "an empty folder",
            in_an_empty_folder,
            f"{CONFIG}:19",
            "exports has no file",
            "csv",
            code=4,
        ),
        Mistake(
            "an empty file",
            write(STORAGE, b""),
            f"{CONFIG}:19",
            "is empty",
            "Export it again",
            code=4,
        ),
        Mistake(
            "a header and nothing else",
            write(STORAGE, b"SiteID,UnitID\n"),
            f"{CONFIG}:19",
            "no records",
            "Export it again",
            code=4,
        ),
        Mistake(
            "semicolons",
            lambda desk: write(STORAGE, desk.path(STORAGE).read_bytes().replace(b",", b";"))(desk),
            f"{CONFIG}:19",
            "only one column",
            "delimiter: ';'",
            code=4,
        ),
        Mistake(
            "Latin-1",
            edit_bytes("Corner unit", "Ecke, groß".encode("latin-1").replace(b",", b"")),
            f"{CONFIG}:19",
            "is not utf-8",
            "encoding: cp1252",
            code=4,
        ),
        Mistake(
            "a workbook that is called .csv",
            write(STORAGE, b"PK\x03\x04" + bytes(200)),
            f"{CONFIG}:19",
            "Excel",
            "format",
            code=4,
        ),
        Mistake(
            "a title above the column names",
            in_front("SITE REPORT\nPrinted 2026-01-01\n\n"),
            f"{CONFIG}:19",
            "Row 1 of storage_units.csv fills 1 of 21 columns",
            "set `header: 4`",
            code=4,
        ),
        Mistake(
            "a title in a workbook",
            as_workbook(["SITE REPORT"], []),
            f"{CONFIG}:19",
            "it seems to be a title",
            "set `header: 3`",
            code=4,
        ),
        Mistake(
            "a line below the table",
            below("*** End of report ***\n"),
            "row 119",
            "The record has 1 cells where the header has 21",
            "`footer`",
            code=0,
        ),
        Mistake(
            "a facility whose id lost a sign",
            edit(STORAGE, HARBOR, HARBOR[:-1]),
            f"{CONFIG}:",
            f"“{HARBOR[:-1]}” of ",
            "looks like no id of a facility",
            code=0,
        ),
        Mistake(
            "a name where the id of a unit type belongs",
            config("Drive-Up: f7687db9-654a-4018-8d27-bd0f3bfd25a0", "Drive-Up: drive-up"),
            f"{CONFIG}:",
            "“drive-up” of ",
            "`unitsync names storage unit_type --scope FACILITY`",
            code=0,
        ),
        Mistake(
            "a sheet of a file that has none",
            source("{kind: file, path: storage_units.csv, sheet: Units}"),
            f"{CONFIG}:19",
            "is read as csv, where `sheet` means nothing",
            "leave it out",
            code=4,
        ),
        Mistake(
            "a footer that every row matches",
            source('{kind: file, path: storage_units.csv, footer: "[0-9a-f]"}'),
            f"{CONFIG}:19",
            "The last 20 rows of storage_units.csv all match `footer`",
            "set it to what only the rows below the table begin with",
            code=4,
        ),
        Mistake(
            "a footer that is no expression",
            source('{kind: file, path: storage_units.csv, footer: "*** End"}'),
            f"{CONFIG}:19",
            "'*** End' is not a regular expression",
            "`\\*`",
        ),
        Mistake(
            "a row of names that is blank",
            both(
                in_front("SITE REPORT\n\n"),
                source("{kind: file, path: storage_units.csv, header: 2}"),
            ),
            f"{CONFIG}:19",
            "Row 2 of storage_units.csv is blank",
            "set it to the row in which they do",
            code=4,
        ),
        Mistake(
            "a row of names that holds a unit",
            source("{kind: file, path: storage_units.csv, header: 2}"),
            f"{CONFIG}:19",
            "more than one column called “5.0000”",
            "set `header`",
            code=4,
        ),
        Mistake(
            "a page that asks for a login, saved as the export",
            write(STORAGE, b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"),
            f"{CONFIG}:19",
            "is a web page (“Sign in”)",
            "export as CSV or Excel",
            code=4,
        ),
        Mistake(
            "a web address that is wrong",
            at_the_server("/units.csv?key=secret"),
            f"{CONFIG}:19",
            "/units.csv does not exist",
            "copy the address again",
            code=4,
        ),
        Mistake(
            "a web server that is not there",
            source("{kind: file, path: 'http://127.0.0.1:9/units.csv?key=secret'}"),
            f"{CONFIG}:19",
            "http://127.0.0.1:9/units.csv cannot be reached",
            "check the address",
            code=4,
        ),
        Mistake(
            "a column that stands twice",
            edit(STORAGE, "dcLength", "dcWidth"),
            f"{CONFIG}:19",
            "more than one column called",
            "rename",
            code=4,
        ),
        Mistake(
            "a decimal comma",
            edit(STORAGE, ",50.0000,", ',"50,00",'),
            "row 2, dcStdRate",
            "“50,00”",
            "write a decimal point",
            code=0,
        ),
        Mistake(
            "a negative rate",
            edit(STORAGE, ",50.0000,", ",-50.0000,"),
            "row 2, dcStdRate",
            "“-50”",
            "must not be negative",
            code=0,
        ),
        Mistake(
            "a required cell that is empty",
            edit(STORAGE, ",50.0000,", ",,"),
            "row 2, dcStdRate",
            "is empty",
            "Correct the export",
            code=0,
        ),
        Mistake(
            "one id for two units",
            edit(STORAGE, ",100002,", ",100001,"),
            "row 2, UnitID",
            "The key also stands in row 3",
            "one row per key is allowed",
            code=0,
        ),
        Mistake(
            "two units of one name", edit(STORAGE, "A002", "A001"), "row", "A001", "name", code=0
        ),
        Mistake(
            "a row with too many cells",
            edit(STORAGE, "Corner unit", "Corner, unit"),
            "row 2",
            "cells",
            "quote",
            code=0,
        ),
    ],
    "What is typed": [
        Mistake(
            "a command that is misspelt",
            nothing,
            "chek",
            "No such command",
            "Did you mean 'check'",
            ("chek",),
        ),
        Mistake(
            "an option that is misspelt",
            nothing,
            "--jsn",
            "No such option",
            "--json",
            ("check", "--jsn"),
        ),
        Mistake(
            "a pipeline that is misspelt",
            nothing,
            "storag",
            'there is no pipeline "storag"',
            'did you mean "storage"?',
            ("plan", "storag"),
        ),
        Mistake(
            "a folder without a configuration",
            lambda desk: desk.path(CONFIG).unlink(),
            CONFIG,
            "no such file",
            "unitsync init FILE",
            ("plan",),
        ),
        Mistake(
            "a configuration of another name",
            lambda desk: void(desk.path(CONFIG).rename(desk.path("unitsync.yml"))),
            CONFIG,
            "no such file",
            'did you mean "unitsync.yml"?',
            ("plan",),
        ),
        Mistake(
            "a report before the first run", nothing, "", "no run yet", "unitsync plan", ("report",)
        ),
        Mistake(
            "a format that does not exist",
            nothing,
            "pdf",
            "pdf",
            "html, csv",
            ("report", "--format", "pdf"),
        ),
        Mistake(
            "a saved plan that is not there",
            nothing,
            "plan.json",
            "plan.json",
            "unitsync plan --out",
            ("sync", "--plan", "plan.json", "--direct"),
        ),
        Mistake(
            "the configuration instead of the export",
            nothing,
            CONFIG,
            "has only the column",
            "name the export",
            ("init", CONFIG, "--out", "new.yaml"),
        ),
        Mistake(
            "an export instead of a plan",
            nothing,
            STORAGE,
            "is not a plan",
            "unitsync plan --out plan.json",
            ("sync", "--plan", STORAGE, "--direct"),
        ),
        Mistake(
            "a backup that is not there",
            nothing,
            "nope.db",
            "There is no state",
            "backups/",
            ("state", "restore", "nope.db"),
            code=4,
        ),
        Mistake(
            "an allowance without a reason",
            nothing,
            "--reason",
            "Missing option",
            "--reason",
            ("allow", "last", HARBOR),
        ),
        Mistake(
            "an allowance for too long",
            nothing,
            "--for",
            "2 weeks",
            "7d",
            ("allow", "last", HARBOR, "--reason", "x", "--for", "2 weeks"),
        ),
        Mistake(
            "a scope that is nobody's",
            nothing,
            "no scope of the source",
            "4c1f",
            HARBOR,
            ("backfill", "storage", "--scope", "4c1f", "--dry-run", "--direct"),
        ),
        Mistake(
            "a unit that is nobody's",
            nothing,
            "ZZZ",
            "ZZZ",
            "unitsync plan",
            ("why", "ZZZ"),
            code=1,
        ),
        Mistake(
            "a share that is none",
            nothing,
            "--sample",
            "half",
            "10%",
            ("reconcile", "--sample", "half", "--direct"),
        ),
        Mistake(
            "a day that is none",
            nothing,
            "--changed-since",
            "yesterday",
            "2026-01-31",
            ("backfill", "storage", "--changed-since", "yesterday", "--dry-run", "--direct"),
        ),
    ],
}


@contextmanager
def desk_of(server: SandboxServer, vendors: Sandbox) -> Iterator[Desk]:
    """A folder to work in, as a new user has it, and an environment with the credentials."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())).resolve()
        stack.enter_context(chdir(folder))
        stack.enter_context(patch.dict(os.environ, CREDENTIALS))
        bring(1, folder)
        text = (folder / STORAGE).read_text("utf-8").splitlines(keepends=True)
        sound = [line for number, line in enumerate(text, 1) if number not in REJECTED]
        (folder / STORAGE).write_text("".join(sound), "utf-8")
        text = (files("examples") / CONFIG).read_text("utf-8")
        text = re.sub(r"https://api\.(storedgefms|travtus)\.com", server.url, text)
        (folder / CONFIG).write_text(text, "utf-8")
        yield Desk(folder, vendors)


def said(mistake: Mistake, server: SandboxServer, vendors: Sandbox) -> tuple[int, str]:
    """The exit code, and what a person reads, without what is another in each run."""
    with desk_of(server, vendors) as desk:
        mistake.make(desk)
        result = CliRunner().invoke(app, list(mistake.command))
        message = _message(result.stdout, result.stderr).replace(str(desk.folder), "/your/folder")
    vendors.clear_faults()
    return result.exit_code, message.replace(server.url, "http://127.0.0.1:8750").strip()


def _message(stdout: str, stderr: str) -> str:
    """Of a checklist the check that failed, or rejects or doubts rows; else all that was said."""
    if not stdout.startswith("{"):
        return stdout + stderr
    document = json.loads(stdout)
    if "error" in document:
        return str(document["error"])
    (pipeline,) = document["pipelines"]
    failed = [check for check in pipeline["checks"] if check["status"] == "failed"]
    told = failed or [check for check in pipeline["checks"] if _ODD.search(check["message"])]
    return "\n".join(check["message"] for check in told)


def entry(mistake: Mistake, message: str) -> str:
    """One mistake as it stands on the page."""
    typed = " ".join(["unitsync", *(word for word in mistake.command if word != "--json")])
    return f"### {mistake.name.capitalize()}\n\n```text\n$ {typed}\n{message}\n```\n"


def page() -> str:
    """The page, from what is said now."""
    vendors = demo_sandbox(clock=SystemClock())
    parts = [INTRODUCTION]
    with SandboxServer(vendors) as server:
        for section, mistakes in MISTAKES.items():
            parts.append(f"## {section}\n")
            parts += [entry(mistake, said(mistake, server, vendors)[1]) for mistake in mistakes]
    return "\n".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
