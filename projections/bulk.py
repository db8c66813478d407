"""Many rows at once, as fast as each database takes them: COPY into PostgreSQL, one prepared statement on SQLite."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import Connection, Dialect, Table, delete, insert, select

from projections.database import DatabaseUnreachableError
from projections.dialects import among
from projections.row import Row


def insert_new(connection: Connection, table: Table, rows: Iterable[Row]) -> list[Row]:
    """Insert the rows whose key is not there yet, each once, and return these.

    Args:
        connection: In a transaction of the only writer: nobody inserts between the look and the insert.
        table: One with a single key column.
        rows: The rows; what is left out of one is null.
    """
    (key,) = table.primary_key
    of_key: dict[str, Row] = {}
    for row in rows:
        of_key.setdefault(row[key.name], row)
    if not of_key:
        return []
    for known in connection.execute(select(key).where(among(connection, key)), {"among": list(of_key)}).scalars():
        del of_key[known]
    new = list(of_key.values())
    if new:
        _insert(connection, table, new)
    return new


def replace(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Put rows in the place of those with the same key; each key comes once."""
    (key,) = table.primary_key
    if rows:
        connection.execute(delete(table).where(among(connection, key)), {"among": [row[key.name] for row in rows]})
        _insert(connection, table, rows)


def _insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    values = map(_values(table, connection.dialect), rows)
    if connection.dialect.name == "postgresql":
        _copy(connection, table, values)
    else:
        connection.exec_driver_sql(str(insert(table).compile(dialect=connection.dialect)), list(map(tuple, values)))


def _copy(connection: Connection, table: Table, values: Iterable[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    names = ", ".join(column.name for column in table.columns)
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)
    except psycopg.OperationalError as error:  # SQLAlchemy, which explains the others, does not see this one
        raise DatabaseUnreachableError(connection.engine.url.set(query={}), error) from error


@cache
def _values(table: Table, dialect: Dialect) -> Callable[[Row], list[Any]]:
    """Return what turns a row into the driver's values, as SQLAlchemy's types say."""
    names = [column.name for column in table.columns]
    processors = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
    encoders = [(place, encode) for place, encode in enumerate(processors) if encode]

    def values(row: Row) -> list[Any]:
        encoded: list[Any] = [*map(row.get, names)]
        for place, encode in encoders:
            encoded[place] = encode(encoded[place])
        return encoded

    return values
