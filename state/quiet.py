"""The stretches of runs in which nothing was written of a known unit, for whoever reads its story.

Promises to call a run quiet only where what was known then was kept, the run came to its end and
its pipeline could run: by the balance of that run the unit was then unchanged, or it was missing
as it had been before. Reads only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Any

_AT = "pipeline = :pipeline AND scope = :scope AND key = :key"
# What is known before a run is what the first run from it on found, or else what is known now.
_RUNS = f"""
    SELECT run_id, serial, kind AS run_kind, started_at AS at,
        EXISTS (SELECT 1 FROM absences WHERE {_AT} AND since < runs.serial
            AND (until IS NULL OR until > runs.serial)) AS missing
    FROM runs
    WHERE kind = 'sync' AND serial >= (SELECT serial FROM past_begins) AND serial <= :last
        AND coalesce(
            (SELECT remote_id IS NOT NULL FROM past_units
                WHERE {_AT} AND past_units.serial >= runs.serial
                ORDER BY past_units.serial LIMIT 1),
            (SELECT 1 FROM units WHERE {_AT}), 0)
        AND EXISTS (SELECT 1 FROM json_each(summary, '$.pipelines') AS entry
            WHERE json_extract(entry.value, '$.pipeline') = :pipeline
                AND json_extract(entry.value, '$.status') <> 'error')
    ORDER BY serial
"""


def stretches(
    db: sqlite3.Connection, where: Mapping[str, Any], last: int, told: Collection[str]
) -> Iterator[dict[str, Any]]:
    """One event for all quiet runs in a row, up to the serial `last`; something is `told` of the
    other runs already."""
    cursor = db.execute(_RUNS, {**where, "last": last})
    names = [column[0] for column in cursor.description]
    runs = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for (spoken, missing), group in groupby(runs, lambda r: (r["run_id"] in told, r["missing"])):
        if not spoken:
            yield _stretch(list(group), missing=bool(missing))


def _stretch(runs: list[dict[str, Any]], *, missing: bool) -> dict[str, Any]:
    first, last = runs[0], runs[-1]
    until = {"until_run": last["run_id"], "until_at": last["at"]}
    what = "still missing" if missing else "quiet"
    told = {name: first[name] for name in ("run_id", "serial", "run_kind", "at")}
    return {**told, "what": what, "runs": len(runs), **until}
