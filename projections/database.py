"""Opening the database that holds the projections."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from pydantic import BaseModel
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError

from projections.dialects import set_up
from projections.tables import metadata


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
    """Open the projections' database, SQLite or PostgreSQL, and create the tables that it lacks.

    Readers and the projector never wait for each other, and every transaction sees one state of the tables. Whatever
    is done with the engine, a database that cannot be used raises `DatabaseUnreachableError`.

    Args:
        url: SQLAlchemy's, such as `sqlite:///autoheal.db` or `postgresql+psycopg://user:password@host/database`.

    Raises:
        DatabaseUnreachableError: It cannot be opened, or its tables cannot be created.
    """
    try:
        engine = create_engine(url, json_serializer=_to_json)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise DatabaseUnreachableError(url.split(":", maxsplit=1)[0], error) from error
    event.listen(engine, "handle_error", _explain)
    set_up(engine)
    if metadata.tables.keys() - set(inspect(engine).get_table_names()):
        with transaction(engine) as connection:
            metadata.create_all(connection)
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


def _explain(context: ExceptionContext) -> None:
    """Say what is wrong with the database; a value that it refuses is a fault of ours and stays what it is."""
    error = context.sqlalchemy_exception
    if context.engine and isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
        url = context.engine.url.set(query={})  # which may hold a password as well
        raise DatabaseUnreachableError(url, error.orig) from error
