"""The steps between which the world can end: every request, statement, commit and rename.

At one chosen step the process dies (an image of the files is taken at that very instant), or is
asked to stop, or has no memory left, or somebody else takes the lock to write, or an error strikes
once, or from then on for ever. After its
death the program may run on, as `finally` blocks do, but it can no longer touch the world: every
further step raises again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal[
    "crash",
    "error once",
    "error for ever",
    "stop",
    "out of memory",
    "another writer once",
    "another writer for ever",
]
Failure = Callable[[], Exception]


class SimulatedCrash(BaseException):
    """Derives from BaseException because a process that was killed catches nothing."""


@dataclass
class Boundary:
    """Counts steps, or those with `among` in their name, and strikes at number `at` (from 1; None:
    never). `on_write` is called when a
    write transaction has read, and is about to write."""

    at: int | None = None
    mode: Mode = "crash"
    among: str = ""
    on_crash: Callable[[], None] = lambda: None
    on_stop: Callable[[], None] = lambda: None
    on_write: Callable[[], None] = lambda: None
    on_rival: Callable[[], None] = lambda: None
    count: int = 0
    dead: bool = False
    struck: str | None = None
    trace: list[str] = field(default_factory=list)
    visits: Counter[str] = field(default_factory=Counter)

    def point(self, name: str, failure: Failure | None = None) -> None:
        """A step is about to happen, or has just happened; `failure` is how it may fail."""
        if self.dead:
            raise SimulatedCrash(name)
        if (self.mode.startswith("error") and failure is None) or self.among not in name:
            return
        self.count += 1
        self.trace.append(name)
        self.visits[name] += 1
        if self.at is not None and self.count >= self.at:
            self._strike(name, failure)

    def _strike(self, name: str, failure: Failure | None) -> None:
        first = self.struck is None
        if first:
            self.struck = name
        if self.mode == "crash":
            self.dead = True
            self.on_crash()
            raise SimulatedCrash(name)
        if self.mode == "stop" and first:
            self.on_stop()
        if self.mode.startswith("another writer") and first:
            self.on_rival()
        if self.mode == "out of memory" and first:
            raise MemoryError(name)
        again = self.mode == "error for ever" and name == self.struck
        if failure is not None and self.mode.startswith("error") and (first or again):
            raise failure()
