"""Faust's producer, sending whole record batches."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.transport.drivers import aiokafka as driver

if TYPE_CHECKING:
    from streams.lane.app import LaneApp

Record = tuple[bytes, bytes, int]  # key, value, timestamp in ms

MAX_RECORD_BYTES: Final = 8 << 20


class RecordTooLargeError(ValueError):
    """A record is larger than one request to the broker may be."""


class LaneProducer(driver.Producer):
    """Sends record batches straight to a partition: no partitioner, no future for each record."""

    app: "LaneApp"

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"enable_idempotence": self.app.kafka.idempotent_producer}

    async def send_batch(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        """Publish records in order and wait until the broker has acknowledged every one.

        Returns:
            The offset of the last record.

        Raises:
            RecordTooLargeError: A record is larger than 8 MiB; nothing after it was sent.
            aiokafka.errors.KafkaError: The broker refused or did not acknowledge in time.
        """
        producer = self._ensure_producer()
        sent = [
            (await producer.send_batch(builder, topic, partition=partition), builder.record_count())
            for builder in _builders(producer, records)
        ]
        acks = await asyncio.gather(*(ack for ack, _ in sent))
        return max((ack.offset + count - 1 for ack, (_, count) in zip(acks, sent, strict=True)), default=-1)


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
