"""The past: what was known of a unit when an earlier run ended, whatever happened since."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state import past
from state.store import Store
from transforms.plan import KnownUnit

NOW = datetime(2026, 1, 5, 2, tzinfo=UTC)
KEYS = ("1", "2", "3")
# What one run does, unit by unit: know a value, forget all fields, or lose the unit.
RUN = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(["known", "empty", "gone"])))


def unit(key: str, rate: int | None) -> KnownUnit:
    payload = {} if rate is None else {"standard_rate": rate}
    return KnownUnit(key, f"r{key}", f"A{key}", None, payload, "digest")


@settings(max_examples=20, deadline=None)
@given(runs=st.lists(RUN, max_size=5))
def test_as_of_each_run_is_known_what_its_end_left(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[tuple[str, str]]]
) -> None:
    path = tmp_path_factory.mktemp("past") / "unitsync.db"
    left: list[dict[str, Any]] = []
    with Store.open(path, clock=lambda: NOW, new_id=lambda: "lineage") as store:
        for number, deeds in enumerate(runs, start=1):
            store.begin_run(f"run-{number}", "sync", ["storage"])
            for step, (key, deed) in enumerate(deeds):
                do(store, f"run-{number}", key, deed, 100 * number + step)
            store.finish_run(f"run-{number}", "ok", {})
            known = store.known_units("storage", "facility", KEYS)
            left.append({key: one.payload for key, one in known.items()})
    with closing(sqlite3.connect(path)) as db, db:
        told = [
            {
                key: one.payload
                for key in KEYS
                if (one := past.as_of(db, "storage", "facility", key, number)) is not None
            }
            for number in range(1, len(runs) + 1)
        ]
    db.close()

    assert left == told


def do(store: Store, run: str, key: str, deed: str, rate: int) -> None:
    if deed == "gone":
        store.unlink("storage", "facility", run, [key], [])
    else:
        wanted = unit(key, rate if deed == "known" else None)
        store.link("storage", "facility", run, [wanted], [])


def test_what_an_older_version_did_not_keep_is_not_made_up(night: Any, make: Any) -> None:
    night.link(make.unit("1"))
    with closing(sqlite3.connect(night.store._path)) as db, db:
        db.execute("UPDATE past_begins SET serial = 1")
    db.close()

    (then,) = night.store.history("1", as_of=0)

    assert (None, False) == (then.known, then.kept)
