"""The broker of a run: a fresh one each time, since what it holds stays in its memory and slows it down."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from autoheal.embedded import EmbeddedBroker
from bench.mix import PARTITIONS, Recorded
from events.admin import create_topics
from events.broker import TANSU
from events.topics import Topics

TASKS: Final = Topics().named("tasks")
HEALS: Final = Topics().named("heals")
LOOK_EVERY_S: Final = 0.02


@asynccontextmanager
async def fresh_broker() -> AsyncIterator[str]:
    """Start an embedded broker with every topic and give its address; it ends with the block."""
    with EmbeddedBroker() as broker:
        await create_topics(broker.bootstrap, Topics().all(), partitions=PARTITIONS, broker=TANSU)
        yield broker.bootstrap


@asynccontextmanager
async def producing(bootstrap: str, linger_ms: int) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer that waits for all acknowledgements when the block ends."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", linger_ms=linger_ms, max_batch_size=256_000, max_request_size=4 << 20
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def publish(bootstrap: str, records: Iterable[Recorded]) -> None:
    """Publish records as they were recorded, and return when the broker has them all."""
    async with producing(bootstrap, linger_ms=20) as producer:
        sent = [
            await producer.send(
                TASKS, record.value, key=record.key, partition=record.partition, timestamp_ms=record.timestamp
            )
            for record in records
        ]
        await asyncio.gather(*sent)


@asynccontextmanager
async def reading(bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer of a whole topic that belongs to no group and looks for news at once."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=10)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        yield consumer
    finally:
        await consumer.stop()


async def wait_for_records(bootstrap: str, topic: str, count: int) -> None:
    """Return when so many records are in a topic, as an independent consumer sees it."""
    async with reading(bootstrap, topic) as consumer:
        while count > 0:
            count -= sum(map(len, (await consumer.getmany(timeout_ms=1000)).values()))
            await asyncio.sleep(LOOK_EVERY_S)  # many records at a time cost the contestant less than each by itself
