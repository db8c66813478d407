"""Opening the database that holds the projections."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import orjson
from pydantic import BaseModel
from sqlalchemy import Column, Connection, Engine, MetaData, Table, Text, create_engine, event, inspect, select
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError

from projections.dialects import set_up
from projections.migrations import HEAD, KNOWN, NewerDatabaseError

_version_num = Table("alembic_version", MetaData(), Column("version_num", Text)).c.version_num


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
    """Open the projections' database, SQLite or PostgreSQL, and bring its schema to that of this program.

    A new one gets all tables and views; an older one is upgraded and keeps its rows. Readers and the projector never
    wait for each other, and every transaction sees one state of the tables. Whatever is done with the engine, a
    database that cannot be used raises `DatabaseUnreachableError`.

    Args:
        url: SQLAlchemy's, such as `sqlite:///autoheal.db` or `postgresql+psycopg://user:password@host/database`.

    Raises:
        DatabaseUnreachableError: It cannot be opened, or its tables cannot be created.
        NewerDatabaseError: A later version of this program has upgraded it.
    """
    try:
        engine = create_engine(url, json_serializer=_to_json)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise DatabaseUnreachableError(url.split(":", maxsplit=1)[0], error) from error
    event.listen(engine, "handle_error", _explain)
    set_up(engine)
    with engine.connect() as connection:
        found = _version(connection)
    if found != HEAD:
        _upgrade(engine)
    return engine


def _to_json(value: Any) -> str:
    return orjson.dumps(value, default=BaseModel.model_dump, option=orjson.OPT_UTC_Z).decode()


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Write in one transaction, after those of other writers.

    Raises:
        DatabaseUnreachableError: The database is locked, full, read-only or away.
    """
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(select(_version_num))
    if found is not None and found not in KNOWN:
        raise NewerDatabaseError(found)
    return found


def _upgrade(engine: Engine) -> None:
    with transaction(engine) as connection:
        if (found := _version(connection)) != HEAD:  # or another process was first
            import_module("projections.migrations.upgrade").upgrade(connection, found)


def _explain(context: ExceptionContext) -> None:
    """Say what is wrong with the database; a value that it refuses is a fault of ours and stays what it is."""
    error = context.sqlalchemy_exception
    if context.engine and isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
        url = context.engine.url.set(query={})  # which may hold a password as well
        raise DatabaseUnreachableError(url, error.orig) from error
