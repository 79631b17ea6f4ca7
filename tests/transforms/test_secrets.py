"""Lock codes: enough to see a change, too little to open a door."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.inventory import MASK, frame_of, unit
from transforms.secrets import MARK, SecretMask, blanked

FIELDS = ["combination_lock_number", "overlock_lock_number"]


@given(
    st.text(st.characters(codec="utf-8", exclude_characters=MARK + "0123456789abcdef"), min_size=1)
)
def test_a_code_does_not_stand_in_its_hash(code: str) -> None:
    hashed = MASK.hashed(code)

    assert hashed.startswith(MARK)
    assert len(hashed) == len(MARK) + 32
    assert code not in hashed


@given(st.text(max_size=6), st.text(max_size=6))
def test_one_code_has_one_hash_and_two_codes_have_two(one: str, other: str) -> None:
    assert (MASK.hashed(one) == MASK.hashed(other)) == (one == other)


@given(st.text(), st.text(), st.text())
def test_no_hash_survives_wherever_in_a_text_it_stands(code: str, before: str, after: str) -> None:
    hashed = MASK.hashed(code)

    hidden = blanked(f"{before}{hashed}{after}")

    assert hashed not in hidden
    assert blanked(hidden) == hidden


def test_no_hash_survives_however_deep_in_a_value_it_stands() -> None:
    hashed = MASK.hashed("1234")

    hidden = blanked({"after": [{"lock": hashed, "floor": 1, "note": None}, (hashed,)]})

    assert hidden == {"after": [{"lock": "•••", "floor": 1, "note": None}, ["•••"]]}


def test_without_the_key_nothing_is_learned_from_a_guess() -> None:
    assert SecretMask(b"other").hashed("1234") != MASK.hashed("1234")


def test_the_key_is_never_shown() -> None:
    assert "key of the tests" not in repr(MASK)


def test_the_hash_goes_into_the_frame_and_the_code_stays_beside_it() -> None:
    frame = frame_of([unit("k1", combination_lock_number="1234"), unit("k2")])
    hashed, codes = MASK.split(frame, FIELDS)

    assert hashed["combination_lock_number"].iloc[0] == MASK.hashed("1234")
    assert list(codes.columns) == ["combination_lock_number"]
    assert codes["combination_lock_number"].iloc[0] == "1234"
    assert codes.index.equals(frame.index)


def test_a_unit_without_a_code_has_no_hash() -> None:
    frame = frame_of([unit("k1", combination_lock_number="1234"), unit("k2")])
    hashed, codes = MASK.split(frame, FIELDS)

    assert pd.isna(hashed["combination_lock_number"].iloc[1])
    assert pd.isna(codes["combination_lock_number"].iloc[1])


def test_a_frame_without_secrets_passes_as_it_is() -> None:
    frame = frame_of([unit("k1")])
    hashed, codes = MASK.split(frame, FIELDS)

    assert hashed.equals(frame)
    assert codes.columns.empty
