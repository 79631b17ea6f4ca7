"""Who is backfilled: a selection of a person, found among the rows of the sources and in the state.

Promises that every name that was given is somebody's, that what is asked for in several ways holds
in all of them, and that a selection of nobody is refused before anything is touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from connectors.sources.by_scope import Extract
from flows.config_errors import did_you_mean
from flows.config_errors import listed as choice_of
from flows.job import Job, changed_cells
from flows.naming import run_named
from flows.report_text import counted, listed, number
from flows.summary import Balance
from flows.sync import Night, Watcher, read
from flows.world import World
from state.store import Store
from transforms.reshape import Desired
from transforms.rows import together
from transforms.selection import Mask, at, between, candidates, named

# As many unknown names as a message still names readably.
_NAMED = 5
# In which columns a name is looked for, the first that knows it deciding.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "scope": ("scope",),
    "group": ("group", "group_name"),
    "unit": ("key", "name"),
}


class SelectionRefused(Exception):
    """Nobody goes by that; the message says what there is. Nothing was touched."""


@dataclass(frozen=True)
class Selection:
    """What is asked of a unit; all of it must hold. Without any of it, all units are meant.

    A unit is named by its key, or by its name where that is nobody's key; a group likewise. The
    dates are those of the column that `changed` in the settings names, both included. `failed`: its
    last change did not come through; `rejected`: so was its row when the whole source was last
    looked at; `from_run`: that run changed it, rejected it, or found it out of step.
    """

    scopes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    failed: bool = False
    rejected: bool = False
    from_run: str | None = None

    def __post_init__(self) -> None:
        if self.since and self.until and self.since > self.until:
            raise SelectionRefused(
                f"no day lies between {self.since} (since) and {self.until} (until)"
            )

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """The names that were given, by what they name."""
        every = {"scope": self.scopes, "group": self.groups, "unit": self.units}
        return {kind: names for kind, names in every.items() if names}

    @property
    def dated(self) -> bool:
        """Whether it matters when a row was changed."""
        return self.since is not None or self.until is not None


@dataclass
class Chooser:
    """Reads pipelines, and keeps of them who is selected. One that goes on after runs that gave way
    leaves out whose change came through in them (`done_in`), and takes the source as it is now."""

    selection: Selection
    done_in: Sequence[str] = ()
    changed: dict[str, pd.Series] = field(default_factory=dict)

    def read(self, job: Job, world: World, watcher: Watcher) -> Night:
        """Steps 1 to 4 of a pipeline; raises ConfigError where no column tells of changes."""

        def look(extracted: Extract) -> None:
            self.changed[job.name] = changed_cells(job, extracted)

        return read(job, world, watcher, look if self.selection.dated else None)

    def choose(self, nights: Sequence[Night], store: Store) -> None:
        """Leaves in each night the selected rows only; raises SelectionRefused."""
        run = self.selection.from_run
        run_id = run_named(store, run) if run is not None else ""
        rows = {n.job.name: _rows(n, n.desired, store) for n in nights if n.desired is not None}
        failures = [night.failure for night in nights if night.failure is not None]
        unknown = [] if self.done_in else list(unknown_names(self.selection, list(rows.values())))
        if unknown:
            # Who is not found may well stand in the source that could not be read.
            raise failures[0] if failures else SelectionRefused("\n".join(unknown))
        total, counts = 0, dict[str, int]()
        for night in nights:
            if night.desired is not None:
                masks = dict(self._masks(night, rows[night.job.name], store, run_id))
                total += _keep(night, night.desired, rows[night.job.name], masks)
                for asked, mask in masks.items():
                    counts[asked] = counts.get(asked, 0) + int(mask.sum())
        if not total and not failures and not self.done_in:
            raise SelectionRefused(nobody(counts))

    def _masks(
        self, night: Night, rows: pd.DataFrame, store: Store, run_id: str
    ) -> Iterator[tuple[str, Mask]]:
        """What was asked, in the words of the command line, and whose rows answer to it."""
        asked, pipeline = self.selection, night.job.name
        yield from named_masks(asked, rows)
        if asked.dated:
            cells = self.changed[pipeline].reindex(rows.index)
            mask, untold = between(cells, asked.since, asked.until)
            if untold:
                told = f"{counted(untold, 'row')} without a day in {cells.name} not selected"
                night.notices += (told,)
            yield _dates(asked), mask
        if asked.failed:
            yield "--only-failed", at(rows, store.places(pipeline, "failed"))
        if asked.rejected:
            yield "--only-rejected", at(rows, store.places(pipeline, "rejected"))
        if asked.from_run is not None:
            yield f"--from-run {asked.from_run}", at(rows, store.places(pipeline, "in run", run_id))
        if self.done_in:
            done = (store.places(pipeline, "came through", run) for run in self.done_in)
            yield "what had not come through yet", ~at(rows, set().union(*done))


def _rows(night: Night, desired: Desired, store: Store) -> pd.DataFrame:
    label = night.job.target.schema.name_field or "unit_number"
    return candidates(desired, label, lambda scope: store.known_index(night.job.name, scope))


def _keep(night: Night, desired: Desired, rows: pd.DataFrame, masks: Mapping[str, Mask]) -> int:
    """Leaves in the night the rows that answer to everything; how many those are."""
    answers = pd.DataFrame(masks, index=rows.index)
    chosen = rows.index[answers.all(axis="columns")]
    part = desired.part(chosen)
    night.desired = part
    night.balance = Balance(len(chosen), 0, int(together(part.rejections)["row"].nunique()))
    asked = f": {', '.join(masks)}" if masks else ""
    night.notices += (f"selected {number(len(chosen))} of {counted(len(rows), 'row')}{asked}",)
    return len(chosen)


def named_masks(selection: Selection, rows: pd.DataFrame) -> Iterator[tuple[str, Mask]]:
    """For each kind of name that was given, as it was typed, the rows that bear one of them."""
    for kind, names in selection.names.items():
        yield f"--{kind} {_shortened(names)}", named(rows, names, _NAMES[kind])


def unknown_names(
    selection: Selection, pipelines: Sequence[pd.DataFrame], of: str = "the source"
) -> Iterator[str]:
    """A sentence for each kind of name of which some are nobody's among these rows `of` it."""
    for kind, names in selection.names.items():
        there = {
            str(name)
            for rows in pipelines
            for column in _NAMES[kind]
            for name in rows[column].unique()
            if name
        }
        if missing := [name for name in dict.fromkeys(names) if name not in there]:
            yield _not_there(kind, missing, there, of)


