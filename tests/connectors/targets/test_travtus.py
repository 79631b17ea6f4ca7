"""A community's requests: whole records, identifiers, and what each answer means for each unit."""

from __future__ import annotations

import httpx
import pytest

from connectors.errors import CredentialsRefused

from .desk import COMMUNITY, CommunityDesk, apartment
from .wire import rewritten

UPSERT = "POST units/multiple"
FIND = "POST units/find"
WIRED = "POST /units/multiple/"


def apartments(*numbers, **fields):
    return {f"k{n}": apartment(n, **fields) for n in numbers}


def items_of(pushed):
    return [item for body in pushed.bodies(UPSERT) for item in body["units"]]


def test_a_first_night_fills_its_batches(community):
    units = apartments(*range(1, 121))

    pushed = community.night(units)

    assert [UPSERT] * 3 == pushed.endpoints
    assert [50, 50, 20] == [len(body["units"]) for body in pushed.bodies(UPSERT)]
    assert all("identifier" not in item for item in items_of(pushed))
    community.assert_in_step(units)


def test_nothing_is_sent_for_no_changes(community):
    community.night(apartments(1, 2))

    assert [] == community.night(apartments(1, 2)).endpoints


def test_the_group_is_named_once_by_the_key_of_the_settings():
    by_ref, by_id = CommunityDesk(), CommunityDesk(auto_groups=False)
    by_id.vendor.add_group("other", group_id=COMMUNITY)
    by_id.renew(group_by="group_id")

    assert {"group_external_ref", "units"} == set(by_ref.night(apartments(1)).bodies(UPSERT)[0])
    assert {"group_id", "units"} == set(by_id.night(apartments(1)).bodies(UPSERT)[0])


def test_an_update_carries_the_whole_record_with_its_identifier_and_never_null(community):
    community.night({"k1": apartment(1, has_flex_wall=False, number_of_bedrooms=2)})
    identifier = community.book.units["k1"].remote_id

    pushed = community.night({"k1": apartment(1, sqft=750)})

    assert [
        {
            "identifier": identifier,
            "external_ref": "ref-1",
            "unit_number": "1",
            "sqft": 750,
            "has_flex_wall": False,
            "number_of_bedrooms": 2,
            "address": {"address_line_1": "1 Main Street", "address_line_2": "Unit 1"},
        }
    ] == items_of(pushed)


def test_known_units_go_first_so_that_an_address_is_free_before_a_new_one_takes_it(community):
    community.night(apartments(1))
    moved = {
        "k1": apartment(1, **{"address.address_line_2": "Unit 1 A"}),
        "k2": apartment(2, **{"address.address_line_2": "Unit 1"}),
    }

    pushed = community.night(moved)

    assert [1, 1] == [len(body["units"]) for body in pushed.bodies(UPSERT)]
    assert "identifier" in items_of(pushed)[0]
    community.assert_in_step(moved)


@pytest.mark.parametrize("fails", ["refused", "unknown"])
def test_no_new_unit_is_sent_to_an_address_that_was_not_given_up(community, fails):
    community.night(apartments(1))
    moved = {
        "k1": apartment(1, **{"address.address_line_2": "Unit 1 A"}),
        "k2": apartment(2, **{"address.address_line_2": "UNIT 1"}),
        "k3": apartment(3),
    }
    status = 400 if fails == "refused" else 500
    community.fault("status", UPSERT, status=status, count=1 if status == 400 else 12)

    pushed = community.night(moved)

    assert ("failed", "not sent: unit 'k1' did not give up its address") == pushed.of("k2")
    assert "applied" == pushed.of("k3")[0]
    assert {"ref-1", "ref-3"} == set(community.live())
    community.sandbox.clear_faults()
    community.night(moved)
    community.assert_in_step(moved)


# What a reply says


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("sucess", True, False),
        ("success", True, False),
        ("sucess", "true", "false"),
        ("success", "True", "False"),
    ],
)
def test_both_spellings_and_text_tell_success_from_failure(community, name, yes, no):
    def spelled(reply):
        for row in reply["units"]:
            del row["sucess"]
            row[name] = yes if row["external_ref"] == "ref-1" else no
            row["failure_reason"] = "" if row[name] == yes else "The unit number is odd."
        return reply

    community.wire.cut(WIRED, rewritten(spelled))

    pushed = community.night(apartments(1, 2))

    assert ("applied", "") == pushed.of("k1")
    assert ("failed", "The unit number is odd.") == pushed.of("k2")
    assert not pushed.reads


def test_a_failure_of_one_unit_is_its_own(community):
    pushed = community.night({**apartments(1, 3), "k2": apartment(2, sqft=-4)})

    assert ("failed", "sqft must not be negative.") == pushed.of("k2")
    assert {"applied": 2, "failed": 1} == pushed.ends()
    assert 1 == len(pushed.endpoints)
    assert "k2" not in community.book.units


