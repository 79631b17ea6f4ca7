"""Why changes did not come through, and which rules rows broke: what stands alike stands together.

Promises that each says how many it stands for, and that one with more lines than a screen is
folded, so that the next can be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from flows.report_change import FieldChange, fields_of
from flows.report_text import parted
from flows.report_verdict import OUTCOMES, outcome_of
from state.run_details import ChangeLine, RejectionLine

# A reason with more lines than a screen is folded, so that the next reason can be seen.
_OPEN_LINES = 8


@dataclass(frozen=True)
class ShownChange:
    """A change as a line of a table. `more` fields of it are not shown."""

    line: ChangeLine
    outcome: str
    fields: tuple[FieldChange, ...]
    more: int


@dataclass(frozen=True)
class Reason:
    """The changes that did not come through for one reason; `scope` is theirs if all share one."""

    outcome: str
    words: str
    status: int | None
    scope: str | None
    total: int
    changes: tuple[ShownChange, ...]
    unfolded: bool

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.changes)


@dataclass(frozen=True)
class Rule:
    """The rows that broke one rule."""

    rule: str
    total: int
    lines: tuple[RejectionLine, ...]
    unfolded: bool

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.lines)


def reasons_of(lines: Iterable[ChangeLine]) -> Iterator[Reason]:
    """The lines by reason; what failed first, then what waits for a decision."""
    alike = groupby(lines, key=lambda line: (line.outcome, line.status, line.words))
    reasons = [
        _reason(outcome, words, status, list(grouped))
        for (outcome, status, words), grouped in alike
    ]
    yield from sorted(reasons, key=lambda reason: OUTCOMES.index(reason.outcome))


def _reason(outcome: str, words: str, status: int | None, lines: list[ChangeLine]) -> Reason:
    return Reason(
        outcome=outcome_of(outcome),
        words=words,
        status=status,
        scope=lines[0].scope if lines[0].one_scope else None,
        total=lines[0].alike,
        changes=tuple(map(shown_change, lines)),
        unfolded=len(lines) <= _OPEN_LINES,
    )


def without_repeated_command(reason: Reason, notes: Iterable[str]) -> Reason:
    """A note names the command that lets a scope through; its units need not repeat it."""
    words, command = parted(reason.words)
    if not command or not any(command in note for note in notes):
        return reason
    return replace(reason, words=words)


def rules_of(lines: Iterable[RejectionLine]) -> Iterator[Rule]:
    """The lines by the rule that they broke."""
    for rule, grouped in groupby(lines, key=lambda line: line.rule):
        told = tuple(grouped)
        yield Rule(rule, told[0].alike, told, len(told) <= _OPEN_LINES)


def shown_change(line: ChangeLine) -> ShownChange:
    """The change with the fields that say most."""
    fields, more = fields_of(line)
    return ShownChange(line, outcome_of(line.outcome), fields, more)
