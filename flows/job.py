"""One pipeline on its way through a run: its settings, its target, and its rows up to step 4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from connectors.errors import SourceUnreadable
from connectors.sources.by_scope import Extract, by_scope
from connectors.sources.extract import Chunks, Malformed
from connectors.sources.join import joined
from connectors.sources.location import origin_of
from connectors.sources.lookup import LookupUnreadable, looked_up
from connectors.sources.shelf import Shelf
from connectors.sources.source import Source
from connectors.sources.source import extract as read_source
from connectors.targets.settings import StoredgeSettings
from connectors.targets.target import Target, connect
from flows.config_errors import ConfigError, Problem, did_you_mean, listed
from flows.settings import Pipeline, Settings
from flows.world import World
from transforms import mapping
from transforms import normalize as normalization
from transforms import validate as validation
from transforms.diff import Policy
from transforms.mapping import Mapping as FieldMapping
from transforms.normalize import Normalized
from transforms.reshape import Desired
from transforms.reshape import reshape as reshape_rows
from transforms.validate import Checked


class ColumnsMissing(ConfigError):
    """The mapping names columns that the source does not have."""

    def __init__(
        self, file: str, problems: Iterable[Problem], origin: str, columns: tuple[str, ...]
    ) -> None:
        self.origin = origin
        self.columns = columns
        super().__init__(file, problems)


@dataclass(frozen=True)
class Job:
    """A pipeline of a run, with its target connected; `resend`: what is unchanged is sent, too. An
    inventory larger than memory lies on the `shelf`."""

    name: str
    pipeline: Pipeline
    settings: Settings
    target: Target
    shelf: Shelf = field(repr=False, compare=False)
    resend: bool = False

    @property
    def policy(self) -> Policy:
        """What the settings say about a diff."""
        target = self.pipeline.target
        storedge = isinstance(target, StoredgeSettings)
        return Policy(
            schema=self.target.schema,
            groups=isinstance(target, StoredgeSettings) and target.custom_unit_groups,
            retire=self.pipeline.missing == "retire",
            can_move_scopes=storedge,
            whole_records=not storedge,
            resend=self.resend,
        )

    @cached_property
    def mapping(self) -> FieldMapping:
        """The mapping with its lookups looked up; raises SourceUnreadable."""
        try:
            return looked_up(self.pipeline.mapping, self.settings.base)
        except LookupUnreadable as error:
            place = self.settings.place(f"pipelines.{self.name}.{error.setting}")
            raise SourceUnreadable(f"{_sentence(error)} It is named in {place}.") from error

    @property
    def version(self) -> str:
        """Part of every digest: settings that change what a row means."""
        policy = self.policy
        return f"{self.target.schema.version} {policy.groups} {policy.retire} {self.tiered}"

    @property
    def tiered(self) -> bool:
        """Whether rates come from tiers (storEDGE)."""
        return bool(getattr(self.pipeline.target, "tiered_pricing", False))


@contextmanager
def jobs_of(settings: Settings, world: World) -> Iterator[list[Job]]:
    """The pipelines of the settings, connected until the end. Nothing is read or sent yet."""
    with ExitStack() as connections:
        jobs = []
        for name, pipeline in settings.pipelines.items():
            target = connect(pipeline.target, world.outside())
            connections.enter_context(target.client)
            jobs.append(Job(name, pipeline, settings, target, Shelf()))
        yield jobs


def extract(job: Job) -> Extract:
    """Step 1: source to raw rows, in parts that share no scope; raises SourceUnreadable."""
    mapped = job.mapping
    needed = [column for _, column in mapped.scope.columns()]

    def scopes(rows: pd.DataFrame) -> pd.Series:
        # That a column is not there at all is said later, of all columns together.
        return normalization.scopes_of(rows.reindex(columns=needed), mapped)

    try:
        chunks = _chunks(job, job.pipeline.source)
        for join in job.pipeline.join:
            chunks = joined(chunks, join, _chunks(job, join.source))
        return by_scope(chunks, scopes, job.shelf)
    except SourceUnreadable as error:
        place = job.settings.place(f"pipelines.{job.name}.{_reading(job, str(error))}")
        raise SourceUnreadable(f"{_sentence(error)} The source is named in {place}.") from error


def _reading(job: Job, message: str) -> str:
    """The setting of the source that a message is about: its own one, or one that is joined."""
    for number, join in enumerate(job.pipeline.join):
        path = getattr(join.source, "path", "")
        if path and message.startswith(origin_of(path)):
            return f"join[{number}].source"
    return "source"


def _sentence(error: SourceUnreadable) -> str:
    text = str(error)
    return text if text.endswith((".", "?")) else f"{text}."


def _chunks(job: Job, source: Source) -> Chunks:
    return read_source(source, job.settings.base, job.target.outside)


def need_columns(job: Job, extracted: Extract) -> None:
    """Raises ColumnsMissing for columns that the mapping names and the source does not have."""
    if missing := mapping.missing_columns(extracted.columns, job.mapping):
        raise _columns_missing(job, missing, extracted)


def normalize(job: Job, rows: pd.DataFrame) -> Normalized:
    """Step 2: raw rows to API fields."""
    return normalization.normalize(rows, job.mapping, job.target.schema)


def validate(job: Job, normalized: Normalized, malformed: Sequence[Malformed]) -> Checked:
    """Step 3: valid rows and rejections."""
    return validation.validate(normalized, job.target.schema, malformed=malformed)


def reshape(job: Job, checked: Checked, extracted: Extract) -> Desired:
    """Step 4: valid rows to group-scoped frames.

    A last line without a line end is no proof that the file is whole, but RFC 4180 allows it: it
    takes away the right to retire, not the right to report a unit as missing.
    """
    reported = job.pipeline.missing == "report" and not extracted.malformed
    return reshape_rows(
        checked,
        job.target.schema,
        job.target.mask,
        complete=extracted.complete or reported,
        version=job.version,
        columns=extracted.columns,
    )


def changed_cells(job: Job, extracted: Extract) -> pd.Series:
    """The cells that say when each row was changed; raises ConfigError where nothing does."""
    column, path = job.pipeline.changed, f"pipelines.{job.name}.changed"
    if column is None:
        found = "no column says when a row was changed"
        allowed = listed(f'"{name}"' for name in extracted.columns)
        problem = job.settings.problem(path, found, allowed, "write changed: COLUMN")
        raise ConfigError(job.settings.file, [problem])
    if column not in extracted.columns:
        found = f'{extracted.origin} has no column "{column}"'
        hint = did_you_mean(column, extracted.columns)
        raise ConfigError(job.settings.file, [job.settings.problem(path, found, "", hint)])
    return extracted.column(column)


def _columns_missing(
    job: Job, missing: Sequence[tuple[str, str, str | None]], extracted: Extract
) -> ColumnsMissing:
    origin = extracted.origin
    problems = [
        job.settings.problem(
            f"pipelines.{job.name}.{path}",
            f'{origin} has no column "{column}"',
            listed(f'"{name}"' for name in extracted.columns),
            hint=f'did you mean "{meant}"?' if meant else "",
        )
        for path, column, meant in missing
    ]
    names = tuple(column for _, column, _ in missing)
    return ColumnsMissing(job.settings.file, problems, origin, names)
