"""The copy of a review: only what was named, no lock code in any form, and the state as it was."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from state.errors import (
    StateIsCorrupt,
    StateIsForeign,
    StateIsMissing,
    StateIsNewer,
    StateIsUnwritable,
)
from state.marker import marker_path
from state.review import tables
from state.review.tables import make
from state.schema import SCHEMA_VERSION
from transforms.secrets import MARK, SecretMask
from transforms.standing import FieldStanding, Standing

VERSION_1 = Path(__file__).parents[1] / "version_1.sql"
MASK = SecretMask(b"credential")
OLD, NEW = MASK.hashed("1234"), MASK.hashed("9876")


@pytest.fixture
def state(night: Any, make: Any, path: Path) -> Path:
    """A closed state with a lock code's hash wherever one could ever get."""
    lock = {"combination_lock_number": OLD, "name": "A1"}
    unit = make.change(
        "1",
        "update",
        before={"combination_lock_number": OLD},
        after={"combination_lock_number": NEW},
        held=f"was {OLD}",
    )
    night.link(make.unit("1", payload=lock), groups=(make.group("g", payload=lock),))
    night.plan(unit)
    night.answer(night.send(unit), make.applied(unit, words=f"took {NEW}"))
    rejection = {"row": 2, "scope": "facility", "key": "1", "field": "lock", "rule": "text"}
    night.store.add_rejections(
        "storage", night.run_id, pd.DataFrame([rejection | {"value": NEW, "message": NEW}])
    )
    side = FieldStanding(source=NEW, known=OLD, live=OLD, moved="us")
    standing = Standing(
        "facility", "unit", "1", "A1", "remote-1", "drifted", 2, f"not {OLD}", {"lock": side}
    )
    night.store.add_standings("storage", night.run_id, "facility", {}, [standing])
    night.store.finish_run(night.run_id, "ok", {"pipelines": []})
    night.store.close()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


def bytes_beside(state: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in state.parent.glob(f"{state.name}*")}


def written(state: Path, statement: str) -> None:
    with closing(sqlite3.connect(state)) as db:
        db.execute(statement)
        db.commit()


def test_no_hash_of_a_lock_code_is_in_any_byte_of_the_copy(
    state: Path, folder: Path, look: Callable[..., list[tuple[Any, ...]]]
) -> None:
    assert OLD.encode() in state.read_bytes()

    copy = make(state, folder)

    content = copy.read_bytes()
    assert MARK.encode() not in content
    assert OLD.removeprefix(MARK).encode() not in content
    [(after,)] = look(copy, "SELECT after FROM changes")
    assert after == '{"combination_lock_number":"•••"}'


def test_the_copy_is_its_owners_alone_and_nothing_else_is_left(state: Path, folder: Path) -> None:
    copy = make(state, folder)

    assert list(folder.iterdir()) == [copy]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_the_state_is_left_as_it_is(state: Path, folder: Path) -> None:
    before = bytes_beside(state)

    make(state, folder)

    assert bytes_beside(state) == before


def test_a_review_goes_on_beside_a_run(night: Any, make: Any, path: Path, folder: Path) -> None:
    night.link(make.unit("1"))

    copy = tables.make(path, folder)

    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT key FROM units").fetchall() == [("1",)]
        assert db.execute("SELECT status FROM runs").fetchall() == [("running",)]


def test_an_older_state_is_reviewed_and_left_older(path: Path, folder: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(VERSION_1.read_text())
    before = path.read_bytes()

    copy = make(path, folder)

    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT count(*) FROM units").fetchone() == (4,)
    assert path.read_bytes() == before


def test_a_run_of_which_an_older_version_told_less_is_reviewed(
    state: Path, folder: Path, look: Callable[..., list[tuple[Any, ...]]]
) -> None:
    written(state, """UPDATE runs SET summary = '{"pipelines":[{"pipeline":"storage"}]}'""")

    assert look(make(state, folder), "SELECT pipeline, extracted FROM results") == [
        ("storage", None)
    ]


def test_every_reference_in_the_copy_leads_somewhere(state: Path, folder: Path) -> None:
    with closing(sqlite3.connect(make(state, folder))) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_before_the_first_run_there_is_nothing_to_review(path: Path, folder: Path) -> None:
    with pytest.raises(StateIsMissing, match="The first `unitsync sync` makes it"):
        make(path, folder)


def test_a_lost_state_is_refused(state: Path, folder: Path) -> None:
    state.unlink()

    with pytest.raises(StateIsMissing, match="it has been used before"):
        make(state, folder)


def test_a_foreign_database_is_refused(path: Path, folder: Path) -> None:
    written(path, "CREATE TABLE cats (name TEXT)")

    with pytest.raises(StateIsForeign, match="not a state of unitsync"):
        make(path, folder)


def test_another_state_than_the_marker_remembers_is_refused(state: Path, folder: Path) -> None:
    marker = marker_path(state)
    marker.write_text(marker.read_text().replace("lineage-1", "another"))

    with pytest.raises(StateIsForeign, match="another one"):
        make(state, folder)


def test_a_newer_state_is_refused(state: Path, folder: Path) -> None:
    written(state, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")

    with pytest.raises(StateIsNewer, match="Upgrade unitsync"):
        make(state, folder)


def test_a_folder_is_no_state(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(StateIsUnwritable, match="is not a file"):
        make(tmp_path, folder)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE units SET payload = replace(payload, 'A1', 'B1')",
        "UPDATE changes SET after = '{'",
        "UPDATE changes SET words = CAST(x'ff' AS TEXT)",
        "UPDATE runs SET summary = '{'",
    ],
)
def test_a_damaged_value_is_refused_by_the_name_of_the_state(
    state: Path, folder: Path, damage: str
) -> None:
    written(state, damage)

    with pytest.raises(
        StateIsCorrupt, match=r"^unitsync\.db is damaged .* `unitsync state verify`"
    ):
        make(state, folder)


def test_a_damage_for_which_sqlite_says_that_the_disk_is_full_is_told_as_one(
    state: Path, tmp_path: Path
) -> None:
    with state.open("r+b") as file:
        for part in range(3, 12):
            file.seek(state.stat().st_size * part // 13)
            file.write(bytes(range(256)) * 8)

    with pytest.raises(StateIsCorrupt, match=r"^unitsync\.db is damaged"):
        make(state, tmp_path)
