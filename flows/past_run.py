"""One run of the past: how it ended, what it left, and what of it is still to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flows.deaths import is_gone, left_by
from flows.needs import Need, needs_of
from flows.report_verdict import outcome_of
from flows.summary import RunSummary
from state.allowances import Allowance
from state.archive import Archive
from state.runs import RunRecord
from state.unfinished import Unfinished

DIED = "died"


@dataclass(frozen=True)
class PastRun:
    """A run, with what it used of what a person had let through, and what no later run has done.

    `status` is that of the record, save that a run whose process is gone has died, also before the
    next run notices. `unended` says what such a run, or one under way, has left.
    """

    record: RunRecord
    status: str
    used: tuple[Allowance, ...]
    unfinished: tuple[Unfinished, ...]
    unended: str | None = None

    @classmethod
    def of(cls, record: RunRecord, archive: Archive) -> PastRun:
        """The run of the record."""
        run_id = record["run_id"]
        death = archive.unended(run_id)
        died = death is not None and (record["status"] == DIED or is_gone(death))
        return cls(
            record,
            DIED if died else record["status"],
            tuple(archive.allowances_used_by(run_id)),
            () if death is not None and not died else tuple(archive.unfinished(run_id)),
            left_by(death) if death is not None and died else None,
        )

    def to_do(self, pipeline: str) -> str:
        """`still to do: 2 failed, 1 held`; empty where nothing is."""
        counts = _by_outcome(one for one in self.unfinished if one.pipeline == pipeline)
        told = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items())
        return f"still to do: {told}" if told else ""

    def needs(self, archive: Archive) -> list[Need]:
        """What needed a person when it had ended, each with what to type next."""
        summary = RunSummary.of(self.record)
        return [] if summary is None else needs_of(summary, archive)

    def document(self) -> dict[str, Any]:
        """As in `--json`."""
        return {
            **self.record,
            "status": self.status,
            "allowances": [asdict(allowance) for allowance in self.used],
            "unfinished": [asdict(one) for one in self.unfinished],
        }


def _by_outcome(unfinished: Iterable[Unfinished]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for one in unfinished:
        outcome = outcome_of(one.outcome)
        counts[outcome] = counts.get(outcome, 0) + one.count
    return counts
