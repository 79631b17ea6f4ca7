"""The flows, as Prefect runs them: the same engine, with a task per shard.

Nothing here decides anything. The number of tasks is that of the shards and never grows with units
(about 20 ms a task, DESIGN 6). What the docstrings say of a parameter stands beside it in the form
of Prefect's page, which refuses what its type does not allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from flows.backfill import Backfill
from flows.engine import backfill_engine, reconcile_engine, rehearse_backfill, run_engine
from flows.linking import Wish
from flows.offered import offer_pipelines
from flows.planning import PlannedScope
from flows.pushing import Push, PushedScope
from flows.quiet import quieten
from flows.selection import Selection, SelectionRefused
from flows.summary import RunSummary
from flows.unit_file import names_in

quieten()

from prefect import flow, task  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.utilities.annotations import quote  # noqa: E402

from flows.flow_run import Ended, flow_run, result_of  # noqa: E402

CONFIG = Path("unitsync.yaml")
RETRY_MINUTES = 10.0
# A day as the form and the API write it; JSON Schema's own `format` is not enforced.
Day = Annotated[date, Field(json_schema_extra={"pattern": r"^\d{4}-\d{2}-\d{2}$"})]
# Something, and no NUL, which no path can hold; nor half a surrogate pair, which ends the server.
_TEXT = {"pattern": r"^[^\x00\ud800-\udfff]+$"}
File = Annotated[Path, Field(json_schema_extra=_TEXT)]
Minutes = Annotated[float, Field(ge=0, le=600)]
Pace = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1)]
Name = Annotated[str, Field(min_length=1, json_schema_extra=_TEXT)]
Pipeline = Annotated[str, Field(json_schema_extra=offer_pipelines)]
Names = list[Name]


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
    config: File = CONFIG,
    pipelines: list[Pipeline] | None = None,
    plan: File | None = None,
    retry_minutes: Minutes = RETRY_MINUTES,
) -> Ended:
    """Brings the vendor's API in step with the source: all pipelines, or the named ones.

    Args:
        config: The configuration file, relative to the working directory.
        pipelines: Pipelines by name; all when none is named.
        plan: A saved plan to apply exactly, once, instead of planning anew.
        retry_minutes: A run that could not run (source unreadable, API unreachable, another run
            going on) is tried again after so many minutes, twice; 0 means never.

    """
    with flow_run("unitsync-night", config, retry_minutes) as pages:
        return pages.of(partial(run_engine, config, pipelines or [], plan, in_tasks))


@flow(name="reconcile", persist_result=False, validate_parameters=True)
def reconciliation(
    config: File = CONFIG,
    pipelines: list[Pipeline] | None = None,
    adopt: bool = False,
    confirmed: dict[str, Name] | None = None,
    share: Share = 1.0,
    retry_minutes: Minutes = RETRY_MINUTES,
) -> Ended:
    """Compares source, known and live of all pipelines, or of the named ones; nothing is sent.

    Args:
        config: The configuration file, relative to the working directory.
        pipelines: Pipelines by name; all when none is named.
        adopt: Link live units that the source means.
        confirmed: Link these, too: the unit's key, and the live id that a reconciliation suggested.
        share: The share of all requests that may be spent: 0.1 reads a tenth of the scopes, the
            longest unread first.
        retry_minutes: A run that could not run (source unreadable, API unreachable, another run
            going on) is tried again after so many minutes, twice; 0 means never.

    """
    wish = Wish(adopt, confirmed or {}, share)
    with flow_run("unitsync-reconciliation", config, retry_minutes) as pages:
        return pages.of(partial(reconcile_engine, config, pipelines or [], wish))


@flow(name="backfill", persist_result=False, validate_parameters=True)
def backfilling(
    config: File = CONFIG,
    pipelines: list[Pipeline] | None = None,
    scopes: Names | None = None,
    groups: Names | None = None,
    units: Names | None = None,
    changed_since: Day | None = None,
    changed_until: Day | None = None,
    only_failed: bool = False,
    only_rejected: bool = False,
    from_run: Name | None = None,
    unit_file: File | None = None,
    resend: bool = False,
    requests_per_second: Pace | None = None,
    as_sent: Name | None = None,
    dry_run: bool = False,
    retry_minutes: Minutes = RETRY_MINUTES,
) -> Ended:
    """Brings selected units in step; what is asked for in several ways must hold in all of them.

    Args:
        config: The configuration file, relative to the working directory.
        pipelines: Pipelines by name; all when none is named.
        scopes: Facilities or communities by id.
        groups: Unit groups by key or name.
        units: Units by key or name.
        changed_since: Changed on this day or later, as the column says that `changed` names.
        changed_until: Changed on this day or before.
        only_failed: Whose last change did not come through.
        only_rejected: Whose row the last full run rejected.
        from_run: Whom a run changed, rejected or found out of step: its id, or `last`.
        unit_file: A file of unit keys or names, one a line, on the machine that runs.
        resend: Send every field again, unchanged ones too.
        requests_per_second: For this run, instead of what the target says.
        as_sent: Send again what a run sent, and not what the source says now: its id, or `last`.
        dry_run: Only show what would be done, as a table; nothing is sent.
        retry_minutes: A run that could not run (source unreadable, API unreachable, another run
            going on) is tried again after so many minutes, twice; 0 means never.

    """
    selection = Selection(
        scopes=tuple(scopes or ()),
        groups=tuple(groups or ()),
        units=(*(units or ()), *(names_in(unit_file) if unit_file else ())),
        since=changed_since,
        until=changed_until,
        failed=only_failed,
        rejected=only_rejected,
        from_run=from_run,
    )
    if not pipelines and as_sent is None and selection == Selection():
        raise SelectionRefused(
            "say who: pipelines, scopes, groups, units, a day of change, only_failed, "
            "only_rejected, from_run, unit_file or as_sent. For all that changed there is "
            "nightly-sync"
        )
    wish = Backfill(selection, resend, requests_per_second, as_sent)
    with flow_run("unitsync-backfill", config, retry_minutes) as pages:
        if dry_run:
            return pages.forecast(partial(rehearse_backfill, config, pipelines or [], wish))
        return pages.of(partial(backfill_engine, config, pipelines or [], wish, in_tasks))


def run_flow(config: Path, pipelines: Sequence[str], plan: Path | None) -> RunSummary:
    """The night as a flow run, against `PREFECT_API_URL` or Prefect's own temporary server.
    Somebody waits for it, so that it is not tried again later; nor are those below."""
    return result_of(nightly_sync(config, list(pipelines), plan, 0, return_state=True))


def run_backfill_flow(config: Path, pipelines: Sequence[str], wish: Backfill) -> RunSummary:
    """A backfill as a flow run."""
    asked = wish.selection
    state = backfilling(
        config,
        list(pipelines),
        scopes=list(asked.scopes),
        groups=list(asked.groups),
        units=list(asked.units),
        changed_since=asked.since,
        changed_until=asked.until,
        only_failed=asked.failed,
        only_rejected=asked.rejected,
        from_run=asked.from_run,
        resend=wish.resend,
        requests_per_second=wish.requests_per_second,
        as_sent=wish.as_sent,
        retry_minutes=0,
        return_state=True,
    )
    return result_of(state)


def run_reconcile_flow(config: Path, pipelines: Sequence[str], wish: Wish) -> RunSummary:
    """A reconciliation as a flow run."""
    state = reconciliation(
        config,
        list(pipelines),
        wish.adopt,
        dict(wish.confirmed),
        wish.share,
        0,
        return_state=True,
    )
    return result_of(state)
