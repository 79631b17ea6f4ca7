"""The source kind `sql`: real databases, read and never written, and no password in any message."""

from __future__ import annotations

import sqlite3
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url

from connectors.errors import SourceUnreadable
from connectors.sources import sql
from connectors.sources.sql import SqlSource, extract
from tests.connectors.sources.databases import execute, table, url_of
from tests.connectors.sources.whole import Whole, whole

SERVERS = ["postgresql", "mariadb"]
DATABASES = ["sqlite", *SERVERS]


def source(url: str, **settings: object) -> SqlSource:
    return SqlSource.model_validate({"kind": "sql", "url": url, **settings})


def read(base: Path, url: str, **settings: object) -> Whole:
    return whole(extract(source(url, **settings), base))


def message(base: Path, url: str, **settings: object) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        read(base, url, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def cells(found: Whole) -> dict[str, str | None]:
    row = found.rows.astype(object).where(found.rows.notna(), None)
    return row.iloc[0].to_dict()


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    made = url_of(request.param, tmp_path)
    execute(made)
    return made


@pytest.fixture
def units(url: str) -> Iterator[str]:
    with table(url, "site varchar(9), id int", "('F1', 1)", "('F1', 2)", "('F2', 3)") as name:
        yield name


def test_postgresql_values_become_the_text_of_a_file(tmp_path: Path) -> None:
    url = url_of("postgresql", tmp_path)
    execute(url)
    query = """
        SELECT 1.50::numeric AS rate, 104.99::real AS small, 0.1::float8 AS float, 'NaN'::float8 AS
        nan, 7::bigint AS int, true AS yes, date '2026-01-02' AS day, time '08:30' AS clock,
        timestamptz '2026-01-02 03:04:05+00' AT TIME ZONE 'UTC' AS moment,
        '9b2f4f0e-58ad-4a4f-8f0b-3a4b4b8d9b1a'::uuid AS uuid, array['a', 'ü'] AS list,
        '{"a": 1}'::jsonb AS json, '\\xff00'::bytea AS bytes, NULL::text AS nothing, '50%' AS share
    """

    assert cells(read(tmp_path, url, query=query)) == {
        "rate": "1.50",
        "small": "104.99",
        "float": "0.1",
        "nan": None,
        "int": "7",
        "yes": "true",
        "day": "2026-01-02",
        "clock": "08:30:00",
        "moment": "2026-01-02T03:04:05",
        "uuid": "9b2f4f0e-58ad-4a4f-8f0b-3a4b4b8d9b1a",
        "list": '["a", "ü"]',
        "json": '{"a": 1}',
        "bytes": "ff00",
        "nothing": None,
        "share": "50%",
    }


def test_mariadb_values_become_the_text_of_a_file(tmp_path: Path) -> None:
    url = url_of("mariadb", tmp_path)
    columns = (
        "rate decimal(8,2), small float, yes boolean, bit bit(1), day date, clock time, "
        "moment datetime, bytes varbinary(9), nothing int, text varchar(9), share varchar(9)"
    )
    row = (
        "(1.50, 104.99, true, b'1', '2026-01-02', '08:30', '2026-01-02 03:04:05', 'abc', NULL, "
        "'ü', '50%')"
    )
    with table(url, columns, row) as name:
        found = cells(read(tmp_path, url.replace("mariadb:", "mysql:"), table=name))

    assert found == {
        "rate": "1.50",
        "small": "104.99",
        "yes": "1",
        "bit": "1",
        "day": "2026-01-02",
        "clock": "08:30:00",
        "moment": "2026-01-02T03:04:05",
        "bytes": "abc",
        "nothing": None,
        "text": "ü",
        "share": "50%",
    }


def test_a_table_comes_in_chunks(
    url: str, units: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "CHUNK_CELLS", 4)

    chunks = list(extract(source(url, table=units), tmp_path).each)

    assert [one.rows.index.tolist() for one in chunks] == [[1, 2], [3]]


def test_what_is_in_memory_does_not_grow_with_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = url_of("postgresql", tmp_path)
    execute(url)
    monkeypatch.setattr(sql, "CHUNK_CELLS", 2**13)

    def peak(rows: int) -> int:
        query = f"SELECT i AS id, md5(i::text) AS name FROM generate_series(1, {rows}) AS i"
        tracemalloc.start()
        try:
            assert sum(len(one.rows) for one in extract(source(url, query=query), tmp_path).each)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # what is imported and kept once is not the table's
    assert peak(60_000) < 1.3 * peak(10_000)


def test_the_first_rows_of_a_query_without_end_are_there_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows stay on the server until they are asked for; nobody has room for these."""
    url = url_of("postgresql", tmp_path)
    execute(url)
    monkeypatch.setattr(sql, "CHUNK_CELLS", 10)
    series = "SELECT generate_series(1, 1000000000000) AS id"

    with closing(sql._chunks(source(url, query=series), tmp_path, "series")) as each:
        assert next(each).rows["id"].tolist() == [str(number) for number in range(1, 11)]


def test_mariadb_holds_the_rows_back_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its driver would fetch all of them unless its other cursor is used."""
    url = url_of("mariadb", tmp_path)
    execute(url)
    query = "SELECT seq AS id, sleep(seq > 100) AS late FROM seq_1_to_110"

    monkeypatch.setattr(sql, "CHUNK_CELLS", 10)

    with closing(sql._chunks(source(url, query=query, timeout=1), tmp_path, "series")) as each:
        assert next(each).rows["id"].tolist() == [str(number) for number in range(1, 6)]


@pytest.mark.parametrize("database", SERVERS)
def test_nothing_can_be_written(database: str, tmp_path: Path) -> None:
    url = url_of(database, tmp_path)
    with table(url, "id int", "(1)") as name:
        for query in (f"DELETE FROM {name} RETURNING id", f"INSERT INTO {name} VALUES (2)"):
            assert "could not be read" in message(tmp_path, url, query=query)
        assert read(tmp_path, url, table=name).rows["id"].tolist() == ["1"]


def test_nothing_can_be_written_by_a_function_either(tmp_path: Path) -> None:
    url = url_of("postgresql", tmp_path)
    with table(url, "id serial") as name:
        found = message(tmp_path, url, query=f"SELECT nextval('{name}_id_seq')")

    assert "read-only transaction" in found


def test_an_sqlite_file_is_opened_for_reading_and_never_made(tmp_path: Path) -> None:
    url = url_of("sqlite", tmp_path)
    with closing(sqlite3.connect(tmp_path / "units.db")) as connection, connection:
        connection.execute("CREATE TABLE units (id)")
        connection.execute("INSERT INTO units VALUES (7)")
    connection.close()

    assert "readonly" in message(tmp_path, url, query="DELETE FROM units")
    assert read(tmp_path, "sqlite:///units.db", table="units").rows["id"].tolist() == ["7"]
    assert "no SQLite file" in message(tmp_path, "sqlite:///other.db", table="units")
    assert "no SQLite file" in message(tmp_path, "sqlite://", table="units")
    assert not (tmp_path / "other.db").exists()


@pytest.mark.parametrize(
    ("database", "query"), [("postgresql", "SELECT pg_sleep(9)"), ("mariadb", "SELECT sleep(9)")]
)
def test_a_statement_does_not_run_for_ever(database: str, query: str, tmp_path: Path) -> None:
    url = url_of(database, tmp_path)
    execute(url)

    found = message(tmp_path, url, query=query, timeout=1)

    assert "timeout" in found or "max_statement_time exceeded" in found


def test_a_query_that_breaks_off_is_no_shorter_extract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = url_of("postgresql", tmp_path)
    execute(url)
    monkeypatch.setattr(sql, "CHUNK_CELLS", 10)
    query = "SELECT 1 / (50 - id) AS rate FROM generate_series(1, 100) AS id"

    assert "division by zero" in message(tmp_path, url, query=query)


def test_an_unknown_table_names_a_near_one(url: str, units: str, tmp_path: Path) -> None:
    assert f"Did you mean “{units}”?" in message(tmp_path, url, table=f"{units}s")


def test_a_table_of_a_schema_is_read(tmp_path: Path) -> None:
    url = url_of("postgresql", tmp_path)
    execute(url)

    assert read(tmp_path, url, table="information_schema.sql_sizing").complete
    assert "no table" in message(tmp_path, url, table="information_schema.sql_siz")


def test_what_the_database_says_of_a_query_is_told(url: str, tmp_path: Path) -> None:
    found = message(tmp_path, url, query="SELEC 1")

    assert found.startswith("the query in ")
    assert "syntax" in found.lower()
    assert "sqlalche.me" not in found


def test_two_columns_of_one_name_are_refused(url: str, tmp_path: Path) -> None:
    assert "more than one column called “a”" in message(tmp_path, url, query="SELECT 1 a, 2 a")


@pytest.mark.parametrize("database", SERVERS)
def test_no_message_shows_a_password(database: str, tmp_path: Path) -> None:
    """Neither that of the URL nor the one beside it; nor does what looks at the settings."""
    execute(url_of(database, tmp_path))
    host = make_url(url_of(database, tmp_path)).host
    for url, settings in (
        (f"{database}://nobody:pass31337@{host}/test", {}),
        (f"{database}://nobody@{host}/test", {"password": "p@ss31337"}),
        (f"{database}://nobody:pass31337@{host}:1/test", {}),
        (f"{database}+nodriver://nobody:pass31337@{host}/test", {}),
    ):
        with pytest.raises((SourceUnreadable, ValidationError)) as caught:
            read(tmp_path, url, table="units", **settings)

        assert "31337" not in str(caught.value)
        assert caught.value.__context__ is None or "31337" not in repr(caught.value.__context__)
    assert "31337" not in repr(source(f"{database}://a:31337@h/d", table="t", password="31337"))


def test_a_password_beside_the_url_needs_no_escaping(tmp_path: Path) -> None:
    """MariaDB checks it; PostgreSQL trusts whoever is on this machine."""
    url = url_of("mariadb", tmp_path)
    password = "p@ss/31:337%#"
    user = "unitsync_reader"
    execute(
        url,
        f"CREATE OR REPLACE USER {user}@'%' IDENTIFIED BY '{password}'",
        f"GRANT SELECT ON test.* TO {user}@'%'",
    )
    reader = url.replace("root@", f"{user}@")
    try:
        with table(url, "id int", "(7)") as name:
            found = read(tmp_path, reader, table=name, password=password)
            refused = message(tmp_path, reader, table=name, password="another")
    finally:
        execute(url, f"DROP USER {user}@'%'")

    assert found.rows["id"].tolist() == ["7"]
    assert "Access denied" in refused


def test_a_driver_that_is_not_installed_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for driver in ("psycopg", "pymysql"):
        monkeypatch.setitem(sys.modules, driver, None)

    assert "pip install 'unitsync[postgresql]'" in message(tmp_path, "postgresql://h/d", table="t")
    assert "pip install 'unitsync[mysql]'" in message(tmp_path, "mysql://h/d", table="t")
    assert "pip install pyodbc" in message(tmp_path, "mssql+pyodbc://h/d", table="t")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"url": "postgresq://h/d", "table": "t"}, "no database is called"),
        ({"url": "postgresql//h/d", "table": "t"}, "no database URL"),
        ({"url": "postgresql://h:port/d", "table": "t"}, "no database URL"),
        ({"url": "sqlite:///u.db"}, "found neither"),
        ({"url": "sqlite:///u.db", "table": "t", "query": "SELECT 1"}, "found both"),
        ({"url": "sqlite:///u.db", "table": "t", "timeout": 0}, "timeout"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_read(
    settings: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        SqlSource.model_validate({"kind": "sql", **settings})
