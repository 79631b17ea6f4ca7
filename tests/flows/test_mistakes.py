"""A mistake is answered with its place, its cause and its cure, by the real command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.clock import SystemClock
from connectors.sandbox import Sandbox, SandboxServer, demo_sandbox
from tests.flows.mistakes import MISTAKES, Mistake, entry, said

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "mistakes.md").read_text("utf-8")
EVERY = [mistake for mistakes in MISTAKES.values() for mistake in mistakes]


@pytest.fixture(scope="module")
def vendors() -> Sandbox:
    return demo_sandbox(clock=SystemClock())


@pytest.fixture(scope="module")
def server(vendors: Sandbox) -> Iterator[SandboxServer]:
    with SandboxServer(vendors) as server:
        yield server


@pytest.mark.parametrize("mistake", EVERY, ids=lambda mistake: mistake.name)
def test_a_mistake_is_told_with_place_cause_and_cure_as_on_the_page(
    mistake: Mistake, server: SandboxServer, vendors: Sandbox
) -> None:
    code, message = said(mistake, server, vendors)

    assert code == mistake.code, message
    assert [
        part for part in (mistake.place, mistake.cause, mistake.cure) if part not in message
    ] == []
    assert "Traceback" not in message
    assert entry(mistake, message) in PAGE, "the page is out of date: make docs"


def test_the_page_has_every_mistake_and_no_other() -> None:
    assert PAGE.count("\n### ") == len(EVERY) >= 40
