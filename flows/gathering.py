"""Steps 2 to 4 over the parts of an extract, and what they come to: the desired side of a pipeline.

A small inventory is one part. Of one that is larger than memory, no more than a part is in memory:
what was made of it is laid on the job's shelf, where the planner finds one scope after the other.
What is said of the whole extract (whether it is complete, and which units its rows without a scope
may stand for) is known before the first scope is judged, so that parts change no result.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd

from connectors.sources.by_scope import Extract
from connectors.sources.shelf import Shelf, Shelved
from flows.job import Job, normalize, reshape, validate
from flows.summary import Balance
from transforms.reshape import Desired


def gather(job: Job, extracted: Extract) -> tuple[Desired, Balance]:
    """The desired side and the balance of the rows, once they have been handed over."""
    malformed, astray, anybody = extracted.malformed, frozenset[str](), False
    parts, balance = Parts(job.shelf), Balance(0, 0, 0)
    for normalized in map(partial(normalize, job), extracted.parts()):
        checked = validate(job, normalized, malformed)
        malformed = ()
        balance += Balance.of(checked)
        astray |= checked.scopeless_keys
        anybody |= checked.scopeless_keyless
        checked = replace(checked, scopeless_keys=astray, scopeless_keyless=anybody)
        desired = reshape(job, checked, extracted)
        if extracted.shelf is None:
            return desired, balance
        parts.add(desired)
    return parts.desired(), balance


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
