"""The storEDGE unit, against the table of seed 003 and the list of seed 002."""

from __future__ import annotations

import pytest

from transforms.storedge import schema


def test_the_required_fields_are_those_of_seed_003() -> None:
    required = {name for name, field in schema().fields.items() if field.required}

    assert required == {
        "name",
        "width",
        "length",
        "height",
        "door_height",
        "door_width",
        "door_type",
        "access_type",
        "standard_rate",
        "walk_thru_order",
        "unit_type",
    }


def test_the_tier_is_required_when_pricing_is_tiered() -> None:
    assert not schema().fields["tier"].required
    assert schema(tiered=True).fields["tier"].required


def test_the_rate_is_ignored_when_pricing_is_tiered() -> None:
    assert schema().not_compared == frozenset()
    assert schema(tiered=True).not_compared == {"standard_rate"}
    assert "standard_rate" in schema().memoised_fields
    assert "standard_rate" not in schema(tiered=True).memoised_fields
    assert schema(tiered=True).fields["standard_rate"].required


def test_the_enumerations_are_those_of_seed_003() -> None:
    assert schema().fields["door_type"].choices == ("none", "roll_up", "swing")
    assert schema().fields["access_type"].choices == ("indoor", "outdoor")


def test_fields_that_are_never_returned_are_never_compared_with_what_is_read() -> None:
    unread = {name for name, field in schema().fields.items() if not field.readable}

    assert unread == {"walk_thru_order", "overlock_lock_number", "tax_rates", "exclude_from_api"}


def test_lock_codes_and_nothing_else_are_secret() -> None:
    secret = {name for name, field in schema().fields.items() if field.secret}

    assert secret == {"combination_lock_number", "overlock_lock_number"}


def test_the_walk_through_order_is_written_once() -> None:
    assert [name for name, field in schema().fields.items() if field.create_only] == [
        "walk_thru_order"
    ]


def test_the_memoised_fields_are_fields_of_a_unit() -> None:
    assert set(schema().memoised_fields) <= set(schema().fields)


@pytest.mark.parametrize("name", schema().fields)
def test_every_field_names_its_source(name: str) -> None:
    assert schema().fields[name].source.startswith("seed 003")
