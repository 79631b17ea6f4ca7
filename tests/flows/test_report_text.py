"""Numbers, lists and values read as a person would write them."""

from __future__ import annotations

from typing import Any

import pytest

from flows.report_text import clip, counted, listed, shown, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (45.2, "45 s"),
        (60, "1 min"),
        (192.4, "3 min 12 s"),
        (3600, "1 h"),
        (7525, "2 h 5 min"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    """Nobody needs the seconds of two hours."""
    assert span(seconds) == text


def test_counts_agree_with_their_noun() -> None:
    """One unit, two units."""
    assert [counted(number, "unit") for number in (0, 1, 2364)] == [
        "0 units",
        "1 unit",
        "2,364 units",
    ]
    assert [listed("abc"[:length]) for length in range(4)] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        ("", "empty"),
        ("hmac:0f", "•••"),
        (["hmac:0f", "a"], "•••, a"),
        ([{"shower": True, "code": "hmac:0f"}], "(shower: true, code: •••)"),
        (20, "20"),
        (97.5, "97.5"),
        ("two\nlines\x00", "two lines\ufffd"),
    ],
)
def test_a_value_is_shown_without_secrets_and_without_unseen_characters(
    value: Any, text: str
) -> None:
    """At any depth."""
    assert shown(value) == text


def test_a_cut_text_stays_escaped() -> None:
    """On the page and in its title."""
    html = str(clip("<b>" + "x" * 100, 10))

    assert html == f'<bdi title="&lt;b&gt;{"x" * 100}">&lt;b&gt;xxxxxx…</bdi>'
