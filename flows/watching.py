"""Progress on a terminal, quiet lines elsewhere; both on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from flows.console import err
from flows.sync import Watcher

P = ParamSpec("P")


@contextmanager
def watching(also: Watcher = Watcher()) -> Iterator[Watcher]:
    """A watcher that fits the place where standard error goes, and tells `also` another."""
    with _here() as here:
        yield Watcher(
            stage=_both(here.stage, also.stage),
            begin=_both(here.begin, also.begin),
            advance=_both(here.advance, also.advance),
        )


def _both(one: Callable[P, None], other: Callable[P, None]) -> Callable[P, None]:
    def both(*args: P.args, **kwargs: P.kwargs) -> None:
        one(*args, **kwargs)
        other(*args, **kwargs)

    return both


@contextmanager
def _here() -> Iterator[Watcher]:
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
