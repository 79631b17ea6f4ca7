"""The balance of a pipeline as two ledgers whose parts must make their sum (DESIGN, promise 2).

Promises a real check: what was planned comes from the state, what became of rows and changes from
the run's own summary, and a difference between the two is shown as such and never rounded away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flows.report_text import counted, number
from flows.summary import PipelineSummary
from state.run_details import Tally

# A part with a few units among thousands must still be seen.
_THINNEST_PERCENT = 0.8
_DONE = ("created", "updated", "moved", "retired")


@dataclass(frozen=True)
class Part:
    """One line of a ledger. `kind` names its colour."""

    kind: str
    label: str
    count: int
    note: str = ""


@dataclass(frozen=True)
class Segment:
    """A part as a piece of the bar, in per cent of its width."""

    kind: str
    start: float
    width: float


@dataclass(frozen=True)
class Ledger:
    """Parts, and the sum that they must make."""

    title: str
    parts: tuple[Part, ...]
    total: Part

    @property
    def difference(self) -> int:
        """What the parts lack to make the sum, or have too much; 0 when it adds up."""
        return self.total.count - sum(part.count for part in self.parts)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The parts as a bar that fills its width."""
        present = [part for part in self.parts if part.count > 0]
        whole = sum(part.count for part in present)
        widths = [max(100 * part.count / whole, _THINNEST_PERCENT) for part in present]
        scale = 100 / sum(widths) if widths else 0
        return tuple(_segments(present, [width * scale for width in widths]))


def ledgers(summary: PipelineSummary, tallies: Sequence[Tally]) -> tuple[Ledger, Ledger]:
    """Rows to plans, and plans to outcomes."""
    units = [tally for tally in tallies if tally.entity == "unit"]
    planned = sum(tally.count for tally in units)
    retirements = sum(tally.count for tally in units if tally.action == "retire")
    return (
        _rows(summary, planned - retirements),
        _changes(summary, planned, retirements),
    )


def _rows(summary: PipelineSummary, planned: int) -> Ledger:
    counts = summary.counts
    collapsed = counts["collapsed"]
    note = f"and {counted(collapsed, 'identical duplicate')}" if collapsed else ""
    return Ledger(
        "Rows of the source",
        (
            Part("unchanged", "unchanged", counts["unchanged"]),
            Part("planned", "planned to change", planned),
            Part("rejected", "rejected", counts["rejected"]),
        ),
        Part("total", "extracted", counts["extracted"], note),
    )


def _changes(summary: PipelineSummary, planned: int, retirements: int) -> Ledger:
    counts = summary.counts
    note = f"{counted(retirements, 'missing unit')} to retire among them" if retirements else ""
    return Ledger(
        "Changes of units",
        (
            Part("applied", "applied", sum(counts[name] for name in _DONE), _told(counts)),
            Part("failed", "failed", counts["failed"]),
            Part("held", "held", counts["held"]),
            Part("unknown", "unknown", counts["unknown"]),
        ),
        Part("total", "planned", planned, note),
    )


def _told(counts: Mapping[str, int]) -> str:
    """`11 created, 62 updated`."""
    return ", ".join(f"{number(counts[name])} {name}" for name in _DONE if counts[name])


def _segments(parts: Iterable[Part], widths: Iterable[float]) -> Iterable[Segment]:
    start = 0.0
    for part, width in zip(parts, widths, strict=True):
        yield Segment(part.kind, round(start, 3), round(width, 3))
        start += width
