"""What `unitsync check` looks at: one pipeline, in the order of the night, one proof a check.

It reads the source, and every scope of it from the API; and it asks the workers, where Dask pushes.
It never writes anything, neither to the state nor to the API, and never shows a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from connectors.clock import Clock
from connectors.errors import ApiError, SourceUnreadable
from connectors.sources.by_scope import Extract
from connectors.targets.settings import StoredgeSettings
from flows.access import AccessMissing, Scopes
from flows.complaints import complaints_of
from flows.config_errors import ConfigError
from flows.doubtful import doubts_of
from flows.execution import WorkersUnreachable
from flows.gathering import Gathered, gather
from flows.job import Job, extract, jobs_of, need_columns
from flows.places import prove_places
from flows.report_text import counted
from flows.sample import Sample, sample_of
from flows.settings import GapsLeft, Settings, load
from flows.spreading import prove_workers
from flows.summary import explain
from flows.sync import Watcher
from flows.world import World
from state.errors import StateError
from transforms.reshape import Desired
from transforms.shapes import UUID

# Where Dask pushes, its workers are looked at last.
WORKERS = "workers"
CHECKS = (
    "configuration",
    "source",
    "mapping",
    "validation",
    "credentials",
    "access",
    "permissions",
)

_T = TypeVar("_T")


class TooManyRejected(Exception):
    """So many rows were rejected that mapping or source is wrong; the others are `desired`."""

    def __init__(self, message: str, desired: Desired) -> None:
        super().__init__(message)
        self.desired = desired


_EXIT_CODES: dict[type[Exception], int] = {
    TooManyRejected: 1,
    ConfigError: 2,
    SourceUnreadable: 4,
    AccessMissing: 4,
    StateError: 4,
    WorkersUnreachable: 4,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `ok`, `failed`, or `skipped` because one that it depends on failed."""

    check: str
    status: Literal["ok", "failed", "skipped"]
    message: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Checklist:
    """What was found out about one pipeline, and a few of its units as they would be sent.

    `sample` is None where no row came so far.
    """

    pipeline: str
    clock: Clock = field(repr=False)
    checks: list[Check] = field(default_factory=list)
    sample: Sample | None = None
    exit_code: int = 0

    @property
    def status(self) -> str:
        """`ok` when every check passed."""
        return "error" if self.exit_code else "ok"

    def prove(self, check: str, work: Callable[[], _T], told: Callable[[_T], str]) -> _T:
        """What `work` returns, and one more line; an expected failure is a line too."""
        started = self.clock.monotonic()
        try:
            found = work()
        except tuple(_EXIT_CODES) as error:
            if self.exit_code <= _EXIT_CODES[TooManyRejected]:
                self.exit_code = next(
                    c for kind, c in _EXIT_CODES.items() if isinstance(error, kind)
                )
            self._add(check, "failed", str(error), started)
            raise
        self._add(check, "ok", told(found), started)
        return found

    def skip(self, until: str | None = None) -> None:
        """Every check before `until` that was not come to is there, as skipped."""
        end = CHECKS.index(until) if until else len(CHECKS)
        self.checks += [Check(name, "skipped") for name in CHECKS[len(self.checks) : end]]

    def _add(self, check: str, status: Literal["ok", "failed"], told: str, started: float) -> None:
        self.checks.append(Check(check, status, told, self.clock.monotonic() - started))


def examine(config: Path, pipeline: str, world: World, watcher: Watcher = Watcher()) -> Checklist:
    """The checklist of one pipeline; the watcher is told of what may take long."""
    checklist = Checklist(pipeline, world.clock)
    with suppress(*_EXIT_CODES):
        _examine(checklist, config, world, watcher)
    checklist.skip()
    return checklist


def _examine(checklist: Checklist, config: Path, world: World, watcher: Watcher) -> None:
    try:
        settings = checklist.prove(
            "configuration", lambda: load(config, [checklist.pipeline]), _told_settings
        )
    except GapsLeft as gaps:
        if gaps.rehearsal is None:
            raise
        with jobs_of(gaps.rehearsal, world) as [job]:
            _rehearse_job(checklist, job)
        return
    with jobs_of(settings, world) as [job], suppress(*_EXIT_CODES):
        _examine_job(checklist, job, world, watcher)
    checklist.skip("permissions")
    with suppress(*_EXIT_CODES):
        checklist.prove("permissions", lambda: prove_places(settings), str)
    if (address := settings.execution.address) is not None:
        checklist.prove(WORKERS, lambda: prove_workers(settings, address), str)


