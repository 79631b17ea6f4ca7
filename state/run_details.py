"""What a run did to one pipeline, to be told on a page: whole tallies, and lists within limits.

Promises that a tally counts every change, that each list says how many lines it stands for
(`alike`, `rejection_count`), and that no more is loaded than is told, however much there was.
Reads only.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from state import allowances, tripped
from state.allowances import Allowance
from transforms.plan import Payload


@dataclass(frozen=True, slots=True)
class Limits:
    """How many changes are told of one scope and in all, and how many lines of one reason (or
    rule) and of all reasons."""

    per_scope: int
    changes: int
    per_reason: int
    reasons: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many changes of one kind a scope had, and how they ended."""

    scope: str
    entity: str
    action: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change and how it ended; `alike` changes of the pipeline ended so, with these words.

    `one_scope` says that all of those are of one scope. An outcome may also be `planned`, `sent`
    or `abandoned` here: see `state.schema`.
    """

    row: int | None
    scope: str
    entity: str
    key: str
    name: str
    group: str | None
    action: str
    before: Payload
    after: Payload
    outcome: str
    words: str
    status: int | None
    vendor_request_id: str | None
    alike: int
    one_scope: bool


@dataclass(frozen=True, slots=True)
class RejectionLine:
    """One thing that is wrong with a row; `alike` broke the same rule."""

    row: int | None
    scope: str | None
    key: str | None
    field: str | None
    rule: str
    value: str | None
    message: str
    alike: int


@dataclass(frozen=True, slots=True)
class RunDetails:
    """What a run did to one pipeline.

    `changes` are in the order of the plan, scope by scope. `unfinished` are the changes that were
    not applied, those that ended alike together, and `rejections` stand rule by rule; both with
    the most frequent first. `rejection_count` is how many lines of rejections there are. `tripped`
    is what the guardrails said, `allowances` what a person had let through for the run.
    """

    tallies: tuple[Tally, ...]
    changes: tuple[ChangeLine, ...]
    unfinished: tuple[ChangeLine, ...]
    rejections: tuple[RejectionLine, ...]
    rejection_count: int
    tripped: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()


_TALLIES = """
    SELECT scope, entity, action, outcome, count(*) FROM changes_as_told
    WHERE run_id = :run_id AND pipeline = :pipeline
    GROUP BY scope, entity, action, outcome ORDER BY scope, entity DESC, action, outcome
"""
_LINE = """
    row, scope, entity, key, name, group_key, action, before, after, outcome, words, status,
    vendor_request_id
"""
# Where the limits cut, every scope (reason, rule) is told as far as every other: the first line of
# each, then the second of each. Payloads are fetched for the lines that are told only.
_CHANGES = f"""
    WITH placed AS (
        SELECT change_id, row_number() OVER (PARTITION BY scope ORDER BY change_id) AS place
        FROM changes_as_told WHERE run_id = :run_id AND pipeline = :pipeline),
    told AS (
        SELECT change_id FROM placed WHERE place <= :per_scope ORDER BY place LIMIT :changes)
    SELECT {_LINE}, 1, 1 FROM told JOIN changes_as_told USING (change_id) ORDER BY scope, change_id
"""
_UNFINISHED = f"""
    WITH placed AS (
        SELECT change_id, count(*) OVER alike AS alike,
            min(scope) OVER alike = max(scope) OVER alike AS one_scope,
            row_number() OVER (alike ORDER BY scope, row, change_id) AS place
        FROM changes_as_told
        WHERE run_id = :run_id AND pipeline = :pipeline AND outcome <> 'applied'
        WINDOW alike AS (PARTITION BY outcome, status, words)),
    told AS (
        SELECT change_id, alike, one_scope, place FROM placed WHERE place <= :per_reason
        ORDER BY place, alike DESC LIMIT :reasons)
    SELECT {_LINE}, alike, one_scope FROM told JOIN changes_as_told USING (change_id)
    ORDER BY alike DESC, outcome, status, words, place
"""
_REJECTIONS = """
    WITH placed AS (
        SELECT rejection_id, count(*) OVER alike AS alike,
            row_number() OVER (alike ORDER BY row, rejection_id) AS place
        FROM rejections WHERE run_id = :run_id AND pipeline = :pipeline
        WINDOW alike AS (PARTITION BY rule)),
    told AS (
        SELECT rejection_id, alike, place FROM placed WHERE place <= :per_reason
        ORDER BY place, alike DESC LIMIT :reasons)
    SELECT row, scope, key, field, rule, value, message, alike
    FROM told JOIN rejections USING (rejection_id) ORDER BY alike DESC, rule, place
"""
_EVERY = f"""
    SELECT {_LINE}, 1, 1 FROM changes_as_told WHERE run_id = :run_id AND pipeline = :pipeline
    ORDER BY scope, change_id
"""
_EVERY_REJECTION = """
    SELECT row, scope, key, field, rule, value, message, 1
    FROM rejections WHERE run_id = :run_id AND pipeline = :pipeline ORDER BY row, rejection_id
"""
_REJECTION_COUNT = "SELECT count(*) FROM rejections WHERE run_id = :run_id AND pipeline = :pipeline"


def read(db: sqlite3.Connection, run_id: str, pipeline: str, limits: Limits) -> RunDetails:
    """What the run did to the pipeline, told within `limits`."""
    given: dict[str, str | int] = {
        "run_id": run_id,
        "pipeline": pipeline,
        "per_scope": limits.per_scope,
        "changes": limits.changes,
        "per_reason": limits.per_reason,
        "reasons": limits.reasons,
    }
    return RunDetails(
        tallies=tuple(Tally(*row) for row in db.execute(_TALLIES, given)),
        changes=tuple(_lines(db, _CHANGES, given)),
        unfinished=tuple(_lines(db, _UNFINISHED, given)),
        rejections=tuple(RejectionLine(*row) for row in db.execute(_REJECTIONS, given)),
        rejection_count=int(db.execute(_REJECTION_COUNT, given).fetchone()[0]),
        tripped=tuple(tripped.messages(db, run_id, pipeline)),
        allowances=tuple(one for one in allowances.used_by(db, run_id) if one.pipeline == pipeline),
    )


def every_change(db: sqlite3.Connection, run_id: str, pipeline: str) -> Iterator[ChangeLine]:
    """All changes of the pipeline in the run, scope by scope, as the database yields them."""
    return _lines(db, _EVERY, {"run_id": run_id, "pipeline": pipeline})


def every_rejection(db: sqlite3.Connection, run_id: str, pipeline: str) -> Iterator[RejectionLine]:
    """All that was wrong with rows of the pipeline in the run, as the database yields it."""
    given = {"run_id": run_id, "pipeline": pipeline}
    return (RejectionLine(*row) for row in db.execute(_EVERY_REJECTION, given))


def _lines(db: sqlite3.Connection, query: str, given: dict[str, str | int]) -> Iterator[ChangeLine]:
    for row in db.execute(query, given):
        before_and_after = map(json.loads, row[7:9])
        yield ChangeLine(*(*row[:7], *before_and_after, *row[9:-1], bool(row[-1])))
