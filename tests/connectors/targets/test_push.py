"""DESIGN 6's table of what may be sent again, for each write and each fault. Nothing is made twice,
nothing is lost, and every change has its one outcome."""

from __future__ import annotations

import httpx
import pytest

from connectors.errors import ApiUnreachable, CredentialsRefused
from connectors.retry import ATTEMPTS
from connectors.sandbox import StoredgeHabits
from connectors.targets.push import FRUITLESS_ROUNDS

from .desk import CommunityDesk, FacilityDesk, apartment, unit
from .wire import after, answering, before, rewritten, truncated

CREATE_GROUPS = "POST unit_groups"
UPDATE_GROUPS = "PATCH unit_groups"
CREATE_UNITS = "POST units/bulk_create"
UPDATE_UNITS = "PUT units/bulk_update"
UPSERT = "POST units/multiple"

UNITS = {f"u{n}": unit(f"A{n}", "10x10") for n in range(1, 7)}
CHANGED = {key: {**wanted, "standard_rate": 130} for key, wanted in UNITS.items()}
MIXED = {**UNITS, "u7": unit("B7", "5x5"), "u8": unit("B8", "7x7")}
APARTMENTS = {f"k{n}": apartment(n) for n in range(1, 7)}
LARGER = {key: {**wanted, "sqft": 750} for key, wanted in APARTMENTS.items()}

# By write: the endpoint, whether it may be repeated, what stands before, what is wanted.
WRITES = {
    "create groups": (CREATE_GROUPS, False, {}, MIXED),
    "create units": (CREATE_UNITS, False, {}, UNITS),
    "update units": (UPDATE_UNITS, True, UNITS, CHANGED),
    "update groups": (UPDATE_GROUPS, True, {}, MIXED),
    "upsert without identifier": (UPSERT, False, {}, APARTMENTS),
    "upsert with identifiers": (UPSERT, True, APARTMENTS, LARGER),
}
LOGIN_PAGE = answering(b"<html><title>Log in</title></html>", "text/html")

# What certainly did not process the request: it is sent again, and nothing is read.
CERTAIN = {
    "connection refused": lambda desk, name: _cut(desk, name, before(httpx.ConnectError)),
    "connect timeout": lambda desk, name: _cut(desk, name, before(httpx.ConnectTimeout)),
    "throttled": lambda desk, name: desk.fault("status", name, status=429),
    "throttled for a while": lambda desk, name: desk.fault(
        "status", name, status=429, headers={"Retry-After": "7"}, count=2
    ),
    "credential expired": lambda desk, name: desk.fault("expired_token", name),
}
# What may have processed it.
UNCERTAIN = {
    "500 before": lambda desk, name: desk.fault("status", name, status=500),
    "500 after": lambda desk, name: desk.fault("status_after", name, status=500),
    "503 before": lambda desk, name: desk.fault("status", name, status=503),
    "502 after": lambda desk, name: desk.fault("status_after", name, status=502),
    "500 halfway": lambda desk, name: desk.fault("partial", name, status=500),
    "reset before": lambda desk, name: desk.fault("drop_before", name),
    "reset after": lambda desk, name: desk.fault("drop_after", name),
    "write error": lambda desk, name: _cut(desk, name, before(httpx.WriteError)),
    "timeout before": lambda desk, name: _cut(desk, name, before(httpx.ReadTimeout)),
    "timeout after": lambda desk, name: desk.fault("delay", name, seconds=1000),
    "malformed 200": lambda desk, name: desk.fault("malformed", name),
    "truncated 200": lambda desk, name: _cut(desk, name, truncated),
    "null 200": lambda desk, name: desk.fault("malformed", name, body="null"),
    "empty object 200": lambda desk, name: desk.fault("malformed", name, body={}),
    "login page 200": lambda desk, name: _cut(desk, name, LOGIN_PAGE),
    "protocol error after": lambda desk, name: _cut(desk, name, after(httpx.ReadError)),
}


def _cut(desk, name, meet, **details):
    desk.wire.cut(wired(name), meet, **details)


def wired(name):
    """The sandbox's name of an endpoint, as the wire knows it."""
    method, _, resource = name.partition(" ")
    return f"{method} /{resource}{'/' if name == UPSERT else ''}"


