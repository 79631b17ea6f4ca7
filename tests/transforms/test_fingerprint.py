"""Fingerprints: a night without changes is known by them, so they must not lie."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.fingerprint import fingerprints, scope_digests

TEXTS = st.none() | st.text(max_size=4)
NUMBERS = st.none() | st.sampled_from([0.0, -0.0, 1.0, 20.0, 104.99, 1e300])
TRUTHS = st.none() | st.booleans()
ROWS = st.lists(st.tuples(TEXTS, NUMBERS, TRUTHS), min_size=1, max_size=4)


def frame_of(rows: list[tuple]) -> pd.DataFrame:
    names = pd.Series([row[0] for row in rows], dtype="str")
    widths = pd.Series([row[1] for row in rows], dtype="float64")
    rentable = pd.Series([row[2] for row in rows], dtype="boolean")
    return pd.DataFrame({"name": names, "width": widths, "rentable": rentable})


def prints(frame: pd.DataFrame, version: str = "1") -> list[str]:
    return fingerprints(frame, version).tolist()


@given(ROWS, st.permutations(["name", "width", "rentable"]))
def test_the_order_of_the_columns_does_not_count(rows, order) -> None:
    frame = frame_of(rows)

    assert prints(frame) == prints(frame[order])


@settings(max_examples=50)
@given(ROWS)
def test_a_column_that_is_empty_everywhere_does_not_count(rows) -> None:
    frame = frame_of(rows)

    assert prints(frame) == prints(frame.assign(floor=pd.Series(dtype="Int64")))
    assert prints(frame) == prints(frame.assign(note=pd.Series(dtype="str")))


@settings(max_examples=50)
@given(ROWS, ROWS)
def test_a_row_has_its_fingerprint_in_whatever_company(rows, others) -> None:
    assert prints(frame_of([*others, *rows]))[len(others) :] == prints(frame_of(rows))


@given(ROWS)
def test_two_rows_have_one_fingerprint_exactly_if_they_say_the_same(rows) -> None:
    found = prints(frame_of(rows))

    assert len(set(found)) == len({(text, width, truth) for text, width, truth in rows})


@pytest.mark.parametrize("dtype", ["Int64", "int64", "float64"])
def test_a_number_has_one_fingerprint_in_every_type(dtype: str) -> None:
    plain = prints(pd.DataFrame({"width": [20.0, 0.0]}))

    assert prints(pd.DataFrame({"width": pd.Series([20, 0], dtype=dtype)})) == plain


def test_minus_zero_is_zero() -> None:
    assert prints(pd.DataFrame({"rate": [-0.0]})) == prints(pd.DataFrame({"rate": [0.0]}))


def test_a_text_is_not_the_number_that_it_spells() -> None:
    number, text = pd.DataFrame({"name": [20.0]}), pd.DataFrame({"name": ["20"]}, dtype="str")

    assert prints(number) != prints(text)


def test_an_empty_text_says_something_and_an_absent_one_nothing() -> None:
    notes = pd.DataFrame({"note": pd.Series(["", None], dtype="str")})
    empty, absent = prints(notes)

    assert empty != absent
    assert absent == prints(pd.DataFrame(index=[0]))[0]


def test_two_fields_that_trade_values_are_another_row() -> None:
    there = pd.DataFrame({"width": [5.0], "length": [10.0]})
    back = pd.DataFrame({"width": [10.0], "length": [5.0]})

    assert prints(there) != prints(back)


def test_another_version_of_the_mapping_is_another_fingerprint() -> None:
    frame = frame_of([("A1", 5.0, True)])

    assert prints(frame, "1") != prints(frame, "2")


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    """It stands in the state of a night before."""
    assert prints(frame_of([("A1", 5.0, True)])) == ["1d13c3c28fcfca951098b334cc85653a"]


def test_fingerprints_keep_the_rows_of_the_frame() -> None:
    frame = frame_of([("A1", 5.0, True), ("A2", 5.0, True)]).set_axis([7, 9], axis="index")

    assert fingerprints(frame, "1").index.tolist() == [7, 9]


def test_a_frame_without_rows_has_none() -> None:
    assert prints(frame_of([]).iloc[:0]) == []


PLACES = st.lists(st.tuples(st.sampled_from(["F1", "F2"]), st.sampled_from("abc")), max_size=6)


@settings(max_examples=50)
@given(PLACES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_count_in_a_scope(places, random) -> None:
    shuffled = list(places)
    random.shuffle(shuffled)

    assert digests(shuffled) == digests(places)


@settings(max_examples=50)
@given(PLACES, PLACES)
def test_scopes_have_one_digest_exactly_if_they_hold_the_same_rows(one, other) -> None:
    def rows(places: list[tuple[str, str]]) -> list[str]:
        return sorted(row for scope, row in places if scope == "F1")

    same = digests(one).get("F1") == digests(other).get("F1")

    assert same == (rows(one) == rows(other))


def test_a_row_that_stands_twice_is_not_forgotten() -> None:
    once, twice = digests([("F1", "a")]), digests([("F1", "a"), ("F1", "a")])

    assert once != twice


def test_what_belongs_together_counts_together() -> None:
    scopes = pd.Series(["F1", "F1"])
    straight = scope_digests(scopes, pd.Series(["a", "b"]), pd.Series(["1", "2"]))
    crossed = scope_digests(scopes, pd.Series(["a", "b"]), pd.Series(["2", "1"]))

    assert straight.tolist() != crossed.tolist()


def digests(places: list[tuple[str, str]]) -> dict[str, str]:
    scopes = pd.Series([scope for scope, _ in places], dtype="str")
    rows = pd.Series([row for _, row in places], dtype="str")
    return scope_digests(scopes, rows).to_dict()


def test_many_rows_that_differ_in_one_digit_do_not_meet() -> None:
    rates = pd.DataFrame({"rate": np.arange(100_000) / 100})

    assert fingerprints(rates, "1").nunique() == 100_000
