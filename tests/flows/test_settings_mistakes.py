"""Every mistake that a new user makes is answered with its place, its cause and its cure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.config_errors import ConfigError
from flows.settings import load
from flows.yaml_file import dotted, parse

EXAMPLE = (Path(__file__).parent / "design_example.yaml").read_text(encoding="utf-8")
ENVIRON = {
    "STOREDGE_ACCESS_ID": "a" * 40,
    "STOREDGE_SECRET_KEY": "b" * 40,
    "TRAVTUS_CLIENT_ID": "client-of-travtus",
    "TRAVTUS_CLIENT_SECRET": "secret-of-travtus",
    "WORD": "wordly",
}
NEVER_SHOWN = [*ENVIRON.values(), "hunter2", "12345678", "pydantic", "inputs", "Input should"]
STORAGE = "pipelines.storage"
IN_A_PIPELINE = (
    "scope, key, fields, groups, decimal, ignore, source, join, target, missing, guardrails, "
    "drift and 2 more"
)
APARTMENTS = "pipelines.apartments"
TARGET_SETTINGS = (
    "batch_size, concurrency, kind, access_id, secret_key, base_url, custom_unit_groups, "
    "tiered_pricing, vacant_only, undrifted_only, requests_per_second or timeout"
)
FORMS = "a column, {column: …}, {const: …}, {template: …} or {sum: […]}"
SHARE = "a percentage from 0% to 100%, a fraction such as 0.1, or null (off)"
CRON = "five fields: minute, hour, day of the month, month, day of the week"
ADDRESS = "https://…, or http://… on this machine (localhost)"
REMOVE = 'give it a value behind the ":", or remove the line'


@dataclass(frozen=True)
class Mistake:
    """`old` became `new` in the example; the error stands where `at` begins."""

    name: str
    old: str
    new: str
    at: str
    path: str
    found: str
    allowed: str = ""
    hint: str = ""


MISTAKES = [
    Mistake(
        "a misspelt API field",
        "      width: dcWidth",
        "      widht: dcWidth",
        "widht",
        f"{STORAGE}.fields.widht",
        'unknown API field "widht"',
        hint='did you mean "width"?',
    ),
    Mistake(
        "a misspelt nested API field",
        "address.city: city",
        "address.town: city",
        "address.town",
        f"{APARTMENTS}.fields.address.town",
        'unknown API field "address.town"',
        hint='did you mean "address.city"?',
    ),
    Mistake(
        "an API field that is like no other",
        "floor: iFloor",
        "xyzzy: iFloor",
        "xyzzy",
        f"{STORAGE}.fields.xyzzy",
        'unknown API field "xyzzy"',
        "name, width, length, height, door_width, door_height, door_type, access_type, "
        "standard_rate, walk_thru_order, unit_type, floor and 9 more",
    ),
    Mistake(
        "a required API field without a source",
        "      name: sUnitName                          # a column\n",
        "",
        "fields:",
        f"{STORAGE}.fields",
        "required API fields have no source: name",
        hint='add "name: COLUMN" or "name: {const: VALUE}"',
    ),
    Mistake(
        "tiered pricing without a tier",
        "tiered_pricing: false",
        "tiered_pricing: true",
        "fields:",
        f"{STORAGE}.fields",
        "required API fields have no source: tier",
        hint='add "tier: COLUMN" or "tier: {const: VALUE}"',
    ),
    Mistake(
        "a word in a value table that the API does not know",
        "1: roll_up",
        "1: rollup",
        "1: rollup",
        f"{STORAGE}.fields.door_type.values.1",
        "'rollup' is not one of none, roll_up, swing",
        hint="did you mean roll_up?",
    ),
    Mistake(
        "a misspelt part of a field's source",
        "{column: iDoorType",
        "{colum: iDoorType",
        "colum:",
        f"{STORAGE}.fields.door_type.colum",
        'unknown setting "colum"',
        "column, values, lookup, parse, extract, split, default, const, template or sum",
        'did you mean "column"?',
    ),
    Mistake(
        "two sources for one field",
        "{column: dcStdRate, parse: money}",
        "{column: dcStdRate, const: 5}",
        "standard_rate: {",
        f"{STORAGE}.fields.standard_rate",
        "give exactly one of column, const, template, sum; found column and const",
    ),
    Mistake(
        "a way of parsing that does not exist",
        "parse: money",
        "parse: mony",
        "parse: mony",
        f"{STORAGE}.fields.standard_rate.parse",
        'found "mony"',
        "money, number, boolean, text or date",
        'did you mean "money"?',
    ),
    Mistake(
        "a number where a column is named",
        "floor: iFloor",
        "floor: 1",
        "floor: 1",
        f"{STORAGE}.fields.floor",
        "found 1",
        FORMS,
        'a column is text: "1"; a fixed value is {const: 1}',
    ),
    Mistake(
        "a boolean where a column is named",
        "rentable: bRentable",
        "rentable: true",
        "rentable: true",
        f"{STORAGE}.fields.rentable",
        "found true",
        FORMS,
        'a column is text: "true"; a fixed value is {const: true}',
    ),
    Mistake(
        "a column in brackets",
        "floor: iFloor",
        "floor: [iFloor]",
        "floor: [",
        f"{STORAGE}.fields.floor",
        "found a list",
        FORMS,
        "did you mean iFloor?",
    ),
    Mistake(
        "a list of columns without sum",
        "{sum: [full_baths, half_baths]}",
        "[full_baths, half_baths]",
        "number_of_bathrooms",
        f"{APARTMENTS}.fields.number_of_bathrooms",
        "found a list",
        FORMS,
        "did you mean {sum: [full_baths, half_baths]}?",
    ),
    Mistake(
        "a sum of one column without brackets",
        "{sum: [full_baths, half_baths]}",
        "{sum: full_baths}",
        "sum: full",
        f"{APARTMENTS}.fields.number_of_bathrooms.sum",
        'found "full_baths"',
        "a list or null",
        'did you mean ["full_baths"]?',
    ),
    Mistake(
        "a number among the columns of a sum",
        "[full_baths, half_baths]",
        "[full_baths, 2]",
        "2]}",
        f"{APARTMENTS}.fields.number_of_bathrooms.sum[1]",
        "found 2",
        "text",
        'write it in quotes: "2"',
    ),
    Mistake(
        "a constant that its field cannot hold",
        "{const: [b8e13a42-3804-4ede-a763-3b83b3901536]}",
        "{const: [1.5]}",
        "const: [1.5]",
        f"{STORAGE}.fields.tax_rates.const",
        "[1.5] does not fit: a list of ids is needed, such as a;b or a JSON array of texts",
    ),
    Mistake(
        "a column in braces",
        "floor: iFloor",
        "floor: {iFloor}",
        "iFloor}",
        f"{STORAGE}.fields.floor.iFloor",
        'unknown setting "iFloor"',
        "column, values, lookup, parse, extract, split, default, const, template or sum",
        'a column stands without braces: "iFloor"',
    ),
    Mistake(
        "a field without a source",
        "floor: iFloor",
        "floor:",
        "floor:",
        f"{STORAGE}.fields.floor",
        "found nothing",
        FORMS,
        REMOVE,
    ),
    Mistake(
        "a broken regular expression",
        "floor: iFloor",
        "floor: {column: x, extract: '^(x'}",
        "extract:",
        f"{STORAGE}.fields.floor.extract",
        "'^(x' is not a regular expression: missing ), unterminated subpattern at position 1",
        hint=r"write one such as '^(\d+)x'",
    ),
    Mistake(
        "a regular expression without a group",
        "floor: iFloor",
        "floor: {column: x, extract: '^x'}",
        "extract:",
        f"{STORAGE}.fields.floor.extract",
        "'^x' has 0 groups; exactly one (…) says what counts",
        hint="write '(^x)'",
    ),
    Mistake(
        "an empty fields section",
        EXAMPLE[EXAMPLE.rindex("    fields:\n") :],
        "    fields: {}\n",
        "fields: {}",
        f"{APARTMENTS}.fields",
        "found an empty section",
        "at least one",
    ),
    Mistake(
        "a misspelt credential",
        "access_id:",
        "acces_id:",
        "acces_id",
        f"{STORAGE}.target.acces_id",
        'unknown setting "acces_id"',
        TARGET_SETTINGS,
        'did you mean "access_id"?',
    ),
    Mistake(
        "a forgotten credential",
        "      secret_key: ${STOREDGE_SECRET_KEY}\n",
        "",
        "target:",
        f"{STORAGE}.target.secret_key",
        '"secret_key" is missing',
        hint="The API secret key, best as ${STOREDGE_SECRET_KEY}.",
    ),
    Mistake(
        "a variable that is not set",
        "${STOREDGE_SECRET_KEY}",
        "${STOREDGE_SECRET}",
        "secret_key",
        f"{STORAGE}.target.secret_key",
        "the environment variable STOREDGE_SECRET is not set",
        hint="set it: export STOREDGE_SECRET=…",
    ),
    Mistake(
        "a variable without braces",
        "${STOREDGE_SECRET_KEY}",
        "$STOREDGE_SECRET_KEY",
        "secret_key",
        f"{STORAGE}.target.secret_key",
        "the credential looks like a variable that is not filled in (it is not shown)",
        hint="write ${NAME}",
    ),
    Mistake(
        "a placeholder that is never closed",
        "${STOREDGE_SECRET_KEY}",
        "${STOREDGE_SECRET_KEY",
        "secret_key",
        f"{STORAGE}.target.secret_key",
        "${ is never closed",
        hint="write ${NAME}, or $${ for the two characters themselves",
    ),
    Mistake(
        "a dollar sign before a column",
        "floor: iFloor",
        'floor: {template: "${dcStdRate:.2f}"}',
        "template:",
        f"{STORAGE}.fields.floor.template",
        '"dcStdRate:.2f" is no name of an environment variable',
        hint="use letters, digits and _ only; for a dollar sign before a column write $${",
    ),
    Mistake(
        "a credential that is a number",
        "${STOREDGE_SECRET_KEY}",
        "12345678",
        "secret_key",
        f"{STORAGE}.target.secret_key",
        "found something else (it is secret and not shown)",
        "text",
        'write it in quotes, or better "${NAME}" and set that environment variable',
    ),
    Mistake(
        "an unknown kind of target",
        "kind: storedge",
        "kind: storedg",
        "kind: storedg",
        f"{STORAGE}.target.kind",
        'unknown kind "storedg"',
        "storedge or travtus",
        'did you mean "storedge"?',
    ),
    Mistake(
        "a target without a kind",
        "      kind: storedge\n",
        "",
        "target:",
        f"{STORAGE}.target.kind",
        '"kind" is missing',
        "storedge or travtus",
        "write kind: storedge",
    ),
    Mistake(
        "an unknown kind of source",
        "{kind: file, path: storage",
        "{kind: fil, path: storage",
        "kind: fil",
        f"{STORAGE}.source.kind",
        'unknown kind "fil"',
        "file, sql, rest or python",
        'did you mean "file"?',
    ),
    Mistake(
        "a format that does not exist",
        "{kind: file, path: storage",
        "{kind: file, format: exel, path: storage",
        "format:",
        f"{STORAGE}.source.format",
        'found "exel"',
        "csv, tsv, excel, json, jsonl or parquet",
        'did you mean "excel"?',
    ),
    Mistake(
        "http to a machine elsewhere",
        "https://api.storedgefms.com",
        "http://api.storedgefms.com",
        "base_url",
        f"{STORAGE}.target.base_url",
        "http would send the credentials for api.storedgefms.com in the clear; use https",
        ADDRESS,
    ),
    Mistake(
        "a scheme that is not https",
        "https://api.storedgefms.com",
        "ftp://api.storedgefms.com",
        "base_url",
        f"{STORAGE}.target.base_url",
        'the scheme "ftp" is not spoken by this API',
        ADDRESS,
        "write https://",
    ),
    Mistake(
        "an address without a scheme",
        "https://api.storedgefms.com",
        "api.storedgefms.com",
        "base_url",
        f"{STORAGE}.target.base_url",
        "an address must look like https://api.example.com",
        ADDRESS,
        'did you mean "https://api.storedgefms.com"?',
    ),
    Mistake(
        "a password in an address",
        "https://api.storedgefms.com",
        "https://me:hunter2@api.storedgefms.com",
        "base_url",
        f"{STORAGE}.target.base_url",
        "an address must not contain a user name or a password",
        ADDRESS,
    ),
    Mistake(
        "a batch that is too large",
        "tiered_pricing: false",
        "batch_size: 500      ",
        "batch_size",
        f"{STORAGE}.target.batch_size",
        "found 500",
        "a whole number from 1 to 100",
    ),
    Mistake(
        "a number written as a word",
        "tiered_pricing: false",
        "batch_size: fifty    ",
        "batch_size",
        f"{STORAGE}.target.batch_size",
        'found "fifty"',
        "a whole number from 1 to 100",
    ),
    Mistake(
        "a number from a variable that holds none",
        "tiered_pricing: false",
        "batch_size: ${WORD}  ",
        "batch_size",
        f"{STORAGE}.target.batch_size",
        'found "${WORD}" (what the variable holds is not shown)',
        "a whole number from 1 to 100",
    ),
    Mistake(
        "a rate of nothing",
        "tiered_pricing: false",
        "requests_per_second: 0",
        "requests_per_second",
        f"{STORAGE}.target.requests_per_second",
        "found 0",
        "a number above 0 or null",
    ),
    Mistake(
        "a misspelt true",
        "tiered_pricing: false",
        "tiered_pricing: ture ",
        "tiered_pricing",
        f"{STORAGE}.target.tiered_pricing",
        'found "ture"',
        "true or false",
        'did you mean "true"?',
    ),
    Mistake(
        "a group_by that does not exist",
        "group_by: group_external_ref",
        "group_by: external_ref",
        "group_by",
        f"{APARTMENTS}.target.group_by",
        'found "external_ref"',
        "group_external_ref or group_id",
        'did you mean "group_external_ref"?',
    ),
    Mistake(
        "a drift policy for a field that is not mapped",
        "    missing: report ",
        "    drift: {standard_rates: accept}\n    missing: report ",
        "standard_rates",
        f"{STORAGE}.drift.standard_rates",
        '"standard_rates" is no field that could drift here',
        "name, width, length, height, door_width, door_height, door_type, access_type, "
        "standard_rate, unit_type, floor, rentable and 3 more",
        'did you mean "standard_rate"?',
    ),
    Mistake(
        "a drift policy that does not exist",
        "    missing: report ",
        "    drift: {standard_rate: overwritten}\n    missing: report ",
        "standard_rate: overwritten",
        f"{STORAGE}.drift.standard_rate",
        'found "overwritten"',
        "report, accept or overwrite",
        'did you mean "overwrite"?',
    ),
    Mistake(
        "a setting of the target in the pipeline",
        "    missing: report ",
        "    batch_size: 50\n    missing: report ",
        "batch_size",
        f"{STORAGE}.batch_size",
        'unknown setting "batch_size"',
        IN_A_PIPELINE,
        'it belongs under "pipelines.storage.target"',
    ),
    Mistake(
        "a setting of the pipeline in the target",
        "      tiered_pricing: false",
        "      guardrails: {}\n      tiered_pricing: false",
        "guardrails",
        f"{STORAGE}.target.guardrails",
        'unknown setting "guardrails"',
        TARGET_SETTINGS,
        'it belongs under "pipelines.storage"',
    ),
    Mistake(
        "a setting of a pipeline at the top",
        "reports: reports/",
        "source: {kind: file, path: x.csv}",
        "source",
        "source",
        'unknown setting "source"',
        "state, reports, schedule, notify, execution or pipelines",
        'it belongs under "pipelines.NAME"',
    ),
    Mistake(
        "a setting of the file in a pipeline",
        "    missing: report ",
        "    timezone: UTC\n    missing: report ",
        "timezone: UTC",
        f"{STORAGE}.timezone",
        'unknown setting "timezone"',
        IN_A_PIPELINE,
        'it belongs under "schedule"',
    ),
    Mistake(
        "a setting of the whole file, indented too far",
        "    missing: report ",
        "    state: x.db\n    missing: report ",
        "state: x.db",
        f"{STORAGE}.state",
        'unknown setting "state"',
        IN_A_PIPELINE,
        "it belongs at the top of the file, not indented",
    ),
    Mistake(
        "a source that is only a path",
        "{kind: file, path: apartments.csv}",
        "apartments.csv",
        "source: apartments.csv",
        f"{APARTMENTS}.source",
        'found "apartments.csv"',
        "a section of settings",
        'did you mean {kind: file, path: "apartments.csv"}?',
    ),
    Mistake(
        "a misspelt section",
        "reports: reports/",
        "report: reports/",
        "report:",
        "report",
        'unknown setting "report"',
        "state, reports, schedule, notify, execution or pipelines",
        'did you mean "reports"?',
    ),
    Mistake(
        "a scope that is a number",
        "scope: SiteID",
        "scope: 2024",
        "scope: 2024",
        f"{STORAGE}.scope",
        "found 2024",
        "a column, {column: …}, {const: …}, {template: …} or {sum: […]}",
        'a column is text: "2024"; a fixed value is {const: 2024}',
    ),
    Mistake(
        "a scope in braces",
        "scope: SiteID",
        "scope: {SiteID}",
        "SiteID}",
        f"{STORAGE}.scope.SiteID",
        'unknown setting "SiteID"',
        "column, values, lookup, parse, extract, split, default, const, template or sum",
        'a column stands without braces: "SiteID"',
    ),
    Mistake(
        "a key without a value",
        "    key: UnitID",
        "    key:",
        "key:\n    fields",
        f"{STORAGE}.key",
        "found nothing",
        "text",
        REMOVE,
    ),
    Mistake(
        "an empty path",
        "path: storage_units.csv",
        "path: ''",
        "path:",
        f"{STORAGE}.source.path",
        'found ""',
        "text that is not empty",
    ),
    Mistake(
        "what happens to missing units misspelt",
        "missing: report",
        "missing: retier",
        "missing: retier",
        f"{STORAGE}.missing",
        'found "retier"',
        "report or retire",
        'did you mean "retire"?',
    ),
    Mistake(
        "retiring where the API cannot",
        "      address.city: city",
        "      address.city: city\n    missing: retire",
        "missing: retire",
        f"{APARTMENTS}.missing",
        "Travtus cannot delete or deactivate a unit",
        "report",
        "write missing: report",
    ),
    Mistake(
        "groups where the API has none",
        "      address.city: city",
        "      address.city: city\n    groups: {key: a, name: b}",
        "groups: {key: a",
        f"{APARTMENTS}.groups",
        "Travtus has no unit groups of its own: the scope is the group",
        hint='remove "groups"; the column of "scope" says which group a unit is in',
    ),
    Mistake(
        "groups although they are switched off",
        "custom_unit_groups: true",
        "custom_unit_groups: false",
        "groups:\n",
        f"{STORAGE}.groups",
        "groups are mapped, but custom_unit_groups is false",
        hint='remove "groups", or set target.custom_unit_groups to true',
    ),
    Mistake(
        "a percentage without its sign",
        "max_missing: 10%",
        "max_missing: 30",
        "max_missing",
        f"{STORAGE}.guardrails.max_missing",
        "found 30",
        SHARE,
        'did you mean "30%"?',
    ),
    Mistake(
        "one, which could mean 1% or 100%",
        "max_updates: 50%",
        "max_updates: 1",
        "max_updates",
        f"{STORAGE}.guardrails.max_updates",
        "found 1",
        SHARE,
        'did you mean "1%"?',
    ),
    Mistake(
        "more than everything",
        "max_rejected: 20%",
        "max_rejected: 120%",
        "max_rejected",
        f"{STORAGE}.guardrails.max_rejected",
        'found "120%"',
        SHARE,
        "100% is the most",
    ),
    Mistake(
        "a guardrail switched off in words",
        "max_missing: 10%",
        "max_missing: off",
        "max_missing",
        f"{STORAGE}.guardrails.max_missing",
        'found "off"',
        SHARE,
        'write "10%", or null to switch it off',
    ),
    Mistake(
        "a negative number of units",
        "at_least: 20",
        "at_least: -1",
        "at_least",
        f"{STORAGE}.guardrails.at_least",
        "found -1",
        "a whole number from 0",
    ),
    Mistake(
        "fewer canaries than none",
        "    missing: report ",
        "    canary: -1\n    missing: report ",
        "canary",
        f"{STORAGE}.canary",
        "found -1",
        "a whole number from 0",
    ),
    Mistake(
        "a canary by its name",
        "    missing: report ",
        "    canary: Harbor\n    missing: report ",
        "canary",
        f"{STORAGE}.canary",
        'found "Harbor"',
        "a whole number from 0",
    ),
    Mistake(
        "a section with everything commented out",
        "    guardrails: {",
        "    guardrails: # {",
        "guardrails: #",
        f"{STORAGE}.guardrails",
        "found nothing",
        "a section of settings",
        REMOVE,
    ),
    Mistake(
        "a word where a section belongs",
        "    guardrails: {",
        "    guardrails: strict # {",
        "guardrails: strict",
        f"{STORAGE}.guardrails",
        'found "strict"',
        "a section of settings",
        "write its settings below it, indented: max_missing, max_updates, max_rejected, "
        "max_rate_change or at_least",
    ),
    Mistake(
        "a cron line that is too short",
        '"0 2 * * *"',
        '"0 2 * *"',
        'sync: "0 2',
        "schedule.sync",
        "found 4 instead of five cron fields",
        CRON,
        '"0 2 * * *" is every night at 2:00',
    ),
    Mistake(
        "an hour that does not exist",
        '"0 2 * * *"',
        '"0 25 * * *"',
        'sync: "0 25',
        "schedule.sync",
        'found the hour "25"',
        CRON,
        "the hour is 0 to 23, or *",
    ),
    Mistake(
        "a misspelt time zone",
        "America/New_York",
        "America/NewYork",
        "timezone",
        "schedule.timezone",
        'found "America/NewYork"',
        "a name of the IANA time zone database",
        'did you mean "America/New_York"?',
    ),
    Mistake(
        "a state that is a folder",
        "state: unitsync.db",
        "state: state/",
        "state: state/",
        "state",
        'found "state/"',
        "the path of a file",
        'did you mean "state/unitsync.db"?',
    ),
    Mistake(
        "a state that is an address",
        "state: unitsync.db",
        "state: sqlite:///unitsync.db",
        "state: sqlite",
        "state",
        'found "sqlite:///unitsync.db"',
        "a path on this machine, relative to the configuration file",
    ),
    Mistake(
        "a pipeline whose name is a path",
        "  storage:",
        "  north/storage:",
        "north/storage",
        "pipelines.north/storage",
        "a pipeline cannot have this name",
        "letters, digits, - . and _, at most 64, not beginning with a sign",
    ),
]


def refusal(folder: Path, text: str, environ: dict[str, str] | None = None) -> ConfigError:
    """The error that a configuration ends in."""
    file = folder / "unitsync.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, environ=ENVIRON if environ is None else environ)
    return caught.value


def position(text: str, at: str) -> tuple[int, int]:
    """Line and column, from 1, of the first place that reads `at`."""
    before = text[: text.index(at)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_answered_with_place_cause_and_cure(mistake: Mistake, tmp_path: Path) -> None:
    """One mistake is one problem, at the very place; no jargon and no secret is in it."""
    assert mistake.old in EXAMPLE
    text = EXAMPLE.replace(mistake.old, mistake.new, 1)

    error = refusal(tmp_path, text)

    assert [(p.path, p.found, p.allowed, p.hint) for p in error.problems] == [
        (mistake.path, mistake.found, mistake.allowed, mistake.hint)
    ]
    assert (error.problems[0].line, error.problems[0].column) == position(text, mistake.at)
    assert [word for word in NEVER_SHOWN if word in str(error)] == []


def test_the_message_shows_every_problem_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Two mistakes are one message, whose last line counts them and says what to do next."""
    text = EXAMPLE.replace("width: dcWidth", "widht: dcWidth", 1)
    text = text.replace("at_least: 20", "at_least: many").replace("apartments.csv", "a.csv, pth: x")

    message = str(refusal(tmp_path, text))

    file = tmp_path / "unitsync.yaml"
    assert message == (
        f"{file}:19:7  pipelines.storage.fields.widht\n"
        '  unknown API field "widht"\n'
        '  did you mean "width"?\n'
        f"{file}:40:95  pipelines.storage.guardrails.at_least\n"
        '  found "many"\n'
        "  allowed: a whole number from 0\n"
        f"{file}:43:39  pipelines.apartments.source.pth\n"
        '  unknown setting "pth"\n'
        "  allowed: kind, path, from_path, format, encoding, delimiter, sheet, header or footer\n"
        '  did you mean "path"?\n'
        "3 problems in the configuration; nothing was touched. "
        "Correct them and run: unitsync check"
    )