def _started(write):
    endpoint, safe, standing, wanted = WRITES[write]
    desk = CommunityDesk() if endpoint == UPSERT else FacilityDesk()
    if standing:
        desk.night(standing)
    return desk, endpoint, safe, wanted


@pytest.mark.parametrize("fault", CERTAIN)
@pytest.mark.parametrize("write", WRITES)
def test_what_was_certainly_not_processed_is_sent_again_without_a_look(write, fault):
    desk, endpoint, _, wanted = _started(write)
    expected = desk_of(write).night(wanted).endpoints
    CERTAIN[fault](desk, endpoint)

    pushed = desk.night(wanted)

    assert {"applied"} == set(pushed.ends())
    assert not pushed.reads
    assert [n for n in pushed.endpoints if n != endpoint] == [n for n in expected if n != endpoint]
    assert [] == desk.book.open_entries()
    desk.assert_in_step(wanted)


@pytest.mark.parametrize("fault", UNCERTAIN)
@pytest.mark.parametrize("write", WRITES)
def test_what_may_have_been_processed_is_never_made_twice_and_never_lost(write, fault):
    desk, endpoint, safe, wanted = _started(write)
    UNCERTAIN[fault](desk, endpoint)

    pushed = desk.night(wanted)

    assert {"applied"} == set(pushed.ends())
    assert bool(pushed.reads) is not safe, "a read settles what must not be sent again, else none"
    assert [] == desk.book.open_entries()
    desk.assert_in_step(wanted)
    assert [] == desk.night(wanted).endpoints


@pytest.mark.parametrize("write", ["create groups", "create units", "upsert without identifier"])
@pytest.mark.parametrize("fault", ["500 after", "reset after", "timeout after", "malformed 200"])
def test_an_unknown_create_that_landed_costs_one_listing_and_no_second_write(write, fault):
    desk, endpoint, _, wanted = _started(write)
    UNCERTAIN[fault](desk, endpoint)

    pushed = desk.night(wanted)

    assert 1 == pushed.reads.total()
    assert 1 == pushed.endpoints.count(endpoint)
    assert 0 == desk.clock.slept


def test_an_answer_that_shows_a_new_unit_twice_is_settled_by_reading(desk):
    def twice(body):
        return {**body, "units": [*body["units"], {**body["units"][0], "id": "another"}]}

    desk.wire.cut("POST /units/bulk_create", rewritten(twice))

    pushed = desk.night(UNITS)

    assert {"GET units": 1} == dict(pushed.reads)
    assert desk.live()["A1"]["id"] == desk.book.units["u1"].remote_id
    desk.assert_in_step(UNITS)


def test_what_was_in_doubt_stays_so_when_the_line_is_cut_before_it_is_sent_again(desk):
    desk.night(MIXED)
    desk.fault("status_after", UPDATE_UNITS, status=500, count=ATTEMPTS)
    _cut(desk, UPDATE_UNITS, before(httpx.ConnectError), count=ATTEMPTS, skip=ATTEMPTS)

    pushed = desk.night({**MIXED, "u3": unit("A3", "5x5")})

    assert "failed" == pushed.of("u3")[0]
    assert ("unit_group",) == pushed.outcomes["unit", "u3"].forget


def test_an_unknown_create_is_looked_for_three_times_before_it_counts_as_lost(desk):
    desk.fault("drop_before", CREATE_UNITS)

    pushed = desk.night(UNITS)

    assert {"GET units": 3} == dict(pushed.reads)
    assert 4.0 == desk.clock.slept
    assert [6, 3, 3] == [len(body["units"]) for body in pushed.bodies(CREATE_UNITS)]
    desk.assert_in_step(UNITS)


def desk_of(write):
    """A desk on which nothing goes wrong."""
    return _started(write)[0]


# A fault that does not end


@pytest.mark.parametrize("write", WRITES)
def test_what_stays_unknown_is_left_to_the_next_night_after_three_fruitless_rounds(write):
    desk, endpoint, safe, wanted = _started(write)
    desk.fault("status", endpoint, status=500, count=None)

    pushed = desk.night(wanted)

    assert "unknown" in pushed.ends()
    assert 1 + 2 + 4 >= len([e for e in desk.book.entries if e.purpose == _purpose(write)]) > 0
    assert desk.book.open_entries()
    if not safe:
        assert pushed.endpoints.count(endpoint) <= 2**FRUITLESS_ROUNDS - 1


