"""Topics, records and apps for the tests of the lane, on every broker."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord

from autoheal.embedded import BrokerProcess
from events.admin import create_topics
from events.broker import Broker, probe
from streams.lane import LaneApp
from tests.streams.lane import counting
from tests.streams.lane.counting import PARTITIONS, Counting, Step

PATIENCE_S = 120


@dataclass(frozen=True)
class Site:
    """A broker with topics of one test's own: `in` and `more` are read, `out` is written."""

    prefix: str
    broker: Broker
    bootstrap: str

    def counting(self, before: Step | None = None, **options: Any) -> Counting:
        """Make the app that counts records by key."""
        return Counting(self.prefix, self.broker, options.pop("bootstrap", self.bootstrap), before, **options)

    def part(self, name: str) -> "Site":
        """Return a site with topics of its own, for what runs at the same time."""
        return Site(f"{self.prefix}-{name}", self.broker, self.bootstrap)

    async def create_topics(self) -> None:
        """Create the topics."""
        names = [f"{self.prefix}.{name}" for name in ("in", "more", "out")]
        await create_topics(self.bootstrap, names, partitions=PARTITIONS, broker=self.broker)

    async def publish(self, name: str, records: Sequence[tuple[int, str, str]]) -> None:
        """Append (partition, key, value) to a topic, a record batch for every few records."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=1, max_batch_size=4_000)
        async with producer:
            sent = [
                await producer.send(f"{self.prefix}.{name}", value.encode(), key=key.encode(), partition=partition)
                for partition, key, value in records
            ]
            await asyncio.gather(*sent)

    async def read(self, topic: str) -> list[ConsumerRecord]:
        """Read a topic from start to end, partition by partition, without any help of the lane."""
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        records: dict[TopicPartition, list[ConsumerRecord]] = {partition: [] for partition in partitions}
        async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap, fetch_max_wait_ms=20) as consumer:
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            while not await _at_end(consumer, partitions):
                for partition, fetched in (await consumer.getmany(timeout_ms=100)).items():
                    records[partition].extend(fetched)
        return [record for partition in partitions for record in records[partition]]

    async def outputs(self) -> list[str]:
        """Return the values on the output topic."""
        return [record.value.decode() for record in await self.read(f"{self.prefix}.out")]

    async def committed(self, name: str = "in") -> list[int]:
        """Return the committed offset of each partition of a topic, 0 where there is none."""
        group = f"{self.prefix}-count"
        async with AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=group, enable_auto_commit=False
        ) as consumer:
            partitions = [TopicPartition(f"{self.prefix}.{name}", number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            return [await consumer.committed(partition) or 0 for partition in partitions]


async def _at_end(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> bool:
    ends = [consumer.highwater(partition) for partition in partitions]
    return None not in ends and [await consumer.position(partition) for partition in partitions] >= ends


@pytest.fixture
async def site(broker: BrokerProcess, prefix: str) -> Site:
    site = Site(prefix, await probe(broker.bootstrap), broker.bootstrap)
    await site.create_topics()
    return site


@asynccontextmanager
async def running(app: LaneApp) -> AsyncIterator[LaneApp]:
    """Run an app in this process, from recovered to stopped."""
    try:
        await app.start()
        yield app
    finally:
        await app.stop()


async def until(true: Callable[[], Any]) -> None:
    """Wait until a condition, or the awaitable it returns, is true; fail if it takes too long."""
    async with asyncio.timeout(PATIENCE_S):
        while not (await met if asyncio.iscoroutine(met := true()) else met):  # noqa: ASYNC110 - a broker's state
            await asyncio.sleep(0.02)


def numbered(count: int, keys: int = 5) -> list[tuple[int, str, str]]:
    """Return records with the values r0, r1, ... spread over keys and partitions."""
    return [(n % keys % PARTITIONS, f"k{n % keys}", f"r{n}") for n in range(count)]


def tally(records: Sequence[tuple[int, str, str]]) -> dict[str, int]:
    """Return how many records each key has."""
    return dict(Counter(key for _, key, _ in records))


@asynccontextmanager
async def worker(site: Site, *arguments: str) -> AsyncIterator[Process]:
    """Run the counting worker as a process of its own; it is killed at the end, if it has not ended."""
    command = (sys.executable, "-m", counting.__name__, site.broker.name, site.prefix, site.bootstrap)
    process = await asyncio.create_subprocess_exec(*command, *arguments, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
