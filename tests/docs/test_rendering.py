"""The pages become a site that is read without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import DOCS, READ, ROOT

SPHINX = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]


def test_the_pages_render_without_a_warning_and_load_nothing_from_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [*SPHINX, "-c", str(DOCS), str(ROOT), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)
    rendered = [tmp_path / page.relative_to(ROOT).with_suffix(".html") for page in READ]
    loads = re.compile(r'<(?:script|img|link)[^>]*(?:src|href)="(?:https?:)?//')
    assert [str(page) for page in rendered if loads.search(page.read_text("utf-8"))] == []
