"""What comes from outside is text in Markdown, whatever it looks like."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flows.markdown import escaped, markdown, needs_table
from flows.needs import Need
from flows.summary import COUNTS, PipelineSummary, RunSummary

# CommonMark, raw HTML, and what GitHub adds but for bare addresses, which are looked for below.
RENDERER = MarkdownIt("gfm-like", {"html": True, "linkify": False})
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "[free](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example a@evil.example",
    "&lt;script&gt; &#60;b&#62;",
    "`code` **bold** _it_ ~~gone~~ | cell |",
    "\n\n# heading\n- item\n1. one\n> quote\n---",
    "\u202eturned\u2066 \x1b[31m",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_renders_as_its_own_letters(name: str) -> None:
    tokens = RENDERER.parse(f"- {escaped(name)}")

    inline = [token for token in tokens if token.type == "inline"]
    assert [token.type for token in tokens if token.nesting == 1] == [
        "bullet_list_open",
        "list_item_open",
        "paragraph_open",
    ]
    assert {"text", "text_special"} >= {child.type for child in inline[0].children or ()}
    assert not re.search(r"(?<!\\)[:.]", escaped(name))


@given(st.text(max_size=200))
def test_whatever_is_escaped_is_text_on_one_line(text: str) -> None:
    (line,) = f"x {escaped(text)}".split("\n")

    (inline,) = [token for token in RENDERER.parse(line) if token.type == "inline"]
    assert {"text", "text_special"} >= {child.type for child in inline.children or ()}


def test_a_name_of_ten_thousand_characters_is_cut() -> None:
    assert len(escaped("x" * 10_000)) < 1_000


def test_a_run_is_told_with_what_needs_a_person_and_what_to_type() -> None:
    counts = dict.fromkeys(COUNTS, 0) | {"extracted": 5, "failed": 2}
    pipeline = PipelineSummary("stor|age", "attention", counts, 3, 1.0, ("a note",), ("a notice",))
    summary = RunSummary(
        "run-1",
        "sync",
        (pipeline,),
        "reports/a_b.html",
        deaths=("one died",),
        notices=("not told",),
    )
    needs = [Need("failed", "stor|age", 2, "failed: unit <b>A1</b>", "unitsync why 'u_1'")] * 22

    said = markdown(summary, needs)

    assert "| stor\\|age | attention | 5 |" in said
    assert "- stor\\|age: a notice" in said
    assert "- one died" in said
    assert "- not told" in said
    assert "- stor\\|age: failed\\: unit \\<b\\>A1\\</b\\> → unitsync why 'u\\_1'" in said
    assert "- and 2 more" in said
    assert said.endswith("Report: reports/a\\_b\\.html")


def test_the_cells_of_the_table_are_escaped_as_prefect_renders_them() -> None:
    (row,) = needs_table([Need("held", "a|b", 3, "<b>", "unitsync allow `x`")])

    assert row == {
        "condition": "held",
        "pipeline": "a\\|b",
        "count": 3,
        "what": "\\<b\\>",
        "next": "unitsync allow \\`x\\`",
    }
