"""What `pip install .` gives works outside of the checkout, with nothing of it at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
BUILT = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "flows",
    "transforms",
    "connectors",
    "state",
    "examples",
)
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]


def test_the_wheel_is_whole_and_lives_through_the_demo(tmp_path: Path) -> None:
    source, wheels, place = (tmp_path / name for name in ("source", "wheels", "place"))
    for name in BUILT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        source.mkdir(exist_ok=True)
        copy(ROOT / name, source / name)
    _do(*PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, source)
    (wheel,) = wheels.glob("*.whl")
    _do(*PIP, "install", "--no-deps", "--no-index", "--target", place, wheel)

    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"unitsync {version}\n" == _unitsync(place, "--version")
    assert "A third night would send nothing" in _unitsync(place, "demo")
    assert any(place.glob("unitsync-*.dist-info/licenses/LICENSE"))


def _unitsync(place: Path, *arguments: str) -> str:
    """The installed command, which finds its own modules there and not in the checkout."""
    here = place.parent
    found = _do(sys.executable, "-c", "import flows; print(flows.__file__)", place=place, cwd=here)
    assert Path(found.strip()).is_relative_to(place)
    return _do(place / "bin" / "unitsync", *arguments, place=place, cwd=here)


def _do(*command: str | Path, place: Path | None = None, cwd: Path | None = None) -> str:
    environ = {**os.environ, "PYTHONPATH": str(place)} if place else None
    done = subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
