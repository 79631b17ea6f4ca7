"""Real databases: SQLite always; PostgreSQL and MariaDB where they are on this machine. Where one
is not, its tests are skipped and say so; in CI that is a failure."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import OperationalError

POSTGRESQL = os.environ.get("UNITSYNC_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1/test")
MARIADB = os.environ.get("UNITSYNC_TEST_MARIADB", "mariadb://root@127.0.0.1/test")
_DRIVERS = {"postgresql:": "postgresql+psycopg:", "mariadb:": "mariadb+pymysql:"}

SERVERS = {"postgresql": POSTGRESQL, "mariadb": MARIADB}


def url_of(database: str, folder: Path) -> str:
    """Where the database is, as a person writes it; an SQLite file lies in the folder."""
    return SERVERS.get(database) or f"sqlite:///{folder}/units.db"


def execute(url: str, *statements: str) -> None:
    """Runs statements as their owner would; skips where the server is not there."""
    for short, full in _DRIVERS.items():
        url = url.replace(short, full, 1)
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    except OperationalError as error:
        missing = f"there is no database at {engine.url.render_as_string()}: {error.orig}"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)


@contextmanager
def table(url: str, columns: str, *rows: str) -> Iterator[str]:
    """A table with such columns and rows, until the end of the block."""
    name = f"units_{uuid.uuid4().hex[:12]}"
    values = [f"INSERT INTO {name} VALUES {row}" for row in rows]
    execute(url, f"CREATE TABLE {name} ({columns})", *values)
    try:
        yield name
    finally:
        execute(url, f"DROP TABLE {name}")
