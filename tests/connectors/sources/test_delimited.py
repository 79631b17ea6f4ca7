"""CSV and TSV: nothing is lost, nothing is guessed, and the end of the file is proven or not."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceUnreadable
from connectors.sources import delimited
from connectors.sources.delimited import read_delimited
from tests.connectors.sources.whole import Whole, whole_of


def read(text: str, delimiter: str = ",", header: int | None = None) -> Whole:
    lines = io.StringIO(text, newline="")
    return whole_of("units.csv", read_delimited(lines, "units.csv", delimiter, header))


def rows(extract: Whole) -> dict[int, list[str]]:
    return dict(zip(extract.rows.index, extract.rows.to_numpy().tolist(), strict=True))


def faults(extract: Whole) -> list[tuple[int, str]]:
    return [(record.row, record.message) for record in extract.malformed]


def test_text_stays_text() -> None:
    extract = read("id,zip,rate,note,gone\n007,06040,1e5,NA,\n 8 ,1.10,null,None,nan\n")

    assert rows(extract) == {
        2: ["007", "06040", "1e5", "NA", ""],
        3: [" 8 ", "1.10", "null", "None", "nan"],
    }
    assert {str(kind) for kind in extract.rows.dtypes} == {"str"}
    assert extract.rows.index.name == "row"
    assert extract.complete
    assert extract.reason == ""


def test_quoted_delimiters_line_breaks_and_quotes_are_part_of_the_cell() -> None:
    extract = read('id,note\r\n1,"a, b"\r\n2,"two\nlines"\r\n3,"say ""hi"""\r\n4,5" pipe\r\n')

    assert rows(extract) == {
        2: ["1", "a, b"],
        3: ["2", "two\nlines"],
        4: ["3", 'say "hi"'],
        5: ["4", '5" pipe'],
    }
    assert extract.complete


def test_row_numbers_count_blank_lines_but_not_line_breaks_in_quotes() -> None:
    extract = read('\nid,note\n\n1,"two\nlines"\n   \n,\n2,b\n\n')

    assert rows(extract) == {4: ["1", "two\nlines"], 7: ["2", "b"]}
    assert extract.complete


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(ending: str) -> None:
    extract = read(ending.join(["id,note", "1,a", "2,b", ""]))

    assert rows(extract) == {2: ["1", "a"], 3: ["2", "b"]}
    assert extract.complete


def test_mixed_line_ends_are_read() -> None:
    assert rows(read("id,note\n1,a\r\n2,b\n")) == {2: ["1", "a"], 3: ["2", "b"]}


def test_a_short_record_is_reported_and_its_neighbours_are_kept() -> None:
    extract = read("id,w,l\n1,5,10\n2,5\n3,5,10\n")

    assert rows(extract) == {2: ["1", "5", "10"], 4: ["3", "5", "10"]}
    (fault,) = faults(extract)
    assert fault[0] == 3
    assert "2 cells where the header has 3" in fault[1]
    assert not extract.complete
    assert extract.reason == "1 record could not be read"


def test_a_long_record_is_reported_and_never_shifted() -> None:
    extract = read("id,note,code\n1,a, b,77\n2,c,78\n")

    assert rows(extract) == {3: ["2", "c", "78"]}
    (fault,) = faults(extract)
    assert fault[0] == 2
    assert "4 cells where the header has 3" in fault[1]
    assert "must be quoted" in fault[1]
    assert not extract.complete


def test_an_unclosed_quote_takes_nothing_after_it_for_a_record() -> None:
    extract = read('id,note\n1,a\n2,"cut\n3,b\n4,c\n')

    assert rows(extract) == {2: ["1", "a"]}
    (fault,) = faults(extract)
    assert fault[0] == 3
    assert "opens in line 3 and never closes" in fault[1]
    assert not extract.complete


