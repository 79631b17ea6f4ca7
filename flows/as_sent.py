"""A backfill of what a past run sent: its values again, not what the source says now.

What was sent is found in the state and selected there. Promises of the backfill hold: nothing is
sent to, or learnt of, a unit that was not selected, and a scope that an earlier run left in doubt
is read before anything is sent there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from connectors.errors import ApiError, ApiUnreachable, CredentialsRefused, Stopped
from flows.again import plan_again
from flows.job import Job
from flows.naming import run_named
from flows.planning import PlannedScope, must_read
from flows.recovery import Recovery
from flows.report_text import counted, number
from flows.run import Run
from flows.selection import Selection, SelectionRefused, named_masks, nobody, unknown_names
from flows.summary import Balance
from flows.sync import Night
from flows.undo import SENDING
from state.since import Deed
from state.store import Store
from transforms.plan import Live
from transforms.selection import Mask, at
from transforms.sent import again


@dataclass(frozen=True)
class Resent:
    """One pipeline on its way through such a backfill, and what of the past run is meant."""

    night: Night
    deeds: Sequence[Deed]


@dataclass(frozen=True)
class Past:
    """What is asked of a past run (id, beginning of one, or `last`); `done_in` are runs of the same
    backfill, which gave way: what came through in them is not sent once more."""

    named: str
    selection: Selection
    done_in: Sequence[str] = ()

    def of(self, jobs: Iterable[Job], store: Store) -> list[Resent]:
        """What the run sent, as far as it is selected; raises RunUnknown or SelectionRefused."""
        run_id = run_named(store, self.named)
        record = store.run(run_id)
        if record is None or record["kind"] not in SENDING:
            raise SelectionRefused(f"run {run_id} sent nothing that could be sent again")
        deeds = [deed for deed in store.deeds(run_id) if deed.sent]
        pipelines = {deed.pipeline for deed in deeds}
        wanted = [replace(job, resend=True) for job in jobs if job.name in pipelines]
        rows = {job.name: _rows(deeds, job.name, store) for job in wanted}
        unknown = list(unknown_names(self.selection, list(rows.values()), f"run {run_id}"))
        if unknown and not self.done_in:
            raise SelectionRefused("\n".join(unknown))
        masks = {name: dict(self._masks(name, those, store)) for name, those in rows.items()}
        resent = [_chosen(job, deeds, rows[job.name], masks[job.name]) for job in wanted]
        if not any(one.deeds for one in resent) and not self.done_in:
            raise SelectionRefused(
                _nobody(masks.values()) if rows else f"run {run_id} sent nothing"
            )
        return resent

    def _masks(self, pipeline: str, rows: pd.DataFrame, store: Store) -> Iterator[tuple[str, Mask]]:
        yield from named_masks(self.selection, rows)
        if self.selection.failed:
            yield "--only-failed", at(rows, store.places(pipeline, "failed"))
        if self.done_in:
            done = (store.places(pipeline, "came through", run) for run in self.done_in)
            yield "what had not come through yet", ~at(rows, set().union(*done))


def plan_sent(resent: Resent, run: Run) -> None:
    """Steps 5 and 6: what is still there to be sent to, with dangerous changes held."""
    night, by_scope = resent.night, dict[str, list[Deed]]()
    for deed in resent.deeds:
        by_scope.setdefault(deed.change.scope, []).append(deed)
    reasons = Counter[str]()
    try:
        for scope, deeds in sorted(by_scope.items()):
            night.scopes.append(_planned(night.job, run, scope, deeds, reasons))
    except ApiError as error:
        night.failure = error
    night.balance = Balance(sum(planned.plan.rows for planned in night.scopes), 0, 0)
    changes = [c for planned in night.scopes for c in planned.plan.of("unit")]
    back = sum(any(c.before.get(name) != c.after[name] for name in c.after) for c in changes)
    if back:
        night.notices += (f"{counted(back, 'unit')} had other values since, and go back",)
    night.notices += tuple(
        f"{counted(count, 'change')} not sent again, or not whole: {reason}"
        for reason, count in reasons.items()
    )


def _planned(
    job: Job, run: Run, scope: str, deeds: Sequence[Deed], reasons: Counter[str]
) -> PlannedScope:
    store, recovery = run.store, Recovery(job, run.store, run.run_id)
    record = store.scope_records(job.name).get(scope)
    reading, unreadable, recovered = None, None, False
    if must_read(record):
        try:
            reading = job.target.read(scope)
            recovered = recovery.learn(reading, record)
        except (CredentialsRefused, ApiUnreachable, Stopped):
            raise
        except ApiError as error:
            unreadable = str(error)
    known, known_groups = recovery.known(scope)
    judged = [
        again(
            deed.change,
            (known if deed.change.entity == "unit" else known_groups).get(deed.change.key),
            job.target.schema,
            known_groups,
        )
        for deed in deeds
    ]
    reasons.update(reason for one in judged for reason in one.reasons)
    formers = [one.former for one in judged if one.former is not None]
    planned = plan_again(recovery, scope, formers, run.allow_command(scope), reading)
    twins = recovery.twins(reading) if isinstance(reading, Live) else ()
    return replace(
        planned,
        unreadable=unreadable or planned.unreadable,
        recovered=recovered,
        twins=twins,
        look_again=bool(twins),
    )


def _chosen(
    job: Job, deeds: Sequence[Deed], rows: pd.DataFrame, masks: Mapping[str, Mask]
) -> Resent:
    chosen = rows[pd.DataFrame(masks, index=rows.index).all(axis="columns")]
    many = f"{number(len(chosen))} of {counted(len(rows), 'change')} that were sent then"
    asked = f": {', '.join(masks)}" if masks else ""
    night = Night(job, notices=(f"selected {many}{asked}",))
    return Resent(night, [deeds[place] for place in chosen.index])


def _nobody(pipelines: Iterable[Mapping[str, Mask]]) -> str:
    counts = Counter[str]()
    for masks in pipelines:
        counts.update({asked: int(mask.sum()) for asked, mask in masks.items()})
    return nobody(counts)


def _rows(deeds: Sequence[Deed], pipeline: str, store: Store) -> pd.DataFrame:
    """scope, key, name, group, group_name of what was sent, by its place among the deeds; a group
    has no key of a unit."""
    titles = {
        scope: {key: group.name for key, group in store.known_groups(pipeline, scope).items()}
        for scope in {deed.change.scope for deed in deeds if deed.pipeline == pipeline}
    }
    rows = {}
    for place, deed in enumerate(deeds):
        if deed.pipeline == pipeline:
            change, is_unit = deed.change, deed.change.entity == "unit"
            group = (change.group if is_unit else change.key) or ""
            unit = (change.key, change.name) if is_unit else ("", "")
            rows[place] = (change.scope, *unit, group, titles[change.scope].get(group, ""))
    columns = ["scope", "key", "name", "group", "group_name"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).astype("object")
