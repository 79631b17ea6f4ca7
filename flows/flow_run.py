"""A flow run around a run of the engine: its progress, log and artifacts on Prefect's pages, and its
end there.

    done, whether or not a person should look     Completed
    stopped: cancelled, Ctrl-C, SIGTERM           Cancelled
    could not run: unreachable, unreadable        Failed, or tried again (AwaitingRetry)
    a promise was broken, or a bug                Failed

A try is a run of its own, which reads the state first: it sends nothing that has come through, and
reads what was in flight. Tasks are never tried again: nobody would have looked.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from prefect import State
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.states import Cancelled

from flows.artifacts import progressing, publish
from flows.logs import log_of
from flows.needs import needs_of
from flows.prefect_logs import logged
from flows.report_text import counted
from flows.settings import load_shared
from flows.summary import NightNeedsPerson, RunSummary
from flows.sync import Watcher
from state.errors import StateIsLocked
from state.store import Store

# With ten minutes between them, what a provider restarts at night is back by then.
TRIES_MORE = 2


@dataclass(frozen=True)
class Pages:
    """Prefect's pages of one run: `key` names its artifacts there."""

    key: str
    config: Path
    retry_minutes: float
    watcher: Watcher

    def ended(self, summary: RunSummary) -> RunSummary | State[RunSummary]:
        """Shows the summary, and says how the flow run ends: with it, cancelled, or failed."""
        self._show(summary)
        if summary.stopped_by is not None:
            return Cancelled(message=_stopped(summary), data=summary)
        if summary.status == "error":
            _try_again(self.retry_minutes)
        if summary.status in ("error", "broken"):
            raise NightNeedsPerson(summary)
        return summary

    def _show(self, summary: RunSummary) -> None:
        """In a thread of its own: a run that is done is done, whether Prefect answers or not."""
        with Store.open_for_reading(load_shared(self.config).state) as store:
            needs = needs_of(summary, store)
        with ThreadPoolExecutor(1) as pool:
            shown = pool.submit(copy_context().run, publish, summary, needs, self.key)
        if (error := shown.exception()) is not None:
            log_of(run=summary.run_id).warning("Prefect took no artifacts: %s", error)


@contextmanager
def flow_run(key: str, config: Path, retry_minutes: float) -> Iterator[Pages]:
    """Around a run, inside a flow. One that another run keeps out is tried again later."""
    with logged(), progressing(key) as watcher:
        try:
            yield Pages(key, config, retry_minutes, watcher)
        except StateIsLocked:
            _try_again(retry_minutes)
            raise


def result_of(state: State[Any]) -> RunSummary:
    """The summary of a run that has ended in this state; raises what ended it instead."""
    try:
        summary: Any = state.result(raise_on_failure=not state.is_cancelled())
    except NightNeedsPerson as night:
        return night.summary
    return cast("RunSummary", summary)


def _try_again(minutes: float) -> None:
    """Asks Prefect for another try of the flow run that is about to fail, if there is to be one."""
    context = FlowRunContext.get()
    if not minutes or context is None or context.flow_run is None:
        return
    policy = context.flow_run.empirical_policy
    policy.retries, policy.retry_delay = TRIES_MORE, round(minutes * 60)
    with get_client(sync_client=True) as client:
        client.update_flow_run(context.flow_run.id, empirical_policy=policy)


def _stopped(summary: RunSummary) -> str:
    unsent = sum(pipeline.counts["failed"] for pipeline in summary.pipelines)
    return (
        "Stopped between two requests: what was in flight is finished and recorded, "
        f"{counted(unsent, 'change')} not sent; the next run goes on from there"
    )
