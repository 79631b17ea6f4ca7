"""The order of a facility's requests, their number, and what they leave behind."""

from __future__ import annotations

import pytest

from connectors.sandbox import FacilitySettings
from transforms.plan import Change

from .desk import TAX, FacilityDesk, unit

CREATE_GROUPS = "POST unit_groups"
UPDATE_GROUPS = "PATCH unit_groups"
CREATE_UNITS = "POST units/bulk_create"
UPDATE_UNITS = "PUT units/bulk_update"


def units_of(count, group="10x10", **fields):
    return {f"u{n}": unit(f"A{n}", group, **fields) for n in range(1, count + 1)}


def test_a_first_night_makes_groups_then_units_then_settles_the_groups(desk):
    units = {"u1": unit("A1", "10x10"), "u2": unit("A2", "5x5", width=5, length=5)}

    pushed = desk.night(units)

    assert [CREATE_GROUPS, CREATE_UNITS, UPDATE_GROUPS] == pushed.endpoints
    assert {"applied": 4} == pushed.ends()
    desk.assert_in_step(units)


def test_batches_are_filled_and_one_patch_settles_all_groups(desk):
    units = {f"u{n}": unit(f"A{n}", f"group {n % 60}") for n in range(120)}

    pushed = desk.night(units)

    assert [CREATE_GROUPS, *[CREATE_UNITS] * 3, UPDATE_GROUPS] == pushed.endpoints
    assert [50, 50, 20] == [len(body["units"]) for body in pushed.bodies(CREATE_UNITS)]
    assert [60] == [len(body["unit_groups"]) for body in pushed.bodies(UPDATE_GROUPS)]
    desk.assert_in_step(units)


def test_nothing_is_sent_for_no_changes(desk):
    units = units_of(3)
    desk.night(units)

    pushed = desk.night(units)

    assert [] == pushed.endpoints
    assert {} == pushed.outcomes


def test_an_update_carries_the_changed_fields_and_no_other(desk):
    units = units_of(2)
    desk.night(units)

    pushed = desk.night({**units, "u2": unit("A2", "10x10", standard_rate=120, floor=2)})

    [body] = pushed.bodies(UPDATE_UNITS)
    [item] = body["units"]
    assert {"id", "standard_rate", "floor"} == set(item)
    assert [UPDATE_UNITS] == pushed.endpoints


def test_a_new_unit_says_explicitly_in_which_group_it_is(desk):
    desk.night({"u1": unit("A1", "10x10"), "u2": unit("A2")})

    assert "10x10" == desk.live_groups()["10x10"]["name"]
    [body] = [r["body"] for r in desk.sandbox.requests() if r["endpoint"] == CREATE_UNITS]
    items = {item["name"]: item for item in body["units"]}
    assert desk.book.groups["10x10"].remote_id == items["A1"]["unit_group_id"]
    assert items["A2"]["unit_group_id"] is None


def test_with_custom_groups_off_no_group_is_ever_spoken_of():
    desk = FacilityDesk(facility=FacilitySettings(custom_unit_groups=False))
    units = {"u1": unit("A1"), "u2": unit("A2")}

    pushed = desk.night(units)
    changed = desk.night({**units, "u1": unit("A1", standard_rate=130)})

    assert [CREATE_UNITS] == pushed.endpoints
    assert [UPDATE_UNITS] == changed.endpoints
    for body in pushed.bodies(CREATE_UNITS) + changed.bodies(UPDATE_UNITS):
        assert all("unit_group_id" not in item for item in body["units"])
    assert {"applied": 1} == changed.ends()


def test_with_tiers_the_rate_is_sent_along_and_the_tier_too():
    desk = FacilityDesk(facility=FacilitySettings(tiered_pricing=True))

    pushed = desk.night({"u1": unit("A1", tier="tier-1")})

    assert {"applied": 1} == pushed.ends()
    assert "tier-1" == desk.live()["A1"]["tier"]


def test_fields_that_no_reading_shows_are_written_and_known(desk):
    units = {"u1": unit("A1", tax_rates=[TAX], exclude_from_api=True)}

    desk.night(units)

    assert (TAX,) == desk.live()["A1"]["tax_rates"]
    assert desk.live()["A1"]["exclude_from_api"] is True
    assert [TAX] == desk.book.units["u1"].payload["tax_rates"]
    assert [] == desk.night(units).endpoints


def test_retiring_takes_a_unit_off_the_market_and_nothing_else(desk):
    units = units_of(2)
    desk.night(units)
    known = desk.book.units["u2"]
    retire = Change(
        "unit", desk.scope, "u2", "A2", "retire", {}, {"rentable": False}, known.remote_id, "10x10"
    )

    pushed = desk.push([retire])

    assert ("applied", "") == pushed.of("u2")
    [body] = pushed.bodies(UPDATE_UNITS)
    assert [{"id": known.remote_id, "rentable": False}] == body["units"]
    assert desk.book.units["u2"].retired
    assert "10x10" == desk.book.units["u2"].group


