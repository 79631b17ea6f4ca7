"""Live units beside those that are known: told by name, reference or address, and never guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.inventory import STOREDGE, TRAVTUS
from transforms.plan import KnownUnit, Live, LiveUnit
from transforms.twins import Twin, twins

STREET = {"address.address_line_1": "1 Main Street", "address.address_line_2": "Unit 1"}


def known(key: str = "k1", remote_id: str = "u1", name: str = "A1", **payload: Any) -> KnownUnit:
    return KnownUnit(key, remote_id, name, None, {"name": name, **payload})


def unit(remote_id: str, name: str = "A1", **payload: Any) -> LiveUnit:
    return LiveUnit(remote_id, name, {"name": name, **payload})


def of_storedge(*units: LiveUnit, known_units: tuple[KnownUnit, ...] = (known(),)) -> list[str]:
    return [twin.twin_id for twin in twins(known_units, Live("F1", units), STOREDGE)]


def home(remote_id: str, number: str = "1", **payload: Any) -> LiveUnit:
    return LiveUnit(remote_id, number, payload)


def of_travtus(*units: LiveUnit, payload: dict[str, Any]) -> list[Twin]:
    ours = KnownUnit("k1", "u1", "1", None, payload)
    return list(twins([ours], Live("C1", units), TRAVTUS))


@pytest.mark.parametrize("name", ["A1", "a1", " A1 ", "\uff211"])
def test_an_unlinked_unit_of_the_same_name_is_a_twin_whatever_its_case(name: str) -> None:
    assert of_storedge(unit("u1"), unit("u9", name)) == ["u9"]


def test_a_unit_of_another_name_is_only_unmanaged() -> None:
    assert of_storedge(unit("u1"), unit("u9", "A2")) == []


def test_a_nameless_unit_is_nobodys_twin() -> None:
    assert of_storedge(unit("u1", ""), unit("u9", ""), known_units=(known(name=""),)) == []


def test_two_known_units_are_no_twins() -> None:
    both = known(), known("k2", "u2", "a1")

    assert of_storedge(unit("u1"), unit("u2", "a1"), known_units=both) == []


def test_a_unit_that_is_gone_has_no_twin() -> None:
    assert of_storedge(unit("u9")) == []


def test_each_twin_is_told() -> None:
    assert of_storedge(unit("u8"), unit("u1"), unit("u9")) == ["u8", "u9"]


def test_the_message_names_both_ids_which_is_kept_and_what_to_do() -> None:
    (twin,) = twins([known()], Live("F1", (unit("u1"), unit("u9"))), STOREDGE)

    assert twin.message == (
        "F1: live unit u9 repeats u1, which is unit 'k1' and kept in step: both have the name "
        "'A1'. Nothing is sent to u9 and nothing is deleted; remove or rename it by hand at the "
        "vendor. This is told every night until then"
    )


def test_an_apartment_of_the_same_reference_is_a_twin() -> None:
    ours, other = home("u1", external_ref="r1"), home("u9", external_ref="r1", **STREET)

    (twin,) = of_travtus(ours, other, payload={"external_ref": "r1"})

    assert (twin.twin_id, twin.shared) == ("u9", "external_ref 'r1'")


def test_an_apartment_of_the_same_address_is_a_twin_whatever_its_case() -> None:
    shouted = {name: line.upper() for name, line in STREET.items()}

    (twin,) = of_travtus(home("u1", **STREET), home("u9", **shouted), payload=STREET)

    assert (twin.twin_id, twin.shared) == ("u9", "address '1 main street, unit 1'")


def test_an_address_to_which_the_vendor_added_its_country_is_still_the_same() -> None:
    shown = {**STREET, "address.country": "United States"}

    assert len(of_travtus(home("u1", **shown), home("u9", **shown), payload=STREET)) == 1


def test_a_reference_that_the_vendor_does_not_show_is_known_all_the_same() -> None:
    ours, other = home("u1"), home("u9", external_ref="r1")

    assert len(of_travtus(ours, other, payload={"external_ref": "r1"})) == 1


def test_apartments_without_reference_and_address_are_no_twins() -> None:
    assert of_travtus(home("u1"), home("u9"), payload={}) == []


@given(st.lists(st.sampled_from("abc"), max_size=6), st.sets(st.integers(0, 5)))
def test_what_is_told_is_unlinked_and_shares_the_name_of_what_is_linked(
    names: list[str], linked: set[int]
) -> None:
    live = [unit(f"u{place}", name) for place, name in enumerate(names)]
    ours = [known(f"k{n}", f"u{n}", names[n]) for n in sorted(linked) if n < len(names)]
    taken = {one.name for one in ours}

    told = of_storedge(*live, known_units=tuple(ours))

    assert told == [
        f"u{place}" for place, name in enumerate(names) if place not in linked and name in taken
    ]
