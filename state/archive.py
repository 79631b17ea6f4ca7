"""What the state tells a person: the runs, what each did and found, and the story of one unit.

Reads only, and promises nothing to the engine: no decision about a unit is taken from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from state import (
    absences,
    allowances,
    changes,
    deaths,
    exports,
    history,
    identities,
    inventory,
    run_details,
    runs,
    scopes,
    since,
    standings,
    stories,
    trends,
    unfinished,
)
from state import tripped as guardrails
from state.absences import Absence
from state.allowances import Allowance
from state.deaths import Death
from state.exports import Table
from state.history import UnitHistory
from state.inventory import Kind
from state.run_details import ChangeLine, Limits, RejectionLine, RunDetails
from state.runs import RunRecord
from state.since import Deed, Later
from state.standings import Reading, StandingTally
from state.stories import Episode, Place
from state.transactions import Transactions
from state.trends import PastRun, RateMove
from state.tripped import HeldScope
from state.unfinished import Unfinished
from transforms.plan import Entity
from transforms.standing import Standing


class Archive:
    """The reading side of a state file, for pages and answers."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def runs(self, limit: int = 30) -> list[RunRecord]:
        """The last runs, newest first."""
        with self._transactions.reading() as db:
            return runs.latest(db, limit)

    def run(self, run_id: str) -> RunRecord | None:
        """One run, or None."""
        with self._transactions.reading() as db:
            return runs.find(db, run_id)

    def unended(self, run_id: str) -> Death | None:
        """What a run has left by now that died, or is under way; None for one that has ended."""
        with self._transactions.reading() as db:
            return deaths.unended(db, run_id)

    def unfinished(self, run_id: str) -> list[Unfinished]:
        """What a run left to do that no later run has brought to an end."""
        with self._transactions.reading() as db:
            return list(unfinished.of_run(db, run_id))

    def run_ids(self, prefix: str) -> list[str]:
        """The runs whose id begins so, newest first."""
        with self._transactions.reading() as db:
            return runs.ids(db, prefix)

    def untold_deaths(self) -> list[Death]:
        """The runs whose process died, and of which no run has told yet."""
        with self._transactions.reading() as db:
            return deaths.untold(db)

    def held_scopes(self, run_id: str) -> list[HeldScope]:
        """What a run held by guardrails, scope by scope."""
        with self._transactions.reading() as db:
            return guardrails.held_scopes(db, run_id)

    def allowances_used_by(self, run_id: str) -> list[Allowance]:
        """What a person had let through for this run."""
        with self._transactions.reading() as db:
            return allowances.used_by(db, run_id)

    @contextmanager
    def tables(self, run_id: str) -> Iterator[Iterator[Table]]:
        """Everything that a run did and found, as tables to be read one after the other."""
        with self._transactions.reading() as db:
            yield exports.tables(db, run_id)

    def accepted_columns(self, pipeline: str) -> set[str]:
        """The columns that accepted extracts of a pipeline had."""
        with self._transactions.reading() as db:
            return scopes.accepted_columns(db, pipeline)

    def history(self, unit: str, as_of: int | None = None) -> list[UnitHistory]:
        """Everything that happened to the unit of this key, (former) name or id, up to the run of
        a serial if one is given."""
        with self._transactions.reading() as db:
            return history.of_unit(db, unit, as_of)

    def unit_names(self) -> list[str]:
        """Every key and name of a unit, past and present."""
        with self._transactions.reading() as db:
            return identities.names(db)

    def absences(self, run_id: str, pipeline: str) -> list[Absence]:
        """The units that were missing in a run, and since when."""
        with self._transactions.reading() as db:
            return absences.during(db, run_id, pipeline)

    def run_details(self, run_id: str, pipeline: str, limits: Limits) -> RunDetails:
        """What a run did to one pipeline, told within limits."""
        with self._transactions.reading() as db:
            return run_details.read(db, run_id, pipeline, limits)

    def last_readings(self, pipeline: str) -> dict[str, Reading]:
        """When reconciliations last tried to read each scope, for those that any ever tried."""
        with self._transactions.reading() as db:
            return standings.last_tried(db, pipeline)

    def troubles(
        self, pipeline: str, scope: str
    ) -> dict[tuple[Entity, str], tuple[Literal["failed", "held", "unknown"], str]]:
        """The units and groups whose last change did not come through, with the API's words."""
        with self._transactions.reading() as db:
            return changes.troubles(db, pipeline, scope)

    def deeds(self, run_id: str) -> list[Deed]:
        """All that a run planned, and how each of it ended."""
        with self._transactions.reading() as db:
            return since.deeds(db, run_id)

    def changed_since(self, run_id: str) -> dict[since.Place, dict[str, Later]]:
        """By unit or group that a run changed: the fields that were changed after it, by whom."""
        with self._transactions.reading() as db:
            return since.changed_since(db, run_id)

    @contextmanager
    def every_change(self, run_id: str, pipeline: str) -> Iterator[Iterator[ChangeLine]]:
        """All changes of a pipeline in a run, to be read once."""
        with self._transactions.reading() as db:
            yield run_details.every_change(db, run_id, pipeline)

    @contextmanager
    def every_rejection(self, run_id: str, pipeline: str) -> Iterator[Iterator[RejectionLine]]:
        """All that was wrong with rows of a pipeline in a run, to be read once."""
        with self._transactions.reading() as db:
            yield run_details.every_rejection(db, run_id, pipeline)

    def runs_before(self, run_id: str, most: int) -> list[PastRun]:
        """The last runs of the same kind before this one that came to their end, oldest first."""
        with self._transactions.reading() as db:
            return trends.before(db, run_id, most)

    @contextmanager
    def summaries_before(self, run_id: str) -> Iterator[Iterator[dict[str, Any]]]:
        """The summaries of the runs before this one, the last one first, to be read once."""
        with self._transactions.reading() as db:
            yield trends.summaries_before(db, run_id)

    def stories_before(
        self, run_id: str, pipeline: str, places: Iterable[Place], most: int
    ) -> dict[Place, list[Episode]]:
        """What happened to these units in the last nights before a run, the latest first."""
        with self._transactions.reading() as db:
            return stories.before(db, run_id, pipeline, places, most)

    def rates(self, run_id: str) -> list[RateMove]:
        """Every rate that moved in the run, the biggest moves first."""
        with self._transactions.reading() as db:
            return trends.rates(db, run_id)

    def kinds(self, pipeline: str, fields: Sequence[str]) -> list[Kind]:
        """How many units are known of each kind, by the values of these fields."""
        with self._transactions.reading() as db:
            return inventory.count(db, pipeline, fields)

    def standing_tallies(self, run_id: str, pipeline: str) -> list[StandingTally]:
        """How many units and groups stand how, scope by scope."""
        with self._transactions.reading() as db:
            return standings.tallies(db, run_id, pipeline)

    def standings(self, run_id: str, pipeline: str) -> list[Standing]:
        """Everything that a reconciliation did not find in step."""
        with self._transactions.reading() as db:
            return list(standings.of_run(db, run_id, pipeline))