def test_a_lock_code_is_sent_and_only_its_hash_is_known(desk):
    units = {"u1": unit("A1", combination_lock_number="hmac:abc")}

    pushed = desk.night(units, secrets={"u1": {"combination_lock_number": "34196"}})

    assert {"applied": 1} == pushed.ends()
    assert "34196" == desk.live()["A1"]["combination_lock_number"]
    assert "hmac:abc" == desk.book.units["u1"].payload["combination_lock_number"]


def test_a_hash_is_never_sent_in_the_place_of_a_lock_code(desk):
    units = {"u1": unit("A1", combination_lock_number="hmac:abc"), "u2": unit("A2")}

    pushed = desk.night(units)

    assert (
        "failed",
        "not sent: the source no longer has its combination_lock_number",
    ) == pushed.of("u1")
    assert "applied" == pushed.of("u2")[0]
    assert ["A2"] == list(desk.live())


# Groups


def test_group_renames_and_enclosure_take_one_patch(desk):
    units = {"u1": unit("A1", "a"), "u2": unit("A2", "b"), "u3": unit("A3", "c")}
    desk.night(units)
    groups = {"a": {"name": "Small"}, "b": {"fully_enclosed": True}, "c": {"name": "Large"}}

    pushed = desk.night(units, groups)

    assert [UPDATE_GROUPS] == pushed.endpoints
    items = {item.pop("id"): item for item in pushed.bodies(UPDATE_GROUPS)[0]["unit_groups"]}
    ids = {key: group.remote_id for key, group in desk.book.groups.items()}
    assert {
        ids["a"]: {"name": "Small"},
        ids["b"]: {"fully_enclosed": True},
        ids["c"]: {"name": "Large"},
    } == items
    desk.assert_in_step(units, groups)


def test_a_memoised_attribute_of_a_reference_unit_is_asserted_again(desk):
    units = units_of(2)
    desk.night(units)
    wider = {key: {**wanted, "width": 12} for key, wanted in units.items()}

    pushed = desk.night(wider)

    assert [UPDATE_UNITS, UPDATE_GROUPS] == pushed.endpoints
    reference = desk.book.units["u1"].remote_id
    [item] = pushed.bodies(UPDATE_GROUPS)[0]["unit_groups"]
    assert {"id": desk.book.groups["10x10"].remote_id, "reference_unit_id": reference} == item
    assert 12 == desk.live_groups()["10x10"]["memo"]["width"]
    desk.assert_in_step(wider)


def test_what_a_group_does_not_memoise_asserts_nothing_again(desk):
    units = units_of(2)
    desk.night(units)

    pushed = desk.night({**units, "u1": unit("A1", "10x10", attribute_description="corner")})

    assert [UPDATE_UNITS] == pushed.endpoints


def test_a_reference_unit_that_fails_is_not_asserted_as_if_it_had_changed(desk):
    units = units_of(2)
    desk.night(units)
    refusal = {"error_hash": {"width": [{"name": "A1", "message": "is too wide"}]}}
    desk.fault("status", UPDATE_UNITS, status=400, body=refusal)
    wider = {**units, "u1": {**units["u1"], "width": 12}}

    pushed = desk.night(wider, {"10x10": {"name": "Ten by ten"}})

    assert ("failed", "width: is too wide") == pushed.of("u1")
    outcome, words = pushed.of("10x10", "group")
    assert "failed" == outcome
    assert "its reference unit 'u1' did not come through: width: is too wide" in words
    assert "Ten by ten" == desk.live_groups()["Ten by ten"]["name"]
    assert 10 == desk.live_groups()["Ten by ten"]["memo"]["width"]
    retried = desk.night(wider, {"10x10": {"name": "Ten by ten"}})
    assert [UPDATE_UNITS, UPDATE_GROUPS] == retried.endpoints
    desk.assert_in_step(wider, {"10x10": {"name": "Ten by ten"}})


def test_a_reference_unit_that_fails_in_what_groups_do_not_show_holds_nobody_up(desk):
    units = units_of(2)
    desk.night(units)
    refusal = {"error_hash": {"rank": [{"name": "A1", "message": "is odd"}]}}
    desk.fault("status", UPDATE_UNITS, status=400, body=refusal)
    groups = {"10x10": {"reference_unit": "u2"}}

    pushed = desk.night({**units, "u2": unit("A2", "10x10", rank=3)}, groups)

    assert "applied" == pushed.of("10x10", "group")[0]


def test_a_new_group_whose_patch_fails_stays_known_and_the_rest_is_planned_again(desk):
    units = units_of(2)
    refusal = {"errors": {"reference_unit_assignments": ["no unit of '10x10' will do"]}}
    desk.fault("status", UPDATE_GROUPS, status=422, body=refusal)

    pushed = desk.night(units)

    expected = ("failed", "reference_unit_assignments: no unit of '10x10' will do")
    assert expected == pushed.of("10x10", "group")
    assert ("applied", "") == pushed.of("u1")
    assert {"name": "10x10"} == desk.book.groups["10x10"].payload
    assert [UPDATE_GROUPS] == desk.night(units).endpoints
    desk.assert_in_step(units)


