"""A database as the source: a table or a query, read with a cursor that stays on the server.

It promises that the whole is never in memory, that nothing can be written (the transaction is
read-only where the server knows such a thing, an SQLite file is opened so), that a query which did
not run to its end is an error and no shorter extract, and that no message shows a password. Every
value becomes the text that a file would have: ISO dates, exact decimals, true and false.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from connectors.errors import SourceUnreadable
from connectors.sources.cells import cells_of
from connectors.sources.extract import Chunk, Chunks, chunk, header
from connectors.words import hide, tidy

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, CursorResult

# A million cells as Python objects take some 80 MB, and are 60,000 rows of a usual table.
CHUNK_CELLS = 2**20
# A host that does not accept a connection within ten seconds is down, not busy.
CONNECT_SECONDS = 10
# What people write, and the driver that is installed for it.
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite", "mssql", "oracle")
MYSQL = ("mysql", "mariadb")
TIMED = ("postgresql", *MYSQL)
LISTED = 10  # tables that a message still lists readably
EXTRAS = {"psycopg": "postgresql", "pymysql": "mysql"}
# PyMySQL's code of a BIT column, which comes as bytes and is a number.
MYSQL_BIT = 16


def _known(url: SecretStr) -> SecretStr:
    """The address with a dialect that SQLAlchemy has; its driver is looked for when it is used."""
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    hint = ""
    try:
        _url_of(url).get_dialect()
    except NoSuchModuleError:
        dialect = url.get_secret_value().partition(":")[0]
        near = get_close_matches(dialect, DIALECTS, n=1)
        found = f'no database is called "{dialect}"'
        hint = f'did you mean "{near[0]}"?' if near else "install its SQLAlchemy dialect"
    except (ArgumentError, ValueError):
        found, hint = "this is no database URL (it is not shown)", "check its port and its slashes"
    except ImportError:
        return url  # the dialect is known, its driver is missing: told when it is needed
    else:
        return url
    allowed = "postgresql://USER@HOST/DATABASE, mysql://…, mariadb://…, sqlite:///FILE"
    said = {"found": found, "allowed": allowed, "hint": hint}
    raise PydanticCustomError("database", "{found}", said)


class SqlSource(BaseModel):
    """Settings of the source kind `sql`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    kind: Literal["sql"]
    """A table or a query of a database."""
    url: Annotated[SecretStr, AfterValidator(_known)] = Field(
        description="Any SQLAlchemy URL: postgresql://USER@HOST/DATABASE, mysql://…, mariadb://… "
        "or sqlite:///FILE, which starts at the folder of this file."
    )
    password: SecretStr | None = Field(
        default=None,
        description="The password, as ${NAME}: here it needs no escaping, in the URL it does.",
    )
    table: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="The table or view to read, all of it; SCHEMA.TABLE, too."
    )
    query: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="One SELECT in the database's own words, instead of a table."
    )
    timeout: int = Field(
        default=600,
        ge=1,
        le=86_400,
        description="Seconds that the server may work on the statement (PostgreSQL, MySQL, "
        "MariaDB).",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.table is None) == (self.query is None):
            found = "neither" if self.table is None else "both"
            raise ValueError(f"give table or query, one of them; found {found}")
        return self


def extract(settings: SqlSource, base: Path) -> Chunks:
    """Read the table or the query, chunk by chunk; the path of an SQLite file starts at `base`."""
    url = _url_of(settings.url)
    place = url.database or url.host or url.drivername
    origin = f"{settings.table} in {place}" if settings.table else f"the query in {place}"
    return Chunks(origin, _chunks(settings, base, origin))


def _chunks(settings: SqlSource, base: Path, origin: str) -> Iterator[Chunk]:
    with _told(settings, origin), _connected(settings, base) as connection:
        _restrict(connection, settings.timeout)
        with closing(_result(settings, connection, origin)) as result:
            row = 0
            for one in _each(result, origin, mysql=connection.dialect.name in MYSQL):
                rows = len(one[next(iter(one))])
                yield chunk(one, range(row + 1, row + 1 + rows))
                row += rows
            if not row:
                raise SourceUnreadable(f"{origin} has no rows; nothing was read.")


