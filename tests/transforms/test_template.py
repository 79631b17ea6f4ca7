"""Templates: what they may say, and what is wrong with the others."""

from __future__ import annotations

import pytest

from transforms.template import Part, columns_of, formatted, is_template, parts_of


def test_a_template_is_literal_text_and_columns() -> None:
    assert parts_of("{w:g}x{l:g} {type}!") == (
        Part("", "w", "g"),
        Part("x", "l", "g"),
        Part(" ", "type", ""),
        Part("!", None, ""),
    )


def test_a_column_name_may_have_dots_and_blanks() -> None:
    assert columns_of(parts_of("{address.city} {Unit Name}")) == ("address.city", "Unit Name")


def test_a_column_that_stands_twice_is_needed_once() -> None:
    assert columns_of(parts_of("{a}-{b}-{a}")) == ("a", "b")


def test_double_braces_are_braces() -> None:
    assert parts_of("{{{a}}}")[0] == Part("{", None, "")


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("Unit", "names no column"),
        ("{}", "empty braces"),
        ("{a", "not well formed"),
        ("a}", "not well formed"),
        ("{a!r}", "!r"),
        ("{a:>5}", "the format '>5'"),
        ("{a:02}", "the format '02'"),
        ("{a:{b}}", "the format"),
        ("{a:..2f}", "the format"),
    ],
)
def test_a_template_that_cannot_work_says_why(template: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parts_of(template)


def test_whether_a_setting_is_a_template_shows_in_its_braces() -> None:
    assert is_template("{a}")
    assert not is_template("sTypeName")


@pytest.mark.parametrize(
    ("number", "spec", "expected"),
    [(10.0, "g", "10"), (7.5, "g", "7.5"), (10.0, "d", "10"), (3.0, "03d", "003"),
     (10.0, ".2f", "10.00")],
)  # fmt: skip
def test_a_number_is_written_by_its_format(number: float, spec: str, expected: str) -> None:
    assert formatted(number, spec) == expected


def test_a_fraction_is_never_cut_to_fit_a_whole_number_format() -> None:
    with pytest.raises(ValueError, match="'d'"):
        formatted(7.5, "d")
