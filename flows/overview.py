"""Where a person is and what to do next, told at once: no pandas, no Prefect, no network.

Reads the configuration as it is written and the last run as the state keeps it. Never writes, and
never fails: what cannot be read is what there is to tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from flows.config_errors import ConfigError
from flows.yaml_file import read
from state.errors import StateError
from state.glance import last_runs
from state.marker import marker_path
from state.runs import RunRecord

DEMO = Path("unitsync-demo") / "unitsync.yaml"
DONE = ("created", "updated", "moved", "retired")
NEEDING = ("failed", "held", "unknown")
# Sentences of the last run that are shown here; `unitsync runs last` has all of them.
NOTES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """A command to type next, and what it does."""

    command: str
    does: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What there is to say, line by line; `needs` are the lines that need a person."""

    told: tuple[str, ...]
    needs: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


def overview(config: Path, now: datetime) -> Overview:
    """Where a person is who has this configuration, or none."""
    if not config.exists():
        return _nowhere(config)
    check = Step("unitsync check", "proves configuration, source and credentials; writes nothing")
    try:
        settings = read(config).data
    except ConfigError as error:
        return Overview((), (str(error),), (check,))
    try:
        return _somewhere(config, settings, check, now)
    except StateError as error:
        return Overview((_place(config, settings),), (str(error),), (check,))


def _nowhere(config: Path) -> Overview:
    demo = [Step("unitsync demo", "shows two nights of two example inventories on this machine")]
    if DEMO.exists():
        demo = [Step(f"unitsync --config {DEMO}", "goes on with the demo that ran here")]
    init = Step("unitsync init FILE", "looks at your export and writes a configuration for it")
    return Overview((f"There is no {config} here.",), (), (init, *demo))


def _somewhere(config: Path, settings: Mapping[str, Any], check: Step, now: datetime) -> Overview:
    place = _place(config, settings)
    state = config.parent / Path(str(settings.get("state", "unitsync.db"))).expanduser()
    if runs := last_runs(state, 1):
        return _after(place, runs[0], _schedule(settings), now)
    if marker_path(state).exists():
        gone = f"The state {state} is gone, but it has been used before."
        back = Step("unitsync state restore FILE", "puts a backup back; they are in backups/")
        return Overview((place,), (gone,), (back,))
    plan = Step("unitsync plan", "shows what the first sync would do; writes nothing")
    return Overview((place, "No run yet."), (), (check, plan))


def _place(config: Path, settings: Mapping[str, Any]) -> str:
    pipelines = settings.get("pipelines")
    named = ", ".join(pipelines) if isinstance(pipelines, dict) else "no pipeline"
    return f"{config}: {named}"


def _after(place: str, run: RunRecord, schedule: Mapping[str, str], now: datetime) -> Overview:
    """After a run: how it went, what needs a person, and when the next one is due."""
    zone = _zone(schedule.get("timezone", "UTC"))
    told = (place, *_run(run, zone), *_due(schedule, zone, now))
    needs = tuple(_needs(run))
    if run["finished_at"] is None:
        return Overview(told, needs, (Step("unitsync runs", "says whether it lives"),))
    report = Step("unitsync report --open", "shows its report in the browser")
    if needs:
        last = Step("unitsync runs last", "says what needs a person, with what to type for each")
        return Overview(told, needs, (last, report))
    plan = Step("unitsync plan", "shows what a sync would do now")
    return Overview(told, needs, (plan, report))


def _run(run: RunRecord, zone: ZoneInfo) -> Iterator[str]:
    started = datetime.fromisoformat(run["started_at"]).astimezone(zone)
    when = f"{started:%a %d %b %Y %H:%M %Z}"
    if run["finished_at"] is None:
        yield f"Last run: {run['kind']} of {when}: not ended"
        return
    yield f"Last run: {run['kind']} of {when}: {run['status']}"
    for pipeline in _pipelines(run):
        yield f"  {pipeline['pipeline']}: {pipeline['status']}, {_done(pipeline)}"


def _done(pipeline: Mapping[str, Any]) -> str:
    """`11 updated, 1 moved`; of a reconciliation, how everything stands."""
    standings = pipeline.get("standings")
    counts, names = (standings, standings) if standings else (pipeline["counts"], DONE)
    told = [f"{counts[name]:,} {name}" for name in names if counts.get(name)]
    return ", ".join(told) or "nothing changed"


def _needs(run: RunRecord) -> Iterator[str]:
    for pipeline in _pipelines(run):
        if pipeline["status"] == "ok":
            continue
        name, counts = pipeline["pipeline"], pipeline["counts"]
        if told := ", ".join(f"{counts[n]:,} {n}" for n in NEEDING if counts.get(n)):
            yield f"{name}: {told}"
        notes = pipeline.get("notes", ())
        yield from (f"{name}: {note}" for note in notes[:NOTES])
        if len(notes) > NOTES:
            yield f"{name}: and {len(notes) - NOTES:,} more"


def _pipelines(run: RunRecord) -> list[dict[str, Any]]:
    return list((run["summary"] or {}).get("pipelines", ()))


def _schedule(settings: Mapping[str, Any]) -> Mapping[str, str]:
    schedule = settings.get("schedule")
    items = schedule.items() if isinstance(schedule, dict) else ()
    return {name: value for name, value in items if isinstance(value, str)}


def _due(schedule: Mapping[str, str], zone: ZoneInfo, now: datetime) -> Iterator[str]:
    """When the schedule runs what next; of a line that is none, `unitsync check` tells."""
    for kind in ("sync", "reconcile"):
        if kind not in schedule:
            continue
        try:
            at = next(CronSim(schedule[kind], now.astimezone(zone)))
        except (CronSimError, StopIteration):
            continue
        yield f"Next {kind} by schedule: {at:%a %d %b %Y %H:%M %Z}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
