"""A shell completes what is there, and neither fails nor writes whatever is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows import completion
from tests.bench import HARBOR, MILL, Bench

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def pressed(folder: Path, *words: str) -> list[str]:
    """What a bash offers at the end of these words."""
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_UNITSYNC_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    program = (
        "import sys; sys.argv = ['unitsync']; from flows.cli import app; app(prog_name='unitsync')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_pipelines_come_from_the_configuration(bench: Bench) -> None:
    assert completion.pipelines(bench.config, "") == ["storage", "apartments"]
    assert completion.pipelines(bench.config, "ap") == ["apartments"]


def test_runs_and_scopes_come_from_the_state_and_the_newest_run_first(bench: Bench) -> None:
    first, second = bench.night("storage").run_id, bench.night("apartments").run_id

    assert [run_id for run_id, _ in completion.runs(bench.config, "")] == ["last", second, first]
    assert [run_id for run_id, _ in completion.runs(bench.config, first[:8])] == [first]
    assert completion.scopes(bench.config, "") == [HARBOR, "COMM-001", "COMM-002", MILL]
    assert completion.scopes(bench.config, HARBOR[:3]) == [HARBOR]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("unitsync.yaml", b"\tno yaml"),
        ("unitsync.yaml", b"pipelines: [a]"),
        ("unitsync.yaml", b"state: [1]\npipelines: {}"),
        ("unitsync.yaml", b"\xff\xfe\x00"),
        ("unitsync.db", b"no database"),
        ("unitsync.db", b""),
    ],
)
def test_what_is_broken_completes_nothing_and_is_left_as_it_is(
    bench: Bench, name: str, content: bytes
) -> None:
    (bench.folder / name).write_bytes(content)
    before = {path: path.read_bytes() for path in bench.folder.iterdir()}

    assert completion.runs(bench.config, "") == []
    assert completion.scopes(bench.config, "") == []
    assert completion.pipelines(bench.config, "zzz") == []
    assert {path: path.read_bytes() for path in bench.folder.iterdir()} == before


@pytest.mark.parametrize("config", ["nowhere/x.yaml", "a\0b", "."])
def test_a_path_that_is_none_completes_nothing(config: str) -> None:
    path = Path(config)

    assert completion.pipelines(path, "") == []
    assert completion.runs(path, "") == []
    assert completion.scopes(path, "") == []


def test_a_real_shell_is_given_pipelines_and_runs_of_the_configuration_that_was_named(
    bench: Bench,
) -> None:
    run_id = bench.night("apartments").run_id
    bench.config.rename(bench.folder / "mine.yaml")

    assert pressed(bench.folder, "unitsync", "check", "") == []
    assert pressed(bench.folder, "unitsync", "check", "-c", "mine.yaml", "") == [
        "storage",
        "apartments",
    ]
    assert pressed(bench.folder, "unitsync", "-c", "mine.yaml", "report", run_id[:4]) == [run_id]
