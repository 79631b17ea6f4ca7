"""The Prefect side of the night: the same engine, with a task per shard, and artifacts.

Nothing here decides anything. The number of tasks is that of the shards and never grows with units
(about 20 ms a task, DESIGN 6).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import PositiveFloat

from flows.backfill import Backfill
from flows.engine import backfill_engine, reconcile_engine, run_engine
from flows.linking import Wish
from flows.needs import needs_of
from flows.planning import PlannedScope
from flows.pushing import Push, PushedScope
from flows.selection import Selection
from flows.settings import load_shared
from flows.summary import RunSummary
from state.store import Store

# Prefect reads these when it is imported: no telemetry, no chatter on the user's terminal.
for _name, _value in {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # Its own server takes 9 s on a quiet machine, and much longer beside other work.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
}.items():
    os.environ.setdefault(_name, _value)

from prefect import flow, task  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.utilities.annotations import quote  # noqa: E402

from flows.artifacts import progressing, publish  # noqa: E402


class NightNeedsPerson(Exception):
    """A night that could not run, or broke a promise: the flow run counts as failed."""

    def __init__(self, summary: RunSummary) -> None:
        notes = "; ".join(note for pipeline in summary.pipelines for note in pipeline.notes)
        super().__init__(f"{summary.status}: {notes}")
        self.summary = summary


@task(name="push shard", cache_policy=NO_CACHE, persist_result=False)
def push_shard(push: Push, shard: Sequence[PlannedScope]) -> list[PushedScope]:
    """Pushes and records the scopes of one shard."""
    return push.shard(shard)


def in_tasks(push: Push, shards: Sequence[Sequence[PlannedScope]]) -> list[PushedScope]:
    """One task per shard, whose arguments Prefect is kept from walking through."""
    futures = [push_shard.submit(*map(_opaque, (push, shard))) for shard in shards]
    return [scope for future in futures for scope in future.result()]


def _opaque(value: Any) -> Any:
    return quote(value)


@flow(name="nightly-sync", persist_result=False, validate_parameters=True)
def nightly_sync(
    config: Path = Path("unitsync.yaml"),
    pipelines: list[str] | None = None,
    plan: Path | None = None,
) -> RunSummary:
    """Brings the vendor's API in step with the source: all pipelines, or the named ones."""
    key = "unitsync-night"
    with progressing(key) as watcher:
        summary = run_engine(config, pipelines or [], plan, in_tasks, watcher)
    return _told(summary, config, key)


@flow(name="reconcile", persist_result=False, validate_parameters=True)
def reconciliation(
    config: Path = Path("unitsync.yaml"),
    pipelines: list[str] | None = None,
    adopt: bool = False,
    confirmed: dict[str, str] | None = None,
    share: float = 1.0,
) -> RunSummary:
    """Compares source, known and live of all pipelines, or of the named ones; nothing is sent."""
    wish = Wish(adopt, confirmed or {}, share)
    key = "unitsync-reconciliation"
    with progressing(key) as watcher:
        summary = reconcile_engine(config, pipelines or [], wish, watcher)
    return _told(summary, config, key)


@flow(name="backfill", persist_result=False, validate_parameters=True)
def backfilling(
    config: Path = Path("unitsync.yaml"),
    pipelines: list[str] | None = None,
    scopes: list[str] | None = None,
    groups: list[str] | None = None,
    units: list[str] | None = None,
    changed_since: date | None = None,
    changed_until: date | None = None,
    only_failed: bool = False,
    only_rejected: bool = False,
    from_run: str | None = None,
    resend: bool = False,
    requests_per_second: PositiveFloat | None = None,
    as_sent: str | None = None,
) -> RunSummary:
    """Brings selected units in step; what is asked for in several ways must hold in all of them."""
    selection = Selection(
        scopes=tuple(scopes or ()),
        groups=tuple(groups or ()),
        units=tuple(units or ()),
        since=changed_since,
        until=changed_until,
        failed=only_failed,
        rejected=only_rejected,
        from_run=from_run,
    )
    wish = Backfill(selection, resend, requests_per_second, as_sent)
    key = "unitsync-backfill"
    with progressing(key) as watcher:
        summary = backfill_engine(config, pipelines or [], wish, in_tasks, watcher)
    return _told(summary, config, key)


def _told(summary: RunSummary, config: Path, key: str) -> RunSummary:
    """The summary as artifacts; a run that could not run, or broke a promise, fails."""
    with Store.open_for_reading(load_shared(config).state) as store:
        publish(summary, needs_of(summary, store), key)
    if summary.status in ("error", "broken"):
        raise NightNeedsPerson(summary)
    return summary


def run_flow(config: Path, pipelines: Sequence[str], plan: Path | None) -> RunSummary:
    """The night as a flow run, against `PREFECT_API_URL` or Prefect's own temporary server."""
    try:
        return nightly_sync(config, list(pipelines), plan)
    except NightNeedsPerson as night:
        return night.summary


def run_backfill_flow(config: Path, pipelines: Sequence[str], wish: Backfill) -> RunSummary:
    """A backfill as a flow run."""
    asked = wish.selection
    try:
        return backfilling(
            config,
            list(pipelines),
            list(asked.scopes),
            list(asked.groups),
            list(asked.units),
            asked.since,
            asked.until,
            asked.failed,
            asked.rejected,
            asked.from_run,
            wish.resend,
            wish.requests_per_second,
            wish.as_sent,
        )
    except NightNeedsPerson as night:
        return night.summary


def run_reconcile_flow(config: Path, pipelines: Sequence[str], wish: Wish) -> RunSummary:
    """A reconciliation as a flow run."""
    try:
        return reconciliation(config, list(pipelines), wish.adopt, dict(wish.confirmed), wish.share)
    except NightNeedsPerson as night:
        return night.summary
