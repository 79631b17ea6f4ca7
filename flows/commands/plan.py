"""`unitsync plan`: what a sync would do. Writes nothing but the file that `--out` names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from flows.console import answering, err, print_json, warn
from flows.forecast import summary_of_preview
from flows.saved_plan import PlanRefused, SavedPlan, save
from flows.settings import Settings, load
from flows.show import show_plan
from flows.summary import explain
from flows.sync import Night, preview
from flows.watching import watching
from flows.world import World
from state.store import Store

CHANGES = 3


def run(
    config: Path,
    pipelines: Sequence[str],
    *,
    out: Path | None,
    details: bool,
    detailed_exitcode: bool,
    as_json: bool,
) -> int:
    """Plans the pipelines and shows what would be done."""

    def work() -> int:
        settings = load(config, pipelines)
        warn(settings.warnings)
        with watching() as watcher:
            nights = preview(settings, World(), watcher=watcher)
        summary = summary_of_preview(nights)
        if as_json:
            print_json(summary.document())
        else:
            show_nights(nights, details=details)
        if summary.exit_code in (0, 1) and out is not None:
            save_plan(nights, settings, out)
        if summary.exit_code in (0, 1) and detailed_exitcode and _changes(nights):
            return CHANGES
        return summary.exit_code

    return answering("plan", as_json, work)


def show_nights(nights: Sequence[Night], *, details: bool) -> None:
    """What would be done, pipeline by pipeline, and what cannot be."""
    for night in nights:
        if night.failure is None:
            show_plan(night, details=details)
        else:
            err.print(f"{night.job.name}: {explain(night.failure)}", markup=False, style="red")


def _changes(nights: Sequence[Night]) -> int:
    return sum(len(planned.plan.changes) for night in nights for planned in night.scopes)


def save_plan(nights: Sequence[Night], settings: Settings, path: Path) -> None:
    """Saves the plan of these nights; raises PlanRefused where it could not be applied as it is."""
    for night in nights:
        for planned in night.scopes:
            if planned.recovered or planned.unreadable:
                raise PlanRefused(
                    f"{planned.plan.scope} was left in flight by a run that died, or an older "
                    "state was put back, or it cannot be read, so this plan is not saved; run "
                    "`unitsync sync` first"
                )
    with Store.open_for_reading(settings.state) as store:
        lineage, serial = store.lineage, store.serial
    save(
        SavedPlan(
            lineage,
            serial,
            {night.job.name: tuple(night.scopes) for night in nights},
            {night.job.name: asdict(night.balance) for night in nights if night.balance},
            {night.job.name: night.notices for night in nights},
        ),
        path,
    )
    err.print(f"saved: {path}. Apply it with: unitsync sync --plan {path}", markup=False)
