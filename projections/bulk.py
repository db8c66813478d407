"""Many rows at once, as fast as each database takes them: COPY into PostgreSQL, one prepared statement on SQLite."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Final

import psycopg
from sqlalchemy import JSON, Connection, Table, Text, delete, insert, select
from sqlalchemy.dialects import sqlite

from projections.database import DatabaseUnreachableError, to_json
from projections.dialects import among
from projections.row import Row
from projections.tables import Moment, as_utc


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
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
    else:
        values = list(map(_values(table), rows))
        connection.exec_driver_sql(str(insert(table).compile(dialect=_SQLITE)), values)


def _copy(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    driver: Any = connection.connection.driver_connection
    names = ", ".join(column.name for column in table.columns)
    line = _line(table)
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            copy.write("".join(map(line, rows)))
    except psycopg.OperationalError as error:  # SQLAlchemy, which explains the others, does not see this one
        raise DatabaseUnreachableError(connection.engine.url.set(query={}), error) from error


@cache
def _line(table: Table) -> Callable[[Row], str]:
    """Return what writes a row in COPY's text format: in the driver's own hands a row costs three times as much."""
    columns = [(column.name, _WRITERS.get(column.type.__class__, str)) for column in table.columns]

    def line(row: Row) -> str:
        get = row.get
        return "\t".join(["\\N" if (value := get(name)) is None else write(value) for name, write in columns]) + "\n"

    return line


def _escaped(text: str) -> str:
    if "\\" in text or "\n" in text or "\t" in text or "\r" in text:
        return text.translate(_ESCAPES)
    return text


_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", "\t": r"\t", "\r": r"\r"})
_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    Text: _escaped,
    Moment: lambda moment: as_utc(moment).isoformat(),
    JSON: lambda value: _escaped(to_json(value)),
}


@cache
def _values(table: Table) -> Callable[[Row], tuple[Any, ...]]:
    """Return what turns a row into the values of SQLite's driver, as SQLAlchemy's types say."""
    names = [column.name for column in table.columns]
    processors = [column.type.dialect_impl(_SQLITE).bind_processor(_SQLITE) for column in table.columns]
    encoders = [(place, encode) for place, encode in enumerate(processors) if encode]

    def values(row: Row) -> tuple[Any, ...]:
        encoded: list[Any] = [*map(row.get, names)]
        for place, encode in encoders:
            encoded[place] = encode(encoded[place])
        return tuple(encoded)

    return values


_SQLITE: Final = sqlite.dialect(json_serializer=to_json)
