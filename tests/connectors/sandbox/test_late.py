"""Late work: the answer is lost now, the request is processed after a listing that lacked it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.clock import FakeClock
from connectors.sandbox import (
    ConnectionDropped,
    Credentials,
    Fault,
    Sandbox,
    StoredgeHabits,
    demo_sandbox,
)

from .callers import FACILITY, GROUP, StoredgeCaller, TravtusCaller, apartment, unit

CREATE = "POST units/bulk_create"
UPSERT = "POST units/multiple"


def late(sandbox: Sandbox, endpoint: str = CREATE, **members: Any) -> None:
    sandbox.order_fault(Fault(kind="late", endpoint=endpoint, **members))


def lost(storedge: StoredgeCaller, *items: object) -> None:
    with pytest.raises(ConnectionDropped) as dropped:
        storedge.create(*items)
    assert not dropped.value.processed


def names(sandbox: Sandbox, scope: str = FACILITY) -> list[str]:
    return [row.get("name") or row["unit_number"] for row in sandbox.units(scope)]


def test_the_next_listing_lacks_it_and_the_one_after_shows_it(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    late(sandbox)
    lost(storedge, unit("A1"))

    assert (storedge.units(), list(storedge.units())) == ({}, ["A1"])


def test_more_listings_may_pass_first(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    late(sandbox, skip_listings=2)
    lost(storedge, unit("A1"))
    seen = [list(storedge.units()) for _ in range(4)]

    assert seen == [[], [], [], ["A1"]]


def test_a_listing_of_something_else_is_no_listing_of_it(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    late(sandbox)
    lost(storedge, unit("A1"))
    storedge.groups()
    storedge.call("GET", "units", facility="elsewhere")
    sandbox.order_fault(Fault(kind="status", endpoint="GET units"))
    storedge.call("GET", "units")

    assert names(sandbox) == []


def test_a_late_group_waits_for_a_listing_of_groups(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    late(sandbox, "POST unit_groups")
    with pytest.raises(ConnectionDropped):
        storedge.create_groups({"name": "Large"})
    storedge.units()

    assert (storedge.groups(), list(storedge.groups())) == ({}, ["Large"])


def test_credentials_are_judged_when_the_request_comes_in(
    sandbox: Sandbox, storedge: StoredgeCaller, clock: FakeClock
) -> None:
    late(sandbox, count=2)
    lost(storedge, unit("A1"))
    stranger = StoredgeCaller(sandbox, clock, Credentials("x", "x", "x", "x"), name="stranger")
    lost(stranger, unit("A2"))
    clock.advance(timedelta(days=1).total_seconds())
    storedge.units()

    assert names(sandbox) == ["A1"]


def test_a_late_create_of_a_name_that_is_taken_by_then_is_refused(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    late(sandbox)
    lost(storedge, unit("A1"))
    storedge.new_unit("A1")
    storedge.units()

    assert names(sandbox) == ["A1"]


def test_without_unique_names_it_makes_a_duplicate(clock: FakeClock) -> None:
    sandbox = demo_sandbox(clock=clock, habits=StoredgeHabits(unique_names=False))
    storedge = StoredgeCaller(sandbox, clock)
    late(sandbox)
    lost(storedge, unit("A1"))
    storedge.new_unit("A1")
    storedge.units()

    assert names(sandbox) == ["A1", "A1"]


def test_a_late_upsert_finds_its_unit_by_the_address(
    sandbox: Sandbox, travtus: TravtusCaller
) -> None:
    late(sandbox, UPSERT)
    with pytest.raises(ConnectionDropped):
        travtus.write(apartment("1"))
    travtus.write(apartment("1"))
    travtus.find(groups_external_refs=[GROUP])

    assert names(sandbox, GROUP) == ["1"]


def test_where_addresses_are_not_matched_it_makes_a_duplicate(clock: FakeClock) -> None:
    sandbox = demo_sandbox(clock=clock, matches_addresses=False)
    travtus = TravtusCaller(sandbox)
    late(sandbox, UPSERT)
    with pytest.raises(ConnectionDropped):
        travtus.write(apartment("1"))
    travtus.write(apartment("1"))
    travtus.find(groups_external_refs=[GROUP])

    assert names(sandbox, GROUP) == ["1", "1"]


def test_a_reset_forgets_what_was_put_off(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    late(sandbox)
    lost(storedge, unit("A1"))
    sandbox.reset()
    storedge.units()

    assert names(sandbox) == []
