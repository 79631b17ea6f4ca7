"""Encoding: one value has one text, and a seal sees every column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from state.encoding import seal, storable, to_json, to_moment, to_text


def test_a_payload_has_one_text_whatever_its_order() -> None:
    assert to_json({"b": 1, "a": ["ü", True]}) == to_json({"a": ["ü", True], "b": 1})
    assert to_json({"b": 1, "a": ["ü", True]}) == '{"a":["ü",true],"b":1}'


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_no_api_takes_are_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json({"width": number})


def test_times_are_kept_in_utc_and_come_back_aware() -> None:
    moment = datetime(2026, 7, 1, 4, 30, tzinfo=timezone(timedelta(hours=2)))

    assert to_text(moment) == "2026-07-01T02:30:00.000000+00:00"
    assert to_moment(to_text(moment)) == moment
    assert to_moment(to_text(moment)).tzinfo is UTC
    assert to_moment(None) is None


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        to_text(datetime(2026, 7, 1))


def test_text_with_a_lone_surrogate_becomes_storable_and_other_text_stays() -> None:
    assert storable("half\ud83d") == "half\\ud83d"
    assert storable("Zürich 🔒") == "Zürich 🔒"


def test_a_seal_differs_for_every_column_and_for_none_and_empty() -> None:
    seals = [
        seal(columns)
        for columns in (("a", "b", 1), ("a", "b", 0), ("ab", "", 1), (None, "b", 1), ("", "b", 1))
    ]

    assert len(set(seals)) == len(seals)
    assert seal(("a", "b", 1)) == seals[0]
