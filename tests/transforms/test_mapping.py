"""The settings of a mapping: every form of a field, and each slip named before a row is read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from transforms import storedge, travtus
from transforms.mapping import (
    FieldSpec,
    Mapping,
    missing_columns,
    unfit_settings,
    unknown_fields,
    unmapped_fields,
)


def mapping(fields: dict[str, Any] | None = None, **more: Any) -> Mapping:
    return Mapping.model_validate(
        {"scope": "site", "key": "id", "fields": fields or {"name": "unit"}, **more}
    )


def test_a_bare_text_is_a_column() -> None:
    assert FieldSpec.model_validate("unit") == FieldSpec(column="unit")


@pytest.mark.parametrize(
    "spec",
    [
        {"column": "a"},
        {"column": "a", "values": {"0": "none", "1": True}},
        {"column": "a", "parse": "money"},
        {"column": "a", "extract": "^(.*)x"},
        {"column": "a", "extract": "^(.*)x", "parse": "number"},
        {"column": "a", "split": ";"},
        {"column": "a", "default": ""},
        {"column": "a", "parse": "number", "default": 0},
        {"const": ["x"]},
        {"const": False},
        {"template": "Unit {a}"},
        {"sum": ["a", "b"]},
    ],
)
def test_every_form_of_a_field_is_accepted(spec: dict[str, Any]) -> None:
    assert FieldSpec.model_validate(spec)


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({}, "exactly one of column, const, template, sum; found none of them"),
        ({"column": "a", "const": 1}, "found column and const"),
        ({"template": "{a}", "sum": ["a"]}, "found template and sum"),
        ({"const": 1, "default": 2}, "default only works with column, not with const"),
        ({"sum": ["a"], "parse": "money"}, "parse only works with column, not with sum"),
        ({"column": "a", "parse": "money", "values": {"a": 1}}, "found values and parse"),
        ({"column": "a", "parse": "text", "split": ";"}, "found parse and split"),
        ({"const": None}, "const needs a value"),
        ({"column": "a", "extract": "x"}, "'x' has 0 groups; exactly one"),
        ({"column": "a", "extract": "(a)(b)"}, "has 2 groups"),
        ({"column": "a", "extract": "(a"}, "is not a regular expression"),
        ({"column": "a", "parse": "cash"}, "'money', 'number'"),
        ({"column": "a", "values": {}}, "at least 1"),
        ({"column": ""}, "at least 1"),
        ({"template": "Unit"}, "names no column"),
        ({"template": "{a"}, "not well formed"),
        ({"sum": []}, "at least 1"),
        ({"colunm": "a"}, "colunm"),
        (7, "dictionary"),
    ],
)
def test_a_field_of_no_form_says_what_is_wrong(spec: object, complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FieldSpec.model_validate(spec)

    assert complaint in str(caught.value)


def test_the_json_schema_allows_a_bare_column() -> None:
    described = Mapping.model_json_schema()["$defs"]["FieldSpec"]

    assert {kind.get("type") for kind in described["anyOf"]} >= {"string", "object"}


def test_settings_cannot_be_changed_and_take_no_unknown_key() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        mapping().scope = "other"
    with pytest.raises(ValidationError, match="scopes"):
        mapping(scopes="site")
    with pytest.raises(ValidationError, match="names no column"):
        mapping(groups={"key": "{{}}", "name": "a"})


def test_every_column_is_known_with_the_setting_that_names_it() -> None:
    settings = mapping(
        {
            "name": "unit",
            "width": {"column": "w", "parse": "number"},
            "address.city": {"template": "{city} {zip}"},
            "floor": {"sum": ["f", "g"]},
            "rentable": {"const": True},
        },
        groups={
            "key": "{w:g}x{l:g}",
            "name": "type",
            "reference_unit": "marked",
            "fully_enclosed": "inside",
        },
    )

    assert list(settings.columns()) == [
        ("scope", "site"),
        ("key", "id"),
        ("fields.name", "unit"),
        ("fields.width.column", "w"),
        ("fields.address.city.template", "city"),
        ("fields.address.city.template", "zip"),
        ("fields.floor.sum", "f"),
        ("fields.floor.sum", "g"),
        ("groups.key", "w"),
        ("groups.key", "l"),
        ("groups.name", "type"),
        ("groups.reference_unit", "marked"),
        ("groups.fully_enclosed", "inside"),
    ]


def test_the_majority_is_no_column() -> None:
    settings = mapping(groups={"key": "type", "name": "type"})

    assert ("groups.reference_unit", "majority") not in list(settings.columns())


def test_a_missing_column_comes_with_the_nearest_one() -> None:
    settings = mapping({"name": "sunitname", "width": "zzz"})

    assert missing_columns(["site", "ID", "sUnitName"], settings) == [
        ("key", "id", "ID"),
        ("fields.name", "sunitname", "sUnitName"),
        ("fields.width", "zzz", None),
    ]


def test_no_column_is_missing_from_a_source_that_has_them_all() -> None:
    assert missing_columns(["unit", "more", "id", "site"], mapping()) == []


def test_an_unknown_field_comes_with_the_nearest_one() -> None:
    settings = mapping({"name": "a", "door_tpye": "b", "zzz": "c"})

    assert unknown_fields(settings, storedge.schema()) == [
        ("door_tpye", "door_type"),
        ("zzz", None),
    ]


def test_a_nested_field_is_known_by_its_dotted_name() -> None:
    settings = mapping({"address.city": "a", "city": "b"})

    assert unknown_fields(settings, travtus.schema()) == [("city", "address.city")]


def test_a_required_field_that_is_left_out_is_named() -> None:
    assert unmapped_fields(mapping({"sqft": "a"}), travtus.schema()) == ["address.address_line_1"]
    assert "tier" in unmapped_fields(mapping(), storedge.schema(tiered=True))
    assert "tier" not in unmapped_fields(mapping(), storedge.schema())


def test_a_value_that_the_field_can_never_hold_is_named_before_a_row_is_read() -> None:
    settings = mapping(
        {
            "door_type": {"column": "a", "values": {"1": "rollup", "2": "swing"}},
            "floor": {"const": "one"},
            "width": {"column": "b", "default": "wide"},
            "name": {"column": "c", "split": ";"},
            "tax_rates": {"const": ["x"]},
            "combination_lock_number": {"const": ["31337"]},
            "unknown": {"const": 1},
        }
    )

    assert unfit_settings(settings, storedge.schema()) == [
        (
            "fields.door_type.values.1",
            "'rollup' is not one of none, roll_up, swing; did you mean roll_up?",
        ),
        ("fields.floor.const", "'one' does not fit: a whole number is needed"),
        ("fields.width.default", "'wide' does not fit: a number such as 12.5 is needed"),
        (
            "fields.name.split",
            "makes a list of ids, but the field holds one value; write it without split",
        ),
        ("fields.combination_lock_number.const", "••• does not fit: a text is needed"),
    ]


def test_a_value_may_say_nothing() -> None:
    settings = mapping({"floor": {"column": "a", "values": {"G": None, "1": 1}}})

    assert unfit_settings(settings, storedge.schema()) == []
