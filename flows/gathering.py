"""Steps 2 to 4 over the parts of an extract, and what they come to: the desired side of a pipeline.

A small inventory is one part. Of one that is larger than memory, no more than a part is in memory:
what was made of it is laid on the job's shelf, where the planner finds one scope after the other.
What is said of the whole extract (whether it is complete, and which units its rows without a scope
may stand for) is known before the first scope is judged, so that parts change no result.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pandas as pd

from connectors.sources.by_scope import Extract
from connectors.sources.shelf import Shelf, Shelved
from flows.job import Job, normalize, reshape, validate
from flows.report_text import counted
from flows.summary import Balance
from transforms.reshape import Desired


@dataclass(frozen=True)
class Gathered:
    """The desired side, the balance of the rows, how many of them `ignore` left out, and why the
    extract is not proven complete, where it is not."""

    desired: Desired
    balance: Balance
    ignored: int
    doubt: str

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person may want to know of rows that were left out, or that could be any unit."""
        return tuple(filter(None, (self._left_out(), self._nobody_missing())))

    def _left_out(self) -> str:
        rows = "1 row was" if self.ignored == 1 else f"{self.ignored} rows were"
        return f"{rows} left out, as `ignore` says" if self.ignored else ""

    def _nobody_missing(self) -> str:
        if not self.desired.complete:
            why = self.doubt or "a row with neither key nor scope could be any unit"
            return f"nothing counts as missing, for the extract is not proven complete: {why}"
        if unproven := int((~self.desired.counts["complete"].astype(bool)).sum()):
            where = counted(unproven, "scope")
            return f"nothing counts as missing in {where}: a row without a key could be any unit"
        return ""


def gather(job: Job, extracted: Extract) -> Gathered:
    """Everything of the extract, once its rows have been handed over."""
    malformed, astray, anybody = extracted.malformed, frozenset[str](), False
    parts, balance, ignored = Parts(job.shelf), Balance(0, 0, 0), 0
    for rows in extracted.parts():
        normalized = normalize(job, rows)
        ignored += len(rows) - len(normalized.frame)
        del rows  # 60 MB of raw text for 100,000 rows (measured)
        checked = validate(job, normalized, malformed)
        malformed = ()
        balance += Balance.of(checked)
        astray |= checked.scopeless_keys
        anybody |= checked.scopeless_keyless
        checked = replace(checked, scopeless_keys=astray, scopeless_keyless=anybody)
        desired = reshape(job, checked, extracted)
        if extracted.shelf is None:
            return Gathered(desired, balance, ignored, extracted.reason)
        parts.add(desired)
    return Gathered(parts.desired(), balance, ignored, extracted.reason)


@dataclass
class Parts:
    """Desired sides of scopes that they do not share, laid down one after the other."""

    shelf: Shelf
    counts: list[pd.DataFrame] = field(default_factory=list)
    last: Desired = field(init=False)

    def __post_init__(self) -> None:
        self.units, self.secrets, self.rejections = (Shelved(self.shelf) for _ in range(3))

    def add(self, part: Desired) -> None:
        """Lays down one more; raises SourceUnreadable where there is no room."""
        for units, secrets in zip(part.units.each(), part.secrets.each(), strict=True):
            self.units.add(units, units["_scope"])
            self.secrets.add(secrets, units["_scope"])
        for lines in part.rejections.each():
            self.rejections.add(lines, lines["scope"])
        self.counts.append(part.counts)
        self.last = replace(
            part, units=self.units, secrets=self.secrets, rejections=self.rejections
        )

    def desired(self) -> Desired:
        """All of them. What the last one says of the whole extract, it says of all."""
        return replace(self.last, counts=pd.concat(self.counts).sort_index())
