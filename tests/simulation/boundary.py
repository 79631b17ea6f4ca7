"""The steps between which the world can end: every request, statement, commit and rename.

At one chosen step the process dies (an image of the files is taken at that very instant), or an
error strikes once, or from then on for ever. After its death the program may run on, as `finally`
blocks do, but it can no longer touch the world: every further step raises again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["crash", "error once", "error for ever"]
Failure = Callable[[], Exception]


class SimulatedCrash(BaseException):
    """Derives from BaseException because a process that was killed catches nothing."""


@dataclass
class Boundary:
    """Counts steps, and strikes at number `at` (from 1; None: never). `on_begin` is called when a
    write transaction has read, and not yet written."""

    at: int | None = None
    mode: Mode = "crash"
    on_crash: Callable[[], None] = lambda: None
    on_begin: Callable[[], None] = lambda: None
    count: int = 0
    dead: bool = False
    struck: str | None = None
    trace: list[str] = field(default_factory=list)
    visits: Counter[str] = field(default_factory=Counter)

    def point(self, name: str, failure: Failure | None = None) -> None:
        """A step is about to happen, or has just happened; `failure` is how it may fail."""
        if self.dead:
            raise SimulatedCrash(name)
        if self.mode != "crash" and failure is None:
            return
        self.count += 1
        self.trace.append(name)
        self.visits[name] += 1
        if self.at is None or self.count < self.at:
            return
        if self.mode == "crash":
            self.struck, self.dead = name, True
            self.on_crash()
            raise SimulatedCrash(name)
        if failure is not None and self._strikes(name):
            raise failure()

    def _strikes(self, name: str) -> bool:
        """Once, or whenever the step that failed first comes again."""
        if self.struck is None:
            self.struck = name
            return True
        return self.mode == "error for ever" and name == self.struck
