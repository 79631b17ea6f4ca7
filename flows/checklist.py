"""What `unitsync check` looks at: one pipeline, in the order of the night, one proof a check.

It reads the source, and one scope of the API to prove the credentials. It never writes anything,
neither to the state nor to the API, and never shows a secret.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal, TypeVar

import pandas as pd

from connectors.clock import Clock
from connectors.errors import ApiError, SourceUnreadable
from connectors.sources.by_scope import Extract
from flows.config_errors import ConfigError
from flows.gathering import gather
from flows.job import Job, extract, jobs_of, need_columns
from flows.settings import Settings, load
from flows.summary import explain
from flows.world import World
from transforms.canonical import payloads
from transforms.plan import Live, Payload
from transforms.reshape import Desired

CHECKS = ("configuration", "source", "columns", "rows", "access")
SAMPLED = 3

_T = TypeVar("_T")


class NothingValid(Exception):
    """Every row was rejected: the mapping or the source is wrong, and a person should look."""


_EXIT_CODES: dict[type[Exception], int] = {
    NothingValid: 1,
    ConfigError: 2,
    SourceUnreadable: 4,
    ApiError: 4,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `ok`, `failed`, or `skipped` because an earlier one failed."""

    check: str
    status: Literal["ok", "failed", "skipped"]
    message: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Checklist:
    """What was found out about one pipeline, and a few of its units as they would be sent."""

    pipeline: str
    clock: Clock = field(repr=False)
    checks: list[Check] = field(default_factory=list)
    sample: tuple[Payload, ...] = ()
    exit_code: int = 0

    @property
    def status(self) -> str:
        """`ok` when every check passed."""
        return "error" if self.exit_code else "ok"

    def prove(self, check: str, work: Callable[[], _T], told: Callable[[_T], str]) -> _T:
        """What `work` returns, and one more line; an expected failure ends the list."""
        started = self.clock.monotonic()
        try:
            found = work()
        except tuple(_EXIT_CODES) as error:
            self.exit_code = next(c for kind, c in _EXIT_CODES.items() if isinstance(error, kind))
            self._add(check, "failed", explain(error), started)
            raise
        self._add(check, "ok", told(found), started)
        return found

    def skip_the_rest(self) -> None:
        """Every check that was not come to is there, as skipped."""
        self.checks += [Check(name, "skipped") for name in CHECKS[len(self.checks) :]]

    def _add(self, check: str, status: Literal["ok", "failed"], told: str, started: float) -> None:
        self.checks.append(Check(check, status, told, self.clock.monotonic() - started))


def examine(config: Path, pipeline: str, world: World) -> Checklist:
    """The checklist of one pipeline."""
    checklist = Checklist(pipeline, world.clock)
    with suppress(*_EXIT_CODES):
        _examine(checklist, config, world)
    checklist.skip_the_rest()
    return checklist


def _examine(checklist: Checklist, config: Path, world: World) -> None:
    settings = checklist.prove(
        "configuration", lambda: load(config, [checklist.pipeline]), _told_settings
    )
    with jobs_of(settings, world) as [job]:
        _examine_job(checklist, job)


def _examine_job(checklist: Checklist, job: Job) -> None:
    prove = checklist.prove
    extracted = prove("source", lambda: extract(job), _told_extract)
    prove("columns", lambda: need_columns(job, extracted), lambda _: _told_columns(job))
    desired = prove("rows", lambda: _desired(job, extracted), _told_rows)
    units = next(units for units in desired.units.each() if len(units))
    checklist.sample = _sample(job, units)
    scope = str(units["_scope"].iloc[0])
    prove("access", lambda: job.target.read(scope), _told_access)


def _desired(job: Job, extracted: Extract) -> Desired:
    desired, _ = gather(job, extracted)
    if not _valid(desired):
        raise NothingValid(f"no row is valid: {_reasons(desired)}")
    return desired


def _sample(job: Job, units: pd.DataFrame) -> tuple[Payload, ...]:
    """The first few units; secrets are hashes by now, and shown as dots."""
    return tuple(islice(payloads(units, job.target.schema), SAMPLED))


def _told_settings(settings: Settings) -> str:
    return "; ".join([settings.file, *settings.warnings])


def _told_extract(extracted: Extract) -> str:
    rows = _count(extracted.count, "row")
    doubt = "" if extracted.complete else f"; not proven complete: {extracted.reason}"
    notices = "".join(f"; {notice}" for notice in extracted.notices)
    return f"{rows} in {extracted.origin}{doubt}{notices}"


def _told_columns(job: Job) -> str:
    return f"all there, for {_count(len(job.pipeline.mapping.fields), 'field')} of the API"


def _told_rows(desired: Desired) -> str:
    scopes = _count(len(desired.scopes()), "scope")
    refused = _reasons(desired)
    return f"{_valid(desired)} valid, in {scopes}" + (f"; rejected: {refused}" if refused else "")


def _valid(desired: Desired) -> int:
    return int(desired.counts["valid"].sum())


def _reasons(desired: Desired) -> str:
    """How many rows break which rule, the most frequent first; a row may break several."""
    rules = Counter[str]()
    for lines in desired.rejections.each():
        rules.update(lines.drop_duplicates(["row", "rule"])["rule"].tolist())
    # Rules that are as frequent stand in the order of their names.
    frequent = sorted(rules.items(), key=lambda rule: (-rule[1], rule[0]))
    return ", ".join(f"{count} {rule}" for rule, count in frequent)


def _told_access(live: Live) -> str:
    units, groups = _count(len(live.units), "unit"), _count(len(live.groups), "group")
    return f"{live.scope} can be read: {units}, {groups}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def exit_code_of(checklists: Sequence[Checklist]) -> int:
    """The most serious of all pipelines: 0 when every check passed."""
    return max((checklist.exit_code for checklist in checklists), default=0)
