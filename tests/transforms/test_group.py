"""Groups: their name, their enclosure, and the reference unit that stays as long as it may."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.inventory import STOREDGE, Row, facility, unit
from transforms import storedge
from transforms.group import desired_groups, number_of
from transforms.plan import KnownGroup
from transforms.reshape import ScopeDesired

KEY = "10x10"


def known(reference: str | None, **said) -> dict[str, KnownGroup]:
    payload = {"name": KEY, "reference_attributes": {"width": 10}, **said}
    if reference is not None:
        payload["reference_unit"] = reference
    return {KEY: KnownGroup(KEY, "uuid", KEY, payload)}


def payload(
    rows: list[Row] | ScopeDesired,
    groups: dict[str, KnownGroup] | None = None,
    unseen: tuple[str, ...] = (),
) -> dict:
    scope = rows if isinstance(rows, ScopeDesired) else facility(rows)
    found = desired_groups(scope, groups or {}, STOREDGE, dict.fromkeys(unseen, KEY))
    return dict(found[KEY].payload)


def reference(rows, groups=None, unseen=()) -> str:
    return payload(rows, groups, unseen)["reference_unit"]


NINE_AND_ONE = [unit(f"A{n}") for n in range(2, 11)] + [unit("A1", length=11.0)]


# The reference unit of a group that has none yet


def test_the_majority_is_represented_and_not_the_odd_one() -> None:
    """Seed 002: nine 10x10 units and one 10x11 unit want a 10x10 unit."""
    assert reference(NINE_AND_ONE) == "A2"


def test_the_lowest_number_comes_first_and_a2_stands_before_a10() -> None:
    assert reference([unit("A10"), unit("A2"), unit("B1")]) == "A2"


def test_who_does_not_come_tonight_represents_a_group_only_where_nobody_else_can() -> None:
    rows = [unit("A1"), unit("A2"), unit("A3", length=11.0)]

    def chosen(*waiting: str, groups=None) -> str:
        found = desired_groups(facility(rows), groups or {}, STOREDGE, {}, {*waiting})
        return found[KEY].payload["reference_unit"]

    assert chosen("A1") == "A2"
    assert chosen("A1", "A2") == "A1"
    assert chosen("A1", groups=known("A1")) == "A1"


@pytest.mark.parametrize(
    "odd", ["width", "length", "height", "unit_type", "access_type"], ids=lambda name: name
)
def test_size_type_and_access_make_the_majority(odd) -> None:
    cells = {odd: "other" if odd in ("unit_type", "access_type") else 99.0}

    assert reference([unit("A1", **cells), unit("A2"), unit("A3")]) == "A2"


@pytest.mark.parametrize("trifle", ["standard_rate", "floor", "door_width"])
def test_nothing_else_does(trifle) -> None:
    assert reference([unit("A1", **{trifle: 3}), unit("A2"), unit("A3")]) == "A1"


def test_among_equal_majorities_the_lowest_number_decides() -> None:
    assert reference([unit("A3"), unit("A1", width=5.0)]) == "A1"


def test_units_of_one_number_are_told_apart_by_their_key() -> None:
    assert reference([unit("k2", name="7"), unit("k1", name="007")]) == "k1"


# The reference unit of a group that has one


def test_the_reference_stays_though_a_lower_number_comes() -> None:
    assert reference([unit("A1"), unit("A2")], known("A2")) == "A2"


def test_the_reference_stays_where_another_kind_is_as_frequent() -> None:
    assert reference([unit("A1", width=5.0), unit("A2")], known("A2")) == "A2"


def test_the_reference_goes_when_it_is_no_longer_like_the_majority() -> None:
    assert reference(NINE_AND_ONE, known("A1")) == "A2"


def test_the_reference_goes_when_it_leaves_the_group() -> None:
    rows = [unit("A1", _group="5x5"), unit("A2"), unit("A3")]

    assert reference(rows, known("A1")) == "A2"


def test_the_reference_goes_when_a_complete_extract_lacks_it() -> None:
    assert reference([unit("A2"), unit("A3")], known("A1")) == "A2"


# A column that marks the reference unit


def test_the_marked_unit_represents_its_group_though_it_is_the_odd_one() -> None:
    rows = [unit("A1"), unit("A2"), unit("A3", width=5.0, _marked=True)]

    assert reference(rows, known("A1")) == "A3"


def test_of_several_marked_units_the_one_that_stands_stays() -> None:
    rows = [unit("A1", _marked=True), unit("A2", _marked=True), unit("A3", _marked=False)]

    assert reference(rows, known("A2")) == "A2"
    assert reference(rows, known("A3")) == "A1"


def test_a_group_without_a_mark_goes_by_its_majority() -> None:
    rows = [unit("A1", _marked=None), unit("A2", _marked=False)]

    assert reference(rows, known("A2")) == "A2"
    assert reference(rows) == "A1"


# What the source does not show tonight decides nothing


def test_a_reference_whose_row_was_rejected_stays_with_all_that_it_lent() -> None:
    found = payload([unit("A2", width=5.0)], known("A1"), unseen=("A1",))

    assert found["reference_unit"] == "A1"
    assert found["reference_attributes"] == {"width": 10}


def test_it_stays_even_where_another_unit_is_marked() -> None:
    """The mark may stand on the rejected row, too."""
    assert reference([unit("A2", _marked=True)], known("A1"), unseen=("A1",)) == "A1"


def test_a_reference_is_not_voted_out_while_a_part_of_its_group_is_unseen() -> None:
    rows = [unit("A1", width=5.0), unit("A2"), unit("A3")]

    assert reference(rows, known("A1")) == "A2"
    assert reference(rows, known("A1"), unseen=("A4",)) == "A1"


def test_a_mark_counts_though_a_part_of_the_group_is_unseen() -> None:
    rows = [unit("A1"), unit("A2", _marked=True)]

    assert reference(rows, known("A1"), unseen=("A4",)) == "A2"


def test_a_group_without_a_reference_takes_one_from_those_who_are_seen() -> None:
    assert reference([unit("A2")], known(None), unseen=("A1",)) == "A2"


def test_an_unseen_unit_that_is_known_in_another_group_holds_nothing_up() -> None:
    scope = facility([unit("A2")])
    found = desired_groups(scope, known("A1"), STOREDGE, {"A1": "5x5"})

    assert found[KEY].payload["reference_unit"] == "A2"


def test_a_part_of_one_group_that_is_unseen_leaves_the_others_alone() -> None:
    rows = [*NINE_AND_ONE, unit("B1", _group="5x5")]
    found = desired_groups(facility(rows), known("A1"), STOREDGE, {"B2": "5x5"})

    assert found[KEY].payload["reference_unit"] == "A2"


# What a group takes from its reference unit


def test_a_group_takes_over_what_seed_002_lists() -> None:
    found = payload([unit("A1", floor=2, rentable=True)])

    assert found["reference_attributes"] == {
        "access_type": "indoor",
        "door_height": 7,
        "door_width": 8,
        "floor": 2,
        "height": 8,
        "length": 10,
        "standard_rate": 100,
        "unit_type": "climate",
        "width": 10,
    }


def test_under_tiered_pricing_the_rate_is_nothing_to_take_over() -> None:
    found = desired_groups(facility([unit("A1")]), {}, storedge.schema(tiered=True), {})

    assert "standard_rate" not in found[KEY].payload["reference_attributes"]


# Name and enclosure


def test_a_group_has_the_name_that_most_of_its_units_give_it() -> None:
    rows = [unit("A1", _group_name="Z"), unit("A2", _group_name="B"), unit("A3", _group_name="Z")]

    assert payload(rows)["name"] == "Z"
    assert payload(rows[:2])["name"] == "B"


@pytest.mark.parametrize(
    ("said", "enclosed"),
    [((True, True), True), ((True, False), False), ((True, None), True), ((None, False), False)],
)
def test_a_group_is_enclosed_if_all_who_say_anything_are(said, enclosed) -> None:
    rows = [unit(f"A{n}", _enclosed=value) for n, value in enumerate(said)]

    assert payload(rows)["fully_enclosed"] is enclosed


def test_nothing_is_said_about_enclosure_where_nobody_says_anything() -> None:
    assert "fully_enclosed" not in payload([unit("A1", _enclosed=None)])
    assert "fully_enclosed" not in payload([unit("A1")])


def test_enclosure_is_not_decided_while_a_part_of_the_group_is_unseen() -> None:
    rows, before = [unit("A1", _enclosed=True)], known("A1", fully_enclosed=False)

    assert payload(rows, before)["fully_enclosed"] is True
    assert payload(rows, before, unseen=("A2",))["fully_enclosed"] is False


# Which groups there are


def test_a_group_that_the_source_no_longer_names_is_left_alone() -> None:
    assert list(
        desired_groups(facility([unit("B1", _group="5x5")]), known("A1"), STOREDGE, {})
    ) == ["5x5"]


def test_a_source_without_groups_has_none() -> None:
    row = {name: cell for name, cell in unit("A1").items() if not name.startswith("_group")}

    assert desired_groups(facility([row]), {}, STOREDGE, {}) == {}


def test_a_scope_without_a_valid_row_has_none() -> None:
    units = facility([unit("A1", _marked=True, _enclosed=True)])
    empty = ScopeDesired(
        **{
            **{name: getattr(units, name) for name in units.__slots__},
            "units": units.units.iloc[:0],
        }
    )

    assert desired_groups(empty, known("A1"), STOREDGE, {"A1": KEY}) == {}


MEMBERS = st.lists(
    st.tuples(
        st.sampled_from([5.0, 10.0]),
        st.sampled_from([None, False, True]),
        st.sampled_from(["Small", "Large"]),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=25)
@given(MEMBERS, st.sampled_from([None, "A0", "A1", "A9"]), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_decides_nothing(members, current, random) -> None:
    rows = [
        unit(f"A{n}", width=width, _marked=mark, _enclosed=mark, _group_name=name)
        for n, (width, mark, name) in enumerate(members)
    ]
    shuffled = list(rows)
    random.shuffle(shuffled)

    assert payload(shuffled, known(current)) == payload(rows, known(current))


@settings(max_examples=25)
@given(MEMBERS, st.sampled_from([None, "A0", "A1", "A9"]))
def test_a_reference_that_was_chosen_is_chosen_again(members, current) -> None:
    rows = [unit(f"A{n}", width=width, _marked=mark) for n, (width, mark, _) in enumerate(members)]
    chosen = reference(rows, known(current))

    assert chosen in {row["_key"] for row in rows}
    assert reference(rows, known(chosen)) == chosen


@given(st.text(max_size=6), st.text(max_size=6))
def test_any_two_names_can_be_put_in_order(one: str, other: str) -> None:
    assert (number_of(one) < number_of(other)) or (number_of(one) >= number_of(other))


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_numbers_in_names_are_compared_as_numbers(one: int, other: int) -> None:
    assert (number_of(f"A{one:03}") < number_of(f"A{other}")) == (one < other)
