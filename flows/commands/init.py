"""`unitsync init`: looks at an export and writes a first configuration for it, each line with how
sure it is and why. Never replaces a file that it was not told to, and never reaches an API.
"""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import typer

from connectors.sources.by_scope import Extract, by_scope
from connectors.sources.file import FileSource, extract, files
from connectors.sources.folder import what_differs
from connectors.sources.location import is_url, origin_of
from connectors.sources.shelf import Shelf
from connectors.sources.sniff import sniff
from flows.config_errors import did_you_mean, listed
from flows.console import UsageError, answering, out
from flows.questions import answered
from flows.report_text import counted, visible
from flows.yaml_draft import Variable, draft
from transforms import storedge, travtus
from transforms.gaps import GAP, count_gaps, filled
from transforms.mapping import Mapping
from transforms.normalize import normalize
from transforms.proposal import Proposal
from transforms.recognize import PROPOSERS, propose, recognize
from transforms.schema import TargetSchema
from transforms.survey import Survey, survey
from transforms.validate import Checked, validate

_SCHEMAS: Final = {"storedge": storedge.schema(), "travtus": travtus.schema()}
_API: Final = {"storedge": "storEDGE", "travtus": "Travtus"}
_VARIABLES: Final = {
    "storedge": ("STOREDGE_ACCESS_ID", "STOREDGE_SECRET_KEY"),
    "travtus": ("TRAVTUS_CLIENT_ID", "TRAVTUS_CLIENT_SECRET"),
}
# Holds an address with a password in it, which is not written down.
_SOURCE_VARIABLE: Final = "UNITSYNC_SOURCE"
# The column of what tells many files apart, where no column does.
_APART: Final = "facility"
_TOLD: Final = 3  # rejected rows that are shown; `unitsync check` counts them all


