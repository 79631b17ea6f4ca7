"""What Prefect's pages show of a run: how far it is, and at its end what it was.

Promises that the number of calls never grows with the inventory: at most one in three seconds and
101 in all while a run goes on, none where it is shorter than that, and three at its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from threading import Event
from typing import cast
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from flows.markdown import changes_table, markdown, needs_table
from flows.needs import Need
from flows.progress import Progress
from flows.summary import RunSummary
from flows.sync import Night, Watcher

PACE_SECONDS = 3.0


def publish(summary: RunSummary, needs: Sequence[Need], key: str) -> None:
    """The run as Markdown, what needs a person as a table (an empty one, too: on Prefect's pages it
    follows that of the night before), and where the report is."""
    create_markdown_artifact(
        key=key,
        markdown=markdown(summary, needs),
        description=f"What became of the {summary.kind}",
    )
    create_table_artifact(
        key=f"{key}-needs",
        table=needs_table(needs),
        description="What needs a person" if needs else "Nothing needs a person",
    )
    if summary.report:
        create_link_artifact(
            key=f"{key}-report",
            link=Path(summary.report).absolute().as_uri(),
            link_text="The report",
            description="The report page, on the machine that ran",
        )


def publish_forecast(nights: Sequence[Night], key: str) -> None:
    """What would be done, change by change."""
    create_table_artifact(
        key=f"{key}-forecast",
        table=changes_table(nights),
        description="What would be done; nothing was sent",
    )


@contextmanager
def progressing(key: str) -> Iterator[Watcher]:
    """A watcher for a run, whose progress is shown until the end of the block.

    A thread of its own asks how far the run is, so that no call delays it, and none that fails
    ends it.
    """
    progress, ended = Progress(), Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, _show, progress, ended, f"{key}-progress")
        try:
            yield progress.watcher()
        finally:
            ended.set()


def _show(progress: Progress, ended: Event, key: str) -> None:
    shown, artifact = 0, None
    while not ended.wait(PACE_SECONDS):
        if (percent := progress.percent) != shown:
            artifact, shown = _shown(artifact, percent, key), percent
    if artifact is not None and shown != progress.percent:
        _shown(artifact, progress.percent, key)


def _shown(artifact: UUID | None, percent: int, key: str) -> UUID:
    """The artifact, which is made the first time; Prefect's types leave open whether it waits."""
    if artifact is None:
        made = create_progress_artifact(float(percent), key=key, description="How far it is")
        return cast("UUID", made)
    update_progress_artifact(artifact, float(percent))
    return artifact
