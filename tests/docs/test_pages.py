"""The pages are true: their commands run, their configurations load, their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.happenings import HAPPENINGS
from tests.docs.pages import DOCS, PAGES, READ, ROOT, Page, Step, commands, links, slugs
from tests.docs.place import reading
from tests.docs.written import load_block

# Every address outside of this repository that a page names. None is fetched by a test.
ELSEWHERE = {
    "https://dlthub.com",
    "https://filesystem-spec.readthedocs.io",
    "https://jmespath.org",
    "https://semver.org",
    "https://keepachangelog.com/en/1.1.0/",
}
# The README's commands are run by tests/test_readme.py.
EVERY = [Page(path) for path in PAGES]
RUN = [page for page in EVERY if any(step.language == "console" for step in page.steps)]
BLOCKS = [
    step
    for page in map(Page, READ)
    if not page.run_by
    for step in page.steps
    if step.language == "yaml" and not step.why
]


@pytest.mark.parametrize("page", [page for page in RUN if not page.run_by], ids=str)
def test_every_command_of_a_page_runs(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reading(page.begins, tmp_path, monkeypatch) as place:
        for step in page.steps:
            if step.happens:
                HAPPENINGS[step.happens](place)
            elif step.file:
                place.write(step.file, step.text)
            elif step.language == "console" and not step.why:
                for command in commands(step.text):
                    place.follow(command)


@pytest.mark.parametrize("step", BLOCKS, ids=str)
def test_every_configuration_on_a_page_is_one(step: Step, tmp_path: Path) -> None:
    load_block(step.text, tmp_path)


def test_a_block_says_what_it_is() -> None:
    """A command outside of a `console` block would never be run. The reference is made from the
    code, and held to it by other tests."""
    silent = [
        str(step)
        for page in EVERY
        if not page.run_by and page.path.parent != DOCS / "reference"
        for step in page.steps
        if not step.why
        and step.language != "console"
        and re.search(r"^(\$ )?unitsync ", step.text, re.MULTILINE)
    ]

    assert silent == []


def test_who_runs_a_page_instead_names_it() -> None:
    for page in EVERY:
        if page.run_by:
            assert page.path.name in (ROOT / page.run_by).read_text("utf-8"), page


@pytest.mark.parametrize("path", READ, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    for link in links(path.read_text("utf-8")):
        if "://" in link:
            assert link in ELSEWHERE
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in slugs(target.read_text("utf-8")), link


def test_every_address_elsewhere_is_still_named() -> None:
    named = {link for path in READ for link in links(path.read_text("utf-8")) if "://" in link}

    assert ELSEWHERE == named


def test_every_page_is_found_from_the_first() -> None:
    first = DOCS / "index.md"
    shown = {(DOCS / link).resolve() for link in links(first.read_text("utf-8"))}
    decisions = {path for path in PAGES if path.parent.name == "decisions"}

    assert set(PAGES) - shown - decisions - {first} == set()
