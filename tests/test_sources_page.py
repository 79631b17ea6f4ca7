"""The page about sources is true: every configuration on it reads what its section speaks of."""

from __future__ import annotations

import gzip
import random
import re
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from connectors.clock import FakeClock
from connectors.outside import Outside
from connectors.retry import RetryBudget
from connectors.sources.join import joined
from connectors.sources.lookup import looked_up
from connectors.sources.source import extract
from flows.config_schema import json_schema
from flows.settings import load
from tests.connectors.sources.api import Answer, Asked, answering, paging
from tests.connectors.sources.databases import POSTGRESQL, execute
from tests.connectors.sources.whole import whole

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/how-to/sources.md").read_text("utf-8")
EXAMPLE = (ROOT / "examples/unitsync.yaml").read_text("utf-8")
UNITS = [{"site": "F1", "id": str(number)} for number in range(1, 8)]
ENVIRONMENT = {
    name: f"of-{name.lower()}"
    for name in (
        *re.findall(r"\$\{(\w+)\}", PAGE + EXAMPLE),
        "STOREDGE_ACCESS_ID",
        "STOREDGE_SECRET_KEY",
    )
} | {"NAME": "name"}


def blocks(language: str) -> list[tuple[str, str]]:
    """Each block of the page with the heading that it stands under."""
    found = []
    for section in PAGE.split("\n## ")[1:]:
        heading = section.partition("\n")[0]
        found += [
            (heading, text) for text in re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
        ]
    return found


BLOCKS = blocks("yaml")
Block = dict[str, Any]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[ExitStack]:
    """The things that the page speaks of, beside the configuration."""
    example = ROOT / "examples/storage_units_night1.csv"
    shutil.copy(example, tmp_path / "storage_units.csv")
    (tmp_path / "storage_units.csv.gz").write_bytes(gzip.compress(example.read_bytes()))
    title = b"SITE REPORT\nPrinted 2026-01-01\n\n"
    (tmp_path / "site_report.csv").write_bytes(title + example.read_bytes())
    below = f"{',' * 20}10240.50\n*** End of report ***\n".encode()
    (tmp_path / "weekly_report.csv").write_bytes(example.read_bytes() + below)
    (tmp_path / "exports").mkdir()
    for site in ("F1", "F2"):
        (tmp_path / "exports" / f"units-{site}.csv").write_text("UnitID,rate\n1,2.00\n")
    with closing(sqlite3.connect(tmp_path / "inventory.db")) as db, db:
        db.execute("CREATE TABLE units (id)")
        db.execute("INSERT INTO units VALUES (1)")
    db.close()
    ((_, module),) = blocks("python")
    (tmp_path / "inventory.py").write_text(module)
    (tmp_path / "rates.csv").write_text("unit,standard\n1,2.00\n")
    (tmp_path / "unit_types.csv").write_text("name,id\nDrive-Up,f7687db9\n")
    with ExitStack() as stack:
        yield stack


def api(asked: Asked) -> Answer:
    """Somebody's ERP, which knows whom it speaks to."""
    if asked.path == "/oauth/token":
        return Answer({"access_token": "token", "expires_in": 60})
    known = asked.headers.get("X-Api-Key") == "of-erp_key"
    if not known and asked.headers.get("Authorization") != "Bearer token":
        return Answer({"error": "who are you?"}, 401)
    said = paging(UNITS, 3)(asked).body
    return Answer({"data": {"units": said["units"]}, "meta": said["meta"], "links": said["links"]})


def export(asked: Asked) -> Answer:
    """Somebody's web server, which gives the export to those who have the key."""
    known = asked.query.get("key") == "of-export_key"
    return Answer((ROOT / "examples/storage_units_night1.csv").read_bytes(), 200 if known else 403)


def here(source: Block, made: ExitStack) -> Block:
    """The source with addresses of this machine in place of the page's."""
    if source["kind"] == "rest":
        url = made.enter_context(answering(api)).url
        source["url"] = url
        if "auth" in source:
            source["auth"]["token_url"] = url.replace("/units", "/oauth/token")
    if source.get("path", "").startswith("https:"):
        url = made.enter_context(answering(export)).url
        source["path"] = source["path"].replace("https://files.example.com", url)
    if source.get("url", "").startswith("postgresql:"):
        schema = f"page_{uuid.uuid4().hex}"
        execute(
            POSTGRESQL,
            f"CREATE SCHEMA {schema}",
            f"CREATE TABLE {schema}.units (site_id text, unit_id int, unit_name text, "
            "rate numeric, deleted boolean)",
            f"INSERT INTO {schema}.units VALUES ('F1', 1, 'A1', 2.00, false)",
        )
        made.callback(execute, POSTGRESQL, f"DROP SCHEMA {schema} CASCADE")
        source["url"] = f"{POSTGRESQL}?options=-csearch_path%3D{schema}"
    return source


def configured(block: Block, folder: Path) -> str:
    """The example's storage pipeline with the settings of a block in it."""
    config = yaml.safe_load(EXAMPLE)
    storage = config["pipelines"]["storage"]
    storage["fields"] |= block.pop("fields", {})
    config["pipelines"] = {"storage": {**storage, **block}}
    config.pop("schedule", None)
    path = folder / "unitsync.yaml"
    path.write_text(yaml.safe_dump(config), "utf-8")
    return str(path)


@pytest.mark.parametrize(("heading", "text"), BLOCKS, ids=[f"{h}" for h, _ in BLOCKS])
def test_every_configuration_of_the_page_reads_what_it_says(
    heading: str, text: str, made: ExitStack, tmp_path: Path
) -> None:
    block = yaml.safe_load(text)
    if "source" in block:
        block["source"] = here(block["source"], made)
    settings = load(configured(block, tmp_path), environ=ENVIRONMENT)
    written = yaml.safe_load((tmp_path / "unitsync.yaml").read_text("utf-8"))
    assert [one.message for one in Draft202012Validator(json_schema()).iter_errors(written)] == []
    pipeline = settings.pipelines["storage"]
    outside = Outside(FakeClock(), random.Random(1), None, threading.Event(), RetryBudget())

    chunks = extract(pipeline.source, settings.base, outside)
    for join in pipeline.join:
        chunks = joined(chunks, join, extract(join.source, settings.base, outside))
    found = whole(chunks)

    assert found.complete, found.reason
    assert len(found.rows) >= 1
    mapping = looked_up(pipeline.mapping, settings.base)
    for name, spec in (block.get("fields") or {}).items():
        assert mapping.fields[name].values, spec


def test_every_kind_and_every_paging_has_its_place_on_the_page() -> None:
    kinds = {yaml.safe_load(text).get("source", {}).get("kind") for _, text in BLOCKS}

    assert kinds - {None} == {"file", "sql", "rest", "python"}
    for paging_kind in ("page", "offset", "cursor", "next", "link"):
        assert f"| `{{kind: {paging_kind}" in PAGE
