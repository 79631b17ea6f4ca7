"""Bad input: one clear message, the right exit code, no traceback, no write."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import httpx
import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.sync import sync

DEPOT = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def command(desk, environment, monkeypatch):
    """Runs a command in this process, with the environment of a user."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments):
        return CliRunner().invoke(app, [*arguments, "--config", str(desk.config)])

    return run


def refusal(result, code):
    """The one message of a refused command."""
    assert code == result.exit_code, result.output
    assert "Traceback" not in result.output
    return " ".join(result.stderr.split())


def missing_variable(desk, monkeypatch):
    monkeypatch.delenv("STOREDGE_SECRET_KEY")


def unknown_key(desk, monkeypatch):
    desk.configure("    missing: report", "    misssing: report")


def unknown_field(desk, monkeypatch):
    desk.configure("      width: width", "      widht: width")


def missing_column(desk, monkeypatch):
    desk.configure("      width: width", "      width: Width")


def wrong_scheme(desk, monkeypatch):
    monkeypatch.setenv("SANDBOX", "ftp://127.0.0.1")


def plain_http_elsewhere(desk, monkeypatch):
    monkeypatch.setenv("SANDBOX", "http://example.com")


def not_yaml(desk, monkeypatch):
    desk.config.write_text("pipelines: [")


def no_config(desk, monkeypatch):
    desk.config.unlink()


def empty_file(desk, monkeypatch):
    desk.source.write_bytes(b"")


def header_only(desk, monkeypatch):
    desk.source.write_text(desk.source.read_text().splitlines()[0] + "\n")


def binary_file(desk, monkeypatch):
    desk.source.write_bytes(bytes(range(256)) * 40)


def no_file(desk, monkeypatch):
    desk.source.unlink()


@pytest.mark.parametrize(
    ("damage", "code", "words"),
    [
        (missing_variable, 2, ["STOREDGE_SECRET_KEY", "pipelines.storage.target.secret_key"]),
        (unknown_key, 2, ["misssing", 'did you mean "missing"?']),
        (unknown_field, 2, ["widht", 'did you mean "width"?']),
        (missing_column, 2, ["pipelines.storage.fields.width", "Width", 'did you mean "width"?']),
        (wrong_scheme, 2, ["pipelines.storage.target.base_url", "https"]),
        (plain_http_elsewhere, 2, ["pipelines.storage.target.base_url", "https"]),
        (not_yaml, 2, ["unitsync.yaml:"]),
        (no_config, 2, ["unitsync.yaml"]),
        (empty_file, 4, ["units.csv", "empty"]),
        (header_only, 4, ["units.csv", "no record"]),
        (binary_file, 4, ["units.csv", "binary"]),
        (no_file, 4, ["units.csv"]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
@pytest.mark.parametrize("name", ["sync", "plan"])
def test_bad_input_is_told_in_one_message_and_nothing_is_written(
    desk, unit, command, monkeypatch, name, damage, code, words
):
    desk.export(unit(1))
    damage(desk, monkeypatch)

    result = command(name, *(["--direct"] if name == "sync" else []))

    message = refusal(result, code)
    assert [word for word in words if word not in message] == []
    assert 0 == len(list(desk.folder.glob("unitsync.db"))) or code == 4
    assert 0 == desk.sandbox.counts()["writes"]


def test_a_refusal_is_one_json_document_too(desk, command):
    result = command("sync", "--direct", "--json")

    document = json.loads(result.stdout)
    assert ("error", "sync") == (document["status"], document["kind"])
    assert 4 == result.exit_code
    assert "units.csv" in result.stderr


def test_an_unreachable_api_ends_the_run_with_4_and_one_message(desk, unit):
    def refuse(request):
        raise httpx.ConnectError("connection refused")

    desk.export(unit(1), unit(2, site="22222222-2222-4222-8222-222222222222"))
    world = replace(desk.world(), transport=httpx.MockTransport(refuse))

    summary = sync(desk.settings(), world)

    assert 4 == summary.exit_code
    (note,) = summary.pipelines[0].notes
    assert "cannot be reached" in note
    assert "base_url" in note


def test_an_error_of_one_pipeline_leaves_the_others_to_run(desk, community, rows):
    unit = rows[0]
    text = community.config.read_text()
    desk.config.write_text(desk.config.read_text() + text[text.index("  apartments:") :])
    desk.export(unit(1))

    summary = desk.sync()

    assert ["ok", "error"] == [pipeline.status for pipeline in summary.pipelines]
    assert 4 == summary.exit_code
    assert 1 == len(desk.live())


def test_a_column_that_the_export_has_lost_ends_its_pipeline_and_no_other(desk, unit):
    text = desk.config.read_text()
    second = text[text.index("  storage:") :].replace("  storage:", "  depot:", 1)
    desk.config.write_text(text + second.replace("units.csv", "depot.csv"))
    desk.export(unit(1), unit(2))
    depot = [unit(1, site=DEPOT), unit(2, site=DEPOT)]
    write(desk.folder / "depot.csv", depot)
    sync(desk.settings(), desk.world())
    write(desk.folder / "depot.csv", [renamed(row, "rate", "Rate") for row in depot])
    desk.export(unit(1), unit(2, rate="120.00"))

    summary = sync(desk.settings(), desk.world())

    assert {"storage": "ok", "depot": "error"} == {
        one.pipeline: one.status for one in summary.pipelines
    }
    assert 1 == summary.pipelines[0].counts["updated"]
    assert 'depot.csv has no column "rate" any more' in summary.pipelines[1].notes[0]


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def renamed(row, old, new):
    return {new if name == old else name: value for name, value in row.items()}


def test_what_verify_finds_is_told_in_words_and_with_what_to_do(desk, unit, command):
    desk.sync(unit(1))
    with closing(sqlite3.connect(desk.folder / "unitsync.db")) as db, db:
        db.execute("UPDATE units SET payload = '{}'")

    told = refusal(command("state", "verify"), 1)

    assert told.startswith("seal: The known unit u1")
    assert "unitsync state restore" in told
