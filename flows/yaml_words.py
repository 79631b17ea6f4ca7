"""Says in plain words why a file is not YAML, where, and what the writer probably meant.

PyYAML's own sentences are for people who know its grammar ("expected <block end>, but found
'<scalar>'"). The table below is the mistakes that people make, each with its cure.
"""

from __future__ import annotations

import re

import yaml
from yaml.reader import ReaderError

from flows.config_errors import Problem

# `state:unitsync.db` is one word to YAML, and the error comes a line later.
_GLUED = re.compile(r"\s*([\w.-]+):[^\s/:]\S*\s*(?:\s#.*)?$")
_QUOTES = 'put the whole text in quotes, for example name: "…"'

# (what PyYAML says, what is wrong, what to do), first match wins
_WORDS = (
    (
        r"found character '\\t'",
        "a tab stands where only spaces may stand",
        "replace the tab by spaces",
    ),
    (
        r"found character '(?P<at>[^']+)' that cannot start",
        'a text may not begin with "{at}"',
        _QUOTES,
    ),
    (
        r"expected alphabetic or numeric character",
        "a text may not begin with * or &",
        f"{_QUOTES}; a cron line is one, too",
    ),
    (
        r"found undefined alias",
        "a text may not begin with *",
        f"{_QUOTES}; a cron line is one, too",
    ),
    (
        r"mapping values are not allowed here",
        'a ":" stands where none is expected',
        (
            "indent with spaces so that settings of one level line up, write a space after each "
            '":", and put a text that holds ": " in quotes'
        ),
    ),
    (
        r"could not find expected ':'",
        'the line has no ": "',
        'write "name: value", with a space after the colon',
    ),
    (
        r"unknown escape character|expected escape sequence",
        "a backslash in double quotes begins an escape that does not exist",
        "use single quotes: '^(\\d+)x', or / in a path",
    ),
    (r"unexpected end of stream", "a quote is opened and never closed", "close the quote"),
    (
        r"sequence entries are not allowed here",
        'a list item ("- …") stands behind a ":"',
        "begin the list on the next line, or write [a, b]",
    ),
    (
        r"expected ',' or '(?P<at>[}\]])'",
        'a {{…}} or […] is not closed, or lacks a comma: "{at}" or "," is expected here',
        "close it, or put a text that holds a bracket in quotes",
    ),
    (
        r"but found another document",
        'the file holds a second document, begun by "---"',
        'remove the "---"',
    ),
    (
        r"expected the node content",
        "a text may not begin with this character",
        _QUOTES,
    ),
    (
        r"tag handle|while parsing a tag|while scanning a tag",
        "a text may not begin with !",
        _QUOTES,
    ),
    (
        r"expected chomping or indentation",
        "a text may not begin with > or |",
        _QUOTES,
    ),
    (
        r"expected <block end>",
        "the indentation does not fit the lines above",
        "line up settings of one level, with spaces",
    ),
)


def explain(error: yaml.YAMLError, text: str) -> Problem:
    """The problem that a YAML error stands for."""
    if isinstance(error, ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        found = f"a control character (code {ord(text[error.position])}) stands in the text"
        return Problem("", found, "", "delete it", line, column)
    said = str(getattr(error, "problem", None) or error)
    mark = _mark(error, said)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    glued = _GLUED.match(_line(text, line - 1))
    if glued and ("mapping values" in said or "<document start>" in said):
        found = f'"{glued[1]}" has no space after its colon'
        return Problem("", found, "", f'write "{glued[1]}: …"', line - 1, glued.end(1) + 1)
    found, hint = _special(said, _line(text, line), max(column - 1, 0)) or _words(said)
    return Problem("", found, "", hint, line, column)


def _mark(error: yaml.YAMLError, said: str) -> yaml.Mark | None:
    """Where the mistake is: for what was opened and not finished, the place of the opening."""
    opened = "could not find expected ':'" in said or "unexpected end of stream" in said
    context: yaml.Mark | None = getattr(error, "context_mark", None)
    mark: yaml.Mark | None = getattr(error, "problem_mark", None)
    return context if opened and context else mark


def _line(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _special(said: str, line: str, at: int) -> tuple[str, str] | None:
    """The mistakes that the line itself tells better than the grammar."""
    before = line[:at]
    if "expected ',' or" in said and line.count('"') % 2:
        return "a quote is opened and never closed", "close the quote"
    if "expected ',' or '}'" in said and before.endswith("$"):
        return "${…} inside { } needs quotes", 'write "${NAME}", with the quotes'
    if "but got '{'" in said and re.search(r":\s+\S[^,{}]*$", before):
        return "a text that holds { or } needs quotes here", 'write {template: "Unit {unit_no}"}'
    if "expected <block end>, but found '<scalar>'" in said and before.rstrip().endswith("}"):
        return "a text that begins with { needs quotes", 'write "{dcWidth:g}x{dcLength:g}"'
    if "expected <block end>, but found '<scalar>'" in said and before.rstrip()[-1:] in ('"', "'"):
        return "text stands behind a closing quote", "put the whole text between the quotes"
    return None


def _words(said: str) -> tuple[str, str]:
    for pattern, found, hint in _WORDS:
        match = re.search(pattern, said)
        if match:
            return found.format(**match.groupdict()), hint
    return f"this is not YAML: {said}", "compare it with the example in README.md"
