"""A run whose process died is noticed by the next, in its summary and on its page."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.deaths import told
from flows.summary import RunSummary
from flows.sync import sync
from state.deaths import Death
from state.store import Store

DEATH = Death("run-1", "sync", datetime(2026, 11, 27, 2, tzinfo=UTC), "nas", 4242, 0, (), 0)


class ProcessDied(BaseException):
    """No handler of ours sees it, as none would see the end of the process."""


@pytest.fixture
def died(desk, rows):
    """A night that died as its second request was on its way to the vendor."""
    desk.configure("requests_per_second: null", "requests_per_second: null\n      batch_size: 1")
    desk.export(*(rows[0](number) for number in range(1, 4)))
    sent = []

    def handle(request):
        sent.append(request.path)
        if sum("bulk_create" in path for path in sent) == 2:
            raise ProcessDied
        return answer(request)

    answer, desk.sandbox.handle = desk.sandbox.handle, handle
    with pytest.raises(ProcessDied):
        sync(desk.settings(), desk.world())
    desk.sandbox.handle = answer


def test_what_a_dead_run_had_changed_and_no_reading_shows_is_sent_again(desk, rows):
    unit, answer = rows[0], desk.sandbox.handle
    desk.configure("combination_lock_number", "overlock_lock_number")
    desk.sync(unit(1, lock="40001"))

    def handle(request):
        reply = answer(request)
        if "bulk_update" in request.path:
            raise ProcessDied
        return reply

    desk.sandbox.handle = handle
    with pytest.raises(ProcessDied):
        desk.sync(unit(1, lock="90909"))
    desk.sandbox.handle = answer

    summary = desk.sync(unit(1, lock="40001"))

    assert 1 == summary.pipelines[0].counts["updated"]
    assert 0 == desk.sync().pipelines[0].counts["updated"]


def test_the_next_run_says_which_run_died_where_and_what_it_left(desk, died, rows):
    summary = desk.sync()

    (said,) = summary.deaths
    assert "the sync of 5 January 2026, 02:00 UTC" in said
    assert f"process {os.getpid()} on {socket.gethostname()}" in said
    assert "1 request without an answer in 11111111-1111-4111-8111-111111111111" in said
    assert "unsent" in said
    assert 0 == summary.exit_code


def test_it_is_said_once(desk, died):
    desk.sync()

    assert () == desk.sync().deaths


def test_the_page_says_it_and_says_it_again_when_it_is_made_again(desk, died):
    summary = desk.sync()
    with Store.open_for_reading(desk.folder / "unitsync.db") as store:
        again = RunSummary.of(store.run(summary.run_id))

    assert "died before its end" in Path(summary.report).read_text("utf-8")
    assert summary.deaths == again.deaths


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({}, "it left nothing to be put right"),
        (
            {"requests": 1, "scopes": ("a",)},
            "a; a sync reads what was in flight before it sends anything there",
        ),
        ({"unsent": 1}, "it left 1 change unsent, which a sync plans anew"),
        (
            {"requests": 7, "scopes": tuple("abcdefg"), "unsent": 1200},
            "7 requests without an answer in a, b, c, d, e and 2 more and 1,200 changes unsent",
        ),
    ],
)
def test_what_it_left_is_said_in_numbers(left, said):
    death = Death(**{**{name: getattr(DEATH, name) for name in Death.__slots__}, **left})

    assert said in told(death, "UTC")


def test_it_is_told_in_the_time_of_those_who_read_of_it():
    assert "the sync of 26 November 2026, 21:00 EST (run run-1, process 4242 on nas)" in told(
        DEATH, "America/New_York"
    )


def test_a_run_of_an_older_version_did_not_say_where_it_ran():
    death = Death("run-1", "sync", DEATH.started_at, None, None, 0, (), 0)

    assert "(run run-1, it is not known where) died before its end" in told(death, "UTC")