def test_a_unit_that_the_reply_passes_over_is_settled_by_reading(community):
    def without_first(reply):
        return {"units": [row for row in reply["units"] if row["external_ref"] != "ref-1"]}

    community.wire.cut(WIRED, rewritten(without_first))

    pushed = community.night(apartments(1, 2, 3))

    assert [UPSERT, FIND] == pushed.endpoints
    assert {"applied": 3} == pushed.ends()
    community.assert_in_step(apartments(1, 2, 3))


def test_a_reply_without_a_word_about_success_is_settled_by_reading(community):
    def silent(reply):
        return {
            "units": [{k: v for k, v in row.items() if k != "sucess"} for row in reply["units"]]
        }

    community.wire.cut(WIRED, rewritten(silent))

    pushed = community.night(apartments(1, 2))

    assert [UPSERT, FIND] == pushed.endpoints
    assert {"applied": 2} == pushed.ends()


def test_rows_in_any_order_and_without_references_find_their_units(community):
    def shuffled(reply):
        rows = [{k: v for k, v in r.items() if k != "external_ref"} for r in reply["units"]]
        return {"units": rows[::-1]}

    community.wire.cut(WIRED, rewritten(shuffled), count=2)

    community.night(apartments(1, 2, 3))
    larger = apartments(1, 2, 3, sqft=750)
    pushed = community.night(larger)

    assert {"applied": 3} == pushed.ends()
    community.assert_in_step(larger)


def test_another_identifier_than_was_sent_is_for_a_person_to_look_at(community):
    community.night(apartments(1, 2))
    stale = community.book.units["k1"].remote_id

    def renamed(reply):
        for row in reply["units"]:
            row["identifier"] = row["identifier"].replace(stale, "another")
        return reply

    community.wire.cut(WIRED, rewritten(renamed))

    pushed = community.night(apartments(1, 2, sqft=750))

    outcome, words = pushed.of("k1")
    assert "failed" == outcome
    assert f"sent as Travtus' unit {stale!r} and answered as 'another'" in words
    assert "applied" == pushed.of("k2")[0]
    assert stale == community.book.units["k1"].remote_id


def test_an_identifier_that_is_another_units_is_for_a_person_to_look_at(community):
    community.night(apartments(1))
    taken = community.book.units["k1"].remote_id
    # Travtus takes more addresses for one than we do.
    alike = {"address.address_line_1": "1  Main   Street", "address.address_line_2": "unit 1"}
    units = {**apartments(1, 3), "k2": apartment(2, **alike)}

    pushed = community.night(units)

    outcome, words = pushed.of("k2")
    assert "failed" == outcome
    assert f"its unit {taken!r}, which is unit 'k1'" in words
    assert {"k1", "k3"} == set(community.book.units)


def test_two_units_that_travtus_takes_for_one_are_both_for_a_person_to_look_at(community):
    alike = {"address.address_line_1": "1  Main   Street", "address.address_line_2": "unit 1"}

    pushed = community.night({**apartments(1, 3), "k2": apartment(2, **alike)})

    for key in ("k1", "k2"):
        outcome, words = pushed.of(key)
        assert "failed" == outcome
        assert "took 2 of the units that were sent for one" in words
    assert "applied" == pushed.of("k3")[0]
    assert {"k3"} == set(community.book.units)


def test_outcomes_of_units_count_whatever_the_status_of_the_reply(community):
    community.wire.cut(WIRED, _with_status(422))

    pushed = community.night({**apartments(1, 3), "k2": apartment(2, sqft=-4)})

    assert {"applied": 2, "failed": 1} == pushed.ends()
    assert ("failed", "sqft must not be negative.") == pushed.of("k2")
    assert 1 == len(pushed.attempts) - pushed.attempts.count("POST /oauth2/token")


@pytest.mark.parametrize("status", [207, 400, 422, 500])
def test_what_a_reply_of_any_status_leaves_out_is_settled_by_reading(community, status):
    def meet(request, process):
        answer = process(request)
        answer.read()
        rows = [row for row in answer.json()["units"] if row["external_ref"] != "ref-2"]
        return httpx.Response(status, json={"units": rows})

    community.wire.cut(WIRED, meet)

    pushed = community.night(apartments(1, 2, 3))

    assert {"applied": 3} == pushed.ends()
    assert {FIND: 1} == dict(pushed.reads)
    community.assert_in_step(apartments(1, 2, 3))


def _with_status(status):
    def meet(request, process):
        answer = process(request)
        answer.read()
        return httpx.Response(status, json=answer.json())

    return meet