def test_a_wrong_quote_costs_only_its_own_record() -> None:
    extract = read('id,note\n1,"6" door"\n2,"b"\n')

    assert rows(extract) == {3: ["2", "b"]}
    assert [row for row, _ in faults(extract)] == [2]
    assert "must be doubled" in faults(extract)[0][1]


def test_a_stray_quote_never_swallows_the_next_record_into_a_cell() -> None:
    # A lenient parser takes lines 2 and 3 for one record, and only its width tells.
    extract = read('id,note,code\n1,"abc,2\n3,"def",4\n5,e,6\n')

    assert rows(extract) == {3: ["5", "e", "6"]}
    assert [row for row, _ in faults(extract)] == [2]
    assert not extract.complete


@pytest.mark.parametrize("end", ["2,b,7", "2,b,", "2,b"])
def test_a_last_line_without_a_line_end_is_no_proof_of_the_end(end: str) -> None:
    extract = read(f"id,note,code\n1,a,6\n{end}")

    assert not extract.complete
    assert extract.reason == "its last line has no line end, so the file may have been cut off"


def test_a_file_cut_at_any_byte_inside_a_record_is_never_complete() -> None:
    text = 'id,note,code\r\n1,"two\r\nlines",66\r\n2,b,\r\n'
    first = text.index("66") + len("66")
    borders = {first + 1, first + 2, len(text) - 1}
    for end in sorted(set(range(text.index("1"), len(text))) - borders):
        try:
            extract = read(text[:end])
        except SourceUnreadable:
            continue

        assert not extract.complete, text[:end]


def test_nul_bytes_make_a_record_unreadable_and_no_other() -> None:
    extract = read("id,note\n1,a\n2,b\0\n3,c\n")

    assert rows(extract) == {2: ["1", "a"], 4: ["3", "c"]}
    assert [row for row, _ in faults(extract)] == [3]
    assert "NUL" in faults(extract)[0][1]


def test_the_message_about_a_record_never_quotes_it() -> None:
    extract = read('id,lock\n1,a\n2,31337,31337\n3,"31337"x\n4,31337\0\n5\n')

    assert len(extract.malformed) == 4
    assert "31337" not in " ".join(message for _, message in faults(extract))


def test_a_megabyte_in_one_cell_is_read() -> None:
    long = "x" * 3_000_000

    assert rows(read(f"id,note\n1,{long}\n2,b\n")) == {2: ["1", long], 3: ["2", "b"]}
    assert rows(read(f"id,note\n1,{long}\n\n2,b\n")) == {2: ["1", long], 4: ["2", "b"]}


REPORT = 'SITE REPORT\n"Printed\n2026-01-01",,\n\nid,note,rate\n1,a,5\n\n2,b,\n3,c\n'


def test_the_names_stand_in_the_row_that_is_set_and_rows_keep_their_numbers() -> None:
    extract = read(REPORT, header=4)

    assert rows(extract) == {5: ["1", "a", "5"], 7: ["2", "b", ""]}
    assert [row for row, _ in faults(extract)] == [8]


@pytest.mark.parametrize(
    ("header", "told"),
    [(3, "Row 3 of units.csv is blank"), (9, "units.csv ends in row 8, before row 9")],
)
def test_a_row_that_holds_no_names_is_refused(header: int, told: str) -> None:
    with pytest.raises(SourceUnreadable, match=rf"{told}.*`header`"):
        read(REPORT, header=header)


@pytest.mark.parametrize(
    "text",
    [
        "SITE REPORT\nPrinted\nid,note,rate\n1,a,5\n2,b,6\n",
        "SITE REPORT,,\n,Printed,\nid,note,rate\n1,a,5\n2,b,6\n",
    ],
)
def test_a_title_that_was_taken_for_names_is_refused_with_the_setting(text: str) -> None:
    with pytest.raises(SourceUnreadable, match="Row 1 of units.csv fills 1 of 3.*`header: 3`"):
        read(text)


