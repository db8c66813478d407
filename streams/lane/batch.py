"""A batch of records, and how it travels through Faust as one message."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self, cast

import faust
from aiokafka.structs import ConsumerRecord
from faust.events import Event
from faust.types.tuples import Message


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one partition, as they were fetched: ascending offsets, nothing decoded.

    Attributes:
        generation: The generation of the consumer group in which the batch was fetched.
    """

    topic: str
    partition: int
    generation: int
    records: Sequence[ConsumerRecord]

    @classmethod
    def held_by(cls, messages: Sequence[Message]) -> Self:
        """Return the batch that consecutive messages of the lane's consumer hold together."""
        first = messages[0]
        held = [cast("Sequence[ConsumerRecord]", message.value) for message in messages]
        records = held[0] if len(held) == 1 else tuple(chain.from_iterable(held))
        return cls(first.topic, first.partition, cast("int", first.generation_id), records)


class BatchSchema(faust.Schema[Any, Any]):
    """Makes an event of a message whose value is a batch, without looking at the records."""

    def compile(self, app: Any, **_: Any) -> Callable[..., Awaitable[Event]]:
        """Return what Faust calls to decode a message."""

        async def decode(message: Message, **_: Any) -> Event:
            return Event(app, None, message.value, {}, message)

        return decode
