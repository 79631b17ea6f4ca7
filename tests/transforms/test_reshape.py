"""Valid rows and rejections as desired scopes, and what their digests depend on."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.inventory import MASK, SCOPE, desired, frame_of, rejections, unit
from transforms import storedge
from transforms.reshape import reshape
from transforms.validate import Checked

ELSEWHERE = "F2"


def digest(rows, rejected=(), **said) -> str:
    return desired(rows, rejected, **said).digest(SCOPE)


def test_every_scope_that_the_source_names_is_there_once_and_in_order() -> None:
    wanted = desired([unit("k2", _scope=ELSEWHERE), unit("k1")], [("F0", "k9"), ("", "k8")])

    assert wanted.scopes() == ["F0", SCOPE, ELSEWHERE]
    assert {scope: wanted.row_counts(scope) for scope in wanted.scopes()} == {
        "F0": (0, 1),
        SCOPE: (1, 0),
        ELSEWHERE: (1, 0),
    }


def test_a_scope_holds_its_own_rows_under_their_source_row() -> None:
    scope = desired([unit("k1"), unit("k2", _scope=ELSEWHERE), unit("k3")]).scope(SCOPE)

    assert scope.units["_key"].to_dict() == {2: "k1", 4: "k3"}
    assert (scope.rows, scope.rejected_rows) == (2, 0)


def test_a_scope_that_the_source_does_not_name_is_empty() -> None:
    scope = desired([unit("k1")]).scope("F9")

    assert scope.units.empty
    assert (scope.rows, scope.digest, scope.complete) == (0, "", True)


def test_a_source_without_rows_has_no_scopes() -> None:
    wanted = desired([], complete=True)

    assert wanted.scopes() == []
    assert wanted.scope(SCOPE).units.empty


def test_a_scope_all_of_whose_rows_were_rejected_is_there_and_empty() -> None:
    scope = desired([], [(SCOPE, "k1"), (SCOPE, "k2")]).scope(SCOPE)

    assert scope.units.empty
    assert scope.rejected == {"k1", "k2"}
    assert (scope.rows, scope.rejected_rows, scope.complete) == (2, 2, True)
    assert scope.digest


def test_rejected_rows_are_counted_by_key_and_those_without_one_together() -> None:
    wanted = desired([], [(SCOPE, "k1"), (SCOPE, "k1"), (SCOPE, ""), (ELSEWHERE, "k1")])

    assert wanted.scope(SCOPE).rejected_keys == {"k1": 2, "": 1}
    assert wanted.scope("F9").rejected_keys == {}


def test_a_row_that_was_rejected_for_two_reasons_counts_once() -> None:
    lines = rejections([(SCOPE, "k1")])
    checked = Checked(
        frame_of([unit("k2")]),
        pd.concat([lines, lines.assign(rule="required")]),
        collapsed=0,
        extracted=2,
        keyless_scopes=frozenset(),
        scopeless_keys=frozenset(),
        scopeless_keyless=False,
    )
    wanted = reshape(checked, storedge.schema(), MASK, complete=True, version="1")

    assert wanted.row_counts(SCOPE) == (1, 1)


def test_a_rejected_row_without_a_scope_may_stand_for_a_unit_of_any() -> None:
    wanted = desired([unit("k1")], [("", "k2")])

    assert wanted.scope(SCOPE).astray == {"k2"}
    assert wanted.scope(SCOPE).complete


def test_a_rejected_row_without_a_key_leaves_its_scope_incomplete_and_no_other() -> None:
    wanted = desired([unit("k1"), unit("k2", _scope=ELSEWHERE)], [(SCOPE, "")])

    assert not wanted.scope(SCOPE).complete
    assert wanted.scope(SCOPE).rejected == frozenset()
    assert wanted.scope(ELSEWHERE).complete


def test_a_rejected_row_with_neither_leaves_every_scope_incomplete() -> None:
    wanted = desired([unit("k1")], [("", "")])

    assert not wanted.scope(SCOPE).complete
    assert not wanted.scope("F9").complete


def test_an_extract_that_is_not_proven_complete_is_so_in_no_scope() -> None:
    wanted = desired([unit("k1")], complete=False)

    assert not wanted.scope(SCOPE).complete
    assert not wanted.scope("F9").complete


def test_a_key_that_stands_in_two_scopes_is_shared_even_where_its_row_was_rejected() -> None:
    rows = [unit("k1"), unit("k1", _scope=ELSEWHERE), unit("k2"), unit("k3")]
    wanted = desired(rows, [(ELSEWHERE, "k2"), ("", "k3")])

    for scope in (SCOPE, ELSEWHERE):
        shared = wanted.scope(scope).shared
        assert [key for key in ("k1", "k2", "k3", "k4") if key in shared] == ["k1", "k2"]


def test_a_lock_code_leaves_as_a_hash_and_comes_back_for_the_push_only() -> None:
    rows = [unit("k1", combination_lock_number="1234"), unit("k2")]
    wanted = desired(rows)

    assert "1234" not in wanted.scope(SCOPE).units.to_csv()
    assert "1234" not in repr(wanted)
    assert wanted.secrets_of(SCOPE, ["k1", "k2", "k9"]) == {
        "k1": {"combination_lock_number": "1234"},
        "k2": {},
    }


def test_a_mapping_without_lock_codes_has_none_to_give() -> None:
    assert desired([unit("k1")]).secrets_of(SCOPE, ["k1"]) == {"k1": {}}


# The digest of a scope: when it stands, nothing of the scope is looked at.

ROWS = [
    unit("k1", floor=1, _marked=True, _enclosed=True),
    unit("k2", combination_lock_number="1234", tax_rates='["t"]'),
]


def test_the_same_rows_in_another_order_are_the_same_scope() -> None:
    assert digest(ROWS) == digest(ROWS[::-1])


@pytest.mark.parametrize(
    "other",
    [
        {"standard_rate": 100.01},
        {"floor": None},
        {"floor": 0},
        {"name": "K1"},
        {"_key": "k9"},
        {"_group": "other", "_group_name": "10x10"},
        {"_group_name": "other"},
        {"_marked": False},
        {"_enclosed": None},
        {"combination_lock_number": "1235"},
    ],
    ids="-".join,
)
def test_whatever_the_diff_would_look_at_moves_the_digest(other) -> None:
    assert digest([ROWS[0] | other, ROWS[1]]) != digest(ROWS)


def test_a_row_that_comes_or_goes_moves_the_digest() -> None:
    assert len({digest(rows) for rows in (ROWS, ROWS[:1], [*ROWS, unit("k3")])}) == 3


def test_which_rows_were_rejected_moves_the_digest() -> None:
    """A unit that was spared because its row was rejected is missing once that row is gone."""
    found = [
        digest(ROWS, places) for places in ((), [(SCOPE, "k8")], [(SCOPE, "k9")], [("", "k8")])
    ]

    assert len(set(found)) == 4


def test_the_rejections_of_another_scope_do_not() -> None:
    assert digest(ROWS, [(ELSEWHERE, "k8")]) == digest(ROWS)


def test_whether_the_extract_is_complete_moves_the_digest() -> None:
    assert digest(ROWS, complete=False) != digest(ROWS)


@pytest.mark.parametrize(("rows", "rejected"), [(ROWS, []), ([], [(SCOPE, "k1")])])
def test_settings_that_change_what_a_row_means_move_the_digest(rows, rejected) -> None:
    """Also of a scope without a valid row: its missing units may have to be retired now."""
    assert digest(rows, rejected, version="retire") != digest(rows, rejected, version="report")


def test_a_mapped_field_that_is_empty_everywhere_does_not_move_the_digest() -> None:
    assert digest([row | {"rank": None} for row in ROWS]) == digest(ROWS)


PLACES = st.sampled_from([(SCOPE, key) for key in "abc"] + [(ELSEWHERE, key) for key in "ab"])


@settings(max_examples=25)
@given(st.sets(PLACES), st.sets(PLACES), st.randoms(use_true_random=False))
def test_every_row_is_counted_in_its_scope_and_in_no_other(valid, rejected, random) -> None:
    rows = [unit(key, _scope=scope) for scope, key in sorted(valid)]
    random.shuffle(rows)
    wanted = desired(rows, sorted(rejected))
    counts = [wanted.row_counts(scope) for scope in wanted.scopes()]

    assert sum(valid for valid, _ in counts) == len(valid)
    assert sum(rejected for _, rejected in counts) == len(rejected)
    assert [len(wanted.scope(scope).units) for scope in wanted.scopes()] == [v for v, _ in counts]


def test_a_hundred_thousand_rows_take_no_time_to_speak_of() -> None:
    """Half a second on the machine that this was written on; a row by row loop takes ten times."""
    rows = [
        unit(f"k{n}", _scope=f"F{n % 200}", name=f"A{n}", standard_rate=n / 100) for n in range(500)
    ]
    many = pd.concat([frame_of(rows)] * 200, ignore_index=True)
    keys = pd.Series(range(len(many))).astype("str")
    checked = Checked(
        many.assign(_key=keys, name="A" + keys),
        rejections(()),
        collapsed=0,
        extracted=len(many),
        keyless_scopes=frozenset(),
        scopeless_keys=frozenset(),
        scopeless_keyless=False,
    )
    started = time.perf_counter()
    wanted = reshape(checked, storedge.schema(), MASK, complete=True, version="1")
    spent = time.perf_counter() - started

    assert len(wanted.scopes()) == 200
    assert spent < 3
