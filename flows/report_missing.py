"""The known units that a run missed in its source, by scope, on the page: those it missed first
come first, for they are the news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from flows.report_story import day
from flows.summary import PipelineSummary, RunSummary
from state.absences import Absence
from state.archive import Archive

# More than a person reads of one scope.
_MOST = 50


@dataclass(frozen=True)
class MissingScope:
    """The missing units of a scope; `shown` are name, key, and since when."""

    scope: str
    total: int
    shown: tuple[tuple[str, str, str], ...]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.shown)


def missing_of(
    run: RunSummary, summary: PipelineSummary, store: Archive
) -> tuple[MissingScope, ...]:
    """The missing units of a pipeline, scope by scope. Of a run that an older version wrote, only
    how many there were."""
    told = {
        scope: list(absences)
        for scope, absences in groupby(
            store.absences(run.run_id, summary.pipeline), key=lambda one: one.scope
        )
    }
    return tuple(
        MissingScope(scope, count, tuple(_shown(told.get(scope, []), run)))
        for scope, count in sorted(summary.missing.items())
    )


def _shown(absences: list[Absence], run: RunSummary) -> Iterator[tuple[str, str, str]]:
    for one in absences[:_MOST]:
        yield one.name, one.key, day(one.since, run.timezone)
