"""A saved plan is applied to the state that it was made from, once, exactly, or refused."""

from __future__ import annotations

import json

import pytest

from flows.apply import apply
from flows.commands.plan import save_plan
from flows.saved_plan import PlanRefused
from flows.sync import Watcher


@pytest.fixture
def saved(desk):
    """A plan of what stands in the export now."""

    def save(path=None):
        path = path or desk.folder / "plan.json"
        save_plan(desk.preview(), desk.settings(), path)
        return path

    return save


def applied(desk, path):
    return apply(desk.settings(), desk.world(), path)


def test_the_very_plan_is_applied_although_the_source_moved_on(desk, unit, saved):
    desk.configure("      combination_lock_number: lock\n", "")
    desk.sync(unit(1), unit(2))
    desk.export(unit(1), unit(2, rate="120"))
    path = saved()
    desk.export(unit(1), unit(2, rate="999"), unit(3))

    summary = applied(desk, path)

    assert (0, 1) == (summary.exit_code, summary.pipelines[0].counts["updated"])
    assert 120 == desk.live()["A2"]["standard_rate"]
    assert {"A1", "A2"} == set(desk.live())


def test_a_plan_that_cannot_be_written_says_where(desk, unit, saved):
    desk.export(unit(1))

    with pytest.raises(PlanRefused, match="nowhere/plan.json: No such file.*--out"):
        saved(desk.folder / "nowhere" / "plan.json")


def test_a_plan_is_applied_once(desk, unit, saved):
    desk.export(unit(1))
    path = saved()
    applied(desk, path)

    with pytest.raises(PlanRefused, match="the state has moved on"):
        applied(desk, path)


def test_a_plan_that_a_run_overtakes_while_its_source_is_read_is_refused(desk, unit, saved):
    desk.export(unit(1))
    path = saved()
    overtaken = Watcher(stage=lambda pipeline, stage: stage == "extract" and desk.sync())

    with pytest.raises(PlanRefused, match="the state has moved on"):
        apply(desk.settings(), desk.world(), path, watcher=overtaken)


def test_a_first_plan_needs_no_state_and_adopts_nothing_twice(desk, unit, saved):
    desk.sync(unit(1), unit(2))
    for file in desk.folder.glob("unitsync.db*"):
        file.unlink()
    path = saved()

    summary = applied(desk, path)

    assert 0 == summary.exit_code
    assert 2 == len(desk.live())
    assert 2 == desk.sync().pipelines[0].counts["unchanged"]


def test_a_plan_that_was_changed_by_hand_is_refused(desk, unit, saved):
    desk.export(unit(1))
    path = saved()
    path.write_text(path.read_text().replace('"standard_rate": 100', '"standard_rate": 1'))

    with pytest.raises(PlanRefused, match="was changed after it was written"):
        applied(desk, path)

    assert 0 == desk.writes()


def test_a_plan_of_another_state_is_refused(desk, unit, saved):
    desk.sync(unit(1))
    desk.export(unit(1), unit(2))
    path = saved()
    for file in desk.folder.glob("unitsync.db*"):
        file.unlink()
    desk.sync(unit(1))

    with pytest.raises(PlanRefused, match="another state"):
        applied(desk, path)


def test_a_plan_holds_no_lock_code_and_takes_it_from_the_source(desk, unit, saved):
    desk.export(unit(1))
    path = saved()
    assert "40001" not in path.read_text()
    assert 0o600 == path.stat().st_mode & 0o777

    applied(desk, path)

    assert "40001" == desk.live()["A1"]["combination_lock_number"]


def test_a_plan_whose_lock_code_is_gone_is_refused_before_anything_is_sent(desk, unit, saved):
    desk.export(unit(1))
    path = saved()
    desk.export(unit(1, lock="5555"))

    with pytest.raises(PlanRefused, match="combination_lock_number of unit 'u1'"):
        applied(desk, path)

    assert 0 == desk.writes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "it is not JSON"),
        ("[]", "is not a plan"),
        (json.dumps({"format": "unitsync-plan-0"}), "this version"),
    ],
)
def test_what_is_not_a_plan_is_refused(desk, content, reason):
    path = desk.folder / "plan.json"
    path.write_text(content)

    with pytest.raises(PlanRefused, match=reason):
        applied(desk, path)


def test_a_missing_plan_is_refused(desk):
    with pytest.raises(PlanRefused, match="cannot be read"):
        applied(desk, desk.folder / "nowhere.json")
