"""Live units that nobody has linked: they are never made a second time, and never lose their name.

storEDGE suggests that a name is unique and never says so (contracts S5), so none of this may lean
on the vendor's refusal.
"""

from __future__ import annotations

import pytest

from connectors.sandbox import demo_sandbox
from connectors.sandbox.storedge_facility import StoredgeHabits
from state.backup import backups, restore


@pytest.fixture
def lenient(desk):
    """A desk whose vendor allows one name twice."""
    desk.sandbox = demo_sandbox(clock=desk.clock, habits=StoredgeHabits(unique_names=False))
    return desk


def reads(desk) -> int:
    return int(desk.sandbox.counts()["reads"])


def lose_the_state(desk) -> None:
    for name in ("unitsync.db", "unitsync.db.lineage"):
        desk.folder.joinpath(name).unlink()


def test_a_unit_that_was_live_before_its_row_was_valid_is_not_made_again(lenient, unit):
    lenient.sync(unit(1), unit(2))
    lose_the_state(lenient)

    lenient.sync(unit(1), unit(2, width="wide"))
    summary = lenient.sync(unit(1), unit(2))

    assert 0 == summary.pipelines[0].counts["created"]
    assert {"A1", "A2"} == set(lenient.live())


def test_where_everybody_is_known_nothing_is_read_before_a_create(lenient, unit):
    lenient.sync(unit(1))
    before = reads(lenient)

    lenient.sync(unit(1), unit(2))

    assert before == reads(lenient)


def test_nobody_is_renamed_to_what_a_stranger_is_called(lenient, unit):
    lenient.sync(unit(1), unit(2))
    stranger = lenient.live()["A2"]["id"]
    lose_the_state(lenient)
    lenient.sync(unit(1))

    summary = lenient.sync(unit(1, name="A2"))

    assert 1 == summary.pipelines[0].counts["held"]
    assert {"A1", "A2"} == set(lenient.live())
    [row] = lenient.rows_of("SELECT words FROM changes WHERE outcome = 'held'")
    assert stranger in row["words"]


def test_a_plan_reads_too_where_an_older_state_was_put_back(desk, unit):
    desk.sync(unit(1))
    desk.sync(unit(1, rate="120.00"))
    desk.sync(unit(1, rate="120.00"), unit(2))
    state = desk.folder / "unitsync.db"
    restore(backups(state)[0], state, now=desk.clock.now())

    [night] = desk.preview()

    assert "create" not in {change.action for change in night.scopes[0].plan.changes}
    assert night.scopes[0].recovered


def test_what_a_later_run_confirmed_is_not_forgotten_by_an_older_state(desk, unit):
    desk.sync(unit(1, rate="100.00"), unit(2))
    desk.sync(unit(1, rate="120.00"), unit(2))
    desk.sync(unit(1, rate="140.00"), unit(2))
    state = desk.folder / "unitsync.db"
    restore(backups(state)[0], state, now=desk.clock.now())

    # The source says again what the older state knows, and the vendor does not have it.
    summary = desk.sync(unit(1, rate="100.00"), unit(2))

    assert 1 == summary.pipelines[0].counts["updated"]
    assert 100 == desk.live()["A1"]["standard_rate"]


def test_who_represents_a_group_of_somebody_elses_waits_and_nothing_is_sent(desk, unit):
    desk.sync(unit(1), unit(2))
    [group] = desk.sandbox.groups()
    lose_the_state(desk)
    renamed = {"group_name": "10x10 upstairs"}

    nights = [desk.sync(unit(1, **renamed), unit(3, **renamed)) for _ in range(2)]
    writes = desk.writes()
    nights.append(desk.sync(unit(1, **renamed), unit(3, **renamed)))

    assert [1, 1, 1] == [night.pipelines[0].counts["held"] for night in nights]
    assert writes == desk.writes()
    held = desk.rows_of("SELECT words FROM changes WHERE outcome = 'held' AND entity = 'unit'")
    assert all(f"live group '10x10 indoor' ({group['id']})" in row["words"] for row in held)


def test_who_leaves_a_group_of_somebody_elses_with_all_others_is_moved(desk, unit):
    desk.sync(unit(1), unit(2))
    lose_the_state(desk)
    renamed = {"group_name": "10x10 upstairs"}

    summary = desk.sync(unit(1, **renamed), unit(2, **renamed))

    assert 0 == summary.exit_code
    assert 2 == summary.pipelines[0].counts["moved"]
