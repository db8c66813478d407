"""Events per second of the projector into each database, beside the database's own bulk load of the same rows."""

import asyncio
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Final

import psycopg

from bench.broker import fresh_broker, producing
from bench.contestant import running
from bench.mix import PARTITIONS, Recorded
from events import Topics, decode, key_of
from events.topics import partition_of
from projections.database import open_database
from projections.tables import metadata
from streams.control import load_control
from streams.replay import Replay
from tests.postgres import Postgres, missing_tools

PATIENCE_S: Final = 300.0
TABLES: Final = tuple(table.name for table in metadata.sorted_tables)
Log = Sequence[tuple[str, Recorded]]
"""Topics and their records."""


@dataclass(frozen=True, slots=True)
class Projection:
    """One run of the projector, and of the bulk load of the rows that it has made."""

    database: str
    events: int
    seconds: float
    cpu_seconds: float
    load_seconds: float

    @property
    def events_per_second(self) -> float:
        """From the first commit to the last."""
        return self.events / self.seconds

    @property
    def cpu_us_per_event(self) -> float:
        """Processor time of the projector alone, without that of a database server."""
        return 1e6 * self.cpu_seconds / self.events

    @property
    def loaded_per_second(self) -> float:
        """Events whose rows the database takes in bulk in a second."""
        return self.events / self.load_seconds

    @property
    def share_of_load(self) -> float:
        """How long the bulk load takes, of what the projector took: it neither reads, decodes nor decides anything."""
        return self.load_seconds / self.seconds


def whole_log(mix: Iterable[Recorded]) -> Log:
    """Return the mix, and every event that the agents derive from it, each on its topic."""
    replay, topics = Replay(load_control()), Topics()
    log: list[tuple[str, Recorded]] = []
    for record in mix:
        log.append((topics.named("tasks"), record))
        for line in replay.feed(record.value):
            event = decode(line)
            key = key_of(event).encode()
            place = partition_of(key, PARTITIONS)
            log.append((topics.of(event.type), Recorded(place, key, line, record.timestamp, None)))
    return log


def databases() -> Iterator[str]:
    """Name those that this machine has."""
    yield "sqlite"
    if not missing_tools():
        yield "postgresql"


async def measure(database: str, log: Log) -> Projection:
    """Let a projector follow a log that a fresh broker holds, into a new database; then load its rows in bulk."""
    with _two_databases(database) as (url, empty):
        async with fresh_broker() as bootstrap, asyncio.timeout(PATIENCE_S):
            await _publish(bootstrap, log)
            async with running("projector", bootstrap, url, str(len(log))) as projector:
                first, done = await projector.mark("first"), await projector.mark("done")
        open_database(empty).dispose()
        load = _load_sqlite if database == "sqlite" else _load_postgresql
        events = len(log) - first.rows
        seconds = load(url, empty) * events / len(log)
        return Projection(database, events, done.at - first.at, done.cpu - first.cpu, seconds)


async def _publish(bootstrap: str, log: Log) -> None:
    async with producing(bootstrap, linger_ms=20) as producer:
        sent = [
            await producer.send(topic, each.value, key=each.key, partition=each.partition, timestamp_ms=each.timestamp)
            for topic, each in log
        ]
        await asyncio.gather(*sent)


@contextmanager
def _two_databases(database: str) -> Iterator[tuple[str, str]]:
    if database == "sqlite":
        with TemporaryDirectory(prefix="autoheal-bench-") as folder:
            yield f"sqlite:///{folder}/projected.db", f"sqlite:///{folder}/loaded.db"
    else:
        with Postgres() as server, server.schema() as projected, server.schema() as loaded:
            yield projected, loaded


def _load_sqlite(url: str, empty: str) -> float:
    source, target = (sqlite3.connect(each.removeprefix("sqlite:///")) for each in (url, empty))
    rows = {name: source.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
    begin = time.perf_counter()
    with target:
        for name, values in rows.items():
            marks = ", ".join("?" * len(metadata.tables[name].columns))
            target.executemany(f"INSERT INTO {name} VALUES ({marks})", values)
    return time.perf_counter() - begin


def _load_postgresql(url: str, empty: str) -> float:
    with _psycopg(url) as source, _psycopg(empty) as target:
        texts = {name: _text_of(source, name) for name in TABLES}
        begin = time.perf_counter()
        for name, text in texts.items():
            with target.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                copy.write(text)
        target.commit()
        return time.perf_counter() - begin


def _text_of(source: psycopg.Connection, table: str) -> bytes:
    with source.cursor().copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(map(bytes, copy))


def _psycopg(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""))
