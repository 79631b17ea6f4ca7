"""The JSON Schema agrees with what the configuration accepts and refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from flows.config_schema import json_schema
from flows.yaml_file import parse

EXAMPLE = (Path(__file__).parent / "design_example.yaml").read_text(encoding="utf-8")
SCHEMA = json_schema()


def example() -> dict[str, Any]:
    """The example of DESIGN 4, parsed."""
    return parse(EXAMPLE, "unitsync.yaml").data


def refusals(data: dict[str, Any]) -> list[str]:
    """What the schema has against some settings."""
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(data)]


def test_the_schema_is_valid_json_schema() -> None:
    """An editor can use it: draft 2020-12, and plain JSON."""
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_the_schema_accepts_the_example_of_the_design() -> None:
    """Nothing in DESIGN 4 is underlined in an editor."""
    assert refusals(example()) == []


def test_the_schema_accepts_the_configuration_that_ships() -> None:
    """A new user's first file is not underlined."""
    example = Path(__file__).parents[2] / "examples" / "unitsync.yaml"

    assert refusals(parse(example.read_text("utf-8"), str(example)).data) == []


def test_every_setting_says_what_it_is_for() -> None:
    """An editor shows a sentence for whatever the cursor stands on."""
    sections = {"": SCHEMA, **SCHEMA["$defs"]}
    silent = [
        f"{section}.{name}"
        for section, schema in sections.items()
        for name, setting in schema.get("properties", {}).items()
        if not _described(setting)
    ]

    assert silent == []


def _described(setting: dict[str, Any]) -> bool:
    """By itself, or by the section that it refers to."""
    section = setting.get("$ref", "").rpartition("/")[2]
    return bool(setting.get("description") or SCHEMA["$defs"].get(section, {}).get("description"))


@pytest.mark.parametrize(
    "pattern", re.findall(r'"pattern": ("(?:[^"\\\\]|\\\\.)*")', json.dumps(SCHEMA))
)
def test_every_pattern_is_one_to_editors_too(pattern: str) -> None:
    """They read it as JavaScript, which has no \\Z, \\A, \\U and no (?P<name>…)."""
    assert not re.search(r"\\[ZAU]|\(\?P|\(\?[a-zA-Z]", json.loads(pattern))


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data.update(report="x"),
        lambda data: data.update(notify={"urls": [], "on": ["faild"]}),
        lambda data: data["schedule"].update(nightly="0 2 * * *"),
        lambda data: data["pipelines"]["storage"].update(batch_size=50),
        lambda data: data["pipelines"]["storage"]["target"].update(acces_id="x"),
        lambda data: data["pipelines"]["storage"]["target"].update(kind="storedg"),
        lambda data: data["pipelines"]["storage"]["source"].update(pth="x"),
        lambda data: data["pipelines"]["storage"]["groups"].update(reference="x"),
        lambda data: data["pipelines"]["storage"]["guardrails"].update(max_mising="10%"),
        lambda data: data["pipelines"]["storage"]["fields"]["door_type"].update(colum="x"),
        lambda data: data["pipelines"]["storage"].pop("scope"),
        lambda data: data["pipelines"]["storage"]["target"].update(batch_size=500),
        lambda data: data["pipelines"]["storage"]["target"].update(tiered_pricing="maybe"),
        lambda data: data["pipelines"]["storage"]["guardrails"].update(max_missing=30),
        lambda data: data["pipelines"]["storage"]["guardrails"].update(max_missing="30"),
        lambda data: data["pipelines"]["storage"].update(canary=-1),
        lambda data: data["pipelines"].clear(),
    ],
)
def test_the_schema_refuses_what_the_configuration_refuses(
    edit: Callable[[dict[str, Any]], None],
) -> None:
    """Unknown names are refused on every level, and so are values out of bounds."""
    data = example()
    edit(data)

    assert refusals(data) != []


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data["pipelines"]["storage"]["target"].update(batch_size="${SIZE}"),
        lambda data: data["pipelines"]["storage"]["target"].update(tiered_pricing="${TIERED}"),
        lambda data: data["pipelines"]["storage"]["target"].update(requests_per_second="${R}"),
        lambda data: data["pipelines"]["storage"]["guardrails"].update(max_missing="${SHARE}"),
        lambda data: data["pipelines"]["storage"].update(missing="${MISSING}"),
        lambda data: data["pipelines"]["storage"]["target"].update(requests_per_second=None),
        lambda data: data["pipelines"]["storage"]["guardrails"].update(max_missing=0.1),
        lambda data: data["pipelines"]["storage"]["guardrails"].update(max_missing=None),
        lambda data: data["schedule"].update(sync=None),
        lambda data: data.update(notify={"urls": "${HOOK}"}),
        lambda data: data.update(notify={"urls": ["${HOOK}"], "on": ["failed", "${OTHER}"]}),
    ],
)
def test_the_schema_accepts_variables_and_null_where_they_are_allowed(
    edit: Callable[[dict[str, Any]], None],
) -> None:
    """A placeholder may stand for a number, a boolean or a word."""
    data = example()
    edit(data)

    assert refusals(data) == []


@pytest.mark.parametrize(
    "section", ["StoredgeSettings", "TravtusSettings", "Guardrails", "Schedule", "Notify"]
)
def test_an_editor_can_explain_every_setting(section: str) -> None:
    """Each setting has a sentence to show; `kind` explains itself by its section."""
    settings = SCHEMA["$defs"][section]
    silent = [
        name
        for name, setting in settings["properties"].items()
        if name != "kind" and not setting.get("description")
    ]

    assert silent == []
    assert settings["description"]
