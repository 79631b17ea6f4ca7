"""The store: the one door to the state, for the engine and the commands.

Promises what the parts behind it promise, and that each method is one transaction, durable when it
returns. It may be used from several threads. It never reads the clock, never draws a random number,
and never decides anything about units: it records.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pandas as pd

from state import (
    allowances,
    journal,
    known,
    links,
    rejections,
    runs,
    scopes,
    selected,
    standings,
)
from state import changes as ledger
from state import tripped as guardrails
from state.acknowledgement import acknowledge
from state.archive import Archive
from state.disk import LOCAL_DISK, Disk
from state.errors import StateIsUnwritable
from state.journal import SentRequest
from state.marker import Marker, write_marker
from state.opening import Opened, open_to_read, open_to_write
from state.scopes import ScopeRecord
from state.selected import Happened
from state.transactions import Transactions
from state.tripped import HeldScope
from transforms.allowance import Allowed, Tripped
from transforms.plan import AcceptedExtract, Change, Entity, KnownGroup, KnownUnit, Result
from transforms.standing import Standing, StandingName

Clock = Callable[[], datetime]


class Store(Archive):
    """One state file. Build it with `open` or `open_for_reading`; close it when done."""

    def __init__(
        self, path: Path, opened: Opened, clock: Clock | None, disk: Disk = LOCAL_DISK
    ) -> None:
        """`clock` is None for a store that only reads."""
        self._path = path
        self._remembered_serial = opened.remembered.serial if opened.remembered else 0
        self._lineage = opened.found.lineage
        self._clock = clock
        self._disk = disk
        super().__init__(Transactions(opened.connection, path))
        self.restored_from_older = opened.restored_from_older

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        expect_existing: bool = False,
        disk: Disk = LOCAL_DISK,
    ) -> Self:
        """Open the state to write, or create it where none has ever been. Hold the run lock."""
        path = path.resolve()
        opened = open_to_write(path, new_id=new_id, expect_existing=expect_existing, disk=disk)
        return cls(path, opened, clock, disk)

    @classmethod
    def open_for_reading(cls, path: Path) -> Self:
        """A snapshot of the state that cannot write; empty where there is no state yet."""
        path = path.resolve()
        return cls(path, open_to_read(path), None)

    def close(self) -> None:
        """Give the file back; a store that was closed is of no use any more."""
        self._transactions.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def lineage(self) -> str:
        """Which state this is; empty before the first run."""
        return self._lineage

    @property
    def serial(self) -> int:
        """How many runs this state has seen: a plan made at another serial is stale."""
        with self._transactions.reading() as db:
            return int(db.execute("SELECT serial FROM meta").fetchone()[0])

    @contextmanager
    def one_transaction(self) -> Iterator[None]:
        """Make several small writes one durable step (a night of 200 scopes is one commit).

        An exception undoes all of them and must leave the block. The journal refuses to be
        written in here: it must be durable when its methods return.
        """
        with self._writing():
            yield

    # The runs

    def begin_run(self, run_id: str, kind: str, pipelines: Sequence[str]) -> None:
        """A run starts: the serial grows, and runs that a dead process left behind are dead."""
        with self._durable() as (db, now):
            serial = runs.begin(db, run_id, kind, pipelines, self._remembered_serial, now)
        self._remember(serial)

    def finish_run(self, run_id: str, status: str, summary: Mapping[str, Any]) -> None:
        """A run ended; changes that it never came to are abandoned."""
        with self._durable() as (db, now):
            runs.finish(db, run_id, status, summary, now)
        self._remember(self.serial)

    # The scopes

    def scope_records(self, pipeline: str) -> dict[str, ScopeRecord]:
        """Every scope that the state has met."""
        with self._transactions.reading() as db:
            return scopes.records(db, pipeline)

    def accept_extract(
        self,
        pipeline: str,
        scope: str,
        run_id: str,
        rows: int,
        keys: Iterable[str],
        columns: Sequence[str] = (),
    ) -> None:
        """Remember an extract that passed the guardrails; the next one is judged by it."""
        with self._writing() as (db, now):
            scopes.accept_extract(db, pipeline, scope, run_id, rows, keys, columns, now)

    def accepted_extract(self, pipeline: str, scope: str) -> AcceptedExtract | None:
        """The last accepted extract (rows, keys, columns), or None before the first."""
        with self._transactions.reading() as db:
            return scopes.accepted_extract(db, pipeline, scope)

    def settle_scope(
        self,
        pipeline: str,
        scope: str,
        run_id: str,
        digest: str | None,
        missing: Collection[str],
        seen: Iterable[str],
        look_again: bool = False,
    ) -> bool:
        """The run is done with the scope, of which these known units are `missing`; of those that
        are `seen` the source speaks. False: it stays in flight, for something is in doubt."""
        with self._writing() as (db, now):
            return scopes.settle(
                db, pipeline, scope, run_id, digest, missing, seen, look_again, now
            )

    def settle_part(self, pipeline: str, scope: str, run_id: str, *, look_again: bool) -> bool:
        """The run is done with some units of the scope. False: it stays in flight."""
        with self._writing() as (db, _):
            return scopes.settle_part(db, pipeline, scope, run_id, look_again=look_again)

    def note_strangers(self, pipeline: str, scope: str, *, seen: bool) -> None:
        """Whether a reading showed live units to which no key is linked."""
        with self._writing() as (db, _):
            scopes.note_strangers(db, pipeline, scope, seen=seen)

    # What guardrails held, and what a person let through

    def add_tripped(self, pipeline: str, run_id: str, tripped: Iterable[Tripped]) -> None:
        """Write down the guardrails that tripped in a run, and what they were about."""
        with self._writing() as (db, _):
            guardrails.add(db, pipeline, run_id, tripped)

    def allow(
        self, held: Iterable[HeldScope], run_id: str, reason: str, who: str, expires_at: datetime
    ) -> None:
        """A person lets through, once, what the run held in these scopes."""
        with self._writing() as (db, _):
            for one in held:
                allowances.grant(db, one.pipeline, one.scope, run_id, reason, who, expires_at)

    def allowed(self, pipeline: str, scope: str) -> tuple[tuple[int, ...], Allowed]:
        """What is let through in the scope now, with the ids of the allowances that say so."""
        now = self._clock_of_writer()()
        with self._transactions.reading() as db:
            active = allowances.active(db, pipeline, scope, now)
            runs_allowed = [allowance.run_id for allowance in active]
            return (
                tuple(allowance.id for allowance in active),
                guardrails.allowed(db, pipeline, scope, runs_allowed),
            )

    def held_of(self, pipeline: str, scope: str) -> dict[str, int]:
        """By guardrail, of how many known units it first held what waits in the scope."""
        with self._transactions.reading() as db:
            return guardrails.held_of(db, pipeline, scope)

    def use_allowances(self, ids: Iterable[int], run_id: str) -> None:
        """The run has pushed what these allowances let through; they let nothing through now."""
        with self._writing() as (db, _):
            allowances.use(db, ids, run_id)

    def places(self, pipeline: str, happened: Happened, run_id: str = "") -> set[tuple[str, str]]:
        """The scope and key of the units to which this happened."""
        with self._transactions.reading() as db:
            return selected.places(db, pipeline, happened, run_id)

    # The known side

    def known_index(self, pipeline: str, scope: str) -> pd.DataFrame:
        """key, remote_id, name, group_key, digest, retired of every unit; no payload is parsed."""
        with self._transactions.reading() as db:
            return known.index(db, pipeline, scope)

    def known_counts(self, pipeline: str) -> dict[str, int]:
        """Units that are not retired, per scope."""
        with self._transactions.reading() as db:
            return known.counts(db, pipeline)

    def known_units(self, pipeline: str, scope: str, keys: Iterable[str]) -> dict[str, KnownUnit]:
        """Those of `keys` that are known, with their payloads."""
        with self._transactions.reading() as db:
            return known.units(db, pipeline, scope, keys)

    def known_groups(self, pipeline: str, scope: str) -> dict[str, KnownGroup]:
        """Every known group of a scope."""
        with self._transactions.reading() as db:
            return known.groups(db, pipeline, scope)

    def key_scopes(self, pipeline: str, keys: Iterable[str]) -> dict[str, str]:
        """In which scope each of `keys` is known, where it is."""
        with self._transactions.reading() as db:
            return known.key_scopes(db, pipeline, keys)

    def link(
        self,
        pipeline: str,
        scope: str,
        run_id: str,
        units: Sequence[KnownUnit],
        groups: Sequence[KnownGroup],
    ) -> None:
        """Adoption: know these units and groups exactly as a reading of the API found them."""
        with self._writing() as (db, _):
            links.link(db, pipeline, scope, run_id, units, groups)

    def unlink(
        self,
        pipeline: str,
        scope: str,
        run_id: str,
        units: Collection[str],
        groups: Collection[str],
    ) -> None:
        """The API has no such units and groups any more: know nothing of them."""
        with self._writing() as (db, _):
            links.unlink(db, pipeline, scope, run_id, units, groups)

    def regroup(self, pipeline: str, scope: str, keys: Mapping[str, str]) -> None:
        """The source calls these groups by other keys, given by the old ones."""
        with self._writing() as (db, _):
            links.regroup(db, pipeline, scope, keys)

    def refresh_digests(self, pipeline: str, scope: str, digests: Mapping[str, str]) -> None:
        """New fingerprints for units whose payload stayed as it was."""
        with self._writing() as (db, _):
            links.refresh_digests(db, pipeline, scope, digests)

    # Changes and the journal

    def plan_changes(self, pipeline: str, run_id: str, changes: Iterable[Change]) -> None:
        """Write down what a run is going to do."""
        with self._writing() as (db, _):
            ledger.plan(db, pipeline, run_id, changes)

    def add_rejections(self, pipeline: str, run_id: str, frame: pd.DataFrame) -> None:
        """Keep the lines of a problems frame: row, scope, key, field, rule, value, message."""
        with self._writing() as (db, _):
            rejections.add(db, pipeline, run_id, frame)

    def record_results(
        self, pipeline: str, scope: str, run_id: str, results: Sequence[Result]
    ) -> None:
        """Outcomes of changes that no request carried: held, or failed before sending."""
        with self._writing() as (db, _):
            ledger.record_unsent(db, pipeline, scope, run_id, results)
            acknowledge(db, pipeline, scope, results)

    def refused_creates(self, pipeline: str, scope: str, run_id: str) -> list[Change]:
        """What a run was to make and the API refused, as it was sent then."""
        with self._transactions.reading() as db:
            return ledger.refused_creates(db, pipeline, scope, run_id)

    def outcome_counts(self, run_id: str) -> dict[tuple[str, str], dict[str, int]]:
        """(pipeline, scope) -> outcome -> changes: the proof that nothing disappeared."""
        with self._transactions.reading() as db:
            return ledger.outcome_counts(db, run_id)

    def request_sent(
        self,
        pipeline: str,
        scope: str,
        run_id: str,
        method: str,
        path: str,
        purpose: str,
        changes: Iterable[tuple[str, str]],
    ) -> int:
        """Call before sending; once it returns, the intent survives anything. `changes` are the
        (entity, key) of the planned changes in the request."""
        with self._durable() as (db, now):
            return journal.sent(db, pipeline, scope, run_id, method, path, purpose, changes, now)

    def request_answered(
        self,
        request_id: int,
        status: int | None,
        words: str,
        vendor_request_id: str | None,
        results: Sequence[Result],
    ) -> None:
        """An answer, the outcomes that it decided and what it made known, in one transaction."""
        with self._durable() as (db, now):
            journal.answered(db, request_id, status, words, vendor_request_id, results, now)

    def learn(self, request_id: int, results: Sequence[Result]) -> None:
        """What a reading showed of a request, which stays open."""
        with self._durable() as (db, _):
            journal.learn(db, request_id, results)

    def settle_request(self, request_id: int, results: Sequence[Result]) -> None:
        """Close a request without a usable answer by what a reading of the API showed."""
        with self._durable() as (db, now):
            journal.settle(db, request_id, results, now)

    def unanswered(self, pipeline: str, scope: str) -> list[SentRequest]:
        """The requests whose effect is not known, oldest first, with their undecided changes."""
        with self._transactions.reading() as db:
            return journal.unanswered(db, pipeline, scope)

    # What reconciliations found

    def add_standings(
        self,
        pipeline: str,
        run_id: str,
        scope: str,
        counts: Mapping[tuple[Entity, StandingName], int],
        found: Iterable[Standing],
    ) -> None:
        """Write down what a reconciliation found in one scope; `counts` has those in step, too."""
        with self._writing() as (db, _):
            standings.add_reading(db, pipeline, run_id, scope, None)
            standings.add(db, pipeline, run_id, scope, counts, found)

    def add_unreadable(self, pipeline: str, run_id: str, scope: str, error: str) -> None:
        """Write down why a reconciliation could not read a scope."""
        with self._writing() as (db, _):
            standings.add_reading(db, pipeline, run_id, scope, error)

    def _remember(self, serial: int) -> None:
        write_marker(self._path, Marker(self._lineage, serial), self._disk)

    @contextmanager
    def _writing(self) -> Iterator[tuple[sqlite3.Connection, datetime]]:
        clock = self._clock_of_writer()
        with self._transactions.writing() as db:
            yield db, clock()

    @contextmanager
    def _durable(self) -> Iterator[tuple[sqlite3.Connection, datetime]]:
        clock = self._clock_of_writer()
        with self._transactions.durable() as db:
            yield db, clock()

    def _clock_of_writer(self) -> Clock:
        if self._clock is None:
            raise StateIsUnwritable(f"{self._path.name} was opened for reading; nothing is written")
        return self._clock
