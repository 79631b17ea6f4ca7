"""JSON and JSON Lines: text as the file has it, nested objects with dots, nothing taken twice."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
import pytest

from connectors.errors import SourceUnreadable
from connectors.sources import json_records
from tests.connectors.sources.whole import Whole, whole_of


def read_json(data: bytes, origin: str) -> Whole:
    return whole_of(origin, [json_records.read_json(data.decode(), origin)])


def read_json_lines(data: bytes, origin: str) -> Whole:
    lines = io.StringIO(data.decode(), newline="\n")
    return whole_of(origin, json_records.read_json_lines(lines))


def rows(extract: Whole) -> dict[int, dict[str, Any]]:
    records = extract.rows.to_dict("index")
    return {
        int(str(row)): {str(name): None if pd.isna(cell) else cell for name, cell in cells.items()}
        for row, cells in records.items()
    }


def test_values_keep_the_text_that_the_file_has() -> None:
    extract = read_json(
        b'[{"id": "007", "rate": 20.50, "big": 12345678901234567890, "exp": 1e5,'
        b' "flag": true, "none": null, "empty": ""}]',
        "units.json",
    )

    assert rows(extract) == {
        1: {
            "id": "007",
            "rate": "20.50",
            "big": "12345678901234567890",
            "exp": "1e5",
            "flag": "true",
            "none": None,
            "empty": "",
        }
    }
    assert {str(kind) for kind in extract.rows.dtypes} == {"str"}
    assert extract.complete


def test_objects_flatten_with_dots_and_lists_stay_json() -> None:
    extract = read_json(
        b'[{"id": 1, "address": {"city": "Redding", "at": {"lat": 40.50}},'
        b' "tags": ["a", 2, {"n": 1.5}]}]',
        "units.json",
    )

    assert rows(extract) == {
        1: {
            "id": "1",
            "address.city": "Redding",
            "address.at.lat": "40.50",
            "tags": '["a", 2, {"n": 1.5}]',
        }
    }


def test_records_may_have_different_keys() -> None:
    extract = read_json(b'[{"a": "1"}, {"b": "2"}]', "units.json")

    assert rows(extract) == {1: {"a": "1", "b": None}, 2: {"a": None, "b": "2"}}


def test_an_object_with_exactly_one_list_is_that_list() -> None:
    assert rows(read_json(b'{"count": 1, "units": [{"id": "1"}]}', "x")) == {1: {"id": "1"}}


def test_an_object_with_two_lists_is_not_guessed() -> None:
    with pytest.raises(SourceUnreadable, match="2 lists in it \\(“units”, “groups”\\)"):
        read_json(b'{"units": [{}], "groups": []}', "units.json")


@pytest.mark.parametrize("text", [b'{"count": 1}', b"7", b'"text"', b"null"])
def test_what_holds_no_array_of_objects_is_unreadable(text: bytes) -> None:
    with pytest.raises(SourceUnreadable, match="array of objects"):
        read_json(text, "units.json")


@pytest.mark.parametrize("text", [b"[]", b'{"units": []}'])
def test_no_records_are_unreadable(text: bytes) -> None:
    with pytest.raises(SourceUnreadable, match="its list is empty"):
        read_json(text, "units.json")


@pytest.mark.parametrize("text", [b'[{"id": 1}, {"id"', b'[{"a": NaN}]', b'[{"a": 1, "a": 2}]'])
def test_json_that_is_cut_or_wrong_is_unreadable(text: bytes) -> None:
    with pytest.raises(SourceUnreadable, match="units.json is not valid JSON"):
        read_json(text, "units.json")


def test_json_nested_without_end_is_unreadable() -> None:
    with pytest.raises(SourceUnreadable, match="nested too deeply"):
        read_json(b"[" * 200_000, "units.json")


def test_a_record_that_is_no_object_is_reported_and_the_others_are_kept() -> None:
    extract = read_json(b'[{"id": "1"}, ["2"], {"id": "3"}, {"a.b": 1, "a": {"b": 2}}]', "x")

    assert rows(extract) == {1: {"id": "1"}, 3: {"id": "3"}}
    assert [(record.row, record.message) for record in extract.malformed] == [
        (2, "the record cannot be read: it is not an object"),
        (4, "the record cannot be read: a key stands twice in one object"),
    ]
    assert not extract.complete


def test_lines_are_numbered_as_they_stand_in_the_file() -> None:
    extract = read_json_lines('{"id": "1"}\n\n{"id": "two\u2028"}\r\n'.encode(), "units.jsonl")

    assert rows(extract) == {1: {"id": "1"}, 3: {"id": "two\u2028"}}
    assert extract.complete


def test_a_line_that_is_cut_is_reported_and_takes_the_proof_away() -> None:
    extract = read_json_lines(b'{"id": "1"}\n{"id": "2"}\n{"id": "31337', "units.jsonl")

    assert rows(extract) == {1: {"id": "1"}, 2: {"id": "2"}}
    (record,) = extract.malformed
    assert record.row == 3
    assert "31337" not in record.message
    assert not extract.complete
    assert extract.reason == "1 record could not be read"


def test_half_a_unicode_character_costs_only_its_own_record() -> None:
    extract = read_json_lines(b'{"id": "\\ud800"}\n{"id": "2"}\n', "units.jsonl")

    assert rows(extract) == {2: {"id": "2"}}
    assert [record.row for record in extract.malformed] == [1]


def test_lines_of_which_none_can_be_read_are_unreadable() -> None:
    with pytest.raises(SourceUnreadable, match="No record of units.jsonl could be read"):
        read_json_lines(b"id,note\n1,a\n", "units.jsonl")