def _purpose(write):
    return {
        "upsert without identifier": "create units",
        "upsert with identifiers": "update units",
    }.get(write, write)


def test_one_unit_that_breaks_the_api_is_singled_out_and_the_others_come_through(desk):
    units = {f"u{n}": unit(f"A{n}") for n in range(1, 51)}

    def meet(request, process):
        if b'"A17"' in request.content:
            return httpx.Response(500, json={})
        return process(request)

    desk.wire.cut("POST /units/bulk_create", meet, count=1000)

    pushed = desk.night(units)

    assert {"applied": 49, "unknown": 1} == pushed.ends()
    assert "unknown" == pushed.of("u17")[0]
    assert 49 == len(desk.live())


def test_throttled_for_ever_ends_the_scope_and_says_so(desk):
    desk.night(UNITS)
    said = {"meta": {"message": "Slow down"}}
    desk.fault("status", UPDATE_UNITS, status=429, count=None, body=said)
    units = {f"u{n}": unit(f"A{n}", "10x10", standard_rate=130) for n in range(1, 61)}

    pushed = desk.night({**CHANGED, **{k: v for k, v in units.items() if k not in CHANGED}})

    assert ("failed", "Slow down") == pushed.of("u1")
    assert ("applied", "") == pushed.of("u60")  # it was created before
    assert "not sent: " in pushed.of("10x10", "group")[1]
    assert pushed.error is None


def test_an_unreachable_api_fails_all_and_is_reported_upwards(desk):
    desk.wire.cut("* ", before(httpx.ConnectError), count=1000)

    pushed = desk.night(UNITS)

    assert {"failed": 7} == pushed.ends()
    assert isinstance(pushed.error, ApiUnreachable)
    assert [] == pushed.endpoints
    assert {} == desk.book.units
    desk.renew()
    desk.night(UNITS)
    desk.assert_in_step(UNITS)


@pytest.mark.parametrize(
    ("desk_type", "wanted"), [(FacilityDesk, UNITS), (CommunityDesk, APARTMENTS)]
)
def test_refused_credentials_fail_all_and_are_reported_upwards(desk_type, wanted):
    desk = desk_type()
    desk.fault("expired_token", "*", count=None)

    pushed = desk.night(wanted)

    assert {"failed"} == set(pushed.ends())
    assert isinstance(pushed.error, CredentialsRefused)
    assert len(pushed.endpoints) <= 2, "once, and once more with a fresh credential"


def test_wrong_credentials_of_a_token_endpoint_are_reported_upwards(community):
    community.renew(client_secret="another-secret")

    pushed = community.night(APARTMENTS)

    assert isinstance(pushed.error, CredentialsRefused)
    assert [] == pushed.endpoints
    assert {"failed": 6} == pushed.ends()


def test_a_forbidden_endpoint_ends_the_scope_and_no_other(desk):
    body = {"meta": {"status_code": 403, "message": "You may not do this"}}
    desk.night(UNITS)
    desk.fault("status", UPDATE_UNITS, status=403, body=body)

    pushed = desk.night({**CHANGED, "u9": unit("C9", "9x9")})

    assert ("failed", "You may not do this") == pushed.of("u1")
    assert "not sent in full: " in pushed.of("9x9", "group")[1]
    assert ("applied", "") == pushed.of("u9")
    assert pushed.error is None


def test_a_redirect_ends_the_scope_and_is_not_followed(desk):
    desk.fault("status", CREATE_GROUPS, status=302, headers={"Location": "https://login.example/"})

    pushed = desk.night(UNITS)

    assert [CREATE_GROUPS] == pushed.endpoints
    assert {"failed": 7} == pushed.ends()
    assert "login.example" in pushed.of("10x10", "group")[1]


# Stopping


def test_a_stop_finishes_the_request_in_flight_and_sends_nothing_more(desk):
    units = {f"u{n}": unit(f"A{n}") for n in range(1, 121)}

    def meet(request, process):
        desk.stop.set()
        return process(request)

    desk.wire.cut("POST /units/bulk_create", meet)

    pushed = desk.night(units)

    assert {"applied": 50, "failed": 70} == pushed.ends()
    assert [CREATE_UNITS] == pushed.endpoints
    assert all("asked to stop" in pushed.of(f"u{n}")[1] for n in range(51, 121))
    assert [] == desk.book.open_entries()
    desk.stop.clear()
    desk.night(units)
    desk.assert_in_step(units)


