"""The pages of the documentation, as their tests read them.

A `console` block is run line by line: what stands behind `$` is a command, `# exit N` says how it
ends (0 otherwise), and the lines below it must be in its output, `…` standing for anything. A
`yaml` block is loaded. A comment above a block, which no reader sees, says more:

    <!-- begins: two nights -->             what is in the folder, once a page: `place.BEGINNINGS`
    <!-- happens: somebody renames … -->    what is done meanwhile: see `happenings.HAPPENINGS`
    <!-- file: units.csv -->                the block is the content of this file
    <!-- not run: needs a Docker engine --> why the block cannot be run by a test
    <!-- run by: tests/test_x.py -->        another test runs the whole page; once a page
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# What a person reads. The decisions say why, and show commands as they were thought of.
PAGES = sorted(DOCS.rglob("*.md"))
READ = [*PAGES, ROOT / "README.md", ROOT / "CHANGELOG.md"]

_STEP = re.compile(
    r"^<!-- (?P<key>begins|happens|file|not run|run by): (?P<said>.*?) -->$"
    r"|^(?P<fence>```+)(?P<language>[\w-]*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Step:
    """A block or a comment of a page, at a line of it; `why` is the reason not to run the block,
    `file` the name of the file that it is the content of."""

    page: Path
    line: int
    happens: str = ""
    language: str = ""
    text: str = ""
    why: str = ""
    file: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Page:
    """A page of Markdown."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def begins(self) -> str:
        return self._once("begins") or "examples"

    @property
    def run_by(self) -> str:
        return self._once("run by")

    def _once(self, key: str) -> str:
        return next((found["said"] for found in self._found() if found["key"] == key), "")

    @property
    def steps(self) -> Iterator[Step]:
        """What a reader does, in order."""
        said: dict[str, str] = {}
        for found in self._found():
            line = self.text.count("\n", 0, found.start()) + 1
            if found["key"] == "happens":
                yield Step(self.path, line, happens=found["said"])
            elif found["key"]:
                said[found["key"]] = found["said"]
            else:
                why, file = said.pop("not run", ""), said.pop("file", "")
                yield Step(
                    self.path, line, "", found["language"], found["text"], why=why, file=file
                )

    def _found(self) -> Iterator[re.Match[str]]:
        return _STEP.finditer(self.text)


@dataclass(frozen=True)
class Command:
    """A line behind `$`, how it must end, and what it must say."""

    line: str
    code: int
    said: tuple[str, ...]


def commands(block: str) -> list[Command]:
    """The commands of a `console` block."""
    first, *parts = re.split(r"^\$ ", block.replace("\\\n", ""), flags=re.MULTILINE)
    assert not first.strip(), f"this is behind no `$`: {first!r}"
    return [_command(part) for part in parts]


def _command(part: str) -> Command:
    line, _, rest = part.partition("\n")
    line, _, code = line.partition("# exit ")
    said = tuple(each.strip() for each in rest.splitlines() if each.strip())
    return Command(line.strip(), int(code or 0), said)


def slugs(text: str) -> set[str]:
    """The anchors of a page, as GitHub and the rendered pages make them of its headings."""
    prose = re.sub(r"^(```+).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-") for heading in headings}


def links(text: str) -> set[str]:
    """Where a page leads; what stands in code leads nowhere."""
    prose = re.sub(r"^(```+).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"`[^`\n]+`", "`", prose)
    return set(re.findall(r"\]\(([^)\s]+)\)", prose))
