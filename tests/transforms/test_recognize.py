"""What an export's names and values are taken for, and what is left open."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.gaps import GAP
from transforms.meanings import (
    access,
    bathrooms_of_both,
    bedrooms,
    bedrooms_of_both,
    door,
    floor,
    in_letters,
    rentable,
)
from transforms.proposal import Part, Proposal
from transforms.recognize import propose, recognize
from transforms.shapes import NUMBER_IN_TEXT, booleans, decimal_of, is_size
from transforms.survey import survey
from transforms.vocabulary import is_length_first, is_secret, match


def frame(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.array(cells, "str") for name, cells in columns.items()})


def proposed(target: str = "storedge", **columns: list[str]) -> Proposal:
    return propose(survey(frame(**columns)), target)


def part(proposal: Proposal, place: str) -> Part:
    return proposal.part(place)


@pytest.mark.parametrize(
    ("name", "target", "role"),
    [
        ("sUnitName", "storedge", "name"),
        ("UNIT_NAME", "storedge", "name"),
        ("dcStdRate", "storedge", "standard_rate"),
        ("Monthly Street Rate (USD)", "storedge", "standard_rate"),
        ("Door Width (ft)", "storedge", "door_width"),
        ("Länge", "storedge", "length"),
        ("SiteID", "storedge", "scope"),
        ("unit_type.name", "storedge", "unit_type"),
        ("Bed/Bath", "travtus", "bed_bath"),
        ("SqFt", "travtus", "sqft"),
        ("Bldg #", "travtus", "building_name"),
        ("Zip Code", "travtus", "postal_code"),
        ("Sq Ft", "travtus", "sqft"),
        ("StdRate", "storedge", "standard_rate"),
        ("Largeur (m)", "storedge", "width"),
        ("Exterior (S/N)", "storedge", "access_type"),
        ("ceiling ft", "storedge", "height"),
        ("dims.w", "storedge", "width"),
        ("IN/OUT", "storedge", "access_type"),
        ("FLR", "storedge", "floor"),
        ("Space Type", "storedge", "unit_type"),
        ("Size LxW", "storedge", "size"),
        ("Bldg-Unit", "travtus", "unit_number"),
    ],
)
def test_a_name_is_known_in_any_spelling(name: str, target: str, role: str) -> None:
    assert match(name, target)[0].role == role


@pytest.mark.parametrize(
    "name", ["Tenant Name", "tenant.name", "Late Fee Rate", "Actual Rent", "Balance Due", "xyz"]
)
def test_a_column_about_the_tenant_is_never_one_of_the_unit(name: str) -> None:
    assert match(name, "storedge") == []


@pytest.mark.parametrize("name", ["Code cadenas", "Gate Code", "Access Code", "sLockCode", "PIN"])
def test_what_opens_something_is_no_id_and_never_shown(name: str) -> None:
    proposal = proposed(**{name: ["4711", "4712", "4713"], "Rate": ["$5.00", "$6.00", "$7.00"]})

    assert is_secret(name)
    assert part(proposal, "key").value == GAP
    assert "4711" not in repr(proposal)


@pytest.mark.parametrize(
    ("meaning", "text", "meant"),
    [
        (floor, "EG", 0),
        (floor, "Ground Floor", 0),
        (floor, "RDC", 0),
        (floor, "1.OG", 1),
        (floor, "2nd Floor", 2),
        (floor, "1er étage", 1),
        (floor, "Level 3", 3),
        (floor, "Primera", 1),
        (floor, "UG", -1),
        (floor, "B2", -2),
        (floor, "Mezzanine", None),
        (in_letters, "A1 - 2BR/2.5BA", True),
        (in_letters, "2/2", False),
        (bedrooms_of_both, "A1 - 2BR/2.5BA", 2),
        (bathrooms_of_both, "A1 - 2BR/2.5BA", 3),
        (bathrooms_of_both, "S2: Studio / 1 Bath", 1),
        (access, "Drive-Up", "outdoor"),
        (access, "Interior Climate", "indoor"),
        (access, "Standard", None),
        (access, "Indoor Parking", None),
        (access, "OUT", "outdoor"),
        (access, "in", "indoor"),
        (access, "Checked in", None),
        (access, "Extérieur", "outdoor"),
        (door, "Rideau", "roll_up"),
        (door, "Roll Up", "roll_up"),
        (door, "2", "swing"),
        (door, "9", None),
        (rentable, "Occupied", True),
        (rentable, "Unrentable", False),
        (rentable, "Vacant Not Ready", False),
        (rentable, "?", None),
        (rentable, "Rentada", True),
        (rentable, "No disponible", False),
        (bedrooms, "Studio", 0),
        (bedrooms, "2 BR", 2),
        (bedrooms, "Loft", None),
        (bedrooms_of_both, "2BR/1.5BA", 2),
        (bedrooms_of_both, "stu", 0),
        (bathrooms_of_both, "2BR/1.5BA", 2),
        (bathrooms_of_both, "3x2", 2),
        (bathrooms_of_both, "stu", None),
    ],
)
def test_words_mean_what_they_say_or_nothing(meaning: Any, text: str, meant: Any) -> None:
    assert meaning(text) == meant


@pytest.mark.parametrize(
    ("columns", "sign"),
    [
        ([["1.234,50", "89,00"], ["2,5"]], ","),
        ([["1,234.50", "89.00"], ["1,250"]], "."),
        ([["10", "12"], ["A, B", "C"]], "."),
        ([["1.234,50 €"], ["10.5"], ["89,00"]], ","),
        ([["1,001", "1,250"], ["510", "520"]], "."),
        ([["1,001", "1,250"], ["2,5", "3,0"]], ","),
    ],
)
def test_the_decimal_sign_is_that_of_most_columns(columns: list[list[str]], sign: str) -> None:
    assert decimal_of(columns) == sign


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10 ft", "10"),
        ("1.234,50 €", "1.234,50"),
        ("€ 1 049,90 / mois", "1 049,90"),
        ("-5 USD", "-5"),
        ("10 or 12 ft", None),
        ("12 m2", None),
    ],
)
def test_of_a_text_with_a_second_number_none_is_taken(text: str, number: str | None) -> None:
    found = re.search(NUMBER_IN_TEXT, text)

    assert (found and found[1]) == number


@pytest.mark.parametrize(
    ("name", "amount", "told"),
    [
        ("Std Price (GBP pw)", "£22.50", "not of a month"),
        ("annual_rent", "1,040.00", "not of a month"),
        ("Miete", "1.250", "read as 1.25"),
    ],
)
def test_a_rate_that_may_be_another_amount_is_a_guess(name: str, amount: str, told: str) -> None:
    rate = part(proposed(**{"Box": ["1", "2"], name: [amount, amount]}), "fields.standard_rate")

    assert rate.confidence == "guess"
    assert told in rate.reason


@pytest.mark.parametrize(
    ("name", "turned"),
    [
        ("Size", False),
        ("Size (WxL)", False),
        ("Maße (B x T x H)", False),
        ("Size (LxW)", True),
        ("Size L x W x H", True),
        ("Länge x Breite", True),
        ("Depth*Width", True),
        ("Taille (L x l)", True),
        ("Taille (l x L)", False),
    ],
)
def test_a_size_is_cut_in_the_order_that_its_name_says(name: str, turned: bool) -> None:
    assert is_length_first(name) == turned
    proposal = proposed(**{"Unit": ["A1", "A2"], "Size LxW" if turned else "Size": ["20x10"] * 2})

    cut = [part(proposal, f"fields.{side}").value["extract"] for side in ("width", "length")]
    found = [re.search(pattern, "20x10") for pattern in cut]
    assert ["10", "20"] == sorted(one[1] for one in found if one)
    assert (found[0] and found[0][1]) == ("10" if turned else "20")


def test_measures_in_metres_are_a_guess_for_they_are_sent_as_they_are() -> None:
    proposal = proposed(**{"Box": ["1", "2"], "Breite (m)": ["1,5", "2"], "Size": ["2x3 m"] * 2})

    for place in ("fields.width", "fields.length"):
        assert part(proposal, place).confidence == "guess"
        assert "in metres" in part(proposal, place).reason


def test_a_floor_of_words_that_are_not_all_known_is_left_out() -> None:
    known = proposed(Box=["1", "2"], Floor=["EG", "1.OG"])
    unknown = proposed(Box=["1", "2"], Floor=["EG", "Mezzanine"])

    assert part(known, "fields.floor").value == {"column": "Floor", "values": {"EG": 0, "1.OG": 1}}
    assert "floor" not in unknown.within("fields")


def test_a_name_that_no_column_is_called_is_the_first_that_tells_every_unit() -> None:
    proposal = proposed(Kind=["a", "a"], Referencia=["T1", "T2"], Rate=["5", "6"])

    assert part(proposal, "fields.name").value == part(proposal, "key").value == "Referencia"
    assert part(proposal, "fields.name").confidence == part(proposal, "key").confidence == "guess"


def test_a_unit_that_a_program_wrote_as_1_0_is_called_1() -> None:
    proposal = proposed(Unit=["1.0", "1000000.0"])

    assert part(proposal, "key").value == "{Unit:d}"
    assert part(proposal, "fields.name").value == {"template": "{Unit:d}"}


def test_rooms_are_no_sizes_and_make_an_inventory_one_of_homes() -> None:
    homes = survey(frame(Home=["A-1", "A-2"], Plan=["1x1", "2x1.5"], SQFT=["480", "750"]))
    boxes = survey(frame(Box=["A-1", "A-2"], Plan=["5x5", "10x15"], SQFT=["25", "150"]))

    assert recognize(homes)[0] == "travtus"
    assert recognize(boxes)[0] == "storedge"
    assert propose(homes, "travtus").part("fields.number_of_bedrooms").value == {
        "column": "Plan",
        "values": {"1x1": 1, "2x1.5": 2},
    }


def test_a_street_and_its_number_in_two_columns_are_one_line() -> None:
    proposal = proposed("travtus", Unit=["1", "2"], Straße=["Parkweg"] * 2, Hausnummer=["1", "2"])

    assert part(proposal, "fields.address.address_line_1").value == {
        "template": "{Straße} {Hausnummer}"
    }


@pytest.mark.parametrize("line", ["Salem, MA 01970", "North Salem, MA, 01970-1234"])
def test_city_state_and_zip_of_one_column_are_cut_out_of_it(line: str) -> None:
    proposal = proposed("travtus", Unit=["1", "2"], **{"City/State/Zip": [line] * 2})

    cut = {
        name: re.search(part(proposal, f"fields.address.{name}").value["extract"], line)
        for name in ("city", "state", "postal_code")
    }
    assert [found[1] for found in cut.values() if found] == [
        line.split(",", maxsplit=1)[0],
        "MA",
        line.rsplit(maxsplit=1)[-1],
    ]


def test_marks_beside_empty_cells_are_yes_and_no() -> None:
    assert booleans(["x"], empty=True) == {"x": True, "": False}
    assert booleans(["Ja", "Nein"], empty=True) == {"Ja": True, "Nein": False}
    assert booleans(["maybe", "x"], empty=False) is None


@pytest.mark.parametrize("text", ["10x15", "10' x 15'", "5 X 5 x 8", "2,5x3 m"])
def test_sizes_are_known_by_their_looks(text: str) -> None:
    assert is_size([text])


def test_totals_are_told_from_units_by_a_word_and_their_empty_cells() -> None:
    seen = survey(
        frame(
            Unit=["Total Wellness", "2", "Grand Total", "Page total: 2"],
            Size=["5x5", "5x5", "", ""],
            Rate=["10", "20", "30", "30"],
            Floor=["1", "1", "", ""],
        )
    )

    assert seen.rows["Unit"].tolist() == ["Total Wellness", "2"]
    assert seen.ignore == {"Unit": r"(Grand Total|Page total)\b"}


def test_an_id_is_the_key_and_a_name_only_where_there_is_none() -> None:
    with_id = proposed(UnitID=["7", "8"], Unit=["A", "B"], Width=["5", "5"])
    without = proposed(Unit=["A", "B"], Width=["5", "5"])

    assert (part(with_id, "key").value, part(with_id, "key").confidence) == ("UnitID", "sure")
    assert (part(without, "key").value, part(without, "key").confidence) == ("Unit", "likely")
    assert "renamed" in part(without, "key").reason


def test_a_number_that_repeats_is_a_key_only_together_with_the_building() -> None:
    proposal = proposed("travtus", Bldg=["A", "A", "B"], Unit=["1", "2", "1"], Beds=["1", "1", "2"])

    assert part(proposal, "key").value == "{Bldg}-{Unit}"
    assert part(proposal, "fields.external_ref").value == {"template": "{Bldg}-{Unit}"}


def test_ids_of_facilities_are_known_by_their_looks_and_those_of_types_are_no_facilities() -> None:
    ids = ["f7687db9-654a-4018-8d27-bd0f3bfd25a0"] * 4
    names = ["A", "B", "C", "D"]

    assert part(proposed(Unit=names, Where=ids), "scope").value == "Where"
    assert part(proposed(Unit=names, UnitTypeID=ids), "scope").value == {"const": GAP}
    assert part(proposed(Unit=names, UnitTypeID=ids), "fields.unit_type").value == "UnitTypeID"


def test_no_id_and_no_measure_is_ever_invented() -> None:
    proposal = proposed(Unit=["A", "B"], Type=["Big", "Small"], Rate=["$5.00", "$6.00"])

    assert part(proposal, "scope").value == {"const": GAP}
    assert part(proposal, "fields.unit_type").value["values"] == {"Big": GAP, "Small": GAP}
    for name in ("width", "length", "height", "door_width", "door_height", "door_type"):
        assert part(proposal, f"fields.{name}").value == {"const": GAP}


def test_a_lock_code_is_mapped_and_never_shown_nor_taken_for_a_key() -> None:
    proposal = proposed(Unit=["A", "A"], LockCode=["4711", "4712"], Width=["5", "6"])

    assert part(proposal, "fields.combination_lock_number").value == "LockCode"
    assert "47" not in repr(proposal)
    assert part(proposal, "key").value != "LockCode"


def test_what_an_inventory_is_shows_in_its_columns() -> None:
    storage = frame(Unit=["1"], Width=["5"], Length=["5"], Door=["roll up"])
    homes = frame(Unit=["1"], Beds=["2"], Baths=["1"], SqFt=["700"])

    assert recognize(survey(storage)) == ("storedge", True)
    assert recognize(survey(homes)) == ("travtus", True)
    assert recognize(survey(frame(a=["1"], b=["2"])))[1] is False


@settings(max_examples=30)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=12).map(str.strip).filter(bool),
        st.lists(st.text(max_size=8), min_size=3, max_size=3),
        min_size=1,
        max_size=6,
    )
)
def test_any_table_at_all_is_proposed_for_both_targets(columns: dict[str, list[str]]) -> None:
    for target in ("storedge", "travtus"):
        settings = propose(survey(frame(**columns)), target).settings()
        assert {"scope", "key", "fields"} <= set(settings)
