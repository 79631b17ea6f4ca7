"""Writes the pages of docs/reference from the code: `make docs`. A test holds them to it.

Settings come from the settings classes, commands from the command line itself, the JSON document
from real runs against the sandbox, tables from a new state.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs import reference_json
from flows.cli import app
from flows.config_model import Setting, kinds, setting_at
from flows.console import _EXIT_CODES as ERRORS
from flows.settings import ConfigFile
from state import schema
from state.review.metadata import metadata
from transforms import storedge, travtus
from transforms.guardrails import RateShare, Share
from transforms.schema import Field, TargetSchema

MADE = "<!-- Made by docs/reference.py from the code: `make docs` writes it again. -->"

# What an exit code means, whichever command it ends; a test holds the list against the code.
EXIT_CODES: Mapping[int, str] = {
    0: "done, nothing needs a person",
    1: "ran, but a person should look: something failed, was held, is unknown, or drifted",
    2: "wrong usage or configuration; nothing was touched",
    3: "`plan --detailed-exitcode` only: there are changes",
    4: "could not run: source unreadable, credentials refused, API unreachable, or another run "
    "holds the lock; nothing was lost",
    5: "a promise was broken, or a bug",
    130: "stopped by Ctrl-C: the request in flight was finished and recorded; a second Ctrl-C ends "
    "it at once",
    143: "stopped by SIGTERM, likewise",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown, its cells escaped."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: object) -> str:
    return f"`{text}`"


def _page(title: str, introduction: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", MADE, introduction, *parts]) + "\n"


# Settings


@dataclass(frozen=True)
class Section:
    """A section of the configuration, and the settings class that says what may stand in it."""

    path: str
    model: type[BaseModel]
    kind: str = ""


def sections() -> list[Section]:
    """Every section of unitsync.yaml, from the outside in; one that may stand in several places is
    told where it stands first."""
    first: dict[type[BaseModel], Section] = {}
    for section in _inside(Section("", ConfigFile)):
        first.setdefault(section.model, section)
    return list(first.values())


def _inside(section: Section) -> Iterator[Section]:
    yield section
    for name in section.model.model_fields:
        for path, setting in _holders(section, name):
            several = len(setting.sections) > 1
            for model in setting.sections:
                own = kinds(Setting(model))
                yield from _inside(Section(path, model, own[0] if several and own else ""))


def _holders(section: Section, name: str) -> Iterator[tuple[str, Setting]]:
    """The setting itself, and what a setting under a name of the reader's own is."""
    path = f"{section.path}.{name}".strip(".")
    for place, written in (((name,), path), ((name, "NAME"), f"{path}.NAME")):
        setting = setting_at(place, section.model, {})
        if setting and setting.sections:
            yield written, setting


def settings_page() -> str:
    """What may stand in unitsync.yaml."""
    parts = [part for section in sections() for part in _section(section)]
    introduction = (
        "Every setting of `unitsync.yaml`. `NAME` is a name of your own. `${NAME}` takes an "
        "environment variable, `${secret:NAME}` a Secret block of Prefect. Unknown names are "
        "refused. `unitsync schema` prints the same for editors."
    )
    return _page("Settings", introduction, *parts)


def _section(section: Section) -> Iterator[str]:
    of_kind = f", `kind: {section.kind}`" if section.kind else ""
    yield f"## {_code(section.path) if section.path else 'The file'}{of_kind}"
    yield " ".join((section.model.__doc__ or "").split())
    rows = [_setting(section.model, name) for name in section.model.model_fields]
    yield table(("setting", "is", "default", "what it does"), rows)


def _setting(model: type[BaseModel], name: str) -> tuple[str, str, str, str]:
    field, setting = model.model_fields[name], setting_at((name,), model, {})
    assert setting is not None
    allowed = "a secret text" if setting.secret else setting.allowed
    said = "any value" if field.annotation is Any else _percent(field) or allowed
    return _code(name), said, _default(field), field.description or "Which of them it is."