def test_text_in_the_wrong_form_is_refused(tmp_path: Path) -> None:
    """A delimiter is one character."""
    text = EXAMPLE.replace("{kind: file,", "{kind: file, delimiter: ;;,", 1)

    (problem,) = refusal(tmp_path, text).problems

    assert (problem.path, problem.found) == (f"{STORAGE}.source.delimiter", 'found ";;"')
    assert problem.allowed


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values that a variable could stand for."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for step, item in inside:
        if isinstance(item, dict | list):
            yield from leaves(item, (*place, step))
        else:
            yield (*place, step)


@pytest.mark.parametrize("place", list(leaves(parse(EXAMPLE, "f").data)), ids=dotted)
def test_what_a_variable_holds_is_never_shown(place: tuple[Any, ...], tmp_path: Path) -> None:
    """Wherever a variable stands, and whatever is wrong with its value, it is not printed."""
    data = parse(EXAMPLE, "f").data
    inner: Any = data
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = "${LEAK}"
    file = tmp_path / "unitsync.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")

    told = ""
    try:
        load(file, environ={**ENVIRON, "LEAK": "(Zq7\\ {leak'"})
    except ConfigError as error:
        told = str(error)

    assert [word for word in ("Zq7", "leak") if word in told] == []


def test_several_unset_variables_are_told_at_once(tmp_path: Path) -> None:
    """A first run without any environment names all four variables, and nothing else."""
    problems = refusal(tmp_path, EXAMPLE, {}).problems

    assert [p.found for p in problems] == [
        f"the environment variable {name} is not set"
        for name in (
            "STOREDGE_ACCESS_ID",
            "STOREDGE_SECRET_KEY",
            "TRAVTUS_CLIENT_ID",
            "TRAVTUS_CLIENT_SECRET",
        )
    ]


