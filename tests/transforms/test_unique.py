"""When two names are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.unique import folded


@pytest.mark.parametrize("other", ["a057", " A057 ", "\u00a0A057", "Ａ０５７"])
def test_case_blanks_and_unicode_form_make_no_other_name(other: str) -> None:
    assert folded(other) == folded("A057")


def test_letters_that_only_differ_by_composition_or_case_are_one() -> None:
    assert folded("STRASSE") == folded("straße")
    assert folded("Cafe\u0301") == folded("CAFÉ")


@pytest.mark.parametrize("other", ["A57", "A0057", "A 057", "A-057", "Á057"])
def test_any_other_character_makes_another_name(other: str) -> None:
    assert folded(other) != folded("A057")


@given(st.text())
def test_folding_twice_changes_nothing(name: str) -> None:
    assert folded(folded(name)) == folded(name)
