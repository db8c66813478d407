"""Opening the database that holds the projections."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from projections.tables import metadata

BUSY_TIMEOUT_MS = 30_000


class DatabaseUnreachableError(ConnectionError):
    """The database cannot be opened, read or written; the message is one line that says why and what to do."""

    def __init__(self, url: object, reason: object) -> None:
        """Name the database, without its password, and what it said."""
        said = str(reason).splitlines()[0]
        super().__init__(
            f"the database {url} cannot be used ({said}): check that it is there, writable and not locked, "
            "or set AUTOHEAL_DATABASE_URL to another one, such as sqlite:///autoheal.db"
        )


def open_database(url: str) -> Engine:
    """Open the projections' database and create the tables that it lacks.

    SQLite is put into WAL mode, where readers and the projector never wait for each other, and every transaction
    sees one state of the tables.

    Args:
        url: SQLAlchemy's, such as `sqlite:///autoheal.db`.

    Raises:
        DatabaseUnreachableError: It cannot be opened, or its tables cannot be created.
    """
    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise DatabaseUnreachableError(url.split(":", maxsplit=1)[0], error) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin)
    try:
        if metadata.tables.keys() - set(inspect(engine).get_table_names()):
            with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
                metadata.create_all(connection)
    except DBAPIError as error:
        raise DatabaseUnreachableError(engine.url, error.orig) from error
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Write in one transaction.

    Raises:
        DatabaseUnreachableError: The database is locked, full, read-only or away.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        raise DatabaseUnreachableError(engine.url, error.orig) from error


def _begin(connection: Connection) -> None:
    """Begin a transaction; `IMMEDIATE` where what was read first decides what is written."""
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """Use WAL, and leave `BEGIN` to us: the driver's own begins no transaction for a read."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
