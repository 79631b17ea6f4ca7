"""How far a run is, in per cent, for those who look at it now and then.

Promises that the number never falls, and that asking for it costs the run nothing.
"""

from __future__ import annotations

from threading import Lock

from flows.sync import Watcher


class Progress:
    """Counts what a run tells its watcher, from whatever thread; each pipeline weighs the same."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._done: dict[str, int] = {}
        self._total: dict[str, int | None] = {}
        self._highest = 0

    def watcher(self) -> Watcher:
        """What the run is to be given."""
        return Watcher(stage=self._stage, begin=self._begin, advance=self._advance)

    @property
    def percent(self) -> int:
        """How far all pipelines are that were seen yet: 100 when nothing is left."""
        with self._lock:
            shares = [self._share(pipeline) for pipeline in self._total]
            now = int(100 * sum(shares) / len(shares)) if shares else 0
            self._highest = max(self._highest, now)
            return self._highest

    def _share(self, pipeline: str) -> float:
        total = self._total[pipeline]
        if total is None:
            return 0.0
        return min(1.0, self._done[pipeline] / total) if total else 1.0

    def _stage(self, pipeline: str, stage: str) -> None:
        with self._lock:
            self._total.setdefault(pipeline, None)
            self._done.setdefault(pipeline, 0)

    def _begin(self, pipeline: str, changes: int) -> None:
        self._stage(pipeline, "")
        with self._lock:
            self._total[pipeline] = changes

    def _advance(self, pipeline: str, changes: int) -> None:
        with self._lock:
            self._done[pipeline] += changes