def test_a_stop_while_an_outcome_is_unknown_leaves_it_unknown(desk):
    def meet(request, process):
        desk.stop.set()
        raise httpx.ReadTimeout("cut", request=request)

    desk.wire.cut("POST /units/bulk_create", meet)

    pushed = desk.night({"u1": unit("A1")})

    assert {"unknown": 1} == pushed.ends()
    assert 1 == len(desk.book.open_entries())


def test_a_listing_that_cannot_be_had_leaves_a_create_unknown_and_ends_the_scope(desk):
    desk.fault("drop_after", CREATE_UNITS)
    desk.fault("status", "GET units", status=500, count=None)

    pushed = desk.night(UNITS)

    assert {"unknown": 6, "failed": 1} == pushed.ends()
    assert 1 == pushed.endpoints.count(CREATE_UNITS)


# Refusals


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize("write", WRITES)
def test_a_refusal_that_names_nobody_fails_its_batch_in_the_words_of_the_api(write, status):
    desk, endpoint, _, wanted = _started(write)
    body = {"error": {"type": "no_luck", "message": "Not tonight"}}
    desk.fault("status", endpoint, status=status, body=body)

    pushed = desk.night(wanted)

    failed = [r for r in pushed.outcomes.values() if r.status == status]
    assert failed
    assert {("failed", "Not tonight")} == {(r.outcome, r.words) for r in failed}
    assert 1 == pushed.endpoints.count(endpoint)
    desk.night(wanted)
    desk.assert_in_step(wanted)


def test_a_refusal_about_some_that_cannot_be_told_apart_is_narrowed_down(desk):
    def meet(request, process):
        if b'"5x5"' in request.content:
            errors = {"name_assignments": ["a name is not to our taste"]}
            return httpx.Response(422, json={"errors": errors})
        return process(request)

    desk.wire.cut("POST /unit_groups", meet, count=1000)

    pushed = desk.night(MIXED)

    outcome, words = pushed.of("5x5", "group")
    assert ("failed", "name_assignments: a name is not to our taste") == (outcome, words) or (
        outcome == "failed" and "a name is not to our taste" in words
    )
    assert ["applied"] * 2 == [pushed.of(key, "group")[0] for key in ("10x10", "7x7")]
    assert {"A1", "A2", "A3", "A4", "A5", "A6", "B8"} == set(desk.live())


def test_named_offenders_fail_in_the_words_of_the_api_and_cost_one_more_request(desk):
    desk.night(UNITS)
    body = {
        "error_hash": {
            "standard_rate": [{"id": desk.book.units["u2"].remote_id, "message": "is too high"}],
            "name": [{"name": "A4", "message": "is odd"}],
        }
    }
    desk.fault("status", UPDATE_UNITS, status=400, body=body)

    pushed = desk.night({**CHANGED, "u1": UNITS["u1"]})

    assert ("failed", "standard_rate: is too high") == pushed.of("u2")
    assert ("failed", "name: is odd") == pushed.of("u4")
    assert [5, 3] == [len(b["units"]) for b in pushed.bodies(UPDATE_UNITS)]
    assert {"applied": 3, "failed": 2} == pushed.ends()
    assert not pushed.reads
    assert 100 == desk.book.units["u2"].payload["standard_rate"]
    assert 400 == pushed.outcomes["unit", "u2"].status


def test_named_offenders_of_a_create_cost_a_look_and_one_more_request(desk):
    units = {**UNITS, "u3": unit("A3", "10x10", door_type="sliding")}

    pushed = desk.night(units)

    outcome, words = pushed.of("u3")
    assert "failed" == outcome
    assert "door_type: must be one of: none, roll_up, swing" == words
    assert [6, 5] == [len(b["units"]) for b in pushed.bodies(CREATE_UNITS)]
    assert {"GET units": 1} == dict(pushed.reads)
    assert "applied" == pushed.of("u1")[0]


def test_offenders_inside_meta_are_understood_too(desk):
    desk.night(UNITS)
    body = {"meta": {"error_hash": {"floor": [{"name": "A2", "message": "is too deep"}]}}}
    desk.fault("status", UPDATE_UNITS, status=400, body=body)

    pushed = desk.night(CHANGED)

    assert ("failed", "floor: is too deep") == pushed.of("u2")
    assert "applied" == pushed.of("u3")[0]


