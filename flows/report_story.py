"""The last nights of one unit, beside it on the page, and the command that tells all of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from flows.report_verdict import outcome_of
from flows.summary import RunSummary
from state.archive import Archive
from state.stories import Episode, Place

NIGHTS = 5


@dataclass(frozen=True)
class Night:
    """One night of a unit: when, what was to be done, how it ended and in which words."""

    day: str
    action: str
    outcome: str
    words: str


@dataclass(frozen=True)
class Story:
    """What is told of a unit: its last nights before this one, the latest first."""

    nights: tuple[Night, ...]
    command: str

    @property
    def title(self) -> str:
        """How long it has been so."""
        first = next(iter(self.nights), None)
        if first is None or first.outcome == "applied":
            return "its story"
        alike = len(list(takewhile(lambda night: night.outcome == first.outcome, self.nights)))
        more = " or more" if alike == NIGHTS else ""
        runs = "the run before" if alike == 1 else f"the {alike}{more} runs before"
        return f"its story: {first.outcome} in {runs}, too"


def stories_of(
    summary: RunSummary, pipeline: str, places: Iterable[Place], store: Archive
) -> Callable[[Place], Story]:
    """The story of each of these units, as of the run."""
    told = store.stories_before(summary.run_id, pipeline, places, NIGHTS)
    return lambda place: _story(place, told, summary.timezone)


def _story(place: Place, told: Mapping[Place, list[Episode]], timezone: str) -> Story:
    nights = tuple(
        Night(day(one.at, timezone), one.action, outcome_of(one.outcome), one.words)
        for one in told[place]
    )
    return Story(nights, f"unitsync why {shlex.quote(place[1])}")


def day(at: str, timezone: str) -> str:
    """`24 Nov 02:00`, where the reader lives."""
    moment = datetime.fromisoformat(at).astimezone(ZoneInfo(timezone))
    return f"{moment.day} {moment:%b %H:%M}"
