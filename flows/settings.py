"""The configuration: one file, read once, complete and checked before anything else happens.

Promises: `load` returns settings that fit together, or raises one ConfigError that lists every
problem with its place, cause and cure. Only the pipelines that are asked for are looked into, so
only they need their environment variables. Must never reach the network, touch the state, or
show a secret. The settings of a thing live with the thing; this module only composes them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from connectors.notify import Notify
from connectors.sources.join import Join
from connectors.sources.source import Source
from connectors.targets.settings import StoredgeSettings, TravtusSettings
from flows.config_checks import (
    check_pipeline,
    credential_warnings,
    gap_places,
    gap_problems,
    without_gaps,
)
from flows.config_errors import ConfigError, Problem, did_you_mean, listed
from flows.config_words import translate
from flows.environment import expand
from flows.execution import Execution
from flows.schedule import Schedule
from flows.written import Written, show
from flows.yaml_file import Document, dotted, read
from transforms.guardrails import Guardrails
from transforms.mapping import Mapping as FieldMapping
from transforms.standing import DriftPolicy

__all__ = ["ConfigFile", "GapsLeft", "Pipeline", "Settings", "Target", "load", "load_shared"]

Target = Annotated[StoredgeSettings | TravtusSettings, Field(discriminator="kind")]


def _local_path(value: str) -> str:
    if not value.strip() or "://" in value:
        said = {"allowed": "a path on this machine, relative to the configuration file"}
        raise PydanticCustomError("local_path", "{allowed}", said)
    return value


def _file_path(value: str) -> str:
    if value.endswith(("/", "\\")):
        said = {"allowed": "the path of a file", "hint": f'did you mean "{value}unitsync.db"?'}
        raise PydanticCustomError("file_path", "{allowed}", said)
    return value


LocalPath = Annotated[str, AfterValidator(_local_path)]
LocalFile = Annotated[LocalPath, AfterValidator(_file_path)]


class Pipeline(FieldMapping):
    """One source, one target, one mapping."""

    source: Source = Field(description="Where the inventory is read from.")
    join: tuple[Join, ...] = Field(
        default=(), description="Sources whose columns stand beside those of the source, by key."
    )
    target: Target = Field(description="The API that is kept in step.")
    missing: Literal["report", "retire"] = Field(
        default="report",
        description="What happens to a known unit that is missing from a complete source: it is "
        "reported, or (storEDGE, vacant units only) taken off the market.",
    )
    guardrails: Guardrails = Field(
        default=Guardrails(),
        description="How much one night may change before a person must allow it.",
    )
    drift: dict[str, DriftPolicy] = Field(
        default={},
        description="What a reconciliation does about a field that somebody changed at the vendor, "
        'by API field, "*" for all others: report (a person decides), accept (it stays until the '
        "source changes), overwrite (the next sync sets it back).",
    )
    canary: int = Field(
        default=0,
        ge=0,
        description="So many scopes, those with the least to send, are pushed first and read back; "
        "the others follow only if all that was confirmed is live. 0: off.",
    )
    changed: str | None = Field(
        default=None,
        min_length=1,
        description="The column that says when a row was last changed, for `unitsync backfill "
        "--changed-since` and `--changed-until`.",
    )

    @property
    def mapping(self) -> FieldMapping:
        """The mapping alone: what decides how a row becomes API fields, and nothing else."""
        parts = {name: getattr(self, name) for name in FieldMapping.model_fields}
        return FieldMapping.model_construct(**parts)


class ConfigFile(BaseModel):
    """unitsync.yaml: what is kept in step with what, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: LocalFile = Field(
        default="unitsync.db", description="The state, one SQLite file; relative to this file."
    )
    reports: LocalPath = Field(
        default="reports",
        description="The folder that reports are written to; relative to this file.",
    )
    schedule: Schedule = Field(default=Schedule(), description="When `unitsync serve` runs what.")
    notify: Notify = Field(default=Notify(), description="Who is told of a run, and of which.")
    execution: Execution = Field(
        default=Execution(), description="Where scopes are pushed from: this machine, or several."
    )
    pipelines: dict[str, Pipeline] = Field(
        description="The pipelines by name; names are yours to choose.",
        json_schema_extra={"minProperties": 1},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A configuration that fits together.

    `pipelines` holds the pipelines that were asked for, `names` all that the file has. `base` is
    the folder that relative paths start from; `state` and `reports` are resolved against it
    already. `warnings` are sentences for a person about what works and yet looks wrong.
    """

    state: Path
    reports: Path
    schedule: Schedule
    notify: Notify
    execution: Execution
    pipelines: Mapping[str, Pipeline]
    base: Path
    file: str = "unitsync.yaml"
    names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    document: Document | None = field(default=None, repr=False, compare=False)

    def problem(self, path: str, found: str, allowed: str = "", hint: str = "") -> Problem:
        """A problem found later (a column that the source lacks), placed in the file."""
        document = self.document
        line, column = document.position(document.place(path)) if document else (0, 0)
        return Problem(path, found, allowed, hint, line, column)

    def place(self, path: str) -> str:
        """Where a setting stands, for a message: `unitsync.yaml:9 (state)`."""
        line = self.problem(path, "").line
        return f"{self.file}:{line} ({path.rpartition('.')[2]})" if line else path


class GapsLeft(ConfigError):
    """All that is wrong is what `unitsync init` left open. `rehearsal` has something that fits in
    its place: to look at rows with, never to send."""

    def __init__(self, file: str, problems: Sequence[Problem], rehearsal: Settings | None) -> None:
        super().__init__(file, problems)
        self.rehearsal = rehearsal


def load(
    path: Path | str,
    pipelines: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in a file, with the named pipelines; with all when none are named."""
    document = read(Path(path))
    names = _names(document)
    return _load(document, names, _wanted(document, names, pipelines or names), environ)


def load_shared(path: Path | str, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings without any pipeline, for what needs the state or the reports only. Nobody is
    notified, so the addresses are not looked into either."""
    document = read(Path(path))
    quiet = {name: value for name, value in document.data.items() if name != "notify"}
    return _load(replace(document, data=quiet), _names(document), (), environ)


def _names(document: Document) -> tuple[str, ...]:
    pipelines = document.data.get("pipelines")
    if isinstance(pipelines, dict) and pipelines:
        return tuple(pipelines)
    found = "there are no pipelines" if pipelines is None else f"found {show(pipelines)}"
    hint = 'write "pipelines:" and under it, indented, "storage:" with its settings'
    raise _refusal(document, found, "a section with at least one pipeline", hint)


def _wanted(document: Document, names: tuple[str, ...], wanted: Sequence[str]) -> tuple[str, ...]:
    for name in wanted:
        if name not in names:
            found, hint = f'there is no pipeline "{name}"', did_you_mean(name, names)
            raise _refusal(document, found, listed(names), hint)
    return tuple(dict.fromkeys(wanted))


def _refusal(document: Document, found: str, allowed: str, hint: str) -> ConfigError:
    line, column = document.position(("pipelines",))
    return ConfigError(document.file, [Problem("pipelines", found, allowed, hint, line, column)])


def _load(
    document: Document,
    names: tuple[str, ...],
    wanted: tuple[str, ...],
    environ: Mapping[str, str] | None,
) -> Settings:
    every = document.data["pipelines"]
    data = {**document.data, "pipelines": {name: every[name] for name in wanted}}
    expanded = expand(data, os.environ if environ is None else environ)
    written = Written(document, expanded)
    problems = [written.problem(place, found, "", hint) for place, found, hint in expanded.failures]
    open_places = [place for name in wanted for place in gap_places(name, written)]
    missing = {problem.path for problem in problems} | {dotted(place) for place in open_places}
    config, found = _validate(expanded.data, written)
    found += [problem for name in wanted for problem in check_pipeline(name, written)]
    problems += [problem for problem in found if problem.path not in missing]
    gaps = list(gap_problems(open_places, written))
    if problems or config is None:
        raise ConfigError(document.file, [*problems, *gaps])
    if gaps:
        raise GapsLeft(document.file, gaps, _rehearsal(names, wanted, written))
    return _settings(config, names, written)


def _rehearsal(
    names: tuple[str, ...], wanted: tuple[str, ...], written: Written
) -> Settings | None:
    """The settings with something in each gap; None where a gap is of no mapping."""
    pipelines = written.expanded.data["pipelines"]
    filled = {name: without_gaps(pipelines[name]) for name in wanted}
    config, _ = _validate({**written.expanded.data, "pipelines": filled}, written)
    return _settings(config, names, written) if config else None


def _validate(data: Any, written: Written) -> tuple[ConfigFile | None, list[Problem]]:
    """The file's settings, or what is wrong with them."""
    try:
        return ConfigFile.model_validate(data), []
    except ValidationError as error:
        return None, translate(error, ConfigFile, written)


def _settings(config: ConfigFile, names: tuple[str, ...], written: Written) -> Settings:
    base = Path(written.document.file).parent
    warnings = [
        warning
        for name, pipeline in config.pipelines.items()
        for warning in credential_warnings(name, pipeline.target, written)
    ]
    return Settings(
        state=base / Path(config.state).expanduser(),
        reports=base / Path(config.reports).expanduser(),
        schedule=config.schedule,
        notify=config.notify,
        execution=config.execution,
        pipelines=config.pipelines,
        base=base,
        file=written.document.file,
        names=names,
        warnings=(*warnings, *config.execution.warnings),
        document=written.document,
    )
