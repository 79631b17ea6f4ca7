"""Which keys stand in several scopes: exact, and nothing is looked through before it is asked."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import shared_keys
from transforms.shared_keys import SharedKeys

PLACES = st.lists(
    st.tuples(st.sampled_from(["F1", "F2", ""]), st.sampled_from("abc") | st.just(""))
)


def shared(*parts: list[tuple[str, str]]) -> SharedKeys:
    frames = [pd.DataFrame(part, columns=["scope", "key"], dtype="str") for part in parts]
    keys: dict[str, set[str]] = {}
    for part in parts:
        for scope, key in part:
            keys.setdefault(scope, set()).add(key)
    return SharedKeys(lambda: frames, lambda scope: frozenset(keys[scope]))


@given(st.lists(PLACES, max_size=4))
def test_a_key_is_shared_if_two_scopes_name_it(parts: list[list[tuple[str, str]]]) -> None:
    named = {place for part in parts for place in part if all(place)}
    expected = [key for key in "abc" if sum(key == other for _, other in named) > 1]

    assert expected == [key for key in "abc" if key in shared(*parts)]


def test_keys_whose_words_are_alike_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    words = shared_keys._words
    monkeypatch.setattr(shared_keys, "_words", lambda keys: words(["same"] * len(list(keys))))
    keys = shared([("F1", "a"), ("F2", "b"), ("F1", "c"), ("F2", "c")])

    assert [key for key in "abc" if key in keys] == ["c"]


def test_nothing_is_looked_through_before_the_first_question() -> None:
    def places():
        pytest.fail("nobody asked")

    SharedKeys(places, lambda scope: frozenset())
