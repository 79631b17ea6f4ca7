"""A thousand nights in every test run, and each safety proven by what happens without it.

`make simulate` lives through more of them; here are the worlds that failed once, some fresh ones,
every canonical night struck at every so many steps, and the planted bugs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.campaign import Life, Tally, campaign, kept_seeds, live
from tests.simulation.exhaustive import LOOPS, loop
from tests.simulation.planted_bugs import BUGS, planted
from tests.simulation.sometimes import never

ROOT = Path(__file__).parents[2]
# Fresh worlds of a test run, in parts that share their inventories; `make simulate` has the rest,
# and `.ci/run` lives through hundreds of them, and every step, right after the tests.
WORLDS, PARTS, EVERY_STEP = (8, 4, 40) if os.environ.get("CI") else (60, 4, 10)
LIVES = range(8)
# The first world in which each bug shows; `python -m tests.simulation --bugs` finds them anew.
SHOWN_IN = {
    "blind_retry_of_a_create": 2,
    "no_read_back": 2,
    "a_refusal_is_believed": 88,
    "known_before_the_answer": 0,
    "a_failure_is_acknowledged": 54,
    "rejected_counts_as_missing": 125,
    "a_partial_extract_counts_as_complete": 19,
    "an_unreadable_list_is_empty": 24,
    "journal_after_send": 0,
    "a_guard_with_a_floor_on_a_small_base": 85,
    "no_guard": 45,
    "a_hold_forgets_its_share": 64,
    "a_reference_is_not_asserted_again": 3,
    "whole_objects_are_sent": 0,
    "a_stale_plan_is_applied": 1,
    "a_deferred_transaction": 0,
    "a_dead_run_is_forgotten": 79,
    "strangers_are_not_looked_at": 4,
    "a_restored_state_is_believed": 702,
    "what_is_gone_is_insisted_on": 80,
    "an_absence_is_a_proof": 778,
    "a_failed_scope_counts_as_in_step": 0,
    "lock_codes_stay_readable": 0,
    "addresses_are_forgotten": 1,
    "the_past_is_not_kept": 0,
}


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_is_kept_in_every_world(part):
    _, failures = campaign(range(part, WORLDS, PARTS))

    assert [] == list(map(str, failures))


def test_the_worlds_that_failed_once_stay_mended():
    _, failures = campaign(kept_seeds())

    assert [] == list(map(str, failures))


@pytest.mark.parametrize("name", LOOPS)
def test_a_night_that_is_struck_anywhere_heals(name):
    assert loop(name, every=EVERY_STEP).nights > 0


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name):
    with planted(name):
        _, failure = live(SHOWN_IN[name])

    assert failure is not None
    assert live(SHOWN_IN[name])[1] is None


def test_a_failure_tells_how_to_see_it_again():
    with planted("journal_after_send"):
        _, failure = live(SHOWN_IN["journal_after_send"])

    told = str(failure)
    assert f"python -m tests.simulation --seed {SHOWN_IN['journal_after_send']} --trace" in told
    assert "every write is in the journal before it leaves" in told
    assert "before request POST" in told
    assert "> GET units" in told


def fingerprints() -> list[str]:
    found = []
    for seed in LIVES:
        life = Life(seed)
        life.live()
        found.append(life.fingerprint())
    return found


def test_a_world_is_the_same_twice_and_whatever_the_order_of_sets():
    code = f"from {__name__} import fingerprints; print(*fingerprints())"
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    program += code.replace(__name__, "tests.simulation.test_simulation")
    other = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert other.stdout.split() == fingerprints() == fingerprints()


def test_a_campaign_that_never_saw_a_fault_says_so():
    unseen = list(never(Tally()))

    assert "fault: late processing" in unseen
    assert "guard tripped: SourceShrank" in unseen
    assert "exit code: 130" in unseen
