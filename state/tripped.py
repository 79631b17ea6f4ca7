"""The guardrails that tripped, and what each was about, so that a person can let just that through.

Written down with the changes of the run, and never altered.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from state.changes import CHANGE_COLUMNS, as_change
from state.encoding import storable, to_json
from transforms.allowance import Allowed, Concern, Tripped
from transforms.plan import Action, Change, Entity


@dataclass(frozen=True, slots=True)
class HeldScope:
    """What a run held in one scope by guardrails, with the changes counted by entity and action.

    `judged_by` is the last run that judged the scope, which may be a later one.
    """

    pipeline: str
    scope: str
    guards: tuple[str, ...]
    changes: Mapping[tuple[Entity, Action], int]
    judged_by: str


# A run judged a scope if it settled it, or if a guardrail tripped before it died.
_JUDGED_BY = """
    SELECT run_id FROM runs WHERE run_id IN (
        SELECT synced_run FROM scopes WHERE pipeline = :pipeline AND scope = :scope
        UNION SELECT run_id FROM tripped WHERE pipeline = :pipeline AND scope = :scope)
    ORDER BY serial DESC LIMIT 1
"""

_HELD_OF = """
    SELECT guard, min(json_extract(concern, '$.known')) AS known
    FROM tripped JOIN runs USING (run_id)
    WHERE pipeline = :pipeline AND scope = :scope AND serial >= coalesce((
        SELECT serial FROM runs WHERE run_id = (
            SELECT synced_run FROM scopes WHERE pipeline = :pipeline AND scope = :scope)), 0)
    GROUP BY guard HAVING known IS NOT NULL
"""

# Where a guardrail spoke of a unit: of its change, its absence, or its rejected rows.
OF_UNIT = """
    SELECT run_id, serial, kind AS run_kind, started_at AS at, 'guard' AS what, guard, message
    FROM tripped JOIN runs USING (run_id)
    WHERE pipeline = :pipeline AND scope = :scope AND (
        :key IN (SELECT value FROM json_each(concern, '$.missing'))
        OR :key IN (SELECT key FROM json_each(concern, '$.rejected'))
        OR json_array('unit', :key) IN (SELECT value FROM json_each(concern, '$.changes')))
    ORDER BY tripped_id
"""


def add(db: sqlite3.Connection, pipeline: str, run_id: str, tripped: Iterable[Tripped]) -> None:
    """Write down the guardrails that tripped in a run."""
    db.executemany(
        "INSERT INTO tripped (run_id, pipeline, scope, guard, message, concern)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                run_id,
                pipeline,
                one.scope,
                one.guard,
                storable(one.message),
                storable(to_json(asdict(one.concern))),
            )
            for one in tripped
        ),
    )


def allowed(db: sqlite3.Connection, pipeline: str, scope: str, run_ids: Iterable[str]) -> Allowed:
    """What is let through where somebody allows what these runs held in the scope."""
    concerns: list[Concern] = []
    changes: list[Change] = []
    for run_id in run_ids:
        of_scope = (run_id, pipeline, scope)
        rows = db.execute(
            "SELECT concern FROM tripped WHERE run_id = ? AND pipeline = ? AND scope = ?"
            " ORDER BY tripped_id",
            of_scope,
        )
        concerns += [Concern.read(json.loads(concern)) for (concern,) in rows]
        held = db.execute(
            f"SELECT {CHANGE_COLUMNS} FROM changes"
            " WHERE run_id = ? AND pipeline = ? AND scope = ? AND held IS NOT NULL",
            of_scope,
        )
        changes += map(as_change, held)
    return Allowed.of(concerns, changes, _let_go(db, pipeline, scope))


def _let_go(db: sqlite3.Connection, pipeline: str, scope: str) -> set[str]:
    """The units that a person let go missing, by allowances that are used up."""
    rows = db.execute(
        "SELECT concern FROM tripped JOIN allowances USING (run_id, pipeline, scope)"
        " WHERE pipeline = ? AND scope = ? AND used_by_run IS NOT NULL",
        (pipeline, scope),
    )
    return {key for (concern,) in rows for key in Concern.read(json.loads(concern)).missing}


def held_of(db: sqlite3.Connection, pipeline: str, scope: str) -> dict[str, int]:
    """By guardrail, the fewest known units of which it took its share, since the last run that
    settled the scope; what was held then is what may wait still."""
    rows = db.execute(_HELD_OF, {"pipeline": pipeline, "scope": scope})
    return dict(rows.fetchall())


def held_scopes(db: sqlite3.Connection, run_id: str) -> list[HeldScope]:
    """What a run held, scope by scope."""
    rows = db.execute(
        "SELECT pipeline, scope, json_group_array(guard) FROM tripped WHERE run_id = ?"
        " GROUP BY pipeline, scope ORDER BY pipeline, scope",
        (run_id,),
    )
    return [
        HeldScope(
            pipeline,
            scope,
            tuple(json.loads(guards)),
            _counts(allowed(db, pipeline, scope, [run_id])),
            _judged_by(db, pipeline, scope),
        )
        for pipeline, scope, guards in rows.fetchall()
    ]


def messages(db: sqlite3.Connection, run_id: str, pipeline: str) -> list[str]:
    """What was said of the guardrails that tripped, in the order of the plan."""
    rows = db.execute(
        "SELECT message FROM tripped WHERE run_id = ? AND pipeline = ? ORDER BY tripped_id",
        (run_id, pipeline),
    )
    return [message for (message,) in rows]


def _counts(allowed: Allowed) -> Mapping[tuple[Entity, Action], int]:
    return Counter((change.entity, change.action) for change in allowed.changes.values())


def _judged_by(db: sqlite3.Connection, pipeline: str, scope: str) -> str:
    where = {"pipeline": pipeline, "scope": scope}
    return str(db.execute(_JUDGED_BY, where).fetchone()[0])
