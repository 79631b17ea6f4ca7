"""A success that mentions none of the units: what an update answers is not documented (B.6)."""

from __future__ import annotations

import pytest

UPDATE = "PUT units/bulk_update"


@pytest.fixture
def silent(desk, unit):
    """A vendor that carries every update out, and says no more than that it did."""
    desk.sync(unit(1), unit(2), unit(3))
    body = {"meta": {"success": True}}
    desk.fault("malformed", UPDATE, count=None, body=body)
    return desk


def test_what_a_silent_success_did_is_seen_by_one_reading_when_it_is_silent_again(silent, unit):
    before = silent.sandbox.counts()

    summary = silent.sync(unit(1), unit(2, rate="120", lock="777"), unit(3))

    after = silent.sandbox.counts()
    assert (0, 1) == (summary.exit_code, summary.pipelines[0].counts["updated"])
    assert (2, 1) == tuple(after[kind] - before[kind] for kind in ("writes", "reads"))
    assert 0 == silent.sync().pipelines[0].requests


def test_names_are_exchanged_although_every_answer_is_silent(silent, unit):
    ids = {name: live["id"] for name, live in silent.live().items()}

    assert 0 == silent.sync(unit(1, name="A2"), unit(2, name="A1"), unit(3)).exit_code

    assert {"A1": ids["A2"], "A2": ids["A1"], "A3": ids["A3"]} == {
        name: live["id"] for name, live in silent.live().items()
    }
    assert 0 == silent.sync().pipelines[0].requests


def test_what_no_reading_shows_stays_unknown_and_is_told(silent, unit):
    silent.configure("tax_rates: {const: [b8e13a42-3804-4ede-a763-3b83b3901536]}", "")
    silent.configure("lock\n", "lock\n      tax_rates: {const: []}\n")

    summary = silent.sync()

    assert (1, 3) == (summary.exit_code, summary.pipelines[0].counts["unknown"])
    words = silent.rows_of("SELECT DISTINCT words FROM changes WHERE outcome = 'unknown'")
    assert [{"words": "the reply does not mention it"}] == words
