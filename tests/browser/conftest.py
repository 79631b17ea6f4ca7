"""A real browser: the Chromium of the machine. Where there is none the tests are skipped and say
so; in CI that is a failure.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import sync_playwright

from flows.report import write_report
from flows.summary import COUNTS, PipelineSummary, RunSummary
from state.disk import LOCAL_DISK
from state.store import Store
from transforms.plan import Change, Result
from transforms.standing import STANDINGS, FieldStanding, Standing

NOW = datetime(2026, 11, 22, 7, 0, 5, tzinfo=UTC)
RUN = "run-1"
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\u202eevil",
    "x" * 10_000,
)
REJECTION = {
    "row": 7,
    "scope": "facility-1",
    "key": "k-rejected",
    "field": "width",
    "rule": "number",
    "value": "wide",
    "message": "width is wide",
}
VIEWS = {
    f"{screen}, {scheme}": {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    for screen, width in (("desktop", 1280), ("phone", 390))
    for scheme in ("light", "dark")
}


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        missing = "no chromium on this machine: `apt-get install chromium`"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page in a browser, with all that it said and asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def count(self) -> str:
        return self.page.locator("#every [aria-live]").inner_text()

    @property
    def names(self) -> list[str]:
        return self.page.locator("#every tbody summary bdi").all_inner_texts()


@pytest.fixture
def opened(chromium):
    contexts = []

    def open_page(
        path: Path, view: str = "desktop, light", anchor: str = "", **more: Any
    ) -> Opened:
        context = chromium.new_context(**VIEWS[view], **more)
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.said.append(message.text))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("dialog", lambda dialog: opened.said.append(dialog.message))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.goto(path.as_uri() + anchor)
        return opened

    yield open_page
    for context in contexts:
        context.close()


def change(number: int, name: str) -> Change:
    return Change(
        entity="unit",
        scope=f"facility-{number % 7}",
        key=f"k{number}",
        name=name,
        action="update",
        before={"standard_rate": 100},
        after={"standard_rate": 100 + number},
        remote_id=f"r{number}",
        group="10x10",
        digest="digest",
        row=number + 2,
    )


def written(folder: Path, changes: int) -> Path:
    """The report of a night with so many changes, hostile names among them."""
    names = [*HOSTILE, *(f"A{number:05}" for number in range(len(HOSTILE), changes))]
    planned = [change(number, name) for number, name in enumerate(names[:changes])]
    with Store.open(folder / "unitsync.db", clock=lambda: NOW, new_id=lambda: "lineage") as store:
        store.begin_run(RUN, "sync", ["storage"])
        with store.one_transaction():
            store.plan_changes("storage", RUN, planned)
            for scope in {one.scope for one in planned}:
                here = [one for one in planned if one.scope == scope]
                store.record_results("storage", scope, RUN, list(map(ended, here)))
        counts = {**dict.fromkeys(COUNTS, 0), "extracted": changes, "failed": changes}
        pipeline = PipelineSummary("storage", "attention", counts, 12, 3.2)
        summary = RunSummary(RUN, "sync", (pipeline,), at=NOW)
        path = write_report(summary, store, folder / "reports", LOCAL_DISK)
    assert path is not None
    return Path(path).absolute()


def compared(folder: Path, units: int) -> Path:
    """The report of a reconciliation that found so many units out of step, and one rejected row."""
    with Store.open(folder / "unitsync.db", clock=lambda: NOW, new_id=lambda: "lineage") as store:
        store.begin_run(RUN, "reconcile", ["storage"])
        found = [standing(number) for number in range(units)]
        counts = Counter((one.entity, one.standing) for one in found)
        store.add_standings("storage", RUN, "facility-1", counts, found)
        store.add_rejections("storage", RUN, pd.DataFrame([REJECTION]))
        pipeline = PipelineSummary(
            "storage",
            "attention",
            dict.fromkeys(COUNTS, 0),
            12,
            3.2,
            standings={f"{entity} {name}": count for (entity, name), count in counts.items()},
            coverage={"scopes": 1, "read": 1},
        )
        summary = RunSummary(RUN, "reconcile", (pipeline,), at=NOW)
        path = write_report(summary, store, folder / "reports", LOCAL_DISK)
    assert path is not None
    return Path(path).absolute()


def standing(number: int) -> Standing:
    kind = STANDINGS[1 + number % (len(STANDINGS) - 1)]
    sides = FieldStanding(100, 100, 100 + number, "drifted")
    name = HOSTILE[number] if number < len(HOSTILE) else f"A{number:05}"
    return Standing(
        "facility-1", "unit", f"k{number}", name, f"r{number}", kind, number, "", {"rate": sides}
    )


def ended(one: Change) -> Result:
    if int(one.key[1:]) % 10 == 0:
        return Result(one, "held", "max_rate_change: somebody must look")
    return Result(one, "failed", "name: has already been taken", 422)


@pytest.fixture(scope="session")
def reconciled(tmp_path_factory):
    """The report of a reconciliation that found 3,000 units out of step."""
    return compared(tmp_path_factory.mktemp("reconciled"), 3_000)


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    """The report by the number of changes, written once."""
    made: dict[int, Path] = {}

    def report(changes: int) -> Path:
        if changes not in made:
            made[changes] = written(tmp_path_factory.mktemp(f"changes-{changes}"), changes)
        return made[changes]

    return report
