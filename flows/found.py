"""What a reconciliation of one pipeline has found so far, and how that is summed up.

Promises that every unit and group that was read is counted, and that the summary says how many of
the scopes were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.errors import ApiError
from flows.report_text import counted
from flows.summary import COUNTS, PipelineSummary, Status, explain
from flows.sync import Night
from state.standings import Reading
from transforms.compare import Comparison
from transforms.plan import Entity


@dataclass
class Found:
    """What was found in the scopes that were read, of all `scopes` that there are. `unproven` are
    those whose extract is not proven complete and does not speak of every known unit."""

    scopes: Sequence[str] = ()
    read: int = 0
    needing: int = 0
    tally: Counter[tuple[Entity, str]] = field(default_factory=Counter)
    unreadable: dict[str, ApiError] = field(default_factory=dict)
    unproven: list[str] = field(default_factory=list)

    def add(self, found: Comparison) -> None:
        """One more scope."""
        self.read += 1
        self.tally.update(found.counts)
        self.needing += sum(standing.needs_person for standing in found.standings)

    def summary(self, night: Night, readings: Mapping[str, Reading]) -> PipelineSummary:
        """Where everything stands; `readings` are when each scope was read, now or before."""
        notes = tuple(f"{scope}: {explain(error)}" for scope, error in self.unreadable.items())
        status: Status = "attention" if notes or self.needing else "ok"
        return PipelineSummary(
            night.job.name,
            status,
            self._counts(night),
            night.job.target.client.request_count,
            night.seconds,
            notes,
            self._notices(readings),
            standings={
                f"{entity} {standing}": count
                for (entity, standing), count in sorted(self.tally.items(), reverse=True)
            },
            coverage={"scopes": len(self.scopes), "read": self.read},
        )

    def _counts(self, night: Night) -> dict[str, int]:
        units = Counter[str]()
        for (entity, standing), count in self.tally.items():
            units[standing] += count * (entity == "unit")
        counts = dict.fromkeys(COUNTS, 0)
        if night.balance is not None:
            counts |= {"extracted": night.balance.extracted, "collapsed": night.balance.collapsed}
            counts["rejected"] = night.balance.rejected
        counts |= {name: units[name] for name in ("missing", "held", "failed", "unknown")}
        return counts | {"unchanged": units["in step"]}

    def _notices(self, readings: Mapping[str, Reading]) -> tuple[str, ...]:
        told = [
            f"the extract of {scope} is not proven complete: units that it does not speak of are "
            "compared with what is known, and none is missing"
            for scope in self.unproven
        ]
        if self.read < len(self.scopes):
            told.append(self._coverage(readings))
        return tuple(told)

    def _coverage(self, readings: Mapping[str, Reading]) -> str:
        last = (readings.get(scope) for scope in self.scopes)
        never = sum(reading is None or reading.read is None for reading in last)
        others = (
            f"{counted(never, 'scope')} never yet" if never else "the others were in earlier runs"
        )
        return f"{self.read} of {len(self.scopes)} scopes were read; {others}"
