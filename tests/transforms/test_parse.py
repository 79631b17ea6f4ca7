"""One text to one value: what is accepted, and that nothing is guessed."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.parse import PARSERS, Unfit, boolean, date, fit, integer, money, number
from transforms.schema import FieldType


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$1,234.50", 1234.5),
        ("1234.5000", 1234.5),
        ("(12.00)", -12.0),
        ("($1,234.00)", -1234.0),
        ("-$54.99", -54.99),
        ("$-54.99", -54.99),
        ("$ 25", 25.0),
        ("€25.10", 25.1),
        ("1,234", 1234.0),
        ("1,234,567.89", 1234567.89),
        ("1 234.50", 1234.5),
        ("$1\u00a0234\u00a0567.50", 1234567.5),
        ("1'234.50", 1234.5),
        ("104.98999999999999", 104.99),
        ("0.30000000000000004", 0.3),
        (".5", 0.5),
        ("+5", 5.0),
        ("1e3", 1000.0),
        ("0", 0.0),
    ],
)
def test_an_amount_is_read_in_the_ways_that_exports_write_it(text: str, expected: float) -> None:
    assert money(text) == expected


@pytest.mark.parametrize(
    "text",
    ["abc", "", "$", "()", "--5", "(-5)", "$$5", "1,23", "1,2345", "12-", "5 USD", "inf", "1_000"],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Unfit) as caught:
        money(text)

    assert caught.value.rule == "money"


@pytest.mark.parametrize("text", ["104.995", "0.001", "1234.5678"])
def test_a_third_decimal_of_an_amount_is_refused_and_never_rounded_away(text: str) -> None:
    with pytest.raises(Unfit, match="at most two decimals"):
        money(text)


@pytest.mark.parametrize("text", ["104,99", "1.234,50", "$104,99", "1,23", "0,5"])
@pytest.mark.parametrize("parse", [money, number, integer])
def test_a_decimal_comma_is_refused_with_a_hint(parse: Any, text: str) -> None:
    with pytest.raises(Unfit) as caught:
        parse(text)

    if not text.startswith("$") or parse is money:
        assert "write a decimal point" in caught.value.need


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", 12.0), ("-12.50", -12.5), ("1e3", 1000.0), ("007", 7.0), ("1,234.5", 1234.5),
     ("1,234,567", 1234567.0), ("5.", 5.0)],
)  # fmt: skip
def test_a_number_is_read(text: str, expected: float) -> None:
    assert number(text) == expected


@pytest.mark.parametrize("text", ["12 34", "1234 567", "1 2345", "1 234 5", "1 234 $ 5"])
@pytest.mark.parametrize("parse", [money, number, integer])
def test_a_blank_that_stands_for_no_thousands_is_refused(parse: Any, text: str) -> None:
    with pytest.raises(Unfit):
        parse(text)


@pytest.mark.parametrize("text", ["1,234", "n/a", "", "nan", "inf", "0x10", "1_0", "٣", "1 2", "."])
def test_what_is_no_clear_number_is_refused(text: str) -> None:
    with pytest.raises(Unfit) as caught:
        number(text)

    assert caught.value.rule == "number"


def test_a_number_too_large_for_a_double_is_refused() -> None:
    with pytest.raises(Unfit) as caught:
        number("1e999")

    assert caught.value.rule == "finite"


@pytest.mark.parametrize(("text", "expected"), [("12", 12), ("12.000", 12), ("1,034", 1034)])
def test_a_whole_number_is_read(text: str, expected: int) -> None:
    assert integer(text) == expected


@pytest.mark.parametrize("text", ["12.5", "n/a", "", "1e20", "9007199254740994"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(Unfit) as caught:
        integer(text)

    assert caught.value.rule == "integer"


def test_booleans_are_read_in_any_case() -> None:
    for text in ("true", "TRUE", "1", "Yes", "y", "T"):
        assert boolean(text) is True
    for text in ("false", "False", "0", "NO", "n", "f"):
        assert boolean(text) is False
    for text in ("2", "ja", "", "on"):
        with pytest.raises(Unfit, match="true, false"):
            boolean(text)


@pytest.mark.parametrize(
    "text", ["2026-01-31", "2026/01/31", "20260131", "2026-01-31T08:00:00", "2026-01-31 23:59"]
)
def test_a_date_that_starts_with_its_year_becomes_iso(text: str) -> None:
    assert date(text) == "2026-01-31"


@pytest.mark.parametrize("text", ["01/31/2026", "31.01.2026", "2026-02-30", "46053", "", "2026"])
def test_a_date_in_another_order_is_refused(text: str) -> None:
    with pytest.raises(Unfit, match="year first"):
        date(text)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (" a ", "text", "a"),
        (7, "text", "7"),
        (20.5, "text", "20.5"),
        (7.0, "text", "7"),
        (True, "text", "true"),
        ("12.5", "number", 12.5),
        (12, "number", 12.0),
        ("$5", "money", 5.0),
        (5.1, "money", 5.1),
        ("12.0", "integer", 12),
        (12.0, "integer", 12),
        ("yes", "boolean", True),
        (0, "boolean", False),
        (False, "boolean", False),
        ("a;b | c,d", "ids", '["a","b","c","d"]'),
        (" a ", "ids", '["a"]'),
        ('["a", 7]', "ids", '["a","7"]'),
        (["a", " b "], "ids", '["a","b"]'),
        ([], "ids", "[]"),
        ('[{"b": 1, "a": "é"}]', "objects", '[{"a":"é","b":1}]'),
        ([{"b": 1}], "objects", '[{"b":1}]'),
    ],
)
def test_a_value_is_fitted_to_the_type_of_its_field(
    value: object, kind: FieldType, expected: object
) -> None:
    fitted = fit(value, kind)

    assert fitted == expected
    assert type(fitted) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (["a"], "text"),
        (True, "number"),
        ("12", "boolean"),
        (2, "boolean"),
        (True, "money"),
        (1.005, "money"),
        (1.5, "integer"),
        (math.inf, "number"),
        (math.nan, "money"),
        ({"a": 1}, "ids"),
        ([True], "ids"),
        ([{"a": 1}], "ids"),
        ("[1", "ids"),
        ("{}", "objects"),
        ("nonsense", "objects"),
        (["a"], "objects"),
        ("[" * 200_000, "objects"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(value: object, kind: FieldType) -> None:
    with pytest.raises(Unfit):
        fit(value, kind)


@given(st.text(max_size=12), st.sampled_from(sorted(PARSERS)))
def test_no_text_makes_a_parser_fail_in_another_way(text: str, parse: Any) -> None:
    try:
        PARSERS[parse](text)
    except Unfit as unfit:
        need = unfit.need
    else:
        return

    assert len(text) < 4 or text not in need


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=2))
def test_every_amount_of_two_decimals_survives(amount: Any) -> None:
    assert money(str(amount)) == float(amount)
    assert money(f"{amount:,}") == float(amount)
