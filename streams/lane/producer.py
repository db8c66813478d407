"""Faust's producer, sending whole record batches."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.transport.drivers import aiokafka as driver

if TYPE_CHECKING:
    from streams.lane.app import LaneApp

Record = tuple[bytes, bytes, int]  # key, value, timestamp in ms

MAX_RECORD_BYTES: Final = 8 << 20
CLOSE_S: Final = 2.0


class RecordTooLargeError(ValueError):
    """A record is larger than one request to the broker may be."""


class NotAcknowledgedError(TimeoutError):
    """The broker did not acknowledge records in time, so it may have them or not."""


class LaneProducer(driver.Producer):
    """Sends record batches straight to a partition: no partitioner, no future for each record."""

    app: "LaneApp"

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"enable_idempotence": self.app.kafka.idempotent_producer}

    async def send_batch(self, topic: str, partition: int, records: Sequence[Record]) -> list[range]:
        """Publish records in order and wait until the broker has acknowledged every one.

        Returns:
            The offsets of each record batch that the records were sent in.

        Raises:
            RecordTooLargeError: A record is larger than 8 MiB; nothing after it was sent.
            NotAcknowledgedError: The broker did not answer in time.
            aiokafka.errors.KafkaError: The broker refused.
        """
        limit = self.request_timeout
        try:
            async with asyncio.timeout(limit):  # an idempotent aiokafka producer would try for ever
                return await self._send(topic, partition, records)
        except (TimeoutError, KafkaTimeoutError) as error:
            raise NotAcknowledgedError(f"{topic}/{partition}: not acknowledged within {limit:g} s") from error

    async def flush(self) -> None:
        """Do nothing: whoever sent something waits for it, and Faust would wait for what is never acknowledged."""

    async def on_stop(self) -> None:
        """Close, without what the broker will not acknowledge: whoever sent it has been told."""
        producer = self._producer
        try:
            async with asyncio.timeout(CLOSE_S):
                await super().on_stop()
        except TimeoutError:
            if producer is not None:
                await producer.client.close()

    async def _send(self, topic: str, partition: int, records: Sequence[Record]) -> list[range]:
        producer = self._ensure_producer()
        sent = [
            (await producer.send_batch(builder, topic, partition=partition), builder.record_count())
            for builder in _builders(producer, records)
        ]
        acks = await asyncio.gather(*(ack for ack, _ in sent))
        return [range(ack.offset, ack.offset + count) for ack, (_, count) in zip(acks, sent, strict=True)]


def _builders(producer: AIOKafkaProducer, records: Sequence[Record]) -> Iterator[BatchBuilder]:
    """Fill one record batch after another; a record that is larger than a batch gets one of its own."""
    builder = producer.create_batch()
    for key, value, timestamp in records:
        if len(value) > MAX_RECORD_BYTES:
            raise RecordTooLargeError(f"a record of {len(value)} bytes cannot be sent: {MAX_RECORD_BYTES} is the most")
        if builder.append(key=key, value=value, timestamp=timestamp) is None:
            yield builder
            builder = producer.create_batch()
            builder.append(key=key, value=value, timestamp=timestamp)
    if builder.record_count():
        builder.close()
        yield builder
