"""An inventory larger than memory comes to the same as one that fits: every row, every night."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import SourceUnreadable
from connectors.sources import by_scope, delimited
from flows.gathering import gather
from flows.job import extract, jobs_of

FACILITY = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
VOLATILE = re.compile("(_id|_at|_run|hash|in_flight|before|after|payload|reference)$")
FIXTURES = [HealthCheck.function_scoped_fixture]  # a desk is exported to anew, or made anew
HEADER = ["site", "id", "name", "width", "length", "rate", "lock", "group", "group_name", ""]
# Few of each, so that keys, names and groups meet within a scope and across scopes.
ROW = st.tuples(
    st.sampled_from([FACILITY, f" {OTHER}", OTHER, "33333333", "", " "]),
    st.sampled_from(["u1", "u2", "u3", "u4", " u1", ""]),
    st.sampled_from(["A1", "a1", "A2", "A3", "A,4", ""]),
    st.sampled_from(["10", "5", "wide", ""]),
    st.just("10"),
    st.sampled_from(["100.00", "99", "-1", "1,00"]),
    st.sampled_from(["40001", "40002", ""]),
    st.sampled_from(["10x10", "5x10", ""]),
    st.sampled_from(["10x10 in", "5x10 in"]),
    st.just(""),
)
SOUND = st.tuples(
    st.sampled_from([FACILITY, OTHER]),
    st.sampled_from([f"u{n}" for n in range(8)]),
    st.just("name"),
    st.sampled_from(["10", "5"]),
    st.just("10"),
    st.sampled_from(["100.00", "99"]),
    st.sampled_from(["40001", ""]),
    st.just("10x10"),
    st.just("10x10 in"),
    st.just(""),
)
ROWS = st.lists(ROW | SOUND | st.just(("cut",)), min_size=1, max_size=14)


def export(desk, rows):
    """The rows as the source; a sound one is named after its key."""
    lines = [HEADER, *(_named(row) for row in rows)]
    text = "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines)
    desk.source.write_text(text)


def _named(row):
    return [row[0], row[1], f"N{row[1]}", *row[3:]] if row[2:3] == ("name",) else row


def in_parts(patch):
    """From now on nothing fits into memory: every record is a chunk, and every bucket a part."""
    patch.setattr(by_scope, "HELD_BYTES", 0)
    patch.setattr(by_scope, "PART_ROWS", 1)
    patch.setattr(delimited, "CHUNK_CHARACTERS", 1)
    patch.setattr(delimited, "RECORDS", 2)


def gathered(desk):
    """Everything that the desired side says, in plain values; or why it says nothing."""
    with jobs_of(desk.settings(), desk.world()) as [job]:
        try:
            found = gather(job, extract(job))
        except SourceUnreadable as error:
            return str(error)
        desired, balance = found.desired, found.balance
        keys = [f"u{n}" for n in range(8)]
        return balance, desired.counts.to_dict("index"), desired.columns, desired.complete, [
            _said(desired, scope, keys) for scope in [*desired.scopes(), "nowhere"]
        ]  # fmt: skip


def _said(desired, scope, keys):
    told = desired.scope(scope)
    lines = desired.rejections.of(scope)
    rest = [
        getattr(told, name)
        for name in ("rejected", "astray", "rows", "rejected_rows", "complete", "digest")
    ]
    return [
        json.loads(told.units.to_json(orient="table")),
        json.loads(lines.sort_values("row", kind="stable").to_json(orient="records")),
        desired.secrets_of(scope, keys),
        [key for key in keys if key in told.shared],
        dict(told.rejected_keys),
        rest,
    ]


@settings(max_examples=15, suppress_health_check=FIXTURES)
@given(rows=ROWS)
def test_parts_change_nothing_that_is_said_of_any_row(desk, rows):
    export(desk, rows)
    whole = gathered(desk)
    with pytest.MonkeyPatch.context() as patch:
        in_parts(patch)
        assert whole == gathered(desk)


def night(desk, rows):
    """A night's summary and all that the state says, but for what chance gave a name to."""
    export(desk, rows)
    summary = desk.sync().document()
    for volatile in ("run_id", "report"):
        summary.pop(volatile)
    with closing(sqlite3.connect(desk.folder / "unitsync.db")) as db, db:
        tables = {table: _table(db, table) for table in ("units", "groups", "scopes", "changes")}
        tables["rejections"] = _table(db, "rejections")
    return summary, tables


def _table(db, table):
    """Its rows without what is drawn by chance: ids, moments and seals."""
    cursor = db.execute(f"SELECT * FROM {table}")
    names = [column for column, *_ in cursor.description]
    kept = [at for at, name in enumerate(names) if not VOLATILE.search(name)]
    return sorted([str(row[at]) for at in kept] for row in cursor)


def messy(seed):
    """Rows of which most are sound, some meet one another, and some are not even rows."""
    chance = random.Random(seed)
    rows = [
        [chance.choice([FACILITY, OTHER]), f"u{n}", f"A{n}", "10", "10", "100.00", f"4000{n % 3}",
         chance.choice(["10x10", "5x10"]), "", ""]
        for n in range(30)
    ]  # fmt: skip
    for row in rows:
        row[8] = f"{row[7]} in"
    for at, cell in ((0, ""), (0, "33333333"), (1, "u7"), (1, ""), (2, "A,4"), (3, "wide")):
        chance.choice(rows)[at] = cell
    return [*rows, rows[3], ["cut"]]


@pytest.mark.parametrize("seed", range(2))
def test_nights_in_parts_leave_the_same_state_and_outcomes(desks, monkeypatch, seed):
    fitting, larger = desks(), desks()
    nights = messy(seed), messy(seed + 100)
    expected = [night(fitting, rows) for rows in nights]

    in_parts(monkeypatch)

    assert expected == [night(larger, rows) for rows in nights]
    assert expected[0][0]["pipelines"][0]["counts"]["created"]


def test_a_plan_in_parts_can_be_shown_when_its_pipelines_are_disconnected(desk, monkeypatch):
    in_parts(monkeypatch)
    export(desk, messy(1))

    (planned,) = desk.preview()

    changes = [change for one in planned.scopes for change in one.plan.changes]
    assert {"create"} == {change.action for change in changes}


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (f'{FACILITY},u9,A9,"cut"\n', "not proven complete: 1 record could not be read"),
        (",,A9,10,10,100.00,40009,10x10,10x10 in,\n", "a row with neither key nor scope could be"),
        (f"{FACILITY},,A9,10,10,100.00,40009,10x10,10x10 in,\n", "in 1 scope: a row without a key"),
        (f"{FACILITY},u9,A9,wide,10,100.00,40009,10x10,10x10 in,\n", None),
    ],
)
def test_why_nothing_counts_as_missing_is_told(desk, cells, told):
    export(desk, [(FACILITY, "u1", "A1", "10", "10", "100.00", "40001", "10x10", "10x10 in", "")])
    with desk.source.open("a") as file:
        file.write(cells)

    notices = desk.sync().pipelines[0].notices

    said = [notice for notice in notices if notice.startswith("nothing counts as missing")]
    assert [told in notice for notice in said] == [True] * (told is not None)
