"""The Travtus unit, and when two addresses are one."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.travtus import ADDRESS_FIELDS, address_key, address_keys, schema


def key(**members: str) -> str:
    return address_key({f"address.{name}": text for name, text in members.items()})


def test_only_the_first_address_line_is_required() -> None:
    required = [name for name, field in schema().fields.items() if field.required]

    assert required == ["address.address_line_1"]


@pytest.mark.parametrize("name", schema().fields)
def test_every_field_names_its_source(name: str) -> None:
    assert schema().fields[name].source.startswith("contracts A.3")


@pytest.mark.parametrize(
    "other",
    [
        "199 spencer street",
        "  199   Spencer\tStreet ",
        "199 Spencer Street.",
        "199, Spencer Street",
        "１９９ Spencer Street",
        "199 SPENCER_STREET",
    ],
)
def test_case_blanks_punctuation_and_unicode_form_make_no_other_address(other: str) -> None:
    assert key(address_line_1=other) == key(address_line_1="199 Spencer Street")


def test_composed_and_decomposed_letters_are_one() -> None:
    assert key(city="Cafe\u0301") == key(city="Café")


@pytest.mark.parametrize("other", ["Unit 11", "Unit 1 1", "1", ""])
def test_another_number_or_word_makes_another_address(other: str) -> None:
    assert key(address_line_2=other) != key(address_line_2="Unit 1")


def test_a_word_that_moves_to_the_next_line_makes_another_address() -> None:
    assert key(address_line_1="1 Main St", address_line_2="2") != key(
        address_line_1="1 Main St 2", address_line_2=""
    )


def test_every_member_of_the_address_counts_but_not_the_position() -> None:
    assert len({key(**{name.removeprefix("address."): "x"}) for name in ADDRESS_FIELDS}) == 7
    assert key(city="x") == address_key({"address.city": "x", "address.latitude": 1.5})


def test_an_absent_member_is_an_empty_one() -> None:
    assert key(city="x", state="") == key(city="x")


MEMBERS = st.dictionaries(
    st.sampled_from(ADDRESS_FIELDS), st.text(max_size=8) | st.sampled_from(["1 Main St.", "é"])
)


@given(st.lists(MEMBERS, min_size=1, max_size=5))
def test_a_frame_and_its_payloads_have_the_same_keys(payloads: list[dict[str, str]]) -> None:
    frame = pd.DataFrame(payloads, dtype="str")

    assert address_keys(frame).tolist() == [address_key(payload) for payload in payloads]
