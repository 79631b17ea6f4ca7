"""Plans and outcomes on the shelf read as they were."""

from __future__ import annotations

import pandas as pd
import pytest

from connectors.sources.shelf import Shelf
from flows.aside import outcomes_aside, planned_aside
from flows.planning import PlannedScope
from tests.transforms.inventory import SCOPE, World, facility, unit
from transforms.plan import Result


@pytest.fixture
def planned():
    plan = World().plan(facility([unit("k1"), unit("k2")]))
    return PlannedScope(plan)


@pytest.fixture
def shelf():
    with Shelf() as made:
        yield made


@pytest.fixture
def full(shelf):
    """One that something lies on: the inventory does not fit into memory."""
    shelf.put(pd.DataFrame({"id": ["1"]}), pd.Series([SCOPE]))
    return shelf


def test_a_plan_that_fits_stays_as_it_is(planned, shelf):
    outcomes = {change.identity: Result(change, "applied") for change in planned.plan.changes}

    assert planned_aside(planned, shelf) is planned
    assert outcomes_aside(outcomes, shelf) is outcomes
    assert not shelf.in_use


def test_a_plan_on_the_shelf_has_the_same_changes_and_keys(planned, full):
    aside = planned_aside(planned, full).plan

    assert list(planned.plan.changes) == list(aside.changes)
    assert planned.plan.of("unit") == aside.of("unit")
    assert len(planned.plan.changes) == len(aside.changes)
    assert planned.plan.changes[0] == aside.changes[0]
    assert planned.plan.keys == aside.keys == {"k1", "k2"}
    assert "k1" in aside.keys
    assert {"k1"} == frozenset({"k1", "k9"}) & aside.keys


def test_outcomes_on_the_shelf_are_the_same(planned, full):
    outcomes = {change.identity: Result(change, "applied") for change in planned.plan.changes}
    aside = outcomes_aside(outcomes, full)

    assert outcomes == dict(aside.items()) == {identity: aside[identity] for identity in aside}
    assert list(outcomes.values()) == list(aside.values())
    assert len(outcomes) == len(aside)
