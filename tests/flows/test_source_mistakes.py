"""A mistake in the settings of a source is answered with its place, its cause and its cure."""

from __future__ import annotations

import pytest

from flows.config_errors import ConfigError
from flows.settings import load

FILE = "{kind: file, path: units.csv}"
SOURCE = "pipelines.storage.source"
MISTAKES = [
    ("{kind: sq, table: t}", ".kind", 'unknown kind "sq"', 'did you mean "sql"?'),
    ("{path: units.csv}", ".kind", '"kind" is missing', "write kind: file"),
    (
        "{kind: sql, url: 'postgresq://u:${PASSWORD}@h/d', table: t}",
        ".url",
        'no database is called "postgresq"',
        'did you mean "postgresql"?',
    ),
    (
        "{kind: sql, url: 'postgresql://u:${PASSWORD}@h:port/d', table: t}",
        ".url",
        "this is no database URL (it is not shown)",
        "check its port and its slashes",
    ),
    (
        "{kind: sql, url: 'postgresql://u:${PASSWORD}@h/d'}",
        "",
        "give table or query, one of them; found neither",
        "",
    ),
    (
        "{kind: sql, ulr: 'postgresql://u:${PASSWORD}@h/d', table: t}",
        ".ulr",
        'unknown setting "ulr"',
        'did you mean "url"?',
    ),
    (
        "{kind: rest, url: erp.example.com/units}",
        ".url",
        "an address must look like https://api.example.com",
        'did you mean "https://erp.example.com/units"?',
    ),
    (
        "{kind: rest, url: 'https://h/u', paging: {kind: pages}}",
        ".paging.kind",
        'unknown kind "pages"',
        'did you mean "page"?',
    ),
    (
        "{kind: rest, url: 'https://h/u', paging: page}",
        ".paging",
        'found "page"',
        'write "kind: page" and its other settings below it, indented',
    ),
    (
        "{kind: rest, url: 'https://h/u', auth: {kind: barer, token: '${PASSWORD}'}}",
        ".auth.kind",
        'unknown kind "barer"',
        'did you mean "bearer"?',
    ),
    (
        "{kind: rest, url: 'https://h/u', records: 'units['}",
        ".records",
        "'units[' is no JMESPath: Invalid jmespath expression: Incomplete expression",
        "",
    ),
    (
        "{kind: python, call: 'inventory.py:units'}",
        ".call",
        '"inventory.py:units" names a file',
        'did you mean "inventory:units"?',
    ),
    (
        "{kind: file, path: 'exports/*.csv', from_path: F1}",
        ".from_path",
        "'F1' has no named group",
        "write (?P<COLUMN>…) around what counts",
    ),
]


@pytest.mark.parametrize(("written", "place", "found", "hint"), MISTAKES)
def test_a_mistake_in_a_source_is_one_problem_with_its_cure(
    written: str, place: str, found: str, hint: str, desk, environment
) -> None:
    desk.configure(FILE, written)

    with pytest.raises(ConfigError) as caught:
        load(desk.config, environ={**environment, "PASSWORD": "p4ss-31337"})

    (problem,) = caught.value.problems
    assert (problem.path, problem.found, problem.hint) == (f"{SOURCE}{place}", found, hint)
    assert problem.line == 5
    assert "31337" not in str(caught.value)
