"""What runs on a Dask worker: a push of scope after scope, as the coordinator hands them over.

A worker plans nothing, decides nothing that threads would not, and never touches the state: the
journal, the rate, the retries and the signal to stop are the coordinator's, at the end of a line.
The credentials and the lock codes of a scope reach it over the line and stay in its memory.
"""

from __future__ import annotations

from contextlib import closing
from random import Random

from distributed import secede

from connectors.clock import SystemClock
from connectors.errors import ApiError
from connectors.outside import Outside
from connectors.targets.target import connect
from flows.line import FarBudget, FarJournal, FarRate, Line


def push_scopes(name: str) -> None:
    """Pushes what comes over the line of this name, until no more comes."""
    secede()  # it mostly waits: the worker's threads are left to others
    clock = SystemClock()
    with closing(Line(name, clock)) as line:
        rate, budget = FarRate(line, clock), FarBudget(line)
        outside = Outside(clock, Random(), None, line.stop, budget, rate)
        target = connect(line.ask("settings"), outside)
        with target.client:
            error: ApiError | None = None
            while (work := line.ask("ready", error)) is not None:
                _, error = target.push(work, FarJournal(line))