def _percent(field: FieldInfo) -> str:
    shares = [*Share.__metadata__, *RateShare.__metadata__]
    return "a percentage, a fraction, or null" if set(field.metadata) & set(shares) else ""


def _default(field: FieldInfo) -> str:
    default = field.default
    if field.is_required():
        return "needed"
    if default is PydanticUndefined or isinstance(default, BaseModel) or default in ({}, ()):
        return ""
    if _percent(field) and default is not None:
        return _code(f"{default:.0%}")
    written = list(default) if isinstance(default, tuple | frozenset | set) else default
    return _code(written if isinstance(written, str) else json.dumps(written))


# Fields of the targets


def fields_page() -> str:
    """Which fields each API takes, and what each may hold."""
    introduction = (
        "What may stand under `fields:` of a pipeline, by target; a dot nests. `read back` says "
        "whether the API shows the field again: what it does not show cannot be found drifted."
    )
    parts = [part for schema in (storedge.schema(), travtus.schema()) for part in _fields(schema)]
    return _page("Fields", introduction, *parts)


def _fields(schema: TargetSchema) -> Iterator[str]:
    yield f"## `kind: {schema.target}`"
    rows = [(_code(name), *_field(field)) for name, field in schema.fields.items()]
    yield table(("field", "is", "", "read back"), rows)


def _field(field: Field) -> tuple[str, str, str]:
    low, high = field.between or (0, 0)
    words = {
        ", ".join(field.choices): bool(field.choices),
        "above 0": field.above_zero,
        "0 or more": field.not_negative,
        f"from {low:g} to {high:g}": field.between is not None,
    }
    kinds = {"ids": "a list of ids", "objects": "a list of objects"}
    allowed = [kinds.get(field.type, field.type), *(word for word, holds in words.items() if holds)]
    marks = {
        "required": field.required,
        "secret: kept as a keyed hash": field.secret,
        "sent once, when the unit is made": field.create_only,
    }
    said = "; ".join(mark for mark, holds in marks.items() if holds)
    return ": ".join(allowed), said, "yes" if field.readable else "no"


# Commands


_VALUES: Mapping[object, str] = {
    Path: "PATH",
    int: "NUMBER",
    float: "NUMBER",
    str: "TEXT",
    list[str]: "TEXT",
}


def every_command() -> list[tuple[str, Any]]:
    """(name as it is typed, command) of each command that does something itself."""
    return list(_commands("unitsync", typer.main.get_group(app)))


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inside = getattr(command, "commands", None)
    if inside is None:
        yield name, command
    for word, one in (inside or {}).items():
        yield from _commands(f"{name} {word}", one)


def commands_page() -> str:
    """Every command with its arguments and options."""
    everywhere = [_parameter(one) for one in typer.main.get_group(app).params]
    introduction = (
        "As `unitsync COMMAND --help` says it. `RUN` is the id of a run, the beginning of one, or "
        "`last`. A command ends with [an exit code](exit-codes.md), and prints [one document]"
        "(json.md) with `--json`."
    )
    parts = [part for name, command in every_command() for part in _command(name, command)]
    first = ["## `unitsync`", table(("", "default", ""), everywhere)]
    return _page("Commands", introduction, *first, *parts)


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## `{name}`"
    yield " ".join((command.help or "").split())
    yield table(("", "default", ""), [_parameter(one) for one in command.params])


def _parameter(one: Any) -> tuple[str, str, str]:
    if one.param_type_name == "argument":
        names = one.name.upper() + ("…" if one.nargs == -1 else "")
        return _code(names), "needed" if one.required else "", one.help or ""
    value = "" if one.is_flag else f" {one.metavar or _VALUES[one.type_descriptor.annotation]}"
    names = ", ".join(_code(name) for name in [*one.opts, *one.secondary_opts])
    default = "needed" if one.required else _given(one.default)
    repeated = " May be repeated." if one.multiple and "repeated" not in (one.help or "") else ""
    return names + value, default, (one.help or "") + repeated