def _not_there(kind: str, missing: Sequence[str], there: Collection[str], of: str) -> str:
    told = [f'"{name}"' + _hint(name, there) for name in missing[:_NAMED]]
    more = f" and {number(len(missing) - _NAMED)} more" if len(missing) > _NAMED else ""
    said = f"no {kind} of {of} is called {', '.join(told)}{more}"
    if not there:
        return f"{said}; there are no {kind}s in it"
    return f"{said}; name one of {choice_of(sorted(there))}"


def _hint(name: str, there: Collection[str]) -> str:
    hint = did_you_mean(name, there)
    return f" ({hint})" if hint else ""


def nobody(counts: Mapping[str, int]) -> str:
    """How many rows answer to each thing that was asked, so that it shows which one to loosen."""
    told = listed(f"{asked} has {counted(count, 'row')}" for asked, count in counts.items())
    all_of_it = ", but none answers to all of it" if len(counts) > 1 else ""
    return f"nobody is selected: {told}{all_of_it}; nothing was touched"


def _dates(selection: Selection) -> str:
    since = [f"--changed-since {selection.since}"] if selection.since else []
    until = [f"--changed-until {selection.until}"] if selection.until else []
    return " ".join([*since, *until])


def _shortened(names: Sequence[str]) -> str:
    more = f" and {number(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
