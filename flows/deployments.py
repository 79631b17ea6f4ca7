"""What Prefect offers of unitsync: three deployments.

`unitsync serve` runs them itself; `prefect.yaml` deploys the same three to a work pool. Promises
that a schedule is what the settings say, in their time zone, across its changes of the clock; and
that a nightly sync which finds another one going on is cancelled, not queued: nothing would be left
to do.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.flows import Flow
from prefect.runner import Runner
from prefect.server.schemas.schedules import CronSchedule as Calendar
from prefect.types.entrypoint import EntrypointType

from flows.nightly import backfilling, nightly_sync, reconciliation
from flows.offered import CONFIG
from flows.parameters import have_unknown_refused
from flows.schedule import Schedule
from flows.settings import load_shared

# What stands in a schedule that is switched off.
_NEVER = "0 0 1 1 *"
ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)


@dataclass(frozen=True)
class Offer:
    """A flow, deployed under its name; `cron` is None for one that nobody but a person starts."""

    flow: Flow[Any, Any]
    cron: str | None
    timezone: str

    @property
    def name(self) -> str:
        """Of the flow and of its deployment alike."""
        return self.flow.name

    def next_at(self, now: datetime) -> datetime | None:
        """When it runs next after `now`, as Prefect's own server counts; aware, in its zone."""
        if self.cron is None:
            return None
        calendar = Calendar(cron=self.cron, timezone=self.timezone)
        with ThreadPoolExecutor(1) as pool:  # there may be a loop in this thread
            (first,) = pool.submit(asyncio.run, calendar.get_dates(1, start=now)).result()
        return first

    def deployment(self, config: Path) -> RunnerDeployment:
        """The deployment, for this configuration file."""
        schedule = [CronSchedule(cron=self.cron, timezone=self.timezone)] if self.cron else []
        limited = ONE_AT_A_TIME if self.flow is nightly_sync else None
        chosen = CONFIG.set(config)
        try:
            return RunnerDeployment.from_flow(
                self.flow,
                self.name,
                description=(self.flow.description or "").partition("\n")[0],
                schedules=schedule,
                parameters={"config": str(config)},
                concurrency_limit=limited,
                entrypoint_type=EntrypointType.MODULE_PATH,
                tags=["unitsync"],
            )
        finally:
            CONFIG.reset(chosen)


def offers(schedule: Schedule) -> list[Offer]:
    """The three, with their schedules."""
    zone = schedule.timezone
    return [
        Offer(nightly_sync, schedule.sync, zone),
        Offer(reconciliation, schedule.reconcile, zone),
        Offer(backfilling, None, zone),
    ]


class _Runner(Runner):
    """Prefect's own, whose way to stop on SIGTERM is never awaited (3.8), so that its runs would
    die: each of them finishes its request in flight first, and is cancelled."""

    def __init__(self, folder: Path) -> None:
        super().__init__(name="unitsync", pause_on_shutdown=False)
        self._tmp_dir = folder  # its own choice belongs to the first user of the machine who served

    def handle_sigterm(self, *_: Any, **__: Any) -> None:
        """On Ctrl-C and SIGTERM."""
        asyncio.run_coroutine_threadsafe(self.astop(), asyncio.get_running_loop())


def run_until_stopped(deployments: Sequence[RunnerDeployment]) -> None:
    """Offers them, and runs what is due or asked for, until Ctrl-C or SIGTERM. Their schedules are
    not paused then: a night that falls into a restart is made up for after it."""
    with TemporaryDirectory(prefix="unitsync-") as folder:
        runner = _Runner(Path(folder))
        for deployment in deployments:
            runner.add_deployment(deployment)
            have_unknown_refused(f"{deployment.flow_name}/{deployment.name}")
        signal.signal(signal.SIGINT, runner.handle_sigterm)
        asyncio.run(runner.start())


def from_settings(config: str = "unitsync.yaml") -> Mapping[str, Any]:
    """A step of `prefect.yaml`: what its templates take from the settings. That file is checked
    before they are filled in, and can leave no schedule out: one that is not set is there, and
    switched off."""
    schedule = load_shared(config).schedule
    return {
        "folder": str(Path.cwd()),
        "timezone": schedule.timezone,
        "sync": schedule.sync or _NEVER,
        "sync_active": schedule.sync is not None,
        "reconcile": schedule.reconcile or _NEVER,
        "reconcile_active": schedule.reconcile is not None,
    }