def test_a_reason_that_quotes_a_credential_is_hidden(community):
    secret = community.target.settings.client_secret.get_secret_value()

    def telling(reply):
        for row in reply["units"]:
            row |= {"sucess": False, "failure_reason": f"{secret} may\nnot do this"}
        return reply

    community.wire.cut(WIRED, rewritten(telling))

    _, words = community.night(apartments(1)).of("k1")

    assert "… may not do this" == words


# Errors of the whole request


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "no_group"), (400, "both_group_identifiers_provided"), (400, "new")]
)
def test_an_error_about_the_request_fails_its_units_in_the_words_of_the_api(
    community, status, kind
):
    body = {"error": {"type": kind, "message": f"About {kind}"}}
    community.fault("status", UPSERT, status=status, body=body)

    pushed = community.night(apartments(1, 2))

    assert ("failed", f"About {kind}") == pushed.of("k1")
    assert {"failed": 2} == pushed.ends()
    assert pushed.error is None
    community.night(apartments(1, 2))
    community.assert_in_step(apartments(1, 2))


def test_a_group_that_these_credentials_may_not_see_ends_the_scope_only():
    community = CommunityDesk(forbidden_groups=[COMMUNITY])

    pushed = community.night(apartments(*range(1, 61)))

    assert [UPSERT] == pushed.endpoints
    assert ("failed", "You do not have access to the group you have provided.") == pushed.of("k1")
    outcome, words = pushed.of("k60")
    assert "failed" == outcome
    assert words.startswith("not sent: ")
    assert "You do not have access to the group" in words
    assert pushed.error is None


def test_a_group_that_does_not_exist_ends_the_scope_only():
    community = CommunityDesk(auto_groups=False)

    pushed = community.night(apartments(*range(1, 61)))

    assert [UPSERT] == pushed.endpoints
    assert {"failed": 60} == pushed.ends()
    assert "We could not find a group" in pushed.of("k60")[1]
    assert pushed.error is None


def test_a_missing_authorization_is_about_all_scopes(community):
    body = {"error": {"type": "missing_authorization", "message": "No header"}}
    community.fault("status", UPSERT, status=400, body=body, count=None)

    pushed = community.night(apartments(1))

    assert isinstance(pushed.error, CredentialsRefused)


@pytest.mark.parametrize("kind", ["expired_token", "invalid_authorization"])
def test_a_token_that_ends_in_the_middle_is_renewed_once_and_nothing_is_lost(community, kind):
    body = {"error": {"type": kind, "message": "Get a new one"}}
    community.fault("status", UPSERT, status=401, body=body, skip=1)
    units = apartments(*range(1, 121))

    pushed = community.night(units)

    assert {"applied": 120} == pushed.ends()
    assert 2 == pushed.attempts.count("POST /oauth2/token")
    community.assert_in_step(units)


# Reading back


@pytest.mark.parametrize("shown", [True, False])
def test_an_unknown_create_is_found_with_or_without_our_reference(shown):
    community = CommunityDesk(returns_external_ref=shown)
    community.fault("drop_after", UPSERT)

    pushed = community.night(apartments(1, 2, 3))

    assert [UPSERT, FIND] == pushed.endpoints
    assert {"applied": 3} == pushed.ends()
    community.assert_in_step(apartments(1, 2, 3))


def test_a_unit_that_is_live_with_other_values_is_sent_as_a_whole_with_what_it_has(community):
    community.night({"k1": apartment(1, number_of_bedrooms=3)})
    identifier = community.book.units.pop("k1").remote_id
    community.fault("drop_before", UPSERT)

    pushed = community.night({"k1": apartment(1, sqft=800)})

    assert [UPSERT, FIND, UPSERT] == pushed.endpoints
    [item] = pushed.bodies(UPSERT)[1]["units"]
    assert (identifier, 3, 800) == (
        item["identifier"],
        item["number_of_bedrooms"],
        item["sqft"],
    )
    assert ("applied", "") == pushed.of("k1")
    assert identifier == community.book.units["k1"].remote_id
    assert 3 == community.book.units["k1"].payload["number_of_bedrooms"]


def test_a_group_without_units_reads_as_empty_and_the_lost_are_sent_again(community):
    community.fault("drop_before", UPSERT)

    pushed = community.night(apartments(1))

    assert [UPSERT, FIND, FIND, FIND, UPSERT] == pushed.endpoints
    assert {"applied": 1} == pushed.ends()


def test_more_units_than_one_page_holds_are_all_found(community):
    units = apartments(*range(1, 251))
    community.renew(batch_size=100)
    community.fault("drop_after", UPSERT, skip=2)

    pushed = community.night(units)

    assert [UPSERT] * 3 + [FIND] * 3 == pushed.endpoints
    assert {"applied": 250} == pushed.ends()
    community.assert_in_step(units)
