"""Following the log into a database: one transaction per batch, the offsets in it.

Killed at any moment it resumes exactly, since what the database says was read is what its rows contain.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from sqlalchemy import Engine

from events import BrokerUnreachableError, Topics
from events.log import disconnect
from projections import offsets
from projections.database import transaction
from projections.entry import read
from projections.fold import MAX_BATCH, apply

Batches = Mapping[TopicPartition, Sequence[Any]]
"""The records of one fetch."""


class LogMismatchError(RuntimeError):
    """The log lacks what should come next; the message is one line that says what, and what to do."""


class Follower:
    """Takes the log into the tables, batch by batch."""

    def __init__(self, consumer: Any, engine: Engine, thread: Executor, partitions: Sequence[TopicPartition]) -> None:
        """Prepare; `start` goes to where the tables are.

        Args:
            consumer: A started consumer of aiokafka, for this alone.
            engine: The projections' database.
            thread: Where to wait for the database: one thread, so that batches stay in order.
            partitions: All that are followed.
        """
        self._consumer = consumer
        self._engine = engine
        self._thread = thread
        self._partitions = partitions
        self._counts = Counter(partition.topic for partition in partitions)
        self._followed = offsets.Followed(0, {})
        self.transaction_seconds = 0.0
        """How long the last transaction took."""

    async def start(self) -> None:
        """Go to where the tables have followed each partition."""
        starts = await self._consumer.beginning_offsets(self._partitions)
        self._followed = await self._in_thread(offsets.resume, self._engine, starts)
        self._consumer.assign(self._partitions)
        for partition, offset in self._followed.next_offsets.items():
            self._consumer.seek(TopicPartition(*partition), offset)

    async def follow(self) -> int:
        """Take the next batch, and return its number of records; 0 when a second went by without any.

        Raises:
            BrokerUnreachableError: The broker is away.
            DatabaseUnreachableError: The database cannot be written.
            AnotherProjectorError: A second projector writes to the same database.
            LogMismatchError: The log is not the one that the tables were made from.
        """
        batches = await self._fetch()
        try:
            await self._in_thread(self._store, batches)
        except offsets.RebuiltError:
            await self.start()
            return 0
        return sum(map(len, batches.values()))

    @property
    def next_offsets(self) -> Mapping[offsets.Position, int]:
        """Up to where the tables have each partition."""
        return self._followed.next_offsets

    def lag(self) -> int:
        """Return how many records the tables lack, of the partitions that were fetched from already."""
        return sum(max(0, end - self.next_offsets[position]) for position, end in self.ends().items())

    def ends(self) -> dict[offsets.Position, int]:
        """Return where each partition ends, of those that were fetched from already."""
        ends = {position: self._consumer.highwater(TopicPartition(*position)) for position in self.next_offsets}
        return {position: end for position, end in ends.items() if end is not None}

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    async def _fetch(self) -> Batches:
        try:
            batches: Batches = await self._consumer.getmany(timeout_ms=1000, max_records=MAX_BATCH)
        except OffsetOutOfRangeError as error:
            raise _mismatch(*next(iter(error.args[0].items()))) from error
        # The embedded broker answers a fetch beyond its end as if nothing had come yet.
        for position, end in self.ends().items() if not batches else ():
            if end < (offset := self.next_offsets[position]):
                raise _mismatch(position, offset)
        return batches

    def _store(self, batches: Batches) -> None:
        after = {partition: records[-1].offset + 1 for partition, records in batches.items()}
        started = time.perf_counter()
        with transaction(self._engine) as connection:
            for partition, offset in after.items():
                offsets.advance(connection, self._followed, partition, offset)
            records = chain.from_iterable(batches.values())
            apply(connection, filter(None, (read(record, self._counts) for record in records)))
        self._followed.next_offsets.update(after)
        self.transaction_seconds = time.perf_counter() - started


@asynccontextmanager
async def following(bootstrap: str, engine: Engine, prefix: str) -> AsyncIterator[Follower]:
    """Follow all topics into a database for the length of the block.

    Raises:
        BrokerUnreachableError: Nobody answers at the address.
        LogMismatchError: A topic does not exist.
    """
    # One thread for all that waits for the database; leaving it waits for the transaction under way.
    with ThreadPoolExecutor(1, "projector") as thread:
        async with _consumer(bootstrap) as consumer:
            follower = Follower(consumer, engine, thread, await _partitions(bootstrap, Topics(prefix).all()))
            await follower.start()
            yield follower


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
        await disconnect(consumer)


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


def _mismatch(position: offsets.Position, offset: int) -> LogMismatchError:
    topic, partition = position
    return LogMismatchError(
        f"{topic}/{partition} has no offset {offset}, where this database goes on: "
        "its log was deleted or shortened; set AUTOHEAL_DATABASE_URL to a new database"
    )
