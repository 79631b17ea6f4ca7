"""What needs a person after a run, each with what to type next; for messages and tables.

Promises that a run that is not well has at least one need, that alike ones are one need with their
number, that what is said of them is short and harmless wherever plain text is shown, and that no
command is taken from anybody's words: a name that looks like one stays a name.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.notify import Condition
from flows.report_text import SENTENCE_CHARACTERS, counted, listed, parted, visible
from flows.report_verdict import OUTCOMES, outcome_of
from flows.run import allow_command
from flows.summary import PipelineSummary, RunSummary
from state.archive import Archive
from state.run_details import ChangeLine, Limits, RunDetails
from transforms.standing import STANDINGS, Standing, StandingName

# One line of each reason; more reasons than that are read on the page.
_LIMITS = Limits(per_scope=0, changes=0, per_reason=1, reasons=50)
# A name of 10,000 characters is cut like any other; a sentence later.
_NAME_CHARACTERS = 80


@dataclass(frozen=True)
class Need:
    """Something that a person should look at: `count` changes or units of one kind, what became of
    them in words, and the command to type next."""

    condition: Condition
    pipeline: str
    count: int
    what: str
    command: str


def needs_of(summary: RunSummary, archive: Archive) -> list[Need]:
    """What needs a person after the run; nothing, after one that is well."""
    finder = _Finder(summary, archive)
    found = [need for pipeline in summary.pipelines for need in finder.of(pipeline)]
    if summary.stopped_by is not None:
        again = f"unitsync {summary.kind}"
        found.append(Need("failed", "", 1, "it was stopped before its end", again))
    return found


def plain(text: str, most: int = SENTENCE_CHARACTERS) -> str:
    """The text on one line, without what is not seen but acts, and cut."""
    line = " ".join(visible(text).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


class _Finder:
    """What needs a person, pipeline by pipeline of one run."""

    def __init__(self, summary: RunSummary, archive: Archive) -> None:
        self._run_id = summary.run_id
        self._archive = archive
        self._read_on = f"unitsync report {summary.run_id}"

    def of(self, pipeline: PipelineSummary) -> Iterator[Need]:
        match pipeline.status:
            case "ok":
                return
            case "error":
                yield from self._notes(pipeline, f"unitsync check {pipeline.pipeline}")
            case "broken":
                yield from self._notes(pipeline, self._read_on)
            case "attention" if pipeline.standings is not None:
                yield from self._notes(pipeline, self._read_on)
                yield from self._standings(pipeline.pipeline)
            case "attention":
                yield from self._changes(pipeline)

    def _notes(self, pipeline: PipelineSummary, command: str) -> Iterator[Need]:
        for note in pipeline.notes:
            yield Need("failed", pipeline.pipeline, 1, plain(note), command)

    def _changes(self, pipeline: PipelineSummary) -> Iterator[Need]:
        """What did not come through, by reason, then what was noted beside it."""
        name = pipeline.pipeline
        details = self._archive.run_details(self._run_id, name, _LIMITS)
        commands = [
            allow_command(self._run_id, one.scope)
            for one in self._archive.held_scopes(self._run_id)
            if one.pipeline == name
        ]
        if pipeline.cut_short:
            yield Need("failed", name, 1, plain(pipeline.cut_short), f"unitsync check {name}")
        for line in sorted(details.unfinished, key=_order):
            yield self._reason(name, line)
        for outcome, count in _untold(details).items():
            what = f"{counted(count, 'more change')} {outcome} for other reasons"
            yield Need(_condition(outcome), name, count, what, self._read_on)
        said = {_guard_and_command(line.words) for line in details.unfinished}
        said.add(_guard_and_command(pipeline.cut_short))
        for note in dict.fromkeys((*pipeline.notes, *details.tripped)):
            if _guard_and_command(note) not in said:
                command = next((one for one in commands if one in note), None)
                words = parted(note)[0] if command else note
                yield Need("held", name, 1, plain(words), command or self._read_on)

    def _reason(self, pipeline: str, line: ChangeLine) -> Need:
        outcome, allow = outcome_of(line.outcome), allow_command(self._run_id, line.scope)
        guarded = outcome == "held" and allow in line.words
        words = plain(parted(line.words)[0] if guarded else line.words)
        named = f"{line.entity} {plain(line.name, _NAME_CHARACTERS)}"
        who = named if line.alike == 1 else f"{counted(line.alike, 'change')}, among them {named}"
        what = f"{outcome}: {who}: {words or 'no words came with it'}"
        command = allow if guarded else self._next(pipeline, line, outcome)
        return Need(_condition(outcome), pipeline, line.alike, what, command)

    def _next(self, pipeline: str, line: ChangeLine, outcome: str) -> str:
        """A sync reads the scope of what is unknown, and so settles it."""
        if outcome == "unknown":
            return f"unitsync sync {pipeline}"
        return self._story(line.entity, line.key)

    def _standings(self, pipeline: str) -> Iterator[Need]:
        """Who has to be decided about, standing by standing; the first of each is named."""
        alike: dict[StandingName, list[Standing]] = {}
        for one in self._archive.standings(self._run_id, pipeline):
            if one.needs_person:
                alike.setdefault(one.standing, []).append(one)
        for standing in sorted(alike, key=STANDINGS.index):
            first = alike[standing][0]
            command = self._story(first.entity, first.key or first.name)
            yield _of_standing(pipeline, standing, alike[standing], command)

    def _story(self, entity: str, key: str) -> str:
        """What tells more of it: a unit has a history of its own."""
        if entity == "group":
            return self._read_on
        return f"unitsync why {shlex.quote(plain(key, _NAME_CHARACTERS))}"


def _guard_and_command(words: str) -> tuple[str, str]:
    """What a guardrail says of a scope and of each of its changes differs, but not in these."""
    said, command = parted(words)
    return (said.partition(":")[0], command) if command else (words, "")


def _order(line: ChangeLine) -> int:
    return OUTCOMES.index(outcome_of(line.outcome))


def _untold(details: RunDetails) -> Mapping[str, int]:
    """How many changes of each outcome are behind none of the reasons that are told."""
    every = Counter[str]()
    for tally in details.tallies:
        if tally.outcome != "applied":
            every[outcome_of(tally.outcome)] += tally.count
    every.subtract(_told(details.unfinished))
    return +every


def _told(lines: Iterable[ChangeLine]) -> Counter[str]:
    counts = Counter[str]()
    for line in lines:
        counts[outcome_of(line.outcome)] += line.alike
    return counts


def _of_standing(
    pipeline: str, standing: StandingName, alike: Sequence[Standing], command: str
) -> Need:
    first, entities = alike[0], Counter(one.entity for one in alike)
    named = f"{plain(first.name, _NAME_CHARACTERS)} in {plain(first.scope, _NAME_CHARACTERS)}"
    who = listed(counted(count, entity) for entity, count in sorted(entities.items(), reverse=True))
    what = f"{standing}: {who}, {'namely' if len(alike) == 1 else 'among them'} {named}"
    condition: Condition = "drifted"
    if standing in ("failed", "unknown", "held"):
        condition = _condition(standing)
    return Need(condition, pipeline, len(alike), what, command)


def _condition(outcome: str) -> Condition:
    return "held" if outcome == "held" else "failed"