def _each(
    result: CursorResult[Any], origin: str, *, mysql: bool
) -> Iterator[dict[str, Sequence[str | None]]]:
    """The columns of so many rows at a time."""
    names = header(list(result.keys()), origin)
    bits = _bits(result) if mysql else frozenset[int]()
    for rows in result.yield_per(max(1, CHUNK_CELLS // len(names))).partitions():
        columns = [
            cells_of(_numbers(values) if place in bits else values)
            for place, values in enumerate(zip(*rows, strict=True))
        ]
        yield dict(zip(names, columns, strict=True))


@contextmanager
def _connected(settings: SqlSource, base: Path) -> Iterator[Connection]:
    from sqlalchemy import NullPool, create_engine

    url = _url_of(settings.url)
    if settings.password is not None:
        url = url.set(password=settings.password.get_secret_value())
    waiting = {} if url.get_backend_name() not in TIMED else {"connect_timeout": CONNECT_SECONDS}
    if url.get_backend_name() == "sqlite":
        url = _read_only(url, base)
    engine = create_engine(url, poolclass=NullPool, connect_args=waiting, hide_parameters=True)
    with engine.connect() as connection:
        yield connection


def _url_of(url: SecretStr) -> URL:
    from sqlalchemy import make_url

    parts = make_url(url.get_secret_value())
    return parts.set(drivername=DRIVERS.get(parts.drivername, parts.drivername))


def _read_only(url: URL, base: Path) -> URL:
    """An SQLite file that must be there, for SQLite makes the one that is not."""
    name = url.database or ""
    path = base / Path(name).expanduser()
    if not name or not path.is_file():
        raise SourceUnreadable(
            f"There is no SQLite file {path}; write sqlite:///FILE, or sqlite:////FOLDER/FILE "
            "for one elsewhere."
        )
    return url.set(
        database=f"file:{quote(str(path.resolve()))}", query={"mode": "ro", "uri": "true"}
    )


def _restrict(connection: Connection, seconds: int) -> None:
    """Nothing may be written from here on, and no statement works for ever."""
    match connection.dialect.name:
        case "postgresql":
            restrictions = (
                "SET TRANSACTION READ ONLY",
                f"SET LOCAL statement_timeout = {seconds * 1000}",
            )
        case "mysql" | "mariadb":
            limit = (
                f"max_statement_time = {seconds}"
                if getattr(connection.dialect, "is_mariadb", False)
                else f"max_execution_time = {seconds * 1000}"
            )
            restrictions = ("SET SESSION TRANSACTION READ ONLY", f"SET SESSION {limit}")
        case _:
            return
    for statement in restrictions:
        connection.exec_driver_sql(statement)


def _result(settings: SqlSource, connection: Connection, origin: str) -> CursorResult[Any]:
    statement = settings.query or _whole(settings.table or "", connection)
    on_the_server = {"stream_results": True, "no_parameters": True}
    result = connection.exec_driver_sql(statement, execution_options=on_the_server)
    if not result.returns_rows:
        raise SourceUnreadable(f"{origin} gives no rows; it must be one SELECT.")
    return result


def _whole(name: str, connection: Connection) -> str:
    """The statement that reads a table or a view."""
    from sqlalchemy import inspect, select, table, text

    schema, _, relation = name.rpartition(".")
    inspector = inspect(connection)
    if not inspector.has_table(relation, schema or None):
        every = [
            *inspector.get_table_names(schema or None),
            *inspector.get_view_names(schema or None),
        ]
        near = get_close_matches(relation, every, n=1)
        listed = ", ".join(f"“{one}”" for one in sorted(every)[:LISTED])
        more = f" Its tables: {listed}." if listed else " It has none that this user may see."
        hint = f" Did you mean “{near[0]}”?" if near else more
        raise SourceUnreadable(f"The database has no table “{name}”.{hint}")
    whole = select(text("*")).select_from(table(relation, schema=schema or None))
    return str(whole.compile(dialect=connection.dialect))


@contextmanager
def _told(settings: SqlSource, origin: str) -> Iterator[None]:
    """What a database says, as one sentence without a password."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except ImportError as error:
        missing = error.name or "of this database"
        extra = EXTRAS.get(missing)
        cure = f"pip install 'unitsync[{extra}]'" if extra else f"pip install {missing}"
        lost = f"{origin} needs the driver {missing}, which is not installed: {cure}"
    except SQLAlchemyError as error:
        lost = f"{origin} could not be read: {_words(error)}"
    except UnicodeError:
        lost = f"{origin} holds a text that is not in the encoding that the connection speaks."
    else:
        return
    secrets = [_url_of(settings.url).password or ""]
    if settings.password is not None:
        secrets.append(settings.password.get_secret_value())
    # Outside the handler: the exception below holds the connection's settings.
    raise SourceUnreadable(tidy(lost, lambda text: hide(secrets, text))) from None


def _words(error: Exception) -> str:
    """What the driver said: PyMySQL puts a number before it, psycopg the statement behind it."""
    said = getattr(error, "orig", None) or error
    return str(said.args[-1] if said.args else said).partition("\nLINE ")[0]


def _bits(result: CursorResult[Any]) -> frozenset[int]:
    """The places of BIT columns, which MySQL sends as bytes."""
    described = result.cursor.description if result.cursor is not None else ()
    return frozenset(place for place, one in enumerate(described) if one[1] == MYSQL_BIT)


def _numbers(values: Sequence[bytes | None]) -> list[int | None]:
    return [None if value is None else int.from_bytes(value) for value in values]
