"""Questions that people ask in SQL: the database itself refuses whatever is more than a question."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import psycopg
from psycopg.pq import ExecStatus
from sqlalchemy import URL, event

from projections.database import DatabaseUnreachableError, open_database

WAYS_OUT: Final = {
    sqlite3.SQLITE_ATTACH,
    sqlite3.SQLITE_DETACH,
    sqlite3.SQLITE_PRAGMA,
    sqlite3.SQLITE_SAVEPOINT,
    sqlite3.SQLITE_TRANSACTION,
}
"""What SQLite would do for a connection that may not write: open other files, turn switches, leave the transaction."""
ROWS_AT_ONCE: Final = 1_000

Row = Sequence[Any]


class QueryRefusedError(ValueError):
    """The database does not answer; the message is one line, in its words."""

    def __init__(self, said: object, *, writes: bool = False) -> None:
        """Say so of a query that would do more than read."""
        (first, *_) = str(said).splitlines() or ["no reason given"]
        super().__init__(f"only questions are answered, and nothing was changed ({first})" if writes else first)


@dataclass(frozen=True)
class Answer:
    """What a query gives, as long as its transaction lasts."""

    columns: list[str]
    """Their names, each once."""
    rows: Callable[[], Iterator[Row]]
    """Gives the rows as they come; called again, the same ones, since all is of one moment."""


@contextmanager
def ask(url: str, query: str) -> Iterator[Answer]:
    """Check a query and yield its answer, with moments in UTC.

    Args:
        url: SQLAlchemy's, of the projections' database.
        query: One statement of SQL.

    Raises:
        DatabaseUnreachableError: The database cannot be used.
        NewerDatabaseError: A later version of this program has upgraded it.
        QueryRefusedError: It is no question, or none that the database understands.
    """
    if "\0" in query or query.encode(errors="ignore").decode() != query:
        raise QueryRefusedError("the query is no text in UTF-8")
    engine = open_database(url)
    engine.dispose()  # what comes next is another kind of connection
    event.listen(engine, "do_connect", _with_types)
    try:
        with _errors(engine.url), engine.connect() as connection, connection.begin():
            driver: Any = connection.connection.driver_connection
            with _answering[connection.dialect.name](driver, query) as answer:
                yield answer
    finally:
        engine.dispose()


@contextmanager
def _sqlite(connection: sqlite3.Connection, query: str) -> Iterator[Answer]:
    connection.execute("PRAGMA query_only = ON")
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action in WAYS_OUT else sqlite3.SQLITE_OK)
    connection.set_progress_handler(lambda: 0, 1_000_000)  # where Ctrl-C gets through to a long query
    try:
        cursor = connection.execute(query)
        begun = [cursor]  # and not begun again for the first who wants its rows

        def rows() -> Iterator[Row]:
            return begun.pop() if begun else connection.execute(query)

        yield Answer(_each_once([name for name, *_ in cursor.description or ()]), rows)
    finally:
        connection.set_authorizer(None)


@contextmanager
def _postgresql(connection: psycopg.Connection, query: str) -> Iterator[Answer]:
    """Use the extended protocol throughout: it takes one statement, so none can end our transaction and go on."""
    connection.execute("SET TRANSACTION READ ONLY")
    connection.execute("SET LOCAL timezone = 'UTC'")
    for result in (connection.pgconn.prepare(b"", query.encode()), connection.pgconn.describe_prepared(b"")):
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result)
    names = [(result.fname(column) or b"").decode() for column in range(result.nfields)]

    def rows() -> Iterator[Row]:
        return connection.cursor().stream(query.encode(), size=ROWS_AT_ONCE)

    yield Answer(_each_once(names), rows)


_answering: Final[dict[str, Callable[..., Any]]] = {"sqlite": _sqlite, "postgresql": _postgresql}


@contextmanager
def _errors(url: URL) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        writes = str(error) in ("not authorized", "attempt to write a readonly database")
        raise QueryRefusedError(error, writes=writes) from error
    except psycopg.errors.ReadOnlySqlTransaction as error:
        raise QueryRefusedError(error, writes=True) from error
    except psycopg.OperationalError as error:
        raise DatabaseUnreachableError(url.set(query={}), error) from error
    except psycopg.Error as error:
        raise QueryRefusedError(error) from error


def _each_once(names: list[str]) -> list[str]:
    """Number the names that come again, which neither JSON nor Parquet could tell apart."""
    if not names:
        raise QueryRefusedError("this gives no rows", writes=True)
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(f"{name}_{seen[name]}" if seen[name] > 1 else name)
    return unique


def _with_types(dialect: Any, _record: object, _arguments: object, options: dict[str, Any]) -> None:
    """Let SQLite's driver give back moments, truth values and JSON as such, as PostgreSQL's does."""
    if dialect.name == "sqlite":
        options["detect_types"] = sqlite3.PARSE_DECLTYPES


def _or_text(convert: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Convert what is of the column's type; a `UNION` may put other values below its name."""

    def converted(value: bytes) -> Any:
        try:
            return convert(value)
        except ValueError:
            return value.decode(errors="replace")

    return converted


sqlite3.register_converter("DATETIME", _or_text(lambda at: datetime.fromisoformat(at.decode()).replace(tzinfo=UTC)))
sqlite3.register_converter("BOOLEAN", _or_text(lambda truth: bool(int(truth))))
sqlite3.register_converter("JSON", _or_text(orjson.loads))
