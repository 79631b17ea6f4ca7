"""A flow run around a run of the engine: its progress, log, artifacts and end on Prefect's pages.

    done, whether or not a person should look     Completed
    stopped: cancelled, Ctrl-C, SIGTERM           Cancelled
    could not run: unreachable, unreadable        Failed, or tried again (AwaitingRetry)
    a promise was broken, or a bug                Failed

A try is a run of its own, which reads the state first: it sends nothing that has come through, and
reads what was in flight. Tasks are never tried again: nobody would have looked.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from prefect import State
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.states import Cancelled

from flows.artifacts import progressing, publish, publish_forecast
from flows.forecast import summary_of_preview
from flows.logs import log_of
from flows.needs import needs_of
from flows.prefect_logs import NightEnded, logged
from flows.report_text import counted
from flows.settings import load_shared
from flows.stopping import Stop, StoppedWaiting, stopping
from flows.summary import RunSummary
from flows.sync import Night, Watcher
from state.errors import StateIsLocked
from state.store import Store

# With ten minutes between them, what a provider restarts at night is back by then.
TRIES_MORE = 2
# How often the main thread can hear a signal, or Prefect.
_LOOK_SECONDS = 1.0
# Beside an event loop, as in a notebook, Prefect would give something to be awaited.
_AT_ONCE: Mapping[str, Any] = {"_sync": True}

# Runs with this watcher until this stop is set.
Engine = Callable[[Watcher, Stop], RunSummary]
Ended = RunSummary | State[RunSummary]


@dataclass(frozen=True)
class Pages:
    """Prefect's pages of one run: `key` names its artifacts there."""

    key: str
    config: Path
    retry_minutes: float
    watcher: Watcher

    def of(self, engine: Engine) -> Ended:
        """Runs the engine, shows its summary, and says how the flow run ends."""
        try:
            summary = self._undisturbed(engine)
        except StoppedWaiting as stopped:
            return Cancelled(message=str(stopped), data=stopped)
        self._show(summary)
        if summary.stopped_by is not None:
            message = _stopped(summary)
            return Cancelled(message=message, data=NightEnded(summary, message))
        if summary.status == "error":
            _try_again(self.retry_minutes)
        if summary.status in ("error", "broken"):
            notes = "; ".join(note for pipeline in summary.pipelines for note in pipeline.notes)
            raise NightEnded(summary, f"{summary.status}: {notes}")
        return summary

    def forecast(self, engine: Callable[[Watcher, Stop], Sequence[Night]]) -> Ended:
        """Shows what would be done, with its balance."""

        def rehearse(watcher: Watcher, stop: Stop) -> RunSummary:
            nights = engine(watcher, stop)
            publish_forecast(nights, self.key)
            return summary_of_preview(nights)

        return self.of(rehearse)

    def _undisturbed(self, engine: Engine) -> RunSummary:
        """In a thread of its own, where Prefect does not reach it: a flow run whose place (one at a
        time) its server forgot in a restart is ended by an exception out of nowhere. But the place
        is a convenience, and what keeps others out is the lock of the state."""
        stop = Stop()
        with stopping(stop), ThreadPoolExecutor(1) as pool:
            running = pool.submit(copy_context().run, engine, self.watcher, stop)
            while not running.done():
                try:
                    wait([running], timeout=_LOOK_SECONDS)
                except CancelledError:
                    log_of().warning("Prefect gave the place of this run away; the run goes on")
        return running.result()

    def _show(self, summary: RunSummary) -> None:
        """In a thread of its own: a run that is done is done, whether Prefect answers or not."""
        with Store.open_for_reading(load_shared(self.config).state) as store:
            needs = needs_of(summary, store) if summary.run_id else []  # a forecast is no run
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
        return cast("RunSummary", state.result(**_AT_ONCE))
    except NightEnded as night:
        return night.summary


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
