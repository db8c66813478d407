"""Reading the log by coordinates, without a consumer group: where it ends, what comes after, and one record of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from events.broker import BrokerUnreachableError, probe

FETCH_MAX_WAIT_MS: Final = 50
ANSWER_S: Final = 5.0


@asynccontextmanager
async def consuming(bootstrap: str, *topics: str, reset: str = "earliest") -> AsyncIterator[Any]:
    """Connect a consumer that has every partition of the topics for the length of the block.

    Args:
        bootstrap: Address of the broker, `host:port`.
        topics: Full names; none, and partitions are assigned by hand.
        reset: What becomes of an offset that the log has not: `earliest`, or `none` to be told.

    Raises:
        BrokerUnreachableError: Nobody answers at the address, or a topic does not exist.
    """
    await probe(bootstrap, timeout=ANSWER_S)
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset=reset,
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
    )
    try:
        async with asyncio.timeout(ANSWER_S):
            await consumer.start()
        yield consumer
    except (KafkaError, OSError) as error:
        raise BrokerUnreachableError(bootstrap) from error
    finally:
        await disconnect(consumer)


async def disconnect(consumer: Any) -> None:
    """Stop a consumer also when the broker is away.

    There aiokafka gives up half-way: it takes the end of a fetch that it has cancelled for its own.
    """
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait((stopping,))
    if stopping.cancelled():
        await consumer._client.close()  # noqa: SLF001 - what it left open tries for ever to connect


async def log_ends(consumer: Any) -> dict[TopicPartition, int]:
    """Return where each partition of a consumer ends: the offset that its next record will have.

    What a fetch says is right on every broker; the embedded one's own answer to the question is too low.

    Raises:
        TimeoutError: The broker does not answer.
    """
    partitions = consumer.assignment()
    async with asyncio.timeout(ANSWER_S):
        for partition, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, end)
        while any(consumer.highwater(partition) is None for partition in partitions):
            await consumer.getmany(timeout_ms=FETCH_MAX_WAIT_MS, max_records=1)
    return {partition: consumer.highwater(partition) for partition in partitions}


async def read_record(bootstrap: str, topic: str, partition: int, offset: int) -> Any:
    """Return the record at a coordinate, None when the log does not hold it (any more).

    Raises:
        BrokerUnreachableError: The broker does not answer.
    """
    at = TopicPartition(topic, partition)
    async with consuming(bootstrap, reset="none") as consumer:
        consumer.assign([at])
        consumer.seek(at, offset)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await _first(consumer, at, offset)
        except OffsetOutOfRangeError:
            return None


def _may_come(consumer: Any, at: TopicPartition, offset: int) -> bool:
    known, highwater = consumer.partitions_for_topic(at.topic), consumer.highwater(at)
    return (known is None or at.partition in known) and (highwater is None or highwater > offset)


async def _first(consumer: Any, at: TopicPartition, offset: int) -> Any:
    while _may_come(consumer, at, offset):
        batches = await consumer.getmany(timeout_ms=FETCH_MAX_WAIT_MS, max_records=1)
        for (record,) in batches.values():
            return record if record.offset == offset else None
    return None