def _given(default: object) -> str:
    return "" if default in (None, False, []) or callable(default) else _code(default)


# Exit codes


def exit_codes_page() -> str:
    """What each code means, and which errors end in which."""
    codes = [(str(code), meaning) for code, meaning in EXIT_CODES.items()]
    errors = sorted(
        (str(code), _code(error.__name__), (error.__doc__ or "").strip().splitlines()[0])
        for error, code in ERRORS.items()
    )
    return _page(
        "Exit codes",
        "The same for all commands. With `--json` the document says it as well, in `status`.",
        table(("exit", "meaning"), codes),
        "## Errors that end a command",
        table(("exit", "error", "when"), errors),
    )


# The JSON document


def json_page() -> str:
    """What `--json` prints, key by key."""
    heads = {"": "## The run", "pipelines": "## A pipeline", "pipelines.counts": "## Counts"}
    parts = [
        text
        for name, keys in reference_json.PARTS.items()
        for text in (heads[name], table(("key", "is"), [(_code(key), keys[key]) for key in keys]))
    ]
    return _page(
        "The JSON document",
        "With `--json`, a command prints exactly one document on standard output, and everything "
        "else on standard error. It is the same for all that run something:",
        f"```json\n{reference_json.example()}\n```",
        *parts,
        "## Of the past",
        '`unitsync runs --json` prints `{"runs": […]}`: each run with the document that it ended '
        'with as `summary`. `unitsync why --json` prints `{"histories": […]}`. Both use the names '
        "of [the state](state.md).",
    )


# Tables of the state


def tables_of_the_state() -> dict[str, list[tuple[str, str]]]:
    """(column, type) of every table and view of a new state."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name"
        ).fetchall()
        return {name: _columns(connection, name) for (name,) in names}


def _columns(connection: sqlite3.Connection, name: str) -> list[tuple[str, str]]:
    return [(row[1], row[2]) for row in connection.execute(f"PRAGMA table_info({name})")]


def state_page() -> str:
    """What `unitsync review` shows, and what the file itself is made of."""
    review = metadata()["databases"]["unitsync"]["tables"]
    shown = [part for name, words in review.items() for part in _shown(name, words)]
    rows = [
        (_code(name), ", ".join(_code(column) for column, _ in columns))
        for name, columns in tables_of_the_state().items()
    ]
    meanings = re.search(r"^- .*?(?=\n\n|\Z)", schema.__doc__ or "", re.MULTILINE | re.DOTALL)
    assert meanings is not None
    return _page(
        "The state",
        "One SQLite file. Look into it with `unitsync review`, which shows a read-only copy "
        "without lock codes, in the tables that follow. The file itself is unitsync's own: its "
        "tables are listed at the end, and change from version to version.",
        *shown,
        "## The file itself",
        f"Schema {schema.SCHEMA_VERSION}. What a row means:",
        re.sub(r"\n {2,}", "\n  ", meanings[0]),
        table(("table", "columns"), rows),
    )


def _shown(name: str, words: Mapping[str, Any]) -> Iterator[str]:
    yield f"## `{name}`"
    yield " ".join(words.get("description", "").split())
    rows = [(_code(column), meaning) for column, meaning in words.get("columns", {}).items()]
    yield table(("column", "is"), rows)


def pages() -> dict[str, str]:
    """Every page by its name."""
    return {
        "settings.md": settings_page(),
        "fields.md": fields_page(),
        "commands.md": commands_page(),
        "exit-codes.md": exit_codes_page(),
        "json.md": json_page(),
        "state.md": state_page(),
    }


if __name__ == "__main__":
    for name, text in pages().items():
        Path(sys.argv[1], name).write_text(text, "utf-8")