def test_a_header_alone_is_unreadable() -> None:
    with pytest.raises(SourceUnreadable, match="no records, only column names"):
        read("id,note\n")


def test_a_file_without_one_readable_record_is_unreadable() -> None:
    with pytest.raises(SourceUnreadable, match="No record of units.csv could be read.* row 2"):
        read("id,note\n1,a,\n2,b,\n")


@pytest.mark.parametrize("text", ["\n\n", " \n,,\n"])
def test_blank_lines_alone_are_unreadable(text: str) -> None:
    with pytest.raises(SourceUnreadable, match="only blank lines"):
        read(text)


def test_a_column_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(SourceUnreadable, match="more than one column called “id”"):
        read("id,note, id\n1,a,2\n")


def test_a_badly_quoted_header_is_refused() -> None:
    with pytest.raises(SourceUnreadable, match="header of units.csv is badly quoted"):
        read('"id"x,note\n1,a\n')


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_wrong_delimiter_names_the_right_one(delimiter: str) -> None:
    text = delimiter.join(["id", "note"]) + "\n" + delimiter.join(["1", "a"]) + "\n"

    with pytest.raises(SourceUnreadable) as caught:
        read(text)

    assert f"delimiter: {delimiter!r}" in str(caught.value)
    assert rows(read(text, delimiter)) == {2: ["1", "a"]}


def test_a_single_column_is_read() -> None:
    assert rows(read("id\n1\n\n2\n")) == {2: ["1"], 4: ["2"]}


def test_nameless_columns_are_kept_only_if_they_hold_something() -> None:
    extract = read("id,,note,\n1,,a,\n2,x,b,\n")

    assert extract.rows.columns.tolist() == ["id", "column 2", "note"]
    assert rows(extract) == {2: ["1", "", "a"], 3: ["2", "x", "b"]}


def test_column_names_are_trimmed_and_cells_are_not() -> None:
    extract = read(" id , note\n1 , a\n")

    assert extract.rows.columns.tolist() == ["id", "note"]
    assert rows(extract) == {2: ["1 ", " a"]}


CELL = st.text(st.sampled_from('ab ,"\n\r\té–\u2028'), max_size=6)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8), st.booleans())
def test_whatever_a_csv_writer_wrote_is_read_back(records: list[list[str]], odd: bool) -> None:
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *records])
    expected = [cells for cells in records if any(cell.strip() for cell in cells)]
    text = file.getvalue() + ("\r\n" if odd else "")  # a blank line at the end: the careful way

    if not expected:
        with pytest.raises(SourceUnreadable):
            read(text)
        return
    extract = read(text)

    assert list(rows(extract).values()) == expected
    assert extract.complete


@given(st.text(st.sampled_from('ab,"\n\r\0'), max_size=40))
def test_anything_else_ends_in_an_extract_or_a_message(text: str) -> None:
    try:
        extract = read("a,b\n" + text)
    except SourceUnreadable:
        return

    assert extract.rows.columns.tolist() == ["a", "b"]
    assert extract.rows.notna().all(axis=None)
    assert not extract.rows.index.has_duplicates
    assert bool(extract.malformed) <= (not extract.complete)


def parts(text: str, characters: int, records: int) -> Whole:
    """The same text in chunks of so many characters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "CHUNK_CHARACTERS", characters)
        patch.setattr(delimited, "RECORDS", records)
        return read(text)


@given(st.text(st.sampled_from('ab,"\n\r\0'), max_size=60), st.integers(1, 20), st.integers(1, 3))
def test_where_a_chunk_ends_changes_nothing(text: str, characters: int, records: int) -> None:
    text = f"a,b\n1,2\n{text}"
    expected = read(text)

    found = parts(text, characters, records)

    assert rows(found) == rows(expected)
    assert faults(found) == faults(expected)
    assert (found.complete, found.reason) == (expected.complete, expected.reason)
