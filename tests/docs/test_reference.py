"""The reference is complete, and is what the code says today."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from docs import reference, reference_json
from flows import console, summary
from flows.cli import app
from state import schema
from state.review.metadata import metadata
from tests.docs.pages import DOCS
from tests.docs.place import reading

PAGES = reference.pages()
DOCUMENTS = (
    "plan",
    "check",
    "sync --direct",
    "reconcile --direct",
    "backfill --unit A001 --dry-run",
    "undo last",
)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_reference_is_what_the_code_says(name: str) -> None:
    current = (DOCS / "reference" / name).read_text("utf-8") == PAGES[name]

    assert current, f"docs/reference/{name} is out of date: make docs"


def test_every_setting_is_there_with_its_description() -> None:
    settings = PAGES["settings.md"]
    for section in reference.sections():
        assert f"## `{section.path}`" in settings or not section.path
        for name, field in section.model.model_fields.items():
            assert field.description or name == "kind", f"{section.path}.{name} is not described"
            assert f"| `{name}` | " in settings


def test_every_command_and_option_is_there_with_its_help() -> None:
    commands = PAGES["commands.md"]
    for name, command in reference.every_command():
        assert f"## `{name}`" in commands
        for parameter in command.params:
            assert parameter.help, f"{name} {parameter.name} has no help"
            assert all(f"`{option}`" in commands for option in parameter.opts if option[0] == "-")
    for option in typer.main.get_group(app).params:
        assert f"`{option.opts[0]}`" in commands


def test_every_exit_code_has_its_meaning() -> None:
    signals = {130, 143}
    ends = {*console._EXIT_CODES.values(), *summary._EXIT_CODES.values(), 3, *signals}

    assert ends == set(reference.EXIT_CODES)


def test_every_table_of_the_state_has_its_meaning() -> None:
    told = schema.__doc__ or ""
    silent = [name for name in reference.tables_of_the_state() if f"`{name}`" not in told]

    assert silent == []
    assert all(words["columns"] for words in metadata()["databases"]["unitsync"]["tables"].values())


def test_every_key_of_a_real_document_has_its_meaning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reading("one night of storage", tmp_path, monkeypatch):
        for command in DOCUMENTS:
            done = CliRunner().invoke(app, [*shlex.split(command), "--json"])
            document = json.loads(done.stdout)
            assert list(reference_json.keys_without_meaning(document)) == [], command


def test_every_count_is_explained() -> None:
    assert set(summary.COUNTS) == set(reference_json.COUNTED)