@pytest.mark.parametrize("kind", ["storedge", "travtus"])
def test_a_target_that_is_only_a_word_is_told_how_to_go_on(kind: str, tmp_path: Path) -> None:
    """`target: travtus` says which API is meant, so the hint keeps to it."""
    text = f"pipelines:\n  p: {{source: {{kind: file, path: x}}, scope: a, key: b, target: {kind}}}"

    problems = refusal(tmp_path, text).problems

    assert [p.hint for p in problems if p.path == "pipelines.p.target"] == [
        f'write "kind: {kind}" and its other settings below it, indented'
    ]


@pytest.mark.parametrize("value", ["", "\r\n"])
def test_an_empty_variable_is_an_error(value: str, tmp_path: Path) -> None:
    """An empty variable is as wrong as a missing one."""
    problems = refusal(tmp_path, EXAMPLE, {**ENVIRON, "TRAVTUS_CLIENT_ID": value}).problems

    assert [p.found for p in problems] == ["the environment variable TRAVTUS_CLIENT_ID is empty"]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("abc def", "the credential is damaged (it is not shown)"),
        ("abc\ndef", "the credential is damaged (it is not shown)"),
        ("schlüssel", "the credential is damaged (it is not shown)"),
        ("''", "the credential is empty (it is not shown)"),
        ("{{ vault }}", "the credential looks like a variable that is not filled in"),
        ("%SECRET%", "the credential looks like a variable that is not filled in"),
    ],
)
def test_a_damaged_credential_is_refused_unseen(value: str, found: str, tmp_path: Path) -> None:
    """What cannot be a key is refused before an API answers it with an empty list."""
    error = refusal(tmp_path, EXAMPLE, {**ENVIRON, "STOREDGE_SECRET_KEY": value})

    assert [(p.path, p.line) for p in error.problems] == [(f"{STORAGE}.target.secret_key", 11)]
    assert error.problems[0].found.startswith(found)
    assert value not in str(error)


