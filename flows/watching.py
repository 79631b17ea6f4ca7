"""Progress on a terminal, quiet lines elsewhere; both on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from flows.console import err
from flows.sync import Watcher


@contextmanager
def watching() -> Iterator[Watcher]:
    """A watcher that fits the place where standard error goes."""
    if not err.is_terminal:
        yield Watcher(stage=lambda pipeline, stage: err.print(f"{pipeline}: {stage}", markup=False))
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        tasks = {}

        def stage(pipeline: str, stage: str) -> None:
            if pipeline not in tasks:
                tasks[pipeline] = progress.add_task(pipeline, total=None)
            progress.update(tasks[pipeline], description=f"{pipeline}: {stage}")

        yield Watcher(
            stage=stage,
            begin=lambda pipeline, changes: progress.update(tasks[pipeline], total=changes),
            advance=lambda pipeline, changes: progress.advance(tasks[pipeline], changes),
        )