@dataclass(frozen=True)
class Seen:
    """The source as it was read: how, what, and under which name it may be shown."""

    source: FileSource
    extracted: Extract
    rows: pd.DataFrame
    survey: Survey

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the source as they are written down."""
        settings = self.source.model_dump(exclude_unset=True)
        if origin_of(self.source.path) != self.source.path:
            settings["path"] = Variable(_SOURCE_VARIABLE)
        return settings


def run(file: str, target: str | None, to: Path, *, yes: bool) -> int:
    """Writes the configuration of one export; 0 when it is written."""
    asking = sys.stdin.isatty() and sys.stdout.isatty() and not yes

    def work() -> int:
        if target is not None and target not in PROPOSERS:
            hint = did_you_mean(target, PROPOSERS) or f"it is {listed(PROPOSERS)}"
            raise UsageError(f'there is no target "{target}"; {hint}')
        replacing = _may_write(to, asking)
        seen = _look(file, to.parent)
        if len(seen.survey.columns) == 1:
            [name] = seen.survey.columns
            raise UsageError(
                f"{seen.extracted.origin} has only the column “{visible(name)}”, so it is no list "
                "of units; name the export"
            )
        guess, sure = recognize(seen.survey)
        if not sure and asking and target is None:
            guess, sure = _target(guess), True
        proposal = propose(seen.survey, target or guess)
        if asking:
            proposal = answered(proposal, _SCHEMAS[proposal.target], _ask, _say)
        _write(to, draft(proposal, seen.settings, seen.extracted.origin, _size(seen)), replacing)
        _tell(proposal, seen, to)
        if not sure and target is None:
            _say("Whether these are storage units or apartments is a guess: see --target.")
        return 0

    return answering("init", as_json=False, work=work)


def _look(file: str, base: Path) -> Seen:
    """Reads the source; a relative path is kept relative to the configuration beside it."""
    path = file
    if not is_url(file) and not Path(file).expanduser().is_absolute():
        path = Path(os.path.relpath(file, base)).as_posix()
    seen = _read(sniff(path, base), base)
    many = files(seen.source, base)
    if many is None or _names_scopes(seen.survey):
        return seen
    apart = {"from_path": what_differs(many, _APART)}
    return _read(seen.source.model_copy(update=apart), base)


def _read(source: FileSource, base: Path) -> Seen:
    with Shelf() as shelf:
        extracted = by_scope(extract(source, base), _no_scope, shelf)
        rows = pd.concat(extracted.parts()).sort_index()
    return Seen(source, extracted, rows, survey(rows))


def _names_scopes(seen: Survey) -> bool:
    """Whether a column says of what facility or community a unit is."""
    return any(match.role == "scope" for kind in PROPOSERS for _, match in seen.matches(kind))


def _no_scope(rows: pd.DataFrame) -> pd.Series:
    """What tells scopes apart is still to be found out."""
    return pd.Series("", index=rows.index)


def _target(guess: str) -> str:
    question = "The columns could be storage units (storedge) or apartments (travtus); which"
    while (answer := _ask(question, guess)) not in PROPOSERS:
        _say(f"It is {listed(PROPOSERS)}.")
    return answer


def _may_write(to: Path, asking: bool) -> bool:
    """Whether a file that stands there is replaced, as somebody said; raises UsageError."""
    if not to.parent.is_dir():
        raise UsageError(f"there is no folder {to.parent}; make it, or name another --out")
    if not to.exists():
        return False
    if to.is_file() and asking and typer.confirm(f"{to} is there already. Replace it?", err=True):
        return True
    raise UsageError(f"{to} is there already and stays as it is; name another file with --out")


def _write(to: Path, text: str, replacing: bool) -> None:
    """Only its owner reads it: the tables show what the export holds."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if replacing else os.O_EXCL)
    try:
        with os.fdopen(os.open(to, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}; name another --out") from None


def _tell(proposal: Proposal, seen: Seen, to: Path) -> None:
    fields = len(proposal.within("fields"))
    _say(f"{to} is written: {_size(seen)} as units of {_API[proposal.target]}, {fields} fields.")
    _say(_verdict(proposal, seen))
    open_parts = [part for part in proposal.parts if count_gaps(part.value)]
    if open_parts:
        gaps = sum(count_gaps(part.value) for part in open_parts)
        places = ", ".join(part.place.removeprefix("fields.") for part in open_parts)
        _say(f"To fill in by hand, where it says {GAP}: {counted(gaps, 'value')} ({places}).")
    guesses = [
        part.place.removeprefix("fields.") for part in proposal.parts if part.confidence == "guess"
    ]
    if guesses:
        _say(f"Guessed, so look at: {', '.join(guesses)}.")
    _say("Next:")
    variables = list(_VARIABLES[proposal.target])
    if isinstance(seen.settings["path"], Variable):
        variables.append(_SOURCE_VARIABLE)
    config = "" if to == Path("unitsync.yaml") else f" --config {shlex.quote(str(to))}"
    _say(f"  export {' '.join(f'{name}=…' for name in variables)}")
    _say(f"  unitsync check{config}")
    _say(f"  unitsync plan{config}")


def _size(seen: Seen) -> str:
    return f"{counted(len(seen.survey.rows), 'row')}, {counted(len(seen.survey.columns), 'column')}"


def _verdict(proposal: Proposal, seen: Seen) -> str:
    """How the rows fare with this mapping, whatever will be filled in."""
    schema = _SCHEMAS[proposal.target]
    if count_gaps(proposal.part("key").value):
        return "No column tells a unit for ever; say which one does."
    checked = _rehearsed(proposal, schema, seen)
    refused = checked.rejections.drop_duplicates("row")
    told = [f"{len(checked.valid)} of {counted(checked.extracted, 'row')} can be sent as they are"]
    if len(refused):
        told[0] += f", {len(refused)} cannot:"
    told += [f"  row {row}: {message}" for row, message in _shown(refused)]
    if not seen.extracted.complete:
        told.append(f"The source is not proven complete: {seen.extracted.reason}.")
    return "\n".join(told)


def _shown(refused: Any) -> list[tuple[int, str]]:
    lines = refused[["row", "message"]].head(_TOLD)
    return list(lines.itertuples(index=False, name=None))


def _rehearsed(proposal: Proposal, schema: TargetSchema, seen: Seen) -> Checked:
    mapping = Mapping.model_validate(filled(proposal.settings(), schema))
    normalized = normalize(seen.rows, mapping, schema)
    return validate(normalized, schema, malformed=seen.extracted.malformed)


def _ask(question: str, default: str) -> str:
    answer: str = typer.prompt(question, default=default, show_default=bool(default), err=True)
    return answer


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
