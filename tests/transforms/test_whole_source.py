"""Settings about a source as a whole: its decimal sign, rows that are no units, scope and key."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from transforms import storedge
from transforms.mapping import Mapping
from transforms.normalize import Normalized, normalize, scopes_of
from transforms.validate import validate

SCHEMA = storedge.schema()


def rows(**columns: list[str]) -> pd.DataFrame:
    length = len(next(iter(columns.values())))
    index = pd.RangeIndex(2, length + 2, name="row")
    return pd.DataFrame({name: pd.array(cells, "str") for name, cells in columns.items()}, index)


def mapping(fields: dict[str, Any], **more: Any) -> Mapping:
    settings = {"scope": {"const": "S"}, "key": "id", "fields": fields} | more
    return Mapping.model_validate(settings)


def said(normalized: Normalized) -> list[tuple[int, str, str]]:
    lines = normalized.problems[["row", "field", "message"]]
    return list(lines.itertuples(index=False, name=None))


def test_a_decimal_comma_holds_for_numbers_amounts_sums_and_templates_but_not_for_text() -> None:
    source = rows(id=["1,5"], width=["2,50"], rate=["€1.234,50"], floor=["3,0"])
    fields = {
        "name": "id",
        "width": "width",
        "length": {"sum": ["width", "width"]},
        "standard_rate": {"column": "rate", "parse": "money"},
        "floor": "floor",
    }
    groups = {"key": "{width:g} wide", "name": "{width:g} wide"}

    [unit] = normalize(source, mapping(fields, decimal=",", groups=groups), SCHEMA).frame.to_dict(
        "records"
    )

    assert (unit["_key"], unit["name"], unit["_group"]) == ("1,5", "1,5", "2.5 wide")
    assert (unit["width"], unit["length"], unit["standard_rate"], unit["floor"]) == (
        2.5,
        5.0,
        1234.5,
        3,
    )


@pytest.mark.parametrize("text", ["2.50", "1,234.50", "1.234"])
def test_a_decimal_point_is_refused_where_decimals_stand_behind_a_comma(text: str) -> None:
    normalized = normalize(
        rows(id=["1"], width=[text]), mapping({"width": "width"}, decimal=","), SCHEMA
    )

    needed = "a number such as 1234,5 or 1.234,50 is needed, for `decimal` is a comma"
    assert said(normalized) == [(2, "width", f"width is “{text}”; {needed}.")]


@settings(max_examples=20)
@given(st.floats(0, 10**6).map(lambda value: round(value, 2)))
def test_a_number_reads_the_same_with_either_sign(value: float) -> None:
    with_point, with_comma = f"{value:,.2f}", f"{value:,.2f}".translate(str.maketrans(".,", ",."))

    read = [
        normalize(
            rows(id=["1"], rate=[text]), mapping({"standard_rate": "rate"}, decimal=sign), SCHEMA
        )
        for text, sign in ((with_point, "."), (with_comma, ","))
    ]

    assert [one.frame["standard_rate"].tolist() for one in read] == [[value], [value]]


def test_rows_to_ignore_are_left_out_in_any_case_and_no_other_row_is() -> None:
    source = rows(id=["Total", "grand total 7", "Totally fine", "7", ""])

    frame = normalize(
        source, mapping({"name": "id"}, ignore={"id": r"(grand )?total\b"}), SCHEMA
    ).frame

    assert frame["_key"].tolist() == ["Totally fine", "7", ""]
    assert frame.index.tolist() == [4, 5, 6]


@pytest.mark.parametrize(
    ("pattern", "told"), [("(", "is not a regular expression"), (".*", "matches an empty cell")]
)
def test_an_expression_that_would_ignore_units_is_refused(pattern: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        mapping({"name": "id"}, ignore={"id": pattern})


def test_a_scope_may_be_a_table_and_a_text_that_is_not_in_it_is_rejected_with_its_row() -> None:
    source = rows(id=["1", "2", "3"], site=["L1", "L9", ""])
    by_table = mapping({"name": "id"}, scope={"column": "site", "values": {"L1": "one"}})

    normalized = normalize(source, by_table, SCHEMA)
    refused = validate(normalized, SCHEMA).rejections

    assert normalized.frame["_scope"].tolist() == ["one", "", ""]
    assert scopes_of(source, by_table).tolist() == ["one", "", ""]
    assert said(normalized) == [(3, "scope", "site is “L9”; allowed are “L1”.")]
    assert set(refused["row"]) == {2, 3, 4}


def test_a_key_may_be_a_template_and_is_empty_where_a_part_is() -> None:
    source = rows(house=["A", "B", ""], unit=["1", "1", "1"])

    normalized = normalize(source, mapping({"name": "unit"}, key="{house}-{unit}"), SCHEMA)

    assert normalized.frame["_key"].tolist() == ["A-1", "B-1", ""]
    assert [(row, field) for row, field, _ in said(normalized)] == [(4, "key")]


def test_every_column_of_these_settings_must_be_there() -> None:
    told = mapping(
        {"name": "id"}, key="{house}-{unit}", scope={"column": "site"}, ignore={"note": "x"}
    )

    assert list(told.columns()) == [
        ("ignore.note", "note"),
        ("scope", "site"),
        ("key", "house"),
        ("key", "unit"),
        ("fields.name", "id"),
    ]
