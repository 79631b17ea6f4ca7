"""Valid ∪ rejected = input, always; each line says why; nothing depends on the order of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import storedge, travtus
from transforms.mapping import Mapping
from transforms.normalize import PROBLEM_COLUMNS, normalize
from transforms.schema import TargetSchema
from transforms.validate import Checked, validate

STOREDGE = storedge.schema()
TRAVTUS = travtus.schema()
UNIT = {
    "site": "S1",
    "id": "u1",
    "name": "A001",
    "width": "10",
    "length": "20",
    "height": "8",
    "door_width": "8",
    "door_height": "7",
    "door_type": "roll_up",
    "access_type": "indoor",
    "standard_rate": "104.99",
    "walk_thru_order": "1",
    "unit_type": "T1",
    "tier": "",
    "rank": "",
    "lock": "",
    "amenities": "",
    "group": "G1",
    "group_name": "Group 1",
}
STORAGE_FIELDS = {
    name: name
    for name in UNIT
    if name not in ("site", "id", "lock", "amenities", "group", "group_name")
} | {"combination_lock_number": "lock", "unit_amenities": "amenities"}
APARTMENT = {
    "site": "C1",
    "id": "a1",
    "ref": "a1",
    "street": "1 Main St",
    "line_2": "Unit 1",
    "beds": "1",
    "baths": "1",
    "bathrooms": "",
    "sqft": "500",
    "lat": "41.5",
    "lon": "-72.5",
}
APARTMENT_FIELDS = {
    "external_ref": "ref",
    "address.address_line_1": "street",
    "address.address_line_2": "line_2",
    "number_of_bedrooms": "beds",
    "number_of_bathrooms": "baths",
    "bathrooms": "bathrooms",
    "sqft": "sqft",
    "address.latitude": "lat",
    "address.longitude": "lon",
}
GROUPS = {"key": "group", "name": "group_name"}


@dataclass(frozen=True)
class Record:
    row: int
    message: str


def check(
    rows: list[dict[str, str]],
    fields: dict[str, Any],
    schema: TargetSchema,
    *,
    numbers: list[int] | None = None,
    groups: dict[str, str] | None = None,
    malformed: tuple[Record, ...] = (),
) -> Checked:
    index = pd.Index(numbers or range(2, len(rows) + 2), name="row", dtype="int64")
    frame = pd.DataFrame(rows, index=index, dtype="str")
    mapping = Mapping.model_validate(
        {"scope": "site", "key": "id", "fields": fields, "groups": groups}
    )
    return validate(normalize(frame, mapping, schema), schema, malformed=malformed)


def storage(*changes: dict[str, str], **more: Any) -> Checked:
    """Units that are valid and distinct but for the changes."""
    rows = [
        UNIT | {"id": f"u{place}", "name": f"A{place}"} | change
        for place, change in enumerate(changes)
    ]
    return check(rows, STORAGE_FIELDS, more.pop("schema", STOREDGE), **more)


def apartments(*changes: dict[str, str], **more: Any) -> Checked:
    rows = [
        APARTMENT | {"id": f"a{place}", "ref": f"a{place}", "line_2": f"Unit {place}"} | change
        for place, change in enumerate(changes)
    ]
    return check(rows, APARTMENT_FIELDS, TRAVTUS, **more)


def lines(checked: Checked) -> list[tuple[int, str, str]]:
    columns = checked.rejections[["row", "field", "rule"]]
    return list(columns.itertuples(index=False, name=None))


def test_valid_rows_pass_as_they_are() -> None:
    checked = storage({}, {}, groups=GROUPS)

    assert checked.valid.index.tolist() == [2, 3]
    assert checked.valid["standard_rate"].tolist() == [104.99, 104.99]
    assert checked.rejections.columns.tolist() == PROBLEM_COLUMNS
    assert checked.rejections.empty
    assert (checked.collapsed, checked.extracted) == (0, 2)
    assert apartments({}, {}).rejections.empty


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"name": ""}, "name", "required"),
        ({"name": "A1,A2"}, "name", "no_comma"),
        ({"width": "0"}, "width", "above_zero"),
        ({"length": "-1"}, "length", "above_zero"),
        ({"height": "0.0"}, "height", "above_zero"),
        ({"door_width": "0"}, "door_width", "above_zero"),
        ({"door_height": "0"}, "door_height", "above_zero"),
        ({"width": "wide"}, "width", "number"),
        ({"width": "1e999"}, "width", "finite"),
        ({"door_type": "rollup"}, "door_type", "choices"),
        ({"access_type": "Indoor"}, "access_type", "choices"),
        ({"access_type": ""}, "access_type", "required"),
        ({"standard_rate": ""}, "standard_rate", "required"),
        ({"standard_rate": "-210.0000"}, "standard_rate", "not_negative"),
        ({"standard_rate": "104,99"}, "standard_rate", "money"),
        ({"walk_thru_order": "-1"}, "walk_thru_order", "not_negative"),
        ({"walk_thru_order": "1.5"}, "walk_thru_order", "integer"),
        ({"unit_type": " "}, "unit_type", "required"),
        ({"rank": "-1"}, "rank", "not_negative"),
        ({"amenities": "["}, "unit_amenities", "ids"),
        ({"site": ""}, "scope", "required"),
        ({"id": " "}, "key", "required"),
    ],
)
def test_each_rule_of_a_storage_unit_rejects_only_its_own_row(
    change: dict[str, str], field: str, rule: str
) -> None:
    checked = storage({}, change, {})

    assert lines(checked) == [(3, field, rule)]
    assert checked.valid.index.tolist() == [2, 4]


def test_zero_is_a_rate_and_a_place_in_the_walk() -> None:
    assert storage({"standard_rate": "0", "walk_thru_order": "0"}).rejections.empty


def test_the_tier_is_required_when_pricing_is_tiered() -> None:
    tiered = storedge.schema(tiered=True)

    assert lines(storage({"tier": "T"}, {}, schema=tiered)) == [(3, "tier", "required")]
    assert storage({}).rejections.empty


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"street": ""}, "address.address_line_1", "required"),
        ({"beds": "-1"}, "number_of_bedrooms", "not_negative"),
        ({"baths": "-1"}, "number_of_bathrooms", "not_negative"),
        ({"baths": "1.5"}, "number_of_bathrooms", "integer"),
        ({"sqft": "0"}, "sqft", "above_zero"),
        ({"sqft": "n/a"}, "sqft", "integer"),
        ({"lat": "90.1"}, "address.latitude", "between"),
        ({"lon": "-180.1"}, "address.longitude", "between"),
        ({"bathrooms": "{}"}, "bathrooms", "objects"),
        ({"bathrooms": '[{"has_sink": 1}]'}, "bathrooms", "bathrooms"),
        ({"bathrooms": '[{"has_bidet": true}]'}, "bathrooms", "bathrooms"),
        ({"bathrooms": "[]"}, "bathrooms", "bathrooms_count"),
        ({"bathrooms": '[{"has_sink": true}, {}]'}, "bathrooms", "bathrooms_count"),
    ],
)
def test_each_rule_of_an_apartment_rejects_only_its_own_row(
    change: dict[str, str], field: str, rule: str
) -> None:
    checked = apartments({}, change, {})

    assert lines(checked) == [(3, field, rule)]
    assert checked.valid.index.tolist() == [2, 4]


def test_what_an_apartment_may_hold_at_most_and_at_least() -> None:
    full = '[{"has_shower_or_bath": true, "has_sink": true, "has_toilet": false}]'

    assert apartments(
        {"lat": "90", "lon": "-180", "beds": "0"},
        {"lat": "-90", "lon": "180"},
        {"bathrooms": full},
        {"bathrooms": full, "baths": ""},
        {"bathrooms": "[]", "baths": "0"},
    ).rejections.empty


def test_all_units_of_one_name_are_rejected_whatever_its_case_blanks_or_unicode_form() -> None:
    checked = storage(
        {"name": "A057"}, {"name": " a057 "}, {"name": "Ａ057"}, {"name": "A057", "site": "S2"}, {}
    )

    assert lines(checked) == [(row, "name", "name_unique") for row in (2, 3, 4)]
    assert checked.valid.index.tolist() == [5, 6]
    assert checked.rejections["message"].tolist() == [
        f"name “{name}” also stands in row {others}; "
        "a name must be unique in its scope, whatever its case."
        for name, others in (("A057", "3 and 4"), ("a057", "2 and 4"), ("Ａ057", "2 and 3"))
    ]


def test_a_row_that_is_rejected_anyway_does_not_drag_its_namesake_down() -> None:
    checked = storage({"name": "A1", "width": "0"}, {"name": "a1"})

    assert lines(checked) == [(2, "width", "above_zero")]
    assert checked.valid.index.tolist() == [3]


def test_apartments_that_normalise_to_one_address_are_rejected() -> None:
    checked = apartments(
        {"line_2": "Unit 7"}, {"line_2": "UNIT  #7"}, {"line_2": "Unit 7", "site": "C2"}, {}
    )

    assert lines(checked) == [(2, "address", "address_unique"), (3, "address", "address_unique")]
    assert checked.rejections["value"].tolist() == ["1 Main St, Unit 7", "1 Main St, UNIT  #7"]


def test_apartments_of_one_reference_are_rejected() -> None:
    checked = apartments(
        {"ref": "r"}, {"ref": "r"}, {"ref": "r", "site": "C2"}, {"ref": ""}, {"ref": ""}
    )

    assert lines(checked) == [
        (2, "external_ref", "external_ref_unique"),
        (3, "external_ref", "external_ref_unique"),
    ]


def test_two_groups_of_one_name_lose_all_their_rows() -> None:
    checked = storage(
        {"group": "G1", "group_name": "10x10"},
        {"group": "G1", "group_name": "10x10"},
        {"group": "G2", "group_name": "10X10"},
        {"group": "G3", "group_name": "10x10", "site": "S2"},
        {"group": "G4", "group_name": "other"},
        groups=GROUPS,
    )

    assert lines(checked) == [(row, "groups.name", "group_name_unique") for row in (2, 3, 4)]
    assert checked.rejections["message"].iloc[0] == (
        "groups.name “10x10” also names the group with the key G2; "
        "two groups of a scope cannot have one name, whatever its case."
    )


def test_a_row_without_a_group_is_rejected() -> None:
    assert lines(storage({"group": ""}, {}, groups=GROUPS)) == [(2, "groups.key", "required")]


def test_identical_rows_collapse_and_the_first_stays() -> None:
    same = {"id": "u9", "name": "N9"}
    checked = storage(same, {}, same | {"width": "10.000", "name": " N9"}, same)

    assert checked.valid.index.tolist() == [2, 3]
    assert checked.rejections.empty
    assert (checked.collapsed, checked.extracted) == (2, 2)


def test_identical_rows_with_the_same_problem_collapse_too() -> None:
    same = {"id": "u9", "name": "N9", "width": "wide"}
    checked = storage(same, same)

    assert lines(checked) == [(2, "width", "number")]
    assert (checked.collapsed, checked.extracted) == (1, 1)


def test_different_rows_of_one_key_are_all_rejected_and_name_each_other() -> None:
    same = {"id": "u9", "name": "N9"}
    checked = storage(same, {}, same | {"standard_rate": "99", "rank": "1"}, same)

    assert lines(checked) == [(2, "key", "conflicting_rows"), (4, "key", "conflicting_rows")]
    assert checked.collapsed == 1
    assert checked.rejections["message"].iloc[0] == (
        "The key also stands in row 4 with other values (standard_rate, rank); "
        "one row per key is allowed, and which is right cannot be known."
    )


def test_rows_that_differ_only_in_cells_that_cannot_be_mapped_conflict() -> None:
    same = {"id": "u9", "name": "N9"}
    checked = storage(same | {"width": "wide"}, same | {"width": "narrow"})

    assert lines(checked) == [
        (2, "width", "number"),
        (2, "key", "conflicting_rows"),
        (3, "width", "number"),
        (3, "key", "conflicting_rows"),
    ]
    assert "(width)" in checked.rejections["message"].iloc[1]


def test_one_key_in_two_scopes_is_two_units() -> None:
    assert storage({"id": "u9"}, {"id": "u9", "site": "S2"}).rejections.empty


def test_rows_without_key_are_neither_duplicates_nor_in_conflict() -> None:
    checked = storage({"id": "", "name": "N"}, {"id": "", "name": "N"}, {"id": "", "name": "M"})

    assert lines(checked) == [(row, "key", "required") for row in (2, 3, 4)]
    assert checked.extracted == 3


def test_a_row_keeps_every_line_that_speaks_against_it() -> None:
    checked = storage(
        {"name": "", "width": "0", "door_type": "9", "standard_rate": "x", "site": ""}
    )

    assert sorted(lines(checked)) == [
        (2, "door_type", "choices"),
        (2, "name", "required"),
        (2, "scope", "required"),
        (2, "standard_rate", "money"),
        (2, "width", "above_zero"),
    ]


def test_a_line_says_what_was_found_and_what_is_allowed() -> None:
    checked = storage({"door_type": "9", "rank": "-2", "name": ""})

    assert sorted(checked.rejections["message"]) == [
        "door_type is “9”; one of none, roll_up, swing is needed.",
        "name is empty; a value is required.",
        "rank is “-2”; it must not be negative.",
    ]
    assert checked.rejections["scope"].unique().tolist() == ["S1"]
    assert checked.rejections["key"].unique().tolist() == ["u0"]


def test_a_required_field_that_is_not_mapped_rejects_every_row() -> None:
    fields = {name: source for name, source in STORAGE_FIELDS.items() if name != "width"}
    checked = check([UNIT], fields, STOREDGE)

    assert lines(checked) == [(2, "width", "required")]
    assert checked.valid.empty


def test_a_required_text_may_not_be_a_blank_default() -> None:
    fields = STORAGE_FIELDS | {"unit_type": {"column": "unit_type", "default": ""}}

    assert lines(check([UNIT | {"unit_type": ""}], fields, STOREDGE)) == [
        (2, "unit_type", "required")
    ]


def test_malformed_records_are_rejections_and_count_as_extracted() -> None:
    checked = storage({}, malformed=(Record(7, "the record has 2 cells"),))

    (line,) = checked.rejections.to_dict("records")
    assert line == {
        "row": 7,
        "scope": "",
        "key": "",
        "field": "",
        "rule": "malformed",
        "value": "",
        "message": "The record has 2 cells.",
    }
    assert checked.extracted == 2
    assert checked.scopeless_keyless


def test_rows_without_key_or_scope_name_the_units_that_they_may_be() -> None:
    checked = storage({"id": "", "site": "S2"}, {"id": "u7", "site": ""}, {})
    nobody = storage({"id": "", "site": ""})

    assert checked.keyless_scopes == {"S2"}
    assert checked.scopeless_keys == {"u7"}
    assert not checked.scopeless_keyless
    assert nobody.scopeless_keyless
    assert nobody.keyless_scopes == nobody.scopeless_keys == frozenset()


def test_lock_codes_stand_in_no_rejection() -> None:
    fields = STORAGE_FIELDS | {"combination_lock_number": {"column": "lock", "extract": "^([A-Z])"}}
    codes = [UNIT | {"lock": "31337"}, UNIT | {"lock": "73313", "id": "u2"}]
    checked = check(codes, fields, STOREDGE)

    assert checked.rejections["value"].tolist() == ["•••", "•••"]
    assert "31337" not in checked.rejections.to_json()
    assert "73313" not in checked.rejections.to_json()


@pytest.mark.parametrize("numbers", [[9, 5, 7], [3, 2, 1], [10**12, 0, 500]])
def test_rows_are_told_apart_by_their_number_however_it_is_spread(numbers: list[int]) -> None:
    checked = storage({}, {"width": "0", "name": ""}, {}, numbers=numbers)

    assert set(checked.rejections["row"]) == {numbers[1]}
    assert set(checked.valid.index) == {numbers[0], numbers[2]}


def test_every_row_may_be_rejected() -> None:
    checked = storage(*[{"width": "0"}] * 50)

    assert checked.valid.empty
    assert checked.valid.columns.tolist() == storage({}).valid.columns.tolist()
    assert sorted(checked.rejections["row"]) == list(range(2, 52))


def test_no_rows_at_all_are_no_error() -> None:
    rows = pd.DataFrame({name: pd.array([], "str") for name in UNIT})
    rows.index = pd.Index([], dtype="int64", name="row")
    mapping = Mapping.model_validate(
        {"scope": "site", "key": "id", "fields": STORAGE_FIELDS, "groups": GROUPS}
    )
    checked = validate(normalize(rows, mapping, STOREDGE), STOREDGE)

    assert checked.valid.empty
    assert checked.rejections.empty
    assert checked.extracted == 0


ROWS = st.fixed_dictionaries(
    {
        "site": st.sampled_from(["S1", "S1", "S2", ""]),
        "id": st.sampled_from(["u1", "u2", "u3", "u4", "u5", ""]),
        "name": st.sampled_from(["A", "a ", "B", "C", "D,E", ""]),
        "width": st.sampled_from(["10", "10.0", "0", "wide"]),
        "standard_rate": st.sampled_from(["5", "$5.00", "-1", ""]),
        "group": st.sampled_from(["G1", "G2", ""]),
        "group_name": st.sampled_from(["x", "X", "y"]),
    }
)


FEW = {name: name for name in ("name", "width", "standard_rate")}
SMALL = replace(STOREDGE, fields={name: STOREDGE.fields[name] for name in FEW})


def outcome(rows: list[dict[str, str]], numbers: list[int]) -> Checked:
    return check(rows, FEW, SMALL, numbers=numbers, groups=GROUPS)


def content(checked: Checked) -> list[tuple[Any, ...]]:
    frame = checked.valid.astype("str").fillna("")
    return sorted(map(tuple, frame.to_numpy().tolist()))


@settings(max_examples=40, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_valid_and_rejected_rows_are_always_the_whole_input(
    rows: list[dict[str, str]], random: Any
) -> None:
    numbers = list(range(2, len(rows) + 2))
    checked = outcome(rows, numbers)
    valid, rejected = set(checked.valid.index), set(checked.rejections["row"])

    assert not valid & rejected
    assert valid | rejected <= set(numbers)
    assert checked.extracted == len(rows) - checked.collapsed == len(valid) + len(rejected)
    assert not checked.valid.duplicated(["_scope", "_key"]).any()
    assert (
        not checked.valid.assign(name=checked.valid["name"].str.lower())
        .duplicated(["_scope", "name"])
        .any()
    )

    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = outcome([rows[place] for place in order], [numbers[place] for place in order])

    assert content(shuffled) == content(checked)
    assert shuffled.collapsed == checked.collapsed
    assert len(shuffled.rejections) == len(checked.rejections)
