"""Rebuilding the tables from the log: built beside those that are read, then put in their place at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, MetaData, delete, event, func, insert, select, update

from events.broker import probe
from projections import offsets
from projections.database import open_database, transaction
from projections.follower import Follower, following
from projections.tables import metadata, projection_offsets

ATTACHED: Final = "rebuilt"
"""What SQLite calls the file with the new tables."""

REBUILDER: Final = int.from_bytes(b"rebuilds", "big")
"""The advisory lock of whoever rebuilds a database of PostgreSQL."""

Progress = Callable[[int, int], None]
"""Called with the number of records that were read, and with that of all there are."""


class NotRebuildableError(ValueError):
    """There is no room beside this database; the message is one line that says what to do."""


TAKEN: Final = "another rebuild of this database is under way: wait for its end"


async def rebuild(bootstrap: str, database_url: str, *, prefix: str = "autoheal", on_batch: Progress) -> int:
    """Make the tables anew from all of the log, and return how many records it had.

    Readers see the old tables until the new ones are complete, and these from their next transaction on. A projector
    that runs meanwhile goes on from where the new tables are.

    Args:
        bootstrap: Address of the broker, `host:port`, several separated by commas.
        database_url: SQLAlchemy's, such as `sqlite:///autoheal.db`.
        prefix: Prefix of the topic names.
        on_batch: Told how far it is after each batch.

    Raises:
        BrokerUnreachableError: Nobody answers at the address.
        DatabaseUnreachableError: The database cannot be opened or written.
        LogMismatchError: A topic does not exist.
        NotRebuildableError: The database is kept in memory, or another rebuild of it is under way.
    """
    await probe(bootstrap)
    engine = open_database(database_url)
    try:
        with _beside(engine) as (url, schema):
            beside = open_database(url)
            try:
                async with following(bootstrap, beside, prefix) as follower:
                    records = await _to_the_end(follower, on_batch)
            finally:
                beside.dispose()
            _replace(engine, schema)
    finally:
        engine.dispose()
    return records


async def _to_the_end(follower: Follower, on_batch: Progress) -> int:
    """Follow what is in the log when it is first seen; what comes meanwhile is for the projector."""
    read, ends = 0, dict[offsets.Position, int]()
    while True:
        read += await follower.follow()
        ends = follower.ends() | ends
        left = sum(max(0, end - follower.next_offsets[position]) for position, end in ends.items())
        on_batch(read, read + left)
        if not left and ends.keys() == follower.next_offsets.keys():
            return read


@contextmanager
def _beside(engine: Engine) -> Iterator[tuple[str, str]]:
    """Make room for an empty database, a file or a schema; yield its URL and what the old one calls it."""
    if engine.dialect.name == "postgresql":
        yield from _schema_beside(engine)
    else:
        yield from _file_beside(engine)


def _file_beside(engine: Engine) -> Iterator[tuple[str, str]]:
    if engine.url.database in (None, "", ":memory:"):
        raise NotRebuildableError("a database in memory has nothing beside it: set AUTOHEAL_DATABASE_URL to a file")
    path = Path(f"{engine.url.database}.rebuild")
    url = engine.url.set(database=str(path)).render_as_string(hide_password=False)
    with _locked_file(Path(f"{path}.lock")):
        _remove(path)
        try:
            event.listen(engine, "connect", lambda driver, _: driver.execute(f"ATTACH ? AS {ATTACHED}", [str(path)]))
            yield url, ATTACHED
        finally:
            engine.dispose()
            _remove(path)


@contextmanager
def _locked_file(path: Path) -> Iterator[None]:
    """Keep a second rebuild out, which would build in the same place; a killed one leaves no lock."""
    with path.open("w") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise NotRebuildableError(TAKEN) from None
        try:
            yield
        finally:
            path.unlink()


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _schema_beside(engine: Engine) -> Iterator[tuple[str, str]]:
    with _locked_server(engine):
        with transaction(engine) as connection:
            schema = f"{connection.exec_driver_sql('SELECT current_schema').scalar()}_rebuild"
            quoted = engine.dialect.identifier_preparer.quote(schema)
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {quoted} CASCADE")  # left by one that was killed
            connection.exec_driver_sql(f"CREATE SCHEMA {quoted}")
        try:
            options = {"options": f"-csearch_path={quoted}"}
            yield engine.url.update_query_dict(options).render_as_string(hide_password=False), schema
        finally:
            with transaction(engine) as connection:
                connection.exec_driver_sql(f"DROP SCHEMA {quoted} CASCADE")


@contextmanager
def _locked_server(engine: Engine) -> Iterator[None]:
    """Do the same on a server; the lock is the session's, so that no transaction stays open meanwhile."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(select(func.pg_try_advisory_lock(REBUILDER))):
            raise NotRebuildableError(TAKEN)
        try:
            yield
        finally:
            connection.scalar(select(func.pg_advisory_unlock(REBUILDER)))


def _replace(engine: Engine, schema: str) -> None:
    """Put the new rows in the place of the old ones, in one transaction: no reader ever sees a half of either."""
    engine.dispose()  # connections made before the file was there have not attached it
    with transaction(engine) as connection:
        build = offsets.build_of(connection)
        for table in metadata.sorted_tables:
            new: Any = table.to_metadata(MetaData(), schema=schema)
            connection.execute(delete(table))
            connection.execute(insert(table).from_select(list(table.columns), select(new)))
        connection.execute(update(projection_offsets).values(build=build + 1))
