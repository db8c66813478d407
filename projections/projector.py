"""The process that keeps the tables: records in, one transaction per batch, the offsets in it.

Killed at any moment it resumes exactly, since what the database says was read is what its rows contain.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from sqlalchemy import Engine

from events import BrokerUnreachableError, Topics
from events.broker import probe
from projections import offsets
from projections.database import open_database, transaction
from projections.entry import read
from projections.fold import MAX_BATCH, apply

Batches = Mapping[TopicPartition, Sequence[Any]]
"""The records of one fetch."""
NextOffsets = dict[TopicPartition, int]


class LogMismatchError(RuntimeError):
    """The log lacks what should come next; the message is one line that says what, and what to do."""


async def run_projector(
    bootstrap: str, database_url: str, *, prefix: str = "autoheal", on_batch: Callable[[int], None] | None = None
) -> None:
    """Keep the tables of a database up to date with the log, until cancelled.

    Records that are no events are left out with a line in the log; the worker keeps them in the dead letters.
    Partitions that are added to a topic are seen at the next start.

    Args:
        bootstrap: Address of the broker, `host:port`, several separated by commas.
        database_url: SQLAlchemy's, such as `sqlite:///autoheal.db`.
        prefix: Prefix of the topic names.
        on_batch: Called with the number of records of each batch once it is committed.

    Raises:
        BrokerUnreachableError: Nobody answers at the address.
        DatabaseUnreachableError: The database cannot be opened or written.
        AnotherProjectorError: A second projector writes to the same database.
        LogMismatchError: A topic does not exist, or the log is not the one that the tables were made from.
    """
    await probe(bootstrap)
    engine = open_database(database_url)
    try:
        # One thread for all that waits for the database; leaving it waits for the transaction under way.
        with ThreadPoolExecutor(1, "projector") as thread:
            async with _consumer(bootstrap) as consumer:
                partitions = await _partitions(bootstrap, Topics(prefix).all())
                next_offsets = await _assign(consumer, engine, partitions)
                while True:
                    batches = await _fetch(consumer, next_offsets)
                    await asyncio.get_running_loop().run_in_executor(thread, _store, engine, batches, next_offsets)
                    if on_batch and batches:
                        on_batch(sum(map(len, batches.values())))
    finally:
        engine.dispose()


@asynccontextmanager
async def _consumer(bootstrap: str) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none", fetch_max_wait_ms=50
    )
    try:
        await consumer.start()
        yield consumer
    except KafkaError as error:
        raise BrokerUnreachableError(bootstrap) from error
    finally:
        await consumer.stop()


async def _partitions(bootstrap: str, names: Sequence[str]) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        known = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
    finally:
        await admin.close()
    if missing := [name for name in names if name not in known]:
        raise LogMismatchError(f"there is no topic {missing[0]}: create it with `autoheal topics create`")
    return [TopicPartition(name, partition["partition"]) for name in names for partition in known[name]]


async def _assign(consumer: Any, engine: Engine, partitions: Sequence[TopicPartition]) -> NextOffsets:
    """Take the partitions, each from where the tables have followed it."""
    next_offsets = offsets.resume(engine, await consumer.beginning_offsets(partitions))
    consumer.assign(partitions)
    for partition, offset in next_offsets.items():
        consumer.seek(partition, offset)
    return next_offsets


async def _fetch(consumer: Any, next_offsets: NextOffsets) -> Batches:
    """Return the next records, none when a second went by without any."""
    try:
        batches: Batches = await consumer.getmany(timeout_ms=1000, max_records=MAX_BATCH)
    except OffsetOutOfRangeError as error:
        raise _mismatch(*next(iter(error.args[0].items()))) from error
    for partition, offset in next_offsets.items() if not batches else ():
        # The embedded broker answers a fetch beyond its end as if nothing had come yet.
        if (end := consumer.highwater(partition)) is not None and end < offset:
            raise _mismatch(partition, offset)
    return batches


def _mismatch(partition: TopicPartition, offset: int) -> LogMismatchError:
    return LogMismatchError(
        f"{partition.topic}/{partition.partition} has no offset {offset}, where this database goes on: "
        "its log was deleted or shortened; set AUTOHEAL_DATABASE_URL to a new database"
    )


def _store(engine: Engine, batches: Batches, next_offsets: NextOffsets) -> None:
    partitions = Counter(partition.topic for partition in next_offsets)
    after = {partition: records[-1].offset + 1 for partition, records in batches.items()}
    with transaction(engine) as connection:
        for partition, offset in after.items():
            offsets.advance(connection, partition, before=next_offsets[partition], after=offset)
        records = chain.from_iterable(batches.values())
        apply(connection, filter(None, (read(record, partitions) for record in records)))
    next_offsets |= after
