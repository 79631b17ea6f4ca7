"""What needs a person is complete, said once, and has the command to type next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import A_NIGHT
from flows.needs import Need, needs_of, plain
from flows.run import allow_command
from flows.summary import COUNTS, PipelineSummary, RunSummary, Status
from state.store import Store
from transforms.allowance import Concern, Tripped
from transforms.plan import Change, Result
from transforms.standing import FieldStanding, Standing


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "unitsync.db", clock=lambda: A_NIGHT, new_id=lambda: "id") as store:
        store.begin_run("run-1", "sync", ["storage"])
        yield store


def update(key: str, **given: Any) -> Change:
    options = {"entity": "unit", "scope": "site", "name": f"A{key}", "before": {}, "after": {}}
    return Change(key=key, action="create", **{**options, **given})


def end(store: Store, change: Change, outcome: Any, words: str) -> None:
    store.plan_changes("storage", "run-1", [change])
    if outcome != "unknown":
        store.record_results("storage", "site", "run-1", [Result(change, outcome, words)])
        return
    request = store.request_sent(
        "storage", "site", "run-1", "POST", "/units", "create", [change.identity]
    )
    store.request_answered(request, None, words, None, [Result(change, outcome, words)])


def summary(status: Status = "attention", *notes: str, **given: Any) -> RunSummary:
    counts = dict.fromkeys(COUNTS, 0)
    pipeline = PipelineSummary("storage", status, counts, 0, 0.0, notes, **given)
    return RunSummary("run-1", "sync", (pipeline,))


def test_a_run_that_is_well_needs_nobody(store: Store) -> None:
    assert needs_of(summary("ok"), store) == []


def test_what_failed_comes_first_and_alike_ones_are_one(store: Store) -> None:
    end(store, update("9"), "held", "choose one")
    for key in "123":
        end(store, update(key), "failed", "is taken")
    end(store, update("8"), "unknown", "no answer")

    assert needs_of(summary(), store) == [
        Need(
            "failed",
            "storage",
            3,
            "failed: 3 changes, among them unit A1: is taken",
            "unitsync why 1",
        ),
        Need("held", "storage", 1, "held: unit A9: choose one", "unitsync why 9"),
        Need("failed", "storage", 1, "unknown: unit A8: no answer", "unitsync sync storage"),
    ]


def test_reasons_that_are_not_told_are_counted_by_outcome(store: Store) -> None:
    for key in range(60):
        end(store, update(f"{key}"), "failed", f"reason {key}")

    needs = needs_of(summary(), store)

    assert len(needs) == 51
    assert sum(need.count for need in needs) == 60
    assert (needs[-1].what, needs[-1].command) == (
        "10 more changes failed for other reasons",
        "unitsync report run-1",
    )


@pytest.mark.parametrize(
    ("status", "command"),
    [("error", "unitsync check storage"), ("broken", "unitsync report run-1")],
)
def test_a_pipeline_that_could_not_run_says_why(store: Store, status: Status, command: str) -> None:
    (need,) = needs_of(summary(status, "the file is gone"), store)

    assert need == Need("failed", "storage", 1, "the file is gone", command)


def test_what_was_noted_beside_the_changes_waits_for_a_person(store: Store) -> None:
    (need,) = needs_of(summary("attention", "two live units are called A1"), store)

    assert need == Need(
        "held", "storage", 1, "two live units are called A1", "unitsync report run-1"
    )


def test_a_guardrail_is_answered_for_its_own_scope_though_another_is_called_alike(
    store: Store,
) -> None:
    for scope in ("c-1", "c-10"):
        message = f"{scope} shrank: {allow_command('run-1', scope)}"
        store.add_tripped("storage", "run-1", [Tripped("shrank", scope, message, Concern())])

    needs = needs_of(summary(), store)

    assert [need.command for need in needs] == [
        allow_command("run-1", "c-1"),
        allow_command("run-1", "c-10"),
    ]


def test_of_a_reconciliation_those_are_told_that_a_person_must_decide(store: Store) -> None:
    moved = {"rate": FieldStanding(1, 1, 2, "drifted")}
    stays = {"rate": FieldStanding(1, 1, 2, "drifted", "accept")}
    found = [
        Standing("site", "unit", "1", "A1", "r1", "drifted", fields=moved),
        Standing("site", "unit", "2", "A2", "r2", "drifted", fields=stays),
        Standing("site", "group", "g", "10x10", "r3", "gone"),
        Standing("site", "unit", "3", "A3", "r4", "failed"),
    ]
    store.add_standings("storage", "run-1", "site", {}, found)

    assert needs_of(summary(standings={"unit drifted": 2}), store) == [
        Need("drifted", "storage", 1, "drifted: 1 unit, namely A1 in site", "unitsync why 1"),
        Need(
            "drifted", "storage", 1, "gone: 1 group, namely 10x10 in site", "unitsync report run-1"
        ),
        Need("failed", "storage", 1, "failed: 1 unit, namely A3 in site", "unitsync why 3"),
    ]


def test_no_command_is_made_of_anybodys_words(store: Store) -> None:
    end(store, update("$(reboot)"), "failed", "unitsync allow x; reboot")

    (need,) = needs_of(summary(), store)

    assert need.command == "unitsync why '$(reboot)'"


def test_plain_text_is_on_one_line_and_has_nothing_that_acts_unseen() -> None:
    assert plain(" a\n\tb \x1b[31m\u202ec ") == "a b \ufffd[31m\ufffdc"
    assert len(plain("x" * 10_000)) == 600
