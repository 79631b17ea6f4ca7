"""YAML is read as a person means it, and every mistake in it has a place and plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flows.config_errors import ConfigError, Problem
from flows.yaml_file import Document, dotted, parse, read

PLAIN = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.%+-]{0,20}", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"))
SCALAR = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text("abc {}'\"")


def only_problem(text: str) -> Problem:
    """The one problem of a text that is refused."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "unitsync.yaml")
    (problem,) = caught.value.problems
    return problem


def value(text: str) -> Any:
    """What a scalar becomes."""
    return parse(f"v: {text}", "unitsync.yaml").data["v"]


@given(key=PLAIN)
def test_a_key_without_quotes_is_the_text_that_is_written(key: str) -> None:
    """Whatever a key looks like (a number, a boolean, a date), it stays its own text."""
    assert parse(f"{{{key}: x}}", "f").data == {key: "x"}


@given(key=TEXT)
def test_any_text_in_quotes_survives_as_a_key(key: str) -> None:
    """Every text of a source can be a key of a value table."""
    document = yaml.safe_dump({"values": {key: "x"}}, default_style='"', width=10_000)

    assert parse(document, "f").data == {"values": {key: "x"}}


@given(data=st.dictionaries(PLAIN, SCALAR | st.lists(SCALAR, max_size=3), max_size=5))
def test_everything_stands_where_its_position_says(data: dict[str, Any]) -> None:
    """The position of a key is where its text begins in the file."""
    text = yaml.safe_dump({"top": {**data, "z": 1}}, default_flow_style=False, sort_keys=False)
    document = parse(text, "f")

    assert document.data == {"top": {**data, "z": 1}}
    lines = text.split("\n")
    for place, at in document.positions.items():
        if len(place) == 2:
            assert lines[at.line - 1][at.column - 1 :].lstrip("\"'").startswith(str(place[1]))


def test_the_keys_of_a_value_table_are_text() -> None:
    """Booleans, numbers and words of YAML 1.1 keep their spelling as keys."""
    text = "{true: indoor, 0: none, Y: true, 007: x, 1.10: y, null: n, 2024-01-01: d, ~: t}"

    assert list(value(text)) == ["true", "0", "Y", "007", "1.10", "null", "2024-01-01", "~"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e5", 1e5),
        ("-0.0", -0.0),
    ],
)
def test_scalars_follow_the_core_schema(text: str, expected: object) -> None:
    """Booleans, null and numbers are those of YAML 1.2."""
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "No", "on", "OFF", "y", "N", "t"),
        *("007", "00", "08", "0123.5", "1_000", "12:30", "1:30:00", "2024-01-01"),
        *("10%", "1,234", ".inf", ".nan", "1e999", "1e", "0x", "5e-324x"),
        *("1234567890123456789012345678901234567890", "${NAME}", "a: b".replace(": ", ":")),
    ],
)
def test_what_only_looks_like_a_value_stays_text(text: str) -> None:
    """Leading zeros, dates, times, yes and no, and ids too long for a number are text."""
    assert value(text) == text


@pytest.mark.parametrize("text", ["'5'", '"5"', "!!str 5", "!!str '5'"])
def test_quotes_and_the_text_tag_make_text(text: str) -> None:
    """What stands in quotes is text."""
    assert value(text) == "5"


def test_an_anchor_may_be_used_again() -> None:
    """A section that is written once can be named twice."""
    assert parse("a: &x {b: 1}\nc: *x", "f").data == {"a": {"b": 1}, "c": {"b": 1}}


MISTAKES = [
    ("a: 1\nb: 2\na: 3", (3, 1), '"a" stands twice: first in line 1, column 1', "keep one"),
    ('v: {0: a, "0": b}', (1, 11), '"0" stands twice: first in line 1, column 5', "keep one"),
    ("a:\n\tb: c", (2, 1), "a tab stands where only spaces may stand", "spaces"),
    ("a: b: c", (1, 5), 'a ":" stands where none is expected', "in quotes"),
    ("a: b\n  c: d\n", (2, 4), 'a ":" stands where none is expected', "line up"),
    ("state:unitsync.db\nb: c", (1, 6), '"state" has no space after its colon', '"state: …"'),
    ("a: b\nc\nd: e", (2, 1), 'the line has no ": "', "name: value"),
    ("a:\n  b: 1\n c: 2", (3, 2), "the indentation does not fit the lines above", "line up"),
    ("a:\n   b: 1\n  - c", (3, 3), "the indentation does not fit the lines above", "line up"),
    ("a: {b: ${X}}", (1, 9), "${…} inside { } needs quotes", '"${NAME}"'),
    ("a: {b: Unit {c}}", (1, 13), "a text that holds { or } needs quotes here", "template:"),
    ("a: {x:g}x{y:g}", (1, 9), "a text that begins with { needs quotes", '"{dcWidth:g}'),
    ("a: 'it's'", (1, 8), "text stands behind a closing quote", "between the quotes"),
    ("a: 'x\nb: c\n", (1, 4), "a quote is opened and never closed", "close the quote"),
    ('a: "^(\\d+)x"', (1, 8), "a backslash in double quotes", "single quotes: '^(\\d+)x'"),
    ("a: */5 * * * *", (1, 5), "a text may not begin with * or &", "cron"),
    ("a: *x", (1, 4), "a text may not begin with *", "cron"),
    ("a: @x", (1, 4), 'a text may not begin with "@"', "in quotes"),
    ("a: `x`", (1, 4), 'a text may not begin with "`"', "in quotes"),
    ("a: %x", (1, 4), 'a text may not begin with "%"', "in quotes"),
    ("a: ,x", (1, 4), "a text may not begin with this character", "in quotes"),
    ("a: >x\n  y", (1, 5), "a text may not begin with > or |", "in quotes"),
    ("a: !x!y z", (1, 4), "a text may not begin with !", "in quotes"),
    ("a: !foo x", (1, 4), "the tag !foo is not supported", "remove it"),
    ("a: !!python/object:os.x {}", (1, 4), "the tag !!python/object:os.x is not", "remove it"),
    ("a: !!set [b]", (1, 4), "the tag !!set is not supported", "remove it"),
    ("a: {b: c\nd: e\n", (2, 2), 'lacks a comma: "}" or ","', "close it"),
    ("a: [b\nc: d\n", (2, 2), 'lacks a comma: "]" or ","', "close it"),
    ("a: - b", (1, 4), 'a list item ("- …") stands behind a ":"', "next line"),
    ("a: 1\n---\nb: 2", (2, 1), 'a second document, begun by "---"', 'remove the "---"'),
    ("a: \x01", (1, 4), "a control character (code 1) stands in the text", "delete it"),
    ("? [a]\n: b", (1, 3), "a key is a list or a mapping", ""),
    ("a: 1\n<<: {b: 1}", (2, 1), "merge keys (<<) are not supported", "in quotes"),
    ("a: &x [*x]", (1, 4), "an alias refers to the very thing that it stands in", ""),
    ("a: ? b", (1, 4), "this is not YAML", "README.md"),
    ("", (0, 0), "the file is empty", "state: unitsync.db"),
    ("# nothing", (0, 0), "the file is empty", "state: unitsync.db"),
    ("- a", (1, 1), "the file holds a list", "state: unitsync.db"),
    ("just words", (1, 1), "the file holds a single value", "state: unitsync.db"),
    ("[" * 600, (0, 0), "the file is nested too deeply to be read", ""),
]


