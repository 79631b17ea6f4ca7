"""Whom an error reply means, in all the forms that the contracts leave open (S3)."""

from __future__ import annotations

import pytest

from connectors.targets.offenders import offenders, speaks_of_items

SENT = {
    "a": frozenset({"A101", "id-a"}),
    "b": frozenset({"A102", "id-b"}),
    "c": frozenset({"10x10", "id-c"}),
    "d": frozenset({"10x10 Climate", "id-d", "ref-d"}),
}


@pytest.mark.parametrize("place", ["top", "meta"])
@pytest.mark.parametrize("envelope", ["error_hash", "errors"])
@pytest.mark.parametrize(
    "item",
    [
        {"name": "A102", "message": "no"},
        {"id": "id-b", "name": "something else", "message": "no"},
        {"id": "id-b", "message": "no"},
        {"uuid": "id-b", "message": "no"},
        {"message": "no", "unit_id": "id-b"},
    ],
)
def test_an_object_names_its_offender_by_id_or_name(place, envelope, item):
    errors = {envelope: {"width": [item]}}
    body = errors if place == "top" else {"meta": errors}

    assert {"b": "width: no"} == offenders(body, SENT)


@pytest.mark.parametrize(
    "text", ["A102", "Unit 'A102' is taken", "A102: taken", "is taken (id-b)", "(A102)"]
)
def test_a_text_names_its_offender_by_mentioning_it(text):
    body = {"errors": {"name_assignments": [text]}}

    assert {"b": f"name_assignments: {text}"} == offenders(body, SENT)


def test_the_longest_name_in_a_text_is_meant():
    body = {"errors": {"name_assignments": ["'10x10 Climate' is used by another unit group"]}}

    assert ["d"] == list(offenders(body, SENT))


@pytest.mark.parametrize("text", ["A1020 is taken", "XA102", "A102_b"])
def test_a_name_inside_another_word_is_not_meant(text):
    assert {} == offenders({"errors": {"name_assignments": [text]}}, SENT)


def test_an_id_counts_more_than_a_name():
    body = {"error_hash": {"name": [{"id": "id-a", "name": "A102", "message": "is taken"}]}}

    assert ["a"] == list(offenders(body, SENT))


def test_a_group_is_meant_by_the_reference_unit_that_it_asked_for():
    item = {"reference_unit_id": "ref-d", "message": "does not belong"}
    body = {"errors": {"reference_unit_assignments": [item]}}

    assert {"d": "reference_unit_assignments: does not belong"} == offenders(body, SENT)


def test_all_that_is_said_of_one_is_kept_once():
    body = {
        "error_hash": {
            "name": [{"name": "A101", "message": "is taken"}],
            "width": [{"name": "A101", "message": "is odd"}],
        },
        "meta": {"error_hash": {"name": [{"name": "A101", "message": "is taken"}]}},
    }

    assert {"a": "name: is taken; width: is odd"} == offenders(body, SENT)


def test_a_single_item_needs_no_list():
    assert {"a": "name: A101 is taken"} == offenders({"errors": {"name": "A101 is taken"}}, SENT)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "A101",
        {},
        {"errors": ["A101"]},
        {"error_hash": None},
        {"meta": "A101"},
        {"units": [{"name": "A101"}]},
        {"errors": {"name_assignments": []}},
    ],
)
def test_a_reply_that_names_nobody_blames_nobody(body):
    assert {} == offenders(body, SENT)
    assert not speaks_of_items(body)


@pytest.mark.parametrize(
    "item", [None, 7, "is not to our taste", {"name": None}, {"message": "odd"}, {}, ["odd"]]
)
def test_items_that_name_nobody_are_still_about_items(item):
    body = {"errors": {"name_assignments": [item]}}

    assert {} == offenders(body, SENT)
    assert speaks_of_items(body)


def test_a_name_with_marks_of_its_own_is_found():
    sent = {"a": frozenset({"A.1 (b)"}), "e": frozenset({""})}

    assert ["a"] == list(offenders({"errors": {"x": ["unit A.1 (b) is odd"]}}, sent))
