"""Mapping rows: every field form, typed, and each cell that could not be mapped in a line."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import storedge, travtus
from transforms.mapping import Mapping
from transforms.normalize import PROBLEM_COLUMNS, Normalized, normalize
from transforms.schema import TargetSchema

STOREDGE = storedge.schema()
TRAVTUS = travtus.schema()


def source(**columns: list[str | None]) -> pd.DataFrame:
    length = max(map(len, columns.values()))
    columns.setdefault("site", ["S"] * length)
    columns.setdefault("id", [f"u{row}" for row in range(length)])
    index = pd.RangeIndex(2, length + 2, name="row")
    return pd.DataFrame({name: pd.array(cells, "str") for name, cells in columns.items()}, index)


def mapped(
    rows: pd.DataFrame, fields: dict[str, Any], schema: TargetSchema = STOREDGE, **more: Any
) -> Normalized:
    mapping = {"scope": "site", "key": "id", "fields": fields, **more}
    return normalize(rows, Mapping.model_validate(mapping), schema)


def values(normalized: Normalized, field: str) -> list[Any]:
    return [None if pd.isna(value) else value for value in normalized.frame[field]]


def problems(normalized: Normalized) -> list[tuple[int, str, str, str]]:
    columns = normalized.problems[["row", "field", "rule", "value"]]
    return list(columns.itertuples(index=False, name=None))


def one(cells: list[str | None], spec: Any, field: str = "name", schema: Any = STOREDGE) -> Any:
    settings = "c" if spec is None else {"column": "c"} | spec
    return mapped(source(c=cells), {field: settings}, schema)


def test_every_row_comes_out_in_its_order_and_with_its_number() -> None:
    rows = source(c=["b", "a", "b"])

    normalized = mapped(rows, {"name": "c"})

    assert normalized.frame.index.equals(rows.index)
    assert normalized.frame["_scope"].tolist() == ["S", "S", "S"]
    assert normalized.frame["_key"].tolist() == ["u0", "u1", "u2"]
    assert values(normalized, "name") == ["b", "a", "b"]
    assert normalized.problems.columns.tolist() == PROBLEM_COLUMNS
    assert normalized.problems.empty


def test_columns_have_the_type_of_their_field() -> None:
    rows = source(c=["1", ""])
    fields = {
        "name": "c",
        "width": "c",
        "standard_rate": "c",
        "floor": "c",
        "rentable": "c",
        "tax_rates": "c",
    }

    frame = mapped(rows, fields).frame

    assert [str(frame[name].dtype) for name in fields] == [
        "str", "float64", "float64", "Int64", "boolean", "str",
    ]  # fmt: skip
    assert frame[list(fields)].isna().to_numpy().tolist() == [[False] * 6, [True] * 6]
    assert (
        str(mapped(rows, {"bathrooms": {"const": []}}, TRAVTUS).frame["bathrooms"].dtype) == "str"
    )


def test_scope_and_key_are_trimmed_and_never_absent() -> None:
    rows = source(site=[" S ", "", None], id=[" 007 ", "  ", "u"], c=["a", "b", "c"])

    frame = mapped(rows, {"name": "c"}).frame

    assert frame["_scope"].tolist() == ["S", "", ""]
    assert frame["_key"].tolist() == ["007", "", "u"]


def test_text_is_trimmed_and_blanks_are_absent() -> None:
    assert values(one([" A057 ", "\u00a0\t", "", None, "007", "NA"], None), "name") == [
        "A057", None, None, None, "007", "NA",
    ]  # fmt: skip


def test_without_parse_the_type_of_the_field_decides() -> None:
    normalized = one(["$209.99", "12.345", "50.0000"], None, "standard_rate")

    assert values(normalized, "standard_rate") == [209.99, None, 50.0]
    assert problems(normalized) == [(3, "standard_rate", "money", "12.345")]


def test_values_translate_the_trimmed_text() -> None:
    normalized = one([" 0", "1", "2 "], {"values": {"0": "none", "1": "roll_up", "2": "swing"}},
                     "door_type")  # fmt: skip

    assert values(normalized, "door_type") == ["none", "roll_up", "swing"]


def test_values_match_exactly_then_in_any_case_then_as_whole_numbers() -> None:
    spec = {"values": {"true": "a", "Y": "b", "y": "c", "1": "d", "02": "e", "": "f"}}

    normalized = one(["true", "TRUE", "True", "Y", "y", "1.0000", "01", "2", "02", " "], spec)

    assert values(normalized, "name") == ["a", "a", "a", "b", "c", "d", "d", "e", "e", "f"]


def test_values_that_would_be_ambiguous_are_not_guessed() -> None:
    normalized = one(["ab", "1.0"], {"values": {"AB": "a", "Ab": "b", "1": "c", "01": "d"}})

    assert [line[2] for line in problems(normalized)] == ["values", "values"]


def test_a_fraction_never_matches_a_whole_number() -> None:
    assert problems(one(["1.5"], {"values": {"1": "a"}})) == [(2, "name", "values", "1.5")]


def test_a_text_that_is_not_listed_is_a_problem_that_lists_what_is() -> None:
    normalized = one(["9", "1"], {"values": {"0": "none", "1": "roll_up"}}, "door_type")

    (line,) = normalized.problems.to_dict("records")
    assert line == {
        "row": 2,
        "scope": "S",
        "key": "u0",
        "field": "door_type",
        "rule": "values",
        "value": "9",
        "message": "c is “9”; allowed are “0”, “1”.",
    }
    assert values(normalized, "door_type") == [None, "roll_up"]


def test_a_long_list_of_values_does_not_drown_the_message() -> None:
    normalized = one(["x" * 1000], {"values": {str(code): "a" for code in range(100)}})

    assert len(normalized.problems["message"].iloc[0]) < 300
    assert len(normalized.problems["value"].iloc[0]) < 150


def test_an_empty_cell_is_absent_where_values_do_not_name_it() -> None:
    normalized = one(["", None], {"values": {"a": "b"}})

    assert values(normalized, "name") == [None, None]
    assert normalized.problems.empty


def test_values_may_be_of_any_type_and_may_say_nothing() -> None:
    normalized = one(["Y", "N", "?"], {"values": {"Y": True, "N": "no", "?": None}}, "rentable")

    assert values(normalized, "rentable") == [True, False, None]
    assert normalized.problems.empty


def test_parse_reads_the_cell_before_the_field_types_it() -> None:
    assert values(one(["(12.00)"], {"parse": "money"}, "width"), "width") == [-12.0]
    assert values(one(["7.0"], {"parse": "number"}), "name") == ["7"]
    assert values(one(["007"], {"parse": "text"}), "name") == ["007"]
    assert values(one(["Y"], {"parse": "boolean"}), "name") == ["true"]
    assert values(one(["2026/01/31"], {"parse": "date"}), "name") == ["2026-01-31"]


def test_a_decimal_comma_is_a_problem_with_a_hint() -> None:
    normalized = one(["104,99"], {"parse": "money"}, "standard_rate")

    assert problems(normalized) == [(2, "standard_rate", "money", "104,99")]
    assert "write a decimal point" in normalized.problems["message"].iloc[0]


def test_extract_takes_the_one_group() -> None:
    normalized = one(["10x20", "x", "", "x20"], {"extract": r"^(\d*)x"}, "width")

    assert values(normalized, "width") == [10.0, None, None, None]
    assert problems(normalized) == [(3, "width", "extract", "x"), (5, "width", "extract", "x20")]


def test_what_was_extracted_can_be_translated() -> None:
    spec = {"extract": r"\((.)\)", "values": {"r": "roll_up"}}

    assert values(one(["Roll (R)"], spec, "door_type"), "door_type") == ["roll_up"]


def test_split_makes_a_list_of_ids() -> None:
    normalized = one(["a/ b /", "/", ""], {"split": "/"}, "unit_amenities")

    assert values(normalized, "unit_amenities") == ['["a","b"]', "[]", None]


def test_ids_from_a_plain_column() -> None:
    normalized = one(["a;b", '["c"]', "d", "[1"], None, "unit_amenities")

    assert values(normalized, "unit_amenities") == ['["a","b"]', '["c"]', '["d"]', None]
    assert problems(normalized) == [(5, "unit_amenities", "ids", "[1")]


def test_objects_from_json_text() -> None:
    normalized = one(['[{"has_sink": true}]', "{}"], None, "bathrooms", TRAVTUS)

    assert values(normalized, "bathrooms") == ['[{"has_sink":true}]', None]
    assert problems(normalized) == [(3, "bathrooms", "objects", "{}")]


def test_a_default_stands_for_empty_cells_only() -> None:
    normalized = one(["", "a", " ", None], {"default": ""}, "attribute_description")
    numbers = one(["", "x"], {"default": 0, "parse": "number"}, "floor")

    assert values(normalized, "attribute_description") == ["", "a", "", ""]
    assert values(numbers, "floor") == [0, None]
    assert problems(numbers) == [(3, "floor", "number", "x")]


def test_a_constant_stands_in_every_row() -> None:
    normalized = mapped(
        source(c=["a", ""]), {"tax_rates": {"const": ["x", "y"]}, "rentable": {"const": False}}
    )

    assert values(normalized, "tax_rates") == ['["x","y"]'] * 2
    assert values(normalized, "rentable") == [False, False]


def test_a_template_puts_columns_together() -> None:
    rows = source(w=["5.0000", "7.5"], t=[" Drive-Up ", "Locker"])

    normalized = mapped(rows, {"name": {"template": "{w:g} {t} {{x}}"}})

    assert values(normalized, "name") == ["5 Drive-Up {x}", "7.5 Locker {x}"]


def test_a_template_of_empty_columns_is_absent_and_of_some_a_problem() -> None:
    rows = source(a=["1", "", "1", ""], b=["2", "", "", "2"])

    normalized = mapped(rows, {"name": {"template": "{a}-{b}"}})

    assert values(normalized, "name") == ["1-2", None, None, None]
    assert problems(normalized) == [(4, "name", "incomplete", ""), (5, "name", "incomplete", "")]
    assert normalized.problems["message"].str.startswith(("b is empty;", "a is empty;")).all()


def test_a_text_in_a_number_format_is_a_problem() -> None:
    normalized = mapped(source(a=["wide", "7.5"]), {"name": {"template": "{a:d}"}})

    assert values(normalized, "name") == [None, None]
    assert problems(normalized) == [(2, "name", "number", "wide"), (3, "name", "integer", "7.5")]


def test_a_sum_adds_and_an_empty_part_is_no_zero() -> None:
    rows = source(a=["2", "1.5", "", "", "x"], b=["1", "0.5", "1", " ", "1"])

    normalized = mapped(rows, {"number_of_bathrooms": {"sum": ["a", "b"]}}, TRAVTUS)

    assert values(normalized, "number_of_bathrooms") == [3, 2, None, None, None]
    assert problems(normalized) == [
        (4, "number_of_bathrooms", "incomplete", ""),
        (6, "number_of_bathrooms", "number", "x"),
    ]


def test_the_noise_of_a_binary_sum_makes_no_other_number() -> None:
    rows = source(a=["0.1"], b=["0.2"])

    normalized = mapped(rows, {"width": {"sum": ["a", "b"]}})

    assert values(normalized, "width") == [0.3]


def test_a_sum_is_typed_by_its_field() -> None:
    rows = source(a=["0.1", "1.5"], b=["0.2", "1"])

    money = mapped(rows, {"standard_rate": {"sum": ["a", "b"]}})
    whole = mapped(rows, {"floor": {"sum": ["a", "b"]}})

    assert values(money, "standard_rate") == [0.3, 2.5]
    assert problems(whole) == [(2, "floor", "integer", "0.3"), (3, "floor", "integer", "2.5")]


def test_groups_take_key_and_name_from_columns_or_templates() -> None:
    rows = source(w=["5.0", "10"], t=["A ", "B"], marked=["yes", ""], inside=["0", "1"])
    groups = {
        "key": "t",
        "name": "{w:g} {t}",
        "reference_unit": "marked",
        "fully_enclosed": "inside",
    }

    normalized = mapped(rows, {"name": "id"}, groups=groups)

    assert values(normalized, "_group") == ["A", "B"]
    assert values(normalized, "_group_name") == ["5 A", "10 B"]
    assert values(normalized, "_marked") == [True, None]
    assert values(normalized, "_enclosed") == [False, True]
    assert str(normalized.frame["_marked"].dtype) == "boolean"


def test_a_majority_and_no_enclosure_need_no_columns() -> None:
    frame = mapped(source(t=["A"]), {"name": "id"}, groups={"key": "t", "name": "t"}).frame

    assert frame.columns.tolist() == ["_scope", "_key", "name", "_group", "_group_name"]


def test_a_row_without_a_group_is_a_problem() -> None:
    rows = source(t=["", "A", None], w=["1", "x", ""])

    column = mapped(rows, {"name": "id"}, groups={"key": "t", "name": "{t}"})
    template = mapped(rows, {"name": "id"}, groups={"key": "{w:g}", "name": "{w:g}"})

    assert problems(column) == [
        (2, "groups.key", "required", ""),
        (2, "groups.name", "required", ""),
        (4, "groups.key", "required", ""),
        (4, "groups.name", "required", ""),
    ]
    assert problems(template) == [
        (3, "groups.key", "number", "x"),
        (4, "groups.key", "required", ""),
    ]
    assert values(column, "_group") == [None, "A", None]


def test_a_mark_that_is_no_boolean_is_a_problem() -> None:
    groups = {"key": "id", "name": "id", "reference_unit": "c", "fully_enclosed": "c"}

    normalized = mapped(source(c=["maybe"]), {"name": "id"}, groups=groups)

    assert problems(normalized) == [
        (2, "groups.reference_unit", "boolean", "maybe"),
        (2, "groups.fully_enclosed", "boolean", "maybe"),
    ]


@pytest.mark.parametrize(
    "spec",
    [
        {"column": "c", "parse": "number"},
        {"column": "c", "extract": "(x)"},
        {"column": "c", "values": {"1": "2"}},
        {"template": "{c:g}"},
        {"sum": ["c", "id"]},
    ],
)
def test_the_text_of_a_secret_field_stands_in_no_problem(spec: dict[str, Any]) -> None:
    normalized = mapped(source(c=["s31337"]), {"combination_lock_number": spec})

    assert len(normalized.problems) >= 1
    assert (normalized.problems["value"] == "•••").any()
    assert "31337" not in normalized.problems.to_json()


def test_no_rows_make_a_typed_and_empty_frame() -> None:
    rows = source(c=["a"])[:0]

    normalized = mapped(rows, {"floor": "c", "name": {"template": "{c}"}})

    assert len(normalized.frame) == 0
    assert str(normalized.frame["floor"].dtype) == "Int64"
    assert normalized.problems.empty


CELLS = st.sampled_from(["", " ", "1", "1.0", "x", "true", "$5", "104,99", "[1]", "a;b", "é"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.randoms())
def test_a_row_is_mapped_the_same_whatever_stands_around_it(
    cells: list[tuple[str, str]], random: Any
) -> None:
    rows = source(a=[a for a, _ in cells], b=[b for _, b in cells])
    fields = {
        "name": {"template": "{a}{b}"},
        "width": {"sum": ["a", "b"]},
        "standard_rate": "a",
        "floor": {"column": "b", "default": 0},
        "rentable": {"column": "a", "values": {"1": True, "x": False}},
        "unit_amenities": "b",
    }
    order = list(range(len(cells)))
    random.shuffle(order)

    straight = mapped(rows, fields)
    shuffled = mapped(rows.iloc[order], fields)

    pd.testing.assert_frame_equal(shuffled.frame.sort_index(), straight.frame)
    assert sorted(problems(shuffled)) == sorted(problems(straight))
    absent = {(row, name) for name in fields for row in rows.index[straight.frame[name].isna()]}
    assert {(row, field) for row, field, *_ in problems(straight)} <= absent