def _rehearse_job(checklist: Checklist, job: Job) -> None:
    """As far as it can be proven with something else in the gaps; nothing of that is shown."""
    desired = _examine_rows(checklist, job, _told)
    known = [scope for scope in desired.scopes() if UUID.fullmatch(scope)]
    if known and isinstance(job.pipeline.target, StoredgeSettings):
        checklist.skip("access")
        checklist.prove("access", lambda: _unit_types(job, known[0]), _told_types(known[0]))


def _unit_types(job: Job, scope: str) -> Mapping[str, str]:
    try:
        return dict(job.target.names(scope, "unit_type"))
    except ApiError as error:
        raise AccessMissing(explain(error)) from error


def _examine_job(checklist: Checklist, job: Job, world: World, watcher: Watcher) -> None:
    prove = checklist.prove
    watcher.stage(job.name, "source")
    desired = _examine_rows(checklist, job, _told_with_doubts)
    checklist.sample = sample_of(desired, job.target.schema)
    scopes = Scopes(job, world, desired.scopes())
    prove("credentials", scopes.prove_credentials, lambda _: scopes.credentials_told())
    watcher.stage(job.name, "access")
    prove("access", lambda: scopes.prove_access(watcher), lambda _: scopes.access_told())


def _examine_rows(checklist: Checklist, job: Job, told: Callable[[Job, Gathered], str]) -> Desired:
    """The desired side; where too many rows were rejected, that of the others."""
    prove = checklist.prove
    extracted = prove("source", lambda: extract(job), _told_extract)
    prove("mapping", lambda: need_columns(job, extracted), lambda _: _told_columns(job))
    try:
        return prove(
            "validation", lambda: _gathered(job, extracted), lambda found: told(job, found)
        ).desired
    except TooManyRejected as error:
        if not _valid(error.desired):
            raise
        return error.desired


def _gathered(job: Job, extracted: Extract) -> Gathered:
    gathered = gather(job, extracted)
    balance, limits = gathered.balance, job.pipeline.guardrails
    most = balance.extracted * (1 if limits.max_rejected is None else limits.max_rejected)
    flood = balance.rejected > most and balance.rejected >= limits.at_least
    if flood or not _valid(gathered.desired):
        raise TooManyRejected(_told(job, gathered), gathered.desired)
    return gathered


def _told_settings(settings: Settings) -> str:
    return "; ".join([settings.file, *settings.warnings])


def _told_extract(extracted: Extract) -> str:
    rows = counted(extracted.count, "row")
    doubt = "" if extracted.complete else f"; not proven complete: {extracted.reason}"
    notices = "".join(f"; {notice}" for notice in extracted.notices)
    return f"{rows} in {extracted.origin}{doubt}{notices}"


def _told_columns(job: Job) -> str:
    return f"all there, for {counted(len(job.pipeline.mapping.fields), 'field')} of the API"


def _told(job: Job, gathered: Gathered) -> str:
    desired = gathered.desired
    valid = counted(_valid(desired), "valid row") if _valid(desired) else "no row is valid"
    scopes = counted(len(desired.scopes()), "scope")
    return "\n".join([f"{valid}, in {scopes}", *gathered.notices, *complaints_of(job, desired)])


def _told_with_doubts(job: Job, gathered: Gathered) -> str:
    return "\n".join([_told(job, gathered), *doubts_of(job, gathered.desired)])


def _valid(desired: Desired) -> int:
    return int(desired.counts["valid"].sum())


def _told_types(scope: str) -> Callable[[Mapping[str, str]], str]:
    def told(types: Mapping[str, str]) -> str:
        listed = ", ".join(f"{name} is {type_id}" for name, type_id in sorted(types.items()))
        return f"{scope} can be read; its unit types: {listed or 'none, for it has no units'}"

    return told


def exit_code_of(checklists: Sequence[Checklist]) -> int:
    """The most serious of all pipelines: 0 when every check passed."""
    return max((checklist.exit_code for checklist in checklists), default=0)