@pytest.mark.parametrize("form", ["text", "object"])
def test_group_conflicts_are_understood_as_text_and_as_objects(form):
    desk = FacilityDesk(habits=StoredgeHabits(conflict_items=form))
    desk.night({**UNITS, "u7": unit("B7", "5x5")})
    del desk.book.groups["5x5"]
    desk.book.groups["old"] = _renamed(desk, "5x5 old", key="10x10")

    pushed = desk.night({**UNITS, "u8": unit("B8", "7x7")})

    assert "applied" == pushed.of("7x7", "group")[0]


def _renamed(desk, name, key):
    group = desk.book.groups.pop(key)
    desk.sandbox.edit("storedge", "group", group.remote_id, {"name": name})
    return group


@pytest.mark.parametrize("write", ["update units", "update groups"])
def test_a_404_that_names_nobody_is_settled_by_a_look(write):
    desk, endpoint, _, wanted = _started(write)
    if write == "update groups":
        desk.night(wanted)
        gone = desk.book.groups["5x5"].remote_id
        desk.sandbox.edit("storedge", "group", gone, {"deleted": True})
        groups = {key: {"fully_enclosed": True} for key in ("10x10", "5x5", "7x7")}
    else:
        gone = desk.book.units["u2"].remote_id
        desk.sandbox.edit("storedge", "unit", gone, {"deleted": True})
        groups = {}

    def meet(request, process):
        if gone.encode() in request.content:
            return httpx.Response(404, json={"meta": {"message": "Record not found"}})
        return process(request)

    desk.wire.cut(wired(endpoint), meet, count=1000)

    pushed = desk.night(wanted, groups)

    entity, key = ("group", "5x5") if write == "update groups" else ("unit", "u2")
    outcome, words = pushed.of(key, entity)
    assert "failed" == outcome
    assert words.startswith(f"Record not found; the {entity} is gone")
    assert 404 == pushed.outcomes[entity, key].status
    others = [r for i, r in pushed.outcomes.items() if i != (entity, key)]
    assert {"applied"} == {r.outcome for r in others}
    assert 1 == pushed.reads.total()
    refused, looked, sent = pushed.attempts[:3]
    assert looked.startswith("GET")
    assert refused == sent, "without the one that is gone"


def test_a_404_that_names_its_unit_fails_that_unit_alone(desk):
    desk.night(UNITS)
    desk.sandbox.edit("storedge", "unit", desk.book.units["u2"].remote_id, {"deleted": True})

    pushed = desk.night(CHANGED)

    assert ("failed", "id: Record not found") == pushed.of("u2")
    assert 404 == pushed.outcomes["unit", "u2"].status
    assert 5 == sum(pushed.of(f"u{n}")[0] == "applied" for n in (1, 3, 4, 5, 6))


@pytest.mark.parametrize("write", WRITES)
def test_what_is_too_large_is_halved_until_it_passes(write):
    desk, endpoint, safe, wanted = _started(write)
    limit = 700 if endpoint in (CREATE_UNITS, UPSERT) else 260

    def meet(request, process):
        if len(request.content) > limit:
            return httpx.Response(413, json={})
        return process(request)

    desk.wire.cut(wired(endpoint), meet, count=1000)

    pushed = desk.night(wanted)

    assert {"applied"} == set(pushed.ends())
    assert not (safe and pushed.reads)  # what was to be made is looked for first
    desk.assert_in_step(wanted)


def test_one_unit_that_is_too_large_by_itself_fails_and_the_others_pass(desk):
    note = "x" * 3000
    units = {**UNITS, "u3": unit("A3", "10x10", attribute_description=note)}

    def meet(request, process):
        if note.encode() in request.content:
            return httpx.Response(413, json={"error": {"message": "Too large"}})
        return process(request)

    desk.wire.cut("POST /units/bulk_create", meet, count=1000)

    pushed = desk.night(units)

    assert ("failed", "Too large") == pushed.of("u3")
    assert 5 == len(desk.live())


def test_one_unit_that_cannot_be_put_into_json_fails_and_the_others_pass(desk):
    units = {**UNITS, "u3": unit("A3", "10x10", attribute_description="half a pair \ud800")}

    pushed = desk.night(units)

    outcome, words = pushed.of("u3")
    assert "failed" == outcome
    assert "JSON cannot carry" in words
    assert 5 == len(desk.live())


