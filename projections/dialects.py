"""What SQLite and PostgreSQL do differently: how a transaction begins, and `INSERT ... ON CONFLICT`."""

from typing import Any, Final

from sqlalchemy import JSON, Column, ColumnElement, Connection, Engine, Table, Text, bindparam, event, func, select
from sqlalchemy.dialects import postgresql, sqlite

LOCK_TIMEOUT_MS = 30_000
WRITER: Final = int.from_bytes(b"autoheal", "big")
"""The advisory lock of whoever writes, told apart from those that others take in the same PostgreSQL database."""

Insert = postgresql.Insert | sqlite.Insert
_INSERTS: Final[dict[str, type[Insert]]] = {"postgresql": postgresql.Insert, "sqlite": sqlite.Insert}


def insert(connection: Connection, table: Table) -> Insert:
    """Return the database's own `INSERT`, which knows `ON CONFLICT`; its SQL is compiled once."""
    return _INSERTS[connection.dialect.name](table)


def among(connection: Connection, column: Column[str]) -> ColumnElement[bool]:
    """Return whether a column's value is in the list that is given as the parameter `among`.

    As one parameter: a list of thousands would cost more to write into the SQL, and for SQLite to read, than to ask.
    """
    if connection.dialect.name == "postgresql":
        return column == func.any(bindparam("among", type_=postgresql.ARRAY(Text)))
    return column.in_(select(func.json_each(bindparam("among", type_=JSON)).table_valued("value").c.value))


def set_up(engine: Engine) -> None:
    """Make every transaction begin as `begin` says, and SQLite write ahead (WAL)."""
    event.listen(engine, "begin", begin)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _write_ahead)


def begin(connection: Connection) -> None:
    """Let a reader see one state of all tables, and one writer at a time see what is there when it begins.

    Writers one after the other are what makes a failure and its decision meet: of two transactions that add one
    each, the second has to see what the first has added. A writer has the execution option `writes`.
    """
    writes = connection.get_execution_options().get("writes", False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif writes:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _write_ahead(connection: Any, _record: object) -> None:
    """Use WAL, and leave `BEGIN` to us: the driver's own begins no transaction for a read."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
