"""Comparing three sides: who moved is told rightly, and nothing drifts that nobody moved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import storedge, travtus
from transforms.canonical import canonical
from transforms.change import DesiredUnit
from transforms.compare import compare
from transforms.plan import Change, KnownGroup, KnownUnit, Live, LiveGroup, LiveUnit
from transforms.sides import Sides
from transforms.standing import FieldStanding, Standing

SCHEMA = storedge.schema(tiered=False)


def sides(source: Any, known: Any, live: Any, **given_to: Any) -> Sides:
    """One unit `1` with these payloads; None where a side does not have it."""
    name = {"name": "A1"}
    return Sides(
        live=Live("facility", () if live is None else (LiveUnit("r1", "A1", name | live),)),
        units={} if known is None else {"1": KnownUnit("1", "r1", "A1", None, name | known)},
        groups={},
        desired=() if source is None else (DesiredUnit(2, "1", None, "d", name | source),),
        changes=(),
        **{"schema": SCHEMA} | given_to,
    )


def standing(*three: Any, **given_to: Any) -> Standing | None:
    found = compare(sides(*three, **given_to)).standings
    return found[0] if found else None


def rate(value: Any) -> dict[str, Any]:
    return {} if value is None else {"standard_rate": value}


@pytest.mark.parametrize(
    ("source", "known", "live", "expected"),
    [
        (20, 20, 20, "in step"),
        (20, 20, 25, "drifted"),
        (25, 20, 20, "pending"),
        (25, 20, 30, "conflict"),
        (25, 20, 25, "in step"),
        (25, None, 20, "pending"),
        (None, 20, 25, "in step"),
        (20, 20, None, "drifted"),
    ],
)
def test_who_moved_is_told_by_three_values(source, known, live, expected):
    found = standing(rate(source), rate(known), rate(live))

    assert expected == (found.standing if found else "in step")


def test_a_unit_that_is_not_live_is_gone():
    assert "gone" == standing({}, {}, None).standing


def test_a_live_unit_without_a_key_is_unmanaged_and_needs_nobody():
    found = standing(None, None, {})

    assert ("unmanaged", None, "r1") == (found.standing, found.key, found.remote_id)
    assert not found.needs_person


def test_a_new_unit_is_pending_until_it_was_refused():
    assert "pending" == standing({}, None, None).standing
    refused = standing({}, None, None, troubles={("unit", "1"): ("failed", "no such type")})

    assert ("failed", "no such type") == (refused.standing, refused.words)


def test_a_known_unit_without_a_valid_row_stands_as_its_absence_is_explained():
    found = standing(None, {}, {}, absent={"1": ("rejected", "width is empty")})

    assert ("rejected", "width is empty") == (found.standing, found.words)


def test_what_both_and_they_moved_is_told_field_by_field():
    found = standing(
        {"standard_rate": 25, "width": 10},
        {"standard_rate": 20, "width": 10},
        {"standard_rate": 20, "width": 12},
    )

    assert "drifted" == found.standing
    assert {
        "standard_rate": FieldStanding(25, 20, 20, "pending"),
        "width": FieldStanding(10, 10, 12, "drifted"),
    } == dict(found.fields)


@pytest.mark.parametrize(
    ("field", "source", "live"),
    [
        ("attribute_description", "", None),
        ("tax_rates", ["b", "a"], ["a", "b", "a"]),
        ("standard_rate", 20, "20.0"),
        ("standard_rate", 0, -0.0),
        ("rentable", True, "true"),
        ("width", 10.5, "10.50"),
    ],
)
def test_another_spelling_is_no_drift(field, source, live):
    one = SCHEMA.fields[field]
    spelled = {} if live is None else {field: canonical(live, one)}
    wanted = {field: canonical(source, one)}

    assert standing(wanted, wanted, spelled) is None


def test_lock_codes_and_what_the_api_never_shows_cannot_drift():
    wanted = {"combination_lock_number": "hmac:1", "walk_thru_order": 3}

    assert standing(wanted, wanted, {}) is None


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ({"combination_lock_number": "hmac:2"}, ["unknown"]),
        ({"standard_rate": 25}, []),
    ],
)
def test_only_what_no_reading_shows_stays_in_trouble_once_all_reads_as_wanted(left, expected):
    trouble = {("unit", "1"): ("unknown", "no answer")}
    seen = sides(rate(25), rate(20), rate(25), troubles=trouble)
    change = Change("unit", "facility", "1", "A1", "update", {}, left, "r1")

    found = compare(replace(seen, changes=(change,))).standings

    assert expected == [one.standing for one in found]


def test_a_rate_that_tiers_decide_cannot_drift():
    tiered = storedge.schema(tiered=True)

    assert standing(rate(20), rate(20), rate(25), schema=tiered) is None


def test_what_is_accepted_needs_nobody_and_what_is_overwritten_is_known_as_it_is_live():
    three = rate(20), rate(20), rate(25)
    accepted = compare(sides(*three, policies={"standard_rate": "accept"}))
    overwritten = compare(sides(*three, policies={"*": "overwrite"}))

    assert not accepted.standings[0].needs_person
    assert () == accepted.units
    assert not overwritten.standings[0].needs_person
    assert 25 == overwritten.units[0].payload["standard_rate"]
    assert "" == overwritten.units[0].digest


def test_what_reads_as_the_source_wants_it_is_known_from_then_on():
    found = compare(sides(rate(25), rate(20), rate(25)))

    assert 25 == found.units[0].payload["standard_rate"]
    assert {("unit", "in step"): 1} == dict(found.counts)


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (LiveGroup("g1", "10x10", {"reference_unit_id": "r1"}), "in step"),
        (LiveGroup("g1", "ten", {"reference_unit_id": "r1"}), "drifted"),
        (LiveGroup("g1", "10x10", {"reference_unit_id": "r9"}), "drifted"),
        (None, "gone"),
    ],
)
def test_groups_are_compared_too(live, expected):
    groups = () if live is None else (live,)
    whole = Sides(
        live=Live("facility", (LiveUnit("r1", "A1", {"name": "A1"}, "g1"),), groups),
        units={"1": KnownUnit("1", "r1", "A1", "10x10", {"name": "A1"})},
        groups={
            "10x10": KnownGroup("10x10", "g1", "10x10", {"name": "10x10", "reference_unit": "1"})
        },
        desired=(),
        changes=(),
        schema=SCHEMA,
    )

    found = compare(whole)

    assert 1 == found.counts["group", expected]


VALUES = {
    "number": st.integers(0, 500) | st.floats(0.25, 500, allow_nan=False),
    "money": st.integers(0, 500) | st.decimals(0, 500, places=2).map(str),
    "integer": st.integers(0, 500),
    "boolean": st.booleans(),
    "text": st.text(max_size=20),
    "ids": st.lists(st.text("ab", max_size=3), max_size=3),
    "objects": st.just([]),
}


@pytest.mark.parametrize("schema", [storedge.schema(tiered=False), travtus.schema()])
@given(data=st.data())
def test_what_nobody_touched_never_drifts(schema, data):
    """Whatever was sent and is read back in the API's own spelling is in step."""
    payload = {}
    for name, field in schema.fields.items():
        value = data.draw(st.none() | VALUES[field.type], label=name)
        form = canonical(value, field)
        if form is not None:
            payload[name] = form
    shown = {n: canonical(v, schema.fields[n]) for n, v in payload.items() if v not in ("", [])}
    live = {name: v for name, v in shown.items() if schema.fields[name].readable}
    whole = Sides(
        live=Live("scope", (LiveUnit("r1", "A1", live),)),
        units={"1": KnownUnit("1", "r1", "A1", None, payload)},
        groups={},
        desired=(DesiredUnit(2, "1", None, "d", payload),),
        changes=(),
        schema=schema,
    )

    assert () == compare(whole).standings
