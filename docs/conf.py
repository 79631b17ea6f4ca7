"""How `make docs` renders README, CHANGELOG and docs: plain Markdown in, HTML out, no network.

The side bar is made of docs/index.md: its headings, and the pages that it links to, in that order.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

project = "unitsync"
author = "the unitsync contributors"
root_doc = "docs/index"
include_patterns = ["README.md", "CHANGELOG.md", "docs/**"]
exclude_patterns = [".*", "build", "flows", "transforms", "connectors", "state", "tests"]
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "unitsync"
html_show_sourcelink = False
html_copy_source = False
myst_heading_anchors = 3
# What the pages show is no code of a language that Pygments knows.
highlight_language = "none"
suppress_warnings = ["myst.xref_missing"]  # links into the source; tests/docs holds every link


def _with_contents(app: Sphinx, docname: str, source: list[str]) -> None:
    """Gives the first page the tables of contents that Sphinx wants, one for each of its parts."""
    if docname == root_doc:
        source[0] = re.sub(r"(?m)^## (.+)\n((?:(?!^## ).*\n?)*)", _part, source[0])


def _part(found: re.Match[str]) -> str:
    here = Path(__file__).parent
    pages = list(re.findall(r"\]\(([\w./-]+)\.md\)", found[2]))
    if "](decisions)" in found[2]:
        pages += sorted(f"decisions/{path.stem}" for path in (here / "decisions").glob("*.md"))
    contents = "\n".join(dict.fromkeys(pages))
    toctree = f"```{{toctree}}\n:hidden:\n:caption: {found[1]}\n:maxdepth: 1\n\n{contents}\n```\n\n"
    return f"{found[0]}\n{toctree}"


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _with_contents)
