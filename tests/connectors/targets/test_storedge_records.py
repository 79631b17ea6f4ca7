"""storEDGE's records in our words."""

from __future__ import annotations

from connectors.targets.storedge_records import live_group, live_unit
from transforms.secrets import SecretMask
from transforms.storedge import schema

MASK = SecretMask(b"key")
# What seed 003 shows of a unit, as far as we speak of it.
RECORD = {
    "id": "58734d21-9850-4f2d-8cf7-0de60caa31ca",
    "name": " A101 ",
    "width": 20.0,
    "length": 12.5,
    "door_type": "swing",
    "floor": None,
    "standard_rate": 764.95,
    "rentable": True,
    "status": "vacant",
    "combination_lock_number": "34196",
    "overlock_lock_number": None,
    "unit_type": {"id": "f7687db9", "name": "Unit Type 216", "deleted": False},
    "unit_amenities": [{"id": "b", "name": "Amenity 4"}, {"id": "a"}],
    "tier": {"id": "t-1", "rank": 2},
    "current_tenant_id": "never-kept",
    "unit_group_id": "0a4d80b1",
    "deleted": False,
}


def read(**changed):
    return live_unit({**RECORD, **changed}, schema(), MASK)


def test_objects_are_read_as_the_ids_that_stand_for_them():
    payload = read().payload

    assert ("f7687db9", "t-1", ["a", "b"]) == (
        payload["unit_type"],
        payload["tier"],
        payload["unit_amenities"],
    )


def test_a_unit_is_known_by_its_id_name_group_and_status():
    unit = read()

    assert (RECORD["id"], "A101", "0a4d80b1", "vacant") == (
        unit.remote_id,
        unit.name,
        unit.group_id,
        unit.status,
    )


def test_numbers_are_canonical():
    assert (20, 12.5, 764.95) == tuple(
        read().payload[name] for name in ("width", "length", "standard_rate")
    )


def test_a_null_says_nothing():
    assert "floor" not in read().payload
    assert "tier" not in read(tier=None).payload
    assert read(unit_group_id=None).group_id is None


def test_a_lock_code_is_read_as_its_hash():
    payload = read().payload

    assert MASK.hashed("34196") == payload["combination_lock_number"]
    assert "34196" not in str(read())


def test_what_no_reading_can_prove_is_not_read():
    payload = read(overlock_lock_number="57201", tax_rates=["x"], walk_thru_order=3).payload

    assert not {"overlock_lock_number", "tax_rates", "walk_thru_order"} & set(payload)


def test_nothing_of_a_tenant_is_kept():
    assert "never-kept" not in str(read())


def test_a_group_goes_by_its_uuid_even_beside_an_integer_id():
    assert "be2bc0d7" == live_group({"id": 3218, "uuid": "be2bc0d7", "name": "G"}).remote_id
    assert "be2bc0d7" == live_group({"id": "be2bc0d7", "name": "G"}).remote_id


def test_a_group_shows_its_reference_and_its_enclosure_where_they_are_shown():
    assert {} == live_group({"id": "g", "name": "G", "reference_unit_id": None}).payload
    assert {"reference_unit_id": "u", "fully_enclosed": False} == live_group(
        {"id": "g", "name": "G", "reference_unit_id": "u", "fully_enclosed": False}
    ).payload
