"""`unitsync names`: what the vendor calls the things that a field holds ids of. Only reads."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from flows.console import answering, err, out
from flows.job import jobs_of
from flows.settings import load
from flows.world import World

HEADER = ("name", "id")


def run(config: Path, pipeline: str, field: str, scopes: Sequence[str]) -> int:
    """Prints a CSV of all names in some scopes; 1 where there are none, or one is not clear."""

    def work() -> int:
        with jobs_of(load(config, [pipeline]), World()) as [job]:
            found = sorted({pair for scope in scopes for pair in job.target.names(scope, field)})
        if not found:
            _tell(f"No unit of {', '.join(scopes)} shows a name for {field}.")
            return 1
        out.print(_table(found), markup=False, highlight=False, soft_wrap=True, end="")
        twice = [name for name, count in Counter(name for name, _ in found).items() if count > 1]
        for name in twice:
            _tell(f"“{name}” is the name of several; keep the line that is meant.")
        return 1 if twice else 0

    return answering("names", False, work)


def _table(found: Sequence[tuple[str, str]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([HEADER, *found])
    return file.getvalue()


def _tell(text: str) -> None:
    err.print(text, markup=False, soft_wrap=True)
