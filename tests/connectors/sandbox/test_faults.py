"""Faults: which requests meet them, on which side of the work, and how often."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.sandbox import ConnectionDropped, Fault, Sandbox

from .callers import FACILITY, GROUP, StoredgeCaller, TravtusCaller, apartment, unit

CREATE = "POST units/bulk_create"
UPSERT = "POST units/multiple"


def order(sandbox: Sandbox, **members: Any) -> None:
    sandbox.order_fault(Fault(**members))


def test_a_status_answers_before_the_work(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    order(sandbox, endpoint=CREATE, kind="status", status=429, headers={"Retry-After": "7"})
    answer = storedge.create(unit("A1"))

    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer.payload["meta"]["status_code"] == 429
    assert storedge.units() == {}


def test_a_status_after_answers_when_the_work_is_done(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    order(sandbox, endpoint=CREATE, kind="status_after", status=502)

    assert storedge.create(unit("A1")).status == 502
    assert list(storedge.units()) == ["A1"]


def test_a_vendor_fails_in_its_own_envelope(sandbox: Sandbox, travtus: TravtusCaller) -> None:
    order(sandbox, vendor="travtus", kind="status")
    answer = travtus.write(apartment("1"))

    assert answer.status == 500
    assert answer.payload == {"error": {"message": "An error occurred."}}


@pytest.mark.parametrize(
    ("body", "expected"), [("<html>", b"<html>"), ({"units": []}, b'{"units": []}'), ("", b"")]
)
def test_a_status_may_bring_its_own_body(
    sandbox: Sandbox, storedge: StoredgeCaller, body: object, expected: bytes
) -> None:
    order(sandbox, kind="status", status=200, body=body, headers={"Content-Type": "text/html"})
    answer = storedge.call("GET", "units")

    assert (answer.status, answer.body) == (200, expected)
    assert answer.headers == {"content-type": "text/html"}


def test_an_unheard_of_status_can_be_ordered(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    order(sandbox, kind="status", status=520)

    assert storedge.call("GET", "units").payload["meta"]["status_message"] == "Unknown"


@pytest.mark.parametrize(("keep", "kept"), [(None, ["A1"]), (2, ["A1", "A2"]), (0, [])])
def test_partial_work_is_done_for_the_first_items_only(
    sandbox: Sandbox, storedge: StoredgeCaller, keep: int | None, kept: list[str]
) -> None:
    order(sandbox, endpoint=CREATE, kind="partial", keep=keep)

    assert storedge.create(unit("A1"), unit("A2"), unit("A3")).status == 500
    assert sorted(storedge.units()) == kept


def test_partial_work_on_no_list_is_the_whole_work(
    sandbox: Sandbox, travtus: TravtusCaller
) -> None:
    order(sandbox, endpoint="POST oauth2/token", kind="partial", status=503)

    assert travtus.ask_token().status == 503


def test_a_drop_before_leaves_nothing_behind(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    order(sandbox, endpoint=CREATE, kind="drop_before")
    with pytest.raises(ConnectionDropped) as dropped:
        storedge.create(unit("A1"))

    assert not dropped.value.processed
    assert storedge.units() == {}


def test_a_drop_after_leaves_the_work_behind(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    order(sandbox, endpoint=CREATE, kind="drop_after")
    with pytest.raises(ConnectionDropped) as dropped:
        storedge.create(unit("A1"))

    assert dropped.value.processed
    assert list(storedge.units()) == ["A1"]


def test_a_delay_is_told_to_the_front(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    order(sandbox, endpoint=CREATE, kind="delay", seconds=2.5)
    answer = storedge.create(unit("A1"))

    assert (answer.status, answer.delay_seconds) == (201, 2.5)
    assert list(storedge.units()) == ["A1"]


def test_a_malformed_answer_breaks_off_in_the_middle(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    order(sandbox, endpoint=CREATE, kind="malformed")
    answer = storedge.create(unit("A1"))

    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)
    assert list(storedge.units()) == ["A1"]


@pytest.mark.parametrize("body", ["", "null", "[]", "<html>login</html>"])
def test_a_malformed_answer_may_be_chosen(
    sandbox: Sandbox, travtus: TravtusCaller, body: str
) -> None:
    order(sandbox, endpoint=UPSERT, kind="malformed", body=body)
    answer = travtus.write(apartment("1"))

    assert (answer.status, answer.body) == (200, body.encode())
    assert len(sandbox.units(GROUP)) == 1


def test_an_expired_token_stays_expired(sandbox: Sandbox, travtus: TravtusCaller) -> None:
    order(sandbox, endpoint=UPSERT, kind="expired_token")

    assert travtus.write(apartment("1")).payload["error"]["type"] == "expired_token"
    assert travtus.write(apartment("1")).payload["error"]["type"] == "expired_token"
    travtus.token = travtus.new_token()
    assert travtus.write(apartment("1")).status == 200


def test_an_unknown_token_does_not_expire(sandbox: Sandbox, travtus: TravtusCaller) -> None:
    order(sandbox, kind="expired_token", endpoint=UPSERT)
    travtus.token = "nonsense"

    assert travtus.write().payload["error"]["type"] == "invalid_authorization"


def test_expired_credentials_of_storedge_are_an_invalid_request(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    order(sandbox, kind="expired_token")
    answer = storedge.call("GET", "units")

    assert answer.status == 401
    assert (answer.payload["units"], answer.payload["meta"]["error_code"]) == ([], 2)
    assert storedge.call("GET", "units").status == 200


def test_a_fault_skips_and_counts(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    order(sandbox, endpoint="GET units", kind="status", status=503, skip=1, count=2)
    statuses = [storedge.call("GET", "units").status for _ in range(5)]

    assert statuses == [200, 503, 503, 200, 200]


def test_a_fault_without_count_is_for_ever(sandbox: Sandbox, storedge: StoredgeCaller) -> None:
    order(sandbox, kind="status", count=None)
    assert [storedge.call("GET", "units").status for _ in range(4)] == [500] * 4

    sandbox.clear_faults()
    assert storedge.call("GET", "units").status == 200


def test_a_fault_meets_only_its_vendor_endpoint_and_scope(
    sandbox: Sandbox, storedge: StoredgeCaller, travtus: TravtusCaller
) -> None:
    order(sandbox, vendor="travtus", kind="status", count=None)
    order(sandbox, endpoint="GET unit_groups", kind="status", count=None)
    order(sandbox, scope="elsewhere", kind="status", count=None)

    assert storedge.call("GET", "units").status == 200
    assert storedge.call("GET", "unit_groups").status == 500
    assert storedge.call("GET", "units", facility="elsewhere").status == 500
    assert travtus.write(apartment("1")).status == 500


@pytest.mark.parametrize(
    "body",
    [{"group_external_ref": "HERE"}, {"group_id": "HERE"}, {"groups_external_refs": ["HERE"]}],
)
def test_the_scope_of_a_travtus_request_is_the_group_that_it_names(
    sandbox: Sandbox, travtus: TravtusCaller, body: dict[str, Any]
) -> None:
    order(sandbox, scope="HERE", kind="status", status=503)

    assert travtus.write(apartment("1")).status == 200
    assert travtus.communities(community_external_ref="THERE").status == 200
    assert travtus.call("POST", "/units/find/", body).status == 503


def test_the_oldest_order_comes_first_and_what_is_left_is_shown(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    order(sandbox, kind="status", status=503, count=2)
    order(sandbox, kind="status", status=429, skip=1)

    assert storedge.call("GET", "units").status == 503
    assert [(f["status"], f["skip"], f["count"]) for f in sandbox.open_faults()] == [
        (503, 0, 1),
        (429, 1, 1),
    ]
    statuses = [storedge.call("GET", "units").status for _ in range(4)]
    assert statuses == [503, 200, 429, 200]
    assert sandbox.open_faults() == []


@pytest.mark.parametrize(
    "members",
    [
        {"kind": "explode"},
        {"kind": "status", "status": 42},
        {"kind": "status", "count": 0},
        {"kind": "delay", "seconds": -1},
        {"kind": "status", "vendor": "yardi"},
        {"kind": "status", "endpoints": "*"},
        {},
    ],
)
def test_an_order_that_means_nothing_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault(**members)


def test_a_dropped_request_is_in_the_log_without_a_status(
    sandbox: Sandbox, storedge: StoredgeCaller
) -> None:
    order(sandbox, kind="drop_after", endpoint=CREATE)
    with pytest.raises(ConnectionDropped):
        storedge.create(unit("A1"))

    (row,) = sandbox.requests()
    assert (row["status"], row["fault"], row["scope"]) == (None, "drop_after", FACILITY)
