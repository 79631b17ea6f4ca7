"""What a run did, and what has happened to the same units and groups since. Reads only.

Asked by those who want to bring back what was before a run, or to send again what it sent.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from state.changes import CHANGE_COLUMNS, as_change
from transforms.plan import Change, Entity

# A unit or group, by pipeline, scope, entity and key.
Place = tuple[str, str, Entity, str]


@dataclass(frozen=True, slots=True)
class Deed:
    """A change of a run as it was planned, how it ended, and whether a request ever carried it."""

    pipeline: str
    change: Change
    outcome: str
    sent: bool

    @property
    def place(self) -> Place:
        """Whom it was about."""
        return self.pipeline, self.change.scope, self.change.entity, self.change.key


@dataclass(frozen=True, slots=True)
class Later:
    """Who has changed a field since: a run of ours, or (not `by_us`) somebody at the vendor, as
    that run, a reconciliation, found."""

    run_id: str
    by_us: bool


_OF_RUN = f"""
    SELECT pipeline, outcome, request_id IS NOT NULL, {CHANGE_COLUMNS} FROM changes
    WHERE run_id = ? ORDER BY change_id
"""
_OURS = """
    SELECT later.pipeline, later.scope, later.entity, later.key, later.run_id,
        later.before, later.after
    FROM changes AS mine JOIN changes AS later ON later.key = mine.key
        AND (later.pipeline, later.scope, later.entity) = (mine.pipeline, mine.scope, mine.entity)
        AND later.change_id > mine.change_id AND later.outcome = 'applied'
    WHERE mine.run_id = ? AND mine.outcome = 'applied' ORDER BY later.change_id
"""
_THEIRS = """
    SELECT found.pipeline, found.scope, found.entity, found.key, found.run_id, found.fields
    FROM changes AS mine JOIN standings AS found ON found.key = mine.key
        AND (found.pipeline, found.scope, found.entity) = (mine.pipeline, mine.scope, mine.entity)
        JOIN runs ON runs.run_id = found.run_id
    WHERE mine.run_id = ?1 AND mine.outcome = 'applied'
        AND found.standing IN ('drifted', 'conflict')
        AND runs.serial > (SELECT serial FROM runs WHERE run_id = ?1) ORDER BY found.standing_id
"""


def deeds(db: sqlite3.Connection, run_id: str) -> list[Deed]:
    """All that a run planned, in its order."""
    return [
        Deed(pipeline, as_change(row), outcome, bool(sent))
        for pipeline, outcome, sent, *row in db.execute(_OF_RUN, (run_id,))
    ]


def changed_since(db: sqlite3.Connection, run_id: str) -> dict[Place, dict[str, Later]]:
    """By unit or group that the run changed: the fields that were changed again after it, and by
    whom last."""
    since: dict[Place, dict[str, Later]] = {}
    for place, fields, later in (*_theirs(db, run_id), *_ours(db, run_id)):
        since.setdefault(place, {}).update(dict.fromkeys(fields, later))
    return since


_Found = Iterator[tuple[Place, list[str], Later]]


def _ours(db: sqlite3.Connection, run_id: str) -> _Found:
    """What was only sent again has changed nothing."""
    for pipeline, scope, entity, key, later, *sides in db.execute(_OURS, (run_id,)):
        before, after = map(json.loads, sides)
        fields = [name for name in after if name not in before or before[name] != after[name]]
        yield (pipeline, scope, entity, key), fields, Later(later, by_us=True)


def _theirs(db: sqlite3.Connection, run_id: str) -> _Found:
    for pipeline, scope, entity, key, found_by, found in db.execute(_THEIRS, (run_id,)):
        sides: Mapping[str, Mapping[str, object]] = json.loads(found)
        fields = [name for name, side in sides.items() if side["moved"] in ("drifted", "conflict")]
        yield (pipeline, scope, entity, key), fields, Later(found_by, by_us=False)
