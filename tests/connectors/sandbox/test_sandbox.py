"""The sandbox as a whole: its own pages, its reset, and one request at a time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import connectors.sandbox
from connectors.clock import FakeClock
from connectors.sandbox import (
    FacilitySettings,
    IdSource,
    Sandbox,
    SandboxRequest,
    SandboxResponse,
    demo_sandbox,
)

from .callers import FACILITY, GROUP, StoredgeCaller, TravtusCaller, apartment, unit


def page(
    sandbox: Sandbox,
    method: str,
    name: str,
    payload: object = None,
    query: tuple[tuple[str, str], ...] = (),
) -> SandboxResponse:
    body = b"" if payload is None else json.dumps(payload).encode()
    return sandbox.handle(SandboxRequest(method, f"/_sandbox/{name}", query=query, body=body))


def test_faults_are_ordered_shown_and_cleared(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    ordered = page(sandbox, "POST", "faults", {"kind": "status", "status": 503, "count": 5})
    assert ordered.status == 201
    assert storedge.call("GET", "units").status == 503

    (fault,) = page(sandbox, "GET", "faults").payload["faults"]
    assert (fault["kind"], fault["count"]) == ("status", 4)
    assert page(sandbox, "DELETE", "faults").status == 200
    assert storedge.call("GET", "units").status == 200


def test_several_faults_are_ordered_at_once(sandbox: Sandbox) -> None:
    orders = [{"kind": "drop_before"}, {"kind": "drop_after"}]

    assert len(page(sandbox, "POST", "faults", orders).payload["faults"]) == 2


@pytest.mark.parametrize("order", [{"kind": "explode"}, "x", [{"kind": "status"}, {}], None])
def test_a_bad_order_is_refused_whole(sandbox: Sandbox, order: object) -> None:
    answer = page(sandbox, "POST", "faults", order)

    assert answer.status == 400
    assert answer.payload["error"]
    assert sandbox.open_faults() == []


def test_units_groups_counts_and_requests_are_shown(
    sandbox: Sandbox, storedge: StoredgeCaller, travtus: TravtusCaller
) -> None:
    storedge.new_unit("A1", tax_rates=["t"], unit_group_id=storedge.new_group("A"))
    travtus.write(apartment("1"))

    units = page(sandbox, "GET", "units").payload["units"]
    assert [(unit["vendor"], unit["scope"]) for unit in units] == [
        ("storedge", FACILITY),
        ("travtus", GROUP),
    ]
    (shown,) = page(sandbox, "GET", "units", query=(("scope", FACILITY),)).payload["units"]
    assert (shown["name"], shown["tax_rates"]) == ("A1", ["t"])
    (group,) = page(sandbox, "GET", "groups", query=(("scope", GROUP),)).payload["groups"]
    assert (group["vendor"], group["external_ref"]) == ("travtus", GROUP)
    assert page(sandbox, "GET", "counts").payload == sandbox.counts()
    assert page(sandbox, "GET", "requests").payload["requests"] == sandbox.requests()
    assert page(sandbox, "DELETE", "requests").status == 200
    assert sandbox.requests() == []


def test_a_unit_is_edited_by_hand(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    unit_id = storedge.new_unit("A1")
    edit = {"vendor": "storedge", "entity": "unit", "id": unit_id, "fields": {"floor": 3}}

    assert page(sandbox, "POST", "edit", edit).status == 200
    assert storedge.units()["A1"]["floor"] == 3
    assert page(sandbox, "POST", "edit", edit | {"id": "x"}).status == 400
    unknown = page(sandbox, "POST", "edit", edit | {"vendor": "yardi"})
    assert (unknown.status, unknown.payload["error"]) == (400, "no vendor is called yardi")


@pytest.mark.parametrize("edit", [{}, [], {"vendor": "storedge"}, None])
def test_a_bad_edit_is_refused(sandbox: Sandbox, edit: object) -> None:
    assert page(sandbox, "POST", "edit", edit).status == 400


def test_a_reset_forgets_everything_but_the_ids(
    sandbox: Sandbox, storedge: StoredgeCaller, travtus: TravtusCaller
) -> None:
    first = storedge.new_unit("A1")
    travtus.write(apartment("1"))
    page(sandbox, "POST", "faults", {"kind": "status"})
    assert page(sandbox, "POST", "reset").status == 200

    assert sandbox.units() == sandbox.requests() == sandbox.open_faults() == []
    assert travtus.write(apartment("1")).payload["error"]["type"] == "invalid_authorization"
    travtus.token = travtus.new_token()
    assert travtus.write(apartment("1")).status == 200
    assert storedge.new_unit("A1") != first
    assert [row["scope"] for row in sandbox.groups()] == [GROUP]


def test_an_unknown_page_says_which_there_are(sandbox: Sandbox) -> None:
    answer = page(sandbox, "GET", "")

    assert answer.status == 404
    assert "POST /_sandbox/faults" in answer.payload["pages"]


def test_a_wrong_method_on_a_page_is_405(sandbox: Sandbox) -> None:
    answer = page(sandbox, "PUT", "faults")

    assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, POST")


def test_a_path_of_nobody_is_404(sandbox: Sandbox) -> None:
    assert sandbox.handle(SandboxRequest("GET", "/")).status == 404
    assert sandbox.requests() == []


def test_the_sandbox_itself_is_not_in_its_log(sandbox: Sandbox) -> None:
    page(sandbox, "GET", "counts")

    assert sandbox.requests() == []


def test_threads_do_not_disturb_each_other(sandbox: Sandbox, clock: FakeClock) -> None:
    def create(facility: int) -> int:
        caller = StoredgeCaller(sandbox, clock, name=f"caller-{facility}")
        payloads = [{"units": [unit(f"{n}")]} for n in range(20)]
        return sum(
            caller.call("POST", "units/bulk_create", payload, facility=f"F{facility}").status == 201
            for payload in payloads
        )

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(create, range(4))) == [20] * 4
    assert sandbox.counts()["units"] == {f"F{n}": 20 for n in range(4)}


def test_the_facilities_of_the_demo_can_be_set_up(clock: FakeClock) -> None:
    settings = FacilitySettings(custom_unit_groups=False)
    caller = StoredgeCaller(demo_sandbox(clock=clock, facility=settings), clock)

    assert caller.create_groups({"name": "A"}).status == 403


def test_the_same_seed_gives_the_same_ids() -> None:
    def ids(seed: str) -> list[str]:
        source = IdSource(seed)
        return [source() for _ in range(3)]

    assert ids("a") == ids("a") != ids("b")
    assert len(set(ids("a"))) == 3


def test_the_package_says_what_it_offers() -> None:
    names: list[Any] = connectors.sandbox.__all__

    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(hasattr(connectors.sandbox, name) for name in names)