# Partial application


@pytest.mark.parametrize("keep", [0, 1, 3, 6])
@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("write", WRITES)
def test_a_request_that_was_processed_in_part_ends_whole(write, status, keep):
    desk, endpoint, _, wanted = _started(write)
    desk.fault("partial", endpoint, status=status, keep=keep)

    desk.night(wanted)
    desk.night(wanted)

    desk.assert_in_step(wanted)


def test_units_of_a_refused_request_that_were_made_all_the_same_are_not_made_twice():
    desk = FacilityDesk(habits=StoredgeHabits(partial_writes=True))
    units = {**UNITS, "u3": unit("A3", "10x10", width=-1)}

    pushed = desk.night(units)

    assert {"applied": 6, "failed": 1} == pushed.ends()
    assert 1 == pushed.endpoints.count(CREATE_UNITS)
    assert ("failed", "width: must be greater than 0") == pushed.of("u3")
    assert 5 == len(desk.live())


def test_updates_of_a_refused_request_that_were_made_all_the_same_are_known():
    desk = FacilityDesk(habits=StoredgeHabits(partial_writes=True))
    desk.night(UNITS)

    pushed = desk.night({**CHANGED, "u3": {**UNITS["u3"], "width": -1}})

    assert ("failed", "width: must be greater than 0") == pushed.of("u3")
    assert 130 == desk.book.units["u2"].payload["standard_rate"]


def test_what_a_refused_batch_may_have_changed_is_known_no_more(desk):
    desk.night(UNITS)
    desk.fault("partial", UPDATE_UNITS, status=400, keep=6)

    pushed = desk.night(CHANGED)
    again = desk.night(UNITS)

    assert "failed" == pushed.of("u1")[0]
    assert "applied" == again.of("u1")[0]
    desk.assert_in_step(UNITS)


def test_what_an_unanswered_update_may_have_changed_is_known_no_more(desk):
    desk.night({"u1": UNITS["u1"]})
    desk.fault("drop_after", UPDATE_UNITS, count=4)
    desk.fault("status", UPDATE_UNITS, status=400, body={"meta": {"message": "No"}})

    pushed = desk.night({"u1": CHANGED["u1"]})

    assert ("failed", "No") == pushed.of("u1")
    assert 130 == desk.live()["A1"]["standard_rate"]
    assert "standard_rate" not in desk.book.units["u1"].payload


# Words


def test_lock_codes_that_an_error_quotes_are_hidden_in_outcomes_and_journal(desk):
    units = {"u1": unit("A1", combination_lock_number="hmac:1")}
    body = {
        "error_hash": {
            "combination_lock_number": [{"name": "A1", "message": "34196 is taken (34196-B)"}]
        },
        "meta": {"parameters": {"units": [{"combination_lock_number": "34196"}]}},
    }
    desk.fault("status", CREATE_UNITS, status=400, body=body)

    pushed = desk.night(units, secrets={"u1": {"combination_lock_number": "34196"}})

    _, words = pushed.of("u1")
    assert "combination_lock_number: ••• is taken (•••-B)" == words
    assert "34196" not in str(desk.book.words)
    assert "34196" not in "".join(entry.words for entry in desk.book.entries)


def test_the_words_of_an_outcome_stay_on_one_line_and_short(desk):
    body = {"error_hash": {"name": [{"name": "A1", "message": "no\nno " + "no " * 5000}]}}
    desk.fault("status", CREATE_UNITS, status=400, body=body)

    _, words = desk.night({"u1": unit("A1")}).of("u1")

    assert words.startswith("name: no no no")
    assert len(words) <= 2000


def test_each_outcome_keeps_the_status_and_the_request_id_of_its_answer(desk):
    body = {
        "error_hash": {"name": [{"name": "A1", "message": "no"}]},
        "meta": {"request_id": "req-7", "status_code": 400},
    }
    desk.fault("status", CREATE_UNITS, status=400, body=body)

    pushed = desk.night({"u1": unit("A1"), "u2": unit("A2")})

    refused, made = pushed.outcomes["unit", "u1"], pushed.outcomes["unit", "u2"]
    assert (400, "req-7") == (refused.status, refused.request_id)
    assert 201 == made.status
    assert made.request_id
