"""Rows below the table are no units, and a file that lacks them may have been cut off."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceUnreadable
from connectors.sources.delimited import read_delimited
from connectors.sources.file import FileSource, extract
from connectors.sources.footer import proposed
from connectors.sources.sniff import sniff
from tests.connectors.sources.whole import Whole, whole, whole_of

TABLE = "id,name,rate,note\n1,a,10,x\n2,b,12,y\n"
SUMS = ",,22,\n"
END = "*** End of report 2026-11-27 ***\n"
FOOTER = r",,|\*\*\* End of report"


def read(text: str, footer: str | None = FOOTER) -> Whole:
    lines = io.StringIO(text, newline="")
    return whole_of("units.csv", read_delimited(lines, "units.csv", ",", footer=footer))


def workbook(folder: Path, *rows: list[Any]) -> str:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "units.xlsx")
    return "units.xlsx"


@pytest.mark.parametrize("below", [SUMS, END, SUMS + END, END + "\n \n", END.strip(), SUMS * 3])
def test_rows_below_the_table_are_left_out_and_told(below: str) -> None:
    found = read(TABLE + below)

    assert found.rows["id"].tolist() == ["1", "2"]
    assert (found.complete, found.malformed) == (True, ())
    [told] = found.notices
    assert "below the table left out, as `footer` says" in told


def test_without_the_setting_they_are_rejected_and_the_message_names_it() -> None:
    found = read(TABLE + END, None)

    [record] = found.malformed
    assert "`footer`" in record.message
    assert not found.complete


@given(st.integers(1, len(TABLE + SUMS + END) - 1))
def test_a_file_that_lost_its_footer_is_never_complete(kept: int) -> None:
    text = (TABLE + SUMS + END)[:kept]
    last = text.rstrip("\n").rpartition("\n")[2]
    try:
        found = read(text)
    except SourceUnreadable:
        return

    assert found.complete == last.startswith((",,", "*** End of report"))
    assert found.complete or found.malformed[-1].message.endswith("may have been cut off")


def test_a_row_in_the_middle_that_looks_like_a_footer_stays_a_row() -> None:
    assert read(TABLE + SUMS + "3,c,1,z\n" + END).rows["id"].tolist() == ["1", "2", "", "3"]


def test_an_expression_that_the_units_match_is_refused() -> None:
    with pytest.raises(SourceUnreadable, match="last 20 rows of units.csv all match `footer`"):
        read(TABLE + "3,c,1,z\n" * 40, r"\d")


def test_each_file_of_a_folder_has_a_footer_of_its_own(tmp_path: Path) -> None:
    for name, below in (("a.csv", END), ("b.csv", "")):
        (tmp_path / name).write_text(TABLE + below)

    found = whole(extract(FileSource(kind="file", path=".", footer=FOOTER), tmp_path))

    assert len(found.rows) == 4
    [lost] = found.malformed
    assert (lost.row, not found.complete) == (1_000_004, True)


def test_a_workbook_has_a_footer_too(tmp_path: Path) -> None:
    name = workbook(tmp_path, ["id", "name", "rate", "note"], [1, "a", 10, "x"], ["", None, 22])
    settings = FileSource(kind="file", path=name, footer=",,")

    found = whole(extract(settings, tmp_path))
    lost = whole(extract(settings.model_copy(update={"footer": "End"}), tmp_path))

    assert (found.rows["id"].tolist(), found.complete) == (["1"], True)
    assert (len(lost.rows), lost.complete) == (2, False)


# What `init` sees


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        (SUMS, ",,"),
        (END, r"\*\*\* End of report \d+\-\d+\-\d+ \*\*\*"),
        (SUMS + "2342 units\n", r",,|\d+ units"),
        ("Total,,22,\n", None),  # `ignore` has words for it
        ("Total: 22\n", r"Total: \d+"),
        ("3,c", None),  # cut off
        ("3,c,10,\n", None),
        (",c,10,z\n", None),
        ("3,,,\n", None),  # begins as a unit does
    ],
)
def test_a_footer_is_seen_and_the_last_unit_is_none(tmp_path: Path, below, expected) -> None:
    (tmp_path / "units.csv").write_text(TABLE + below)

    settings = sniff("units.csv", tmp_path)

    assert settings.footer == expected
    if expected:
        assert read(TABLE + below, expected).rows["id"].tolist() == ["1", "2"]


def test_a_footer_of_a_workbook_is_seen(tmp_path: Path) -> None:
    rows = ["id", "name", "rate", "note"], [1, "a", 10, "x"], [None, None, None, 10], ["*** End"]

    assert sniff(workbook(tmp_path, *rows), tmp_path).footer == r",,,|\*\*\* End"


def test_a_list_of_nothing_but_such_rows_has_no_footer() -> None:
    assert proposed([("a\n", ["a"])] * 3, 4) is None
    assert proposed([], 4) is None
