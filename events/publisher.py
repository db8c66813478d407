"""Publish events: the small client that producers use."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from events.broker import BrokerUnreachableError, probe
from events.codec import MAX_EVENT_BYTES, encode, too_large
from events.envelope import CloudEvent
from events.topics import Topics, key_of

_MAX_REQUEST_BYTES = 2 * MAX_EVENT_BYTES


@dataclass(frozen=True, slots=True)
class Published:
    """Where the broker put an event."""

    topic: str
    partition: int
    offset: int


class Publisher:
    """Publishes events under their work key and waits until every replica in sync has them.

    Example:
        async with Publisher("localhost:9092") as publisher:
            await publisher.publish(TaskFailed.new("/runners/r1", task_id="t1", output=output, exit_code=1))
    """

    def __init__(self, bootstrap: str, *, prefix: str = "autoheal") -> None:
        """Prepare a publisher; it connects when it is entered.

        Args:
            bootstrap: Address of the broker, `host:port`, several separated by commas.
            prefix: Prefix of the topic names.
        """
        self._bootstrap = bootstrap
        self._topics = Topics(prefix)

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            BrokerUnreachableError: Nobody answers at the address.
        """
        broker = await probe(self._bootstrap)
        self._producer: Any = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=broker.idempotent_producer,
            linger_ms=5,
            max_batch_size=_MAX_REQUEST_BYTES // 4,
            max_request_size=_MAX_REQUEST_BYTES,
        )
        await self._producer.start()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._producer.stop()

    async def publish(self, event: CloudEvent) -> Published:
        """Publish one event and return its coordinates once it is acknowledged.

        Raises:
            RefusedEventError: The event is larger than 1 MiB.
            BrokerUnreachableError: The broker did not acknowledge it.
        """
        return (await self.publish_all([event]))[0]

    async def publish_all(self, events: Iterable[CloudEvent]) -> list[Published]:
        """Publish events in batches, in order per work key, and return their coordinates in the same order.

        Raises:
            RefusedEventError: An event is larger than 1 MiB; then none is published.
            BrokerUnreachableError: The broker did not acknowledge them all.
        """
        records = [(self._topics.of(event.type), key_of(event).encode(), _sized(event)) for event in events]
        try:
            sent = [await self._producer.send(topic, value, key=key) for topic, key, value in records]
            acknowledged = await asyncio.gather(*sent)
        except KafkaError as error:
            raise BrokerUnreachableError(self._bootstrap) from error
        return [Published(record.topic, record.partition, record.offset) for record in acknowledged]

    async def publish_again(self, topic: str, key: bytes | None, value: bytes | None) -> Published:
        """Publish a record of the log anew, as it is, and return its coordinates once it is acknowledged.

        Raises:
            BrokerUnreachableError: The broker did not acknowledge it.
        """
        try:
            record = await self._producer.send_and_wait(topic, value, key=key)
        except KafkaError as error:
            raise BrokerUnreachableError(self._bootstrap) from error
        return Published(record.topic, record.partition, record.offset)


def _sized(event: CloudEvent) -> bytes:
    raw = encode(event)
    if len(raw) > MAX_EVENT_BYTES:
        raise too_large(f"event {event.id} has {len(raw)} bytes", "keep the head and tail of its output")
    return raw
