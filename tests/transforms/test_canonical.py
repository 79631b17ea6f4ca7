"""One canonical form for what is planned, what is sent and what is read back."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.inventory import STOREDGE, TRAVTUS, apartment, frame_of, unit
from transforms.canonical import canonical, flatten, nest, payloads, reads_as
from transforms.schema import Field

NUMBER, MONEY, INTEGER = Field("number"), Field("money"), Field("integer")
TEXT, BOOLEAN, IDS, OBJECTS = Field("text"), Field("boolean"), Field("ids"), Field("objects")
EVERY_FIELD = (NUMBER, MONEY, INTEGER, TEXT, BOOLEAN, IDS, OBJECTS)


@pytest.mark.parametrize("field", EVERY_FIELD, ids=lambda field: field.type)
@pytest.mark.parametrize("nothing", [None, pd.NA, float("nan")])
def test_what_says_nothing_has_no_form(nothing, field) -> None:
    assert canonical(nothing, field) is None


@pytest.mark.parametrize("field", [NUMBER, MONEY, INTEGER], ids=lambda field: field.type)
def test_a_whole_number_is_an_integer_however_it_is_written(field) -> None:
    forms = [canonical(value, field) for value in (20, 20.0, "20", "20.000", -0.0 + 20)]

    assert [(form, type(form)) for form in forms] == [(20, int)] * 5


def test_a_rate_that_is_read_back_is_the_rate_that_was_sent() -> None:
    sent = canonical(104.99, MONEY)

    assert canonical(json.loads(json.dumps({"rate": sent}))["rate"], MONEY) == sent
    assert canonical("104.99", MONEY) == sent


def test_no_digit_of_the_source_is_lost() -> None:
    assert canonical(39.85340300000001, NUMBER) == 39.85340300000001
    assert canonical(float(2**53), INTEGER) == 2**53


def test_a_third_decimal_is_no_noise() -> None:
    assert canonical(104.991, MONEY) != canonical(104.99, MONEY)


@pytest.mark.parametrize("garbage", ["ask us", {"rate": 5}, []])
def test_what_an_api_sends_in_place_of_a_number_differs_from_every_number(garbage) -> None:
    assert canonical(garbage, NUMBER) == garbage


@pytest.mark.parametrize(
    ("value", "form"),
    [(True, True), (False, False), (1, True), (0, False), ("false", False), ("True", True)],
)
def test_a_truth_value_is_one_in_each_of_its_spellings(value, form) -> None:
    assert canonical(value, BOOLEAN) is form


def test_text_is_trimmed_and_never_a_number() -> None:
    assert canonical(" 007 ", TEXT) == "007"
    assert canonical("  ", TEXT) == ""


@pytest.mark.parametrize("ids", ['["b","a"]', ["a", "b"], ["b", "a", "b"]])
def test_a_list_of_ids_is_a_set(ids) -> None:
    assert canonical(ids, IDS) == ["a", "b"]


def test_a_list_of_objects_keeps_its_order() -> None:
    assert canonical('[{"has_sink":true},{}]', OBJECTS) == [{"has_sink": True}, {}]


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_the_form_of_a_form_is_itself(value) -> None:
    form = canonical(value, NUMBER)

    assert canonical(form, NUMBER) == form
    assert canonical(json.loads(json.dumps(form)), NUMBER) == form


def test_an_absent_cell_is_no_part_of_the_payload() -> None:
    rows = [unit("k1", floor=None, rentable=False), unit("k2", floor=2, rentable=None)]
    first, second = payloads(frame_of(rows), STOREDGE)

    assert "floor" not in first
    assert first["rentable"] is False
    assert second["floor"] == 2
    assert "rentable" not in second


def test_a_payload_holds_nothing_but_api_fields() -> None:
    (payload,) = payloads(frame_of([unit("k1", _marked=True)]), STOREDGE)

    assert payload.keys() <= STOREDGE.fields.keys()
    assert payload["width"] == 10
    assert isinstance(payload["width"], int)


def test_a_frame_without_a_field_has_a_payload_for_each_row() -> None:
    frame = frame_of([unit("k1"), unit("k2")])[["_key"]]

    assert list(payloads(frame, STOREDGE)) == [{}, {}]


def test_a_frame_without_rows_has_no_payload() -> None:
    assert list(payloads(frame_of([unit("k1")]).iloc[:0], STOREDGE)) == []


@pytest.mark.parametrize(("live", "wanted"), [(None, ""), (None, []), ("", ""), (5, 5)])
def test_null_and_an_empty_value_read_alike(live, wanted) -> None:
    assert reads_as(live, wanted)


@pytest.mark.parametrize(("live", "wanted"), [(None, 0), (None, False), ("x", ""), ("", "x")])
def test_what_says_something_does_not_read_like_nothing(live, wanted) -> None:
    assert not reads_as(live, wanted)


def test_a_dot_nests() -> None:
    (payload,) = payloads(frame_of([apartment("a1", "5")], TRAVTUS), TRAVTUS)

    assert nest(payload)["address"] == {"address_line_1": "1 Main St", "address_line_2": "Unit 5"}


NAMES = st.sampled_from(["sqft", "address.city", "address.state", "address.geo.lat", "unit_number"])


@given(st.dictionaries(NAMES, st.integers() | st.text(max_size=3)))
def test_flattening_undoes_nesting(payload) -> None:
    assert flatten(nest(payload)) == payload
