"""Known means confirmed: what was applied becomes known, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from state.errors import LedgerConflict
from transforms.change import GROUP_FIELD
from transforms.plan import KnownGroup, KnownUnit, Result


def apply(night: Any, result: Result) -> None:
    night.plan(result.change)
    night.answer(night.send(result.change), result)


def test_an_applied_create_is_known(night: Any, make: Any) -> None:
    change = make.create("1", width=10)

    apply(night, make.applied(change, remote_id="uuid-1", known={"name": "A1", "width": 10}))

    assert night.known("1")["1"] == KnownUnit(
        key="1",
        remote_id="uuid-1",
        name="A1",
        group="10x10",
        payload={"name": "A1", "width": 10},
        digest="digest of 1",
    )


def test_only_confirmed_fields_are_known(night: Any, make: Any) -> None:
    change = make.create("1", width=10, attribute_description="swallowed")

    apply(night, make.applied(change, known={"name": "A1"}))

    assert night.known("1")["1"].payload == {"name": "A1"}


def test_an_applied_update_is_merged(night: Any, make: Any) -> None:
    night.link(make.unit("1", payload={"name": "A1", "width": 10}))
    change = make.change("1", "update", name="B1", after={"name": "B1", "floor": 2}, group="10x10")

    apply(night, make.applied(change))

    unit = night.known("1")["1"]
    assert unit.payload == {"name": "B1", "width": 10, "floor": 2}
    assert (unit.name, unit.digest, unit.group) == ("B1", "later digest of 1", "10x10")


def test_an_update_that_says_nothing_of_the_group_leaves_the_unit_in_it(
    night: Any, make: Any
) -> None:
    night.link(make.unit("1", group="10x10"))

    apply(night, make.applied(make.change("1", "update", group=None)))

    assert night.known("1")["1"].group == "10x10"


@pytest.mark.parametrize("group", ["5x5", None])
def test_an_applied_move_changes_the_group(night: Any, make: Any, group: str | None) -> None:
    night.link(make.unit("1", group="10x10"))

    apply(night, make.applied(make.change("1", "move", group=group)))

    assert night.known("1")["1"].group == group


def test_an_applied_retire_is_known_as_retired(night: Any, make: Any) -> None:
    night.link(make.unit("1"))

    apply(night, make.applied(make.change("1", "retire", after={"rentable": False})))

    unit = night.known("1")["1"]
    assert unit.retired
    assert unit.payload["rentable"] is False
    assert unit.group == "10x10"


def test_a_retired_unit_that_is_updated_is_back(night: Any, make: Any) -> None:
    night.link(make.unit("1", retired=True))

    apply(night, make.applied(make.change("1", "update", after={"rentable": True})))

    assert not night.known("1")["1"].retired


@pytest.mark.parametrize("outcome", ["failed", "held", "unknown"])
def test_no_other_outcome_touches_what_is_known(night: Any, make: Any, outcome: Any) -> None:
    night.link(make.unit("1"))
    update, create = make.change("1", "update", after={"width": 12}), make.create("2")
    night.plan(update, create)

    night.answer(
        night.send(update, create),
        Result(update, outcome, known={"width": 12}),
        Result(create, outcome, remote_id="remote-2", known={"name": "A2"}),
    )

    assert night.known("1", "2") == {"1": make.unit("1")}


def test_a_field_that_can_no_longer_be_vouched_for_is_forgotten(night: Any, make: Any) -> None:
    """And the fingerprint with it: a source going back to its old value must not look unchanged."""
    night.link(make.unit("1", payload={"name": "A1", "width": 10, "length": 10}))
    change = make.change("1", "update", after={"width": 12})

    apply(night, Result(change, "failed", "timed out half-way", forget=("width", "height")))

    unit = night.known("1")["1"]
    assert unit.payload == {"name": "A1", "length": 10}
    assert unit.digest == ""
    assert (unit.name, unit.group, unit.remote_id) == ("A1", "10x10", "remote-1")


def test_an_applied_change_may_forget_too(night: Any, make: Any) -> None:
    night.link(make.unit("1", payload={"name": "A1", "standard_rate": 100}))
    change = make.change("1", "update", after={"width": 12})

    apply(night, make.applied(change, forget=("standard_rate",)))

    assert night.known("1")["1"].payload == {"name": "A1", "width": 12}
    assert night.known("1")["1"].digest == ""


@pytest.mark.parametrize("outcome", ["applied", "failed"])
def test_a_unit_that_may_have_been_moved_is_known_in_no_group(
    night: Any, make: Any, outcome: Any
) -> None:
    night.link(make.unit("1", group="10x10"))
    move = make.change("1", "move", after={GROUP_FIELD: "5x10"}, group="5x10")

    apply(night, Result(move, outcome, forget=(GROUP_FIELD,)))

    unit = night.known("1")["1"]
    assert (unit.group, unit.digest) == (None, "")


def test_forgetting_takes_the_scope_out_of_step(night: Any, make: Any) -> None:
    night.link(make.unit("1"))
    night.settle_scope()
    change = make.change("1", "update")
    night.plan(change)

    night.record(Result(change, "failed", forget=("width",)))

    assert night.store.scope_records("storage")["facility"].digest is None


def test_forgetting_what_was_never_known_is_nothing(night: Any, make: Any) -> None:
    unit, group = make.create("1"), make.create("10x10", entity="group")
    night.plan(unit, group)

    night.answer(
        night.send(unit, group),
        Result(unit, "failed", forget=("width",)),
        Result(group, "failed", forget=("name",)),
    )

    assert night.known("1") == {}
    assert night.store.known_groups("storage", "facility") == {}


def test_groups_are_created_updated_and_forgotten_alike(night: Any, make: Any) -> None:
    def groups() -> dict[str, KnownGroup]:
        found: dict[str, KnownGroup] = night.store.known_groups("storage", "facility")
        return found

    create = make.create("g", entity="group", fully_enclosed=True)
    apply(night, make.applied(create, remote_id="uuid-g"))
    assert groups() == {
        "g": KnownGroup("g", "uuid-g", "Ag", {"name": "Ag", "fully_enclosed": True})
    }

    night.store.begin_run("run-2", "sync", ["storage"])
    night.run_id = "run-2"
    update = make.change("g", "update", entity="group", name="New", after={"name": "New"})
    apply(night, make.applied(update, remote_id=None, known={"name": "New"}))
    assert groups()["g"].payload == {"name": "New", "fully_enclosed": True}

    night.store.begin_run("run-3", "sync", ["storage"])
    night.run_id = "run-3"
    failed = make.change("g", "update", entity="group")
    apply(night, Result(failed, "failed", forget=("fully_enclosed",)))
    assert groups()["g"] == KnownGroup("g", "remote-g", "New", {"name": "New"})


def test_an_answer_without_an_id_keeps_the_known_one(night: Any, make: Any) -> None:
    night.link(make.unit("1", remote_id="kept"))

    apply(night, make.applied(make.change("1", "update", remote_id=None), remote_id=None))

    assert night.known("1")["1"].remote_id == "kept"


def test_a_create_without_a_remote_id_cannot_have_been_applied(night: Any, make: Any) -> None:
    with pytest.raises(LedgerConflict, match="without a remote id"):
        apply(night, make.applied(make.create("1"), remote_id=None))

    assert night.outcomes() == {"1": "sent"}


@pytest.mark.parametrize("entity", ["unit", "group"])
def test_an_update_of_something_unknown_cannot_have_been_applied(
    night: Any, make: Any, entity: str
) -> None:
    with pytest.raises(LedgerConflict, match="is not known"):
        apply(night, make.applied(make.change("1", "update", entity=entity)))

    assert night.known("1") == {}


def test_an_id_that_another_unit_has_spoils_nothing_else(night: Any, make: Any) -> None:
    """The answer stays unrecorded: the scope stays in flight and is read before the next plan."""
    night.link(make.unit("1", remote_id="same"))

    with pytest.raises(LedgerConflict, match="already belongs to key 1"):
        apply(night, make.applied(make.create("2"), remote_id="same"))

    assert list(night.known("1", "2")) == ["1"]
    assert night.in_flight() == "run-1"


def test_a_step_on_the_way_is_known_without_a_fingerprint(night: Any, make: Any) -> None:
    """A temporary name, say: what was confirmed is known, and the unit is compared again."""
    night.link(make.unit("1", group="10x10"))
    change = make.change("1", "move", name="B1", after={"name": "B1"}, group="5x5")
    night.plan(change)

    night.answer(night.send(change), Result(change, None, known={"name": "temporary"}))

    unit = night.known("1")["1"]
    assert (unit.name, unit.digest, unit.group) == ("temporary", "", "10x10")
    assert unit.payload == {"name": "temporary", "width": 10}
    assert night.outcomes() == {"1": "planned"}


def test_a_step_that_confirms_nothing_touches_nothing(night: Any, make: Any) -> None:
    night.link(make.unit("1"))
    change = make.change("1", "update")
    night.plan(change)

    night.answer(night.send(change), Result(change, None))

    assert night.known("1") == {"1": make.unit("1")}


def test_a_group_that_was_only_made_is_known_as_far_as_it_was_made(night: Any, make: Any) -> None:
    change = make.create("g", entity="group", fully_enclosed=True)
    night.plan(change)

    step = Result(change, None, remote_id="uuid-g", known={"name": "Ag"})
    night.answer(night.send(change), step)

    groups = night.store.known_groups("storage", "facility")
    assert groups == {"g": KnownGroup("g", "uuid-g", "Ag", {"name": "Ag"})}
    assert night.outcomes() == {"g": "planned"}