def test_a_lock_code_in_the_configuration_is_not_shown(tmp_path: Path) -> None:
    """A lock code written where a column belongs stays out of the message."""
    text = EXAMPLE.replace("combination_lock_number: sLockCode", "combination_lock_number: 4711")

    error = refusal(tmp_path, text)

    assert [p.path for p in error.problems] == [f"{STORAGE}.fields.combination_lock_number"]
    assert "4711" not in str(error)


@pytest.mark.parametrize(
    ("text", "found", "at"),
    [
        ("state: x.db\n", "there are no pipelines", (1, 1)),
        ("state: x.db\npipelines:\n", "there are no pipelines", (2, 1)),
        ("state: x.db\npipelines: {}\n", "found an empty section", (2, 1)),
        ("state: x.db\npipelines:\n  - storage\n", "found a list", (2, 1)),
        ("state: x.db\npipelines: storage\n", 'found "storage"', (2, 1)),
    ],
)
def test_no_pipelines_is_an_error(
    text: str, found: str, at: tuple[int, int], tmp_path: Path
) -> None:
    """A file without a pipeline is refused, with the lines to begin with."""
    (problem,) = refusal(tmp_path, text).problems

    assert (problem.path, problem.found, problem.line, problem.column) == ("pipelines", found, *at)
    assert problem.allowed == "a section with at least one pipeline"
    assert problem.hint == 'write "pipelines:" and under it, indented, "storage:" with its settings'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pipelines:\n  storage:\n", "found nothing"),
        ("pipelines:\n  storage: x\n", 'found "x"'),
        ("pipelines:\n  storage: [x]\n", "found a list"),
    ],
)
def test_an_empty_pipeline_is_an_error(text: str, found: str, tmp_path: Path) -> None:
    """A pipeline is a section."""
    (problem,) = refusal(tmp_path, text).problems

    assert (problem.path, problem.found, problem.line) == ("pipelines.storage", found, 2)
    assert problem.allowed == "a section of settings"


def test_an_empty_section_names_everything_that_is_missing(tmp_path: Path) -> None:
    """Whoever begins with nothing is told all that is needed."""
    problems = refusal(tmp_path, "pipelines:\n  storage: {}\n").problems

    assert {p.found for p in problems} == {
        f'"{name}" is missing' for name in ("source", "target", "scope", "key", "fields")
    }
    assert {(p.line, p.column) for p in problems} == {(2, 3)}


def test_an_unknown_pipeline_is_named_with_the_nearest(tmp_path: Path) -> None:
    """`unitsync sync storag` says which pipelines there are."""
    file = tmp_path / "unitsync.yaml"
    file.write_text(EXAMPLE, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load(file, ["storag"], environ=ENVIRON)

    (problem,) = caught.value.problems
    assert problem.found == 'there is no pipeline "storag"'
    assert problem.allowed == "storage or apartments"
    assert problem.hint == 'did you mean "storage"?'
