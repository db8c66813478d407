"""Follow events: the small client that consumers use."""

import logging
from collections.abc import AsyncIterator
from typing import Any, Literal, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError

from events.broker import probe
from events.codec import RefusedEventError, decode
from events.envelope import CloudEvent
from events.log import disconnect
from events.topics import Topics

E = TypeVar("E", bound=CloudEvent)
_log = logging.getLogger(__name__)


async def subscribe(
    bootstrap: str,
    *types: type[E],
    group: str | None = None,
    start: Literal["earliest", "latest"] = "earliest",
    prefix: str = "autoheal",
) -> AsyncIterator[E]:
    """Iterate over events of the given types, for ever.

    With a group, several consumers share the work, and the offsets of a batch are committed once the loop has
    taken its last event and asks for more: an event whose handling crashed comes again. An event may come twice
    after a crash, on either side, and has the same `id` then. Records that are no events are left out; the worker
    keeps them in the dead letters.

    Args:
        bootstrap: Address of the broker, `host:port`.
        types: Which events, such as `HealRequested`.
        group: Name of the consumer group; without one nothing is committed.
        start: Where to begin when the group has no offset yet.
        prefix: Prefix of the topic names.

    Raises:
        BrokerUnreachableError: Nobody answers at the address.

    Example:
        async for heal in subscribe("localhost:9092", HealRequested, group="executors"):
            await run(heal.data.direction)
    """
    await probe(bootstrap)
    topics = {Topics(prefix).of(type_.model_fields["type"].default) for type_ in types}
    consumer: Any = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset=start,
        fetch_max_wait_ms=50,
    )
    try:
        await consumer.start()
        while True:
            batches = await consumer.getmany(timeout_ms=1000)
            for records in batches.values():
                for record in records:
                    event = _read(record)
                    if isinstance(event, types):
                        yield event
            if group and batches:
                await _commit(consumer)
    finally:
        await disconnect(consumer)


def _read(record: Any) -> CloudEvent | None:
    try:
        return decode(record.value)
    except RefusedEventError as error:
        _log.warning("left out %s/%d@%d: %s", record.topic, record.partition, record.offset, error)
        return None


async def _commit(consumer: Any) -> None:
    """Commit the batch; when its partitions have just moved on, their new owner repeats it."""
    try:
        await consumer.commit()
    except IllegalStateError:
        _log.info("the partitions moved before their offsets were committed; their events come again")
