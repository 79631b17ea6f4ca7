"""Colour is for a terminal whose owner has nothing against it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*3[0-7]m")
ESCAPE = b"\x1b"


def environ(**more: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")
    }
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **more}


def on_a_terminal(folder: Path, **more: str) -> bytes:
    """What `unitsync` writes to a terminal."""
    ours, theirs = pty.openpty()
    try:
        command = [sys.executable, "-m", "flows"]
        subprocess.run(command, cwd=folder, env=environ(**more), stdout=theirs, check=True)
        return os.read(ours, 65_536)
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_terminal_is_given_colour(tmp_path: Path) -> None:
    assert COLOUR.search(on_a_terminal(tmp_path))


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_whose_owner_wants_none_is_given_none(
    tmp_path: Path, more: dict[str, str]
) -> None:
    assert not COLOUR.search(on_a_terminal(tmp_path, **more))


def test_a_pipe_is_given_plain_text(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flows"]
    done = subprocess.run(command, cwd=tmp_path, env=environ(), capture_output=True, check=True)

    assert ESCAPE not in done.stdout
    assert b"unitsync demo" in done.stdout