@pytest.mark.parametrize(("text", "at", "found", "hint"), MISTAKES)
def test_a_mistake_in_the_yaml_has_a_place_and_a_cure(
    text: str, at: tuple[int, int], found: str, hint: str
) -> None:
    """What people get wrong is told in their words, not in those of a grammar."""
    problem = only_problem(text)

    assert (problem.line, problem.column) == at
    assert found in problem.found
    assert hint in problem.hint


def test_aliases_cannot_multiply_without_end() -> None:
    """A file of nine lines cannot become a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    assert only_problem("\n".join(lines)).found == "the file grows beyond 100,000 values"


@pytest.mark.parametrize(
    ("content", "at", "found", "hint"),
    [
        (b"state: caf\xe9.db", (1, 11), "a character is not UTF-8", "save the file again as UTF-8"),
        (b"a: \xc3\xa9\nb: \xe9", (2, 4), "a character is not UTF-8", "save the file again"),
        ("state: x".encode("utf-16"), (0, 0), "the file is encoded as UTF-16", "as UTF-8"),
        (b"PK\x03\x04\x00\x00", (0, 0), "this is a binary file", "not the inventory"),
        (b"", (0, 0), "the file is empty", "state: unitsync.db"),
    ],
)
def test_a_file_that_is_no_text_is_refused(
    content: bytes, at: tuple[int, int], found: str, hint: str, tmp_path: Path
) -> None:
    """A workbook, another encoding or nothing at all: one sentence each."""
    file = tmp_path / "unitsync.yaml"
    file.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        read(file)

    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == at
    assert problem.found == found
    assert hint in problem.hint


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    """What Windows editors add is dropped."""
    file = tmp_path / "unitsync.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")

    document = read(file)

    assert document.data == {"a": 1, "b": 2}
    assert document.positions[("b",)] == (2, 1)


def test_a_missing_file_is_named_with_the_nearest(tmp_path: Path) -> None:
    """`unitsync.yml` beside a missing `unitsync.yaml` is what was meant."""
    (tmp_path / "unitsync.yml").write_text("a: 1")

    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "unitsync.yaml")

    (problem,) = caught.value.problems
    assert problem.found == "there is no such file"
    assert problem.hint == f'did you mean "{tmp_path / "unitsync.yml"}"? Name it with --config'


@pytest.mark.parametrize("name", ["unitsync.yaml", "no/such/folder/unitsync.yaml"])
def test_a_missing_file_says_how_to_go_on(name: str, tmp_path: Path) -> None:
    """Nothing near: name another file, or write one."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / name)

    assert "--config" in caught.value.problems[0].hint
    assert str(tmp_path / name) in str(caught.value)


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    """`--config .` is a slip."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path)

    assert [p.found for p in caught.value.problems] == ["this is a folder"]


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """A name that the system refuses is one sentence, too."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / ("x" * 300))

    assert caught.value.problems[0].found.startswith("the file cannot be read: ")


def test_a_path_in_a_message_reads_like_the_file() -> None:
    """Names are joined by dots, items of lists are counted."""
    assert dotted(("pipelines", "a", "const", 0)) == "pipelines.a.const[0]"
    assert dotted(()) == ""


def test_what_stands_nowhere_is_placed_at_what_is_around_it() -> None:
    """A missing setting points at the section that misses it."""
    document = parse("a:\n  b: {c: 1}", "f")

    assert document.position(("a", "b", "missing")) == (2, 3)
    assert document.place("a.b.missing.more") == ("a", "b")
    assert Document("f", {}, {}).position(("x",)) == (1, 1)