def test_units_of_a_group_that_cannot_be_made_are_not_made_outside_of_it(desk):
    refusal = {"errors": {"name_assignments": ["'5x5' is not to our taste"]}}
    desk.fault("status", CREATE_GROUPS, status=400, body=refusal)
    units = {"u1": unit("A1", "10x10"), "u2": unit("A2", "5x5")}

    pushed = desk.night(units)

    assert ("failed", "name_assignments: '5x5' is not to our taste") == pushed.of("5x5", "group")
    outcome, words = pushed.of("u2")
    assert "failed" == outcome
    assert "its group '5x5' could not be made: name_assignments: '5x5' is not" in words
    assert ["A1"] == list(desk.live())
    desk.night(units)
    desk.assert_in_step(units)


# Adoption


def test_a_taken_group_name_adopts_the_group_that_is_live(desk):
    desk.night({"u1": unit("A1", "10x10")})
    uuid = desk.book.groups.pop("10x10").remote_id

    pushed = desk.night({"u1": unit("A1", "10x10"), "u2": unit("A2", "10x10")})

    assert [CREATE_GROUPS, "GET unit_groups", CREATE_UNITS, UPDATE_GROUPS] == pushed.endpoints
    assert {"applied": 2} == pushed.ends()
    assert uuid == desk.book.groups["10x10"].remote_id
    desk.assert_in_step({"u1": unit("A1", "10x10"), "u2": unit("A2", "10x10")})


def test_a_taken_unit_name_adopts_the_live_unit_and_updates_what_differs(desk):
    units = {"u1": unit("A1", "10x10"), "u2": unit("A2", "10x10", tax_rates=[TAX])}
    desk.night(units)
    remote_id = desk.book.units.pop("u2").remote_id
    wanted = {**units, "u2": unit("A2", "5x5", standard_rate=140, tax_rates=[TAX])}

    pushed = desk.night(wanted)

    assert [
        CREATE_GROUPS,
        CREATE_UNITS,
        "GET units",
        UPDATE_UNITS,
        UPDATE_GROUPS,
    ] == pushed.endpoints
    [item] = pushed.bodies(UPDATE_UNITS)[0]["units"]
    assert {
        "id": remote_id,
        "standard_rate": 140,
        "tax_rates": [TAX],  # no reading shows whether it is there
        "unit_group_id": desk.book.groups["5x5"].remote_id,
    } == item
    assert {"applied": 2} == pushed.ends()
    desk.assert_in_step(wanted)


def test_a_unit_that_was_adopted_as_it_should_be_needs_no_update(desk):
    units = {"u1": unit("A1", "10x10"), "u2": unit("A2", "10x10")}
    desk.night(units)
    del desk.book.units["u2"]

    pushed = desk.night({**units, "u3": unit("A3", "10x10")})

    assert [CREATE_UNITS, "GET units", CREATE_UNITS] == pushed.endpoints
    assert {"applied": 2} == pushed.ends()
    desk.assert_in_step({**units, "u3": unit("A3", "10x10")})


def test_an_adopted_unit_without_a_wanted_group_stays_where_a_person_put_it(desk):
    desk.night({"u1": unit("A1", "10x10"), "u2": unit("A2", "10x10")})
    group = desk.book.groups["10x10"].remote_id
    del desk.book.units["u2"]

    pushed = desk.night({"u2": unit("A2", standard_rate=130)})

    assert ("applied", "") == pushed.of("u2")
    assert group == desk.live()["A2"]["unit_group_id"]


def test_a_name_that_belongs_to_another_known_unit_is_never_adopted(desk):
    desk.night({"u1": unit("A1"), "u2": unit("A2")})

    pushed = desk.night({"u1": unit("A1"), "u2": unit("A2"), "u9": unit("a1")})

    assert ("failed", "not sent: unit 'u1' did not give up its name") == pushed.of("u9")
    assert {"A1", "A2"} == set(desk.live())


@pytest.mark.parametrize("status", [400, 500])
def test_two_live_units_of_one_name_are_never_guessed_between(desk, status):
    desk.night({"u1": unit("A1"), "u2": unit("B2")})
    for key in ("u1", "u2"):
        remote_id = desk.book.units.pop(key).remote_id
        desk.sandbox.edit("storedge", "unit", remote_id, {"name": "A1"})
    refusal = {"error_hash": {"name": [{"name": "A1", "message": "is taken"}]}}
    desk.fault("status", CREATE_UNITS, status=status, body=refusal)

    pushed = desk.night({"u1": unit("A1"), "u3": unit("A3")})

    outcome, words = pushed.of("u1")
    assert "held" == outcome
    assert "2 live units could be this one" in words
    assert "applied" == pushed.of("u3")[0]
