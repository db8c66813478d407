"""What the API asks of the broker: whether it is there, where the log ends, a record of it, and to take events."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Generic, TypeVar

from aiokafka import TopicPartition

from events import BrokerUnreachableError, CloudEvent, Published, Publisher, Topics
from events.broker import probe
from events.log import consuming, log_ends, read_record

FRESH_S: Final = 2.0
ANSWER_S: Final = 2.0
ACKNOWLEDGED_S: Final = 5.0
CLOSE_S: Final = 1.0

T = TypeVar("T")


class Remembered(Generic[T]):
    """An answer that is asked for anew only when it is some seconds old; who asks meanwhile waits for the same one."""

    def __init__(self, ask: Callable[[], Awaitable[T]], seconds: float) -> None:
        """Prepare to ask."""
        self._ask = ask
        self._seconds = seconds
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def get(self) -> T:
        """Return the answer, at most so many seconds old."""
        async with self._lock:
            if time.monotonic() >= self._until:
                self._answer = await self._ask()
                self._until = time.monotonic() + self._seconds
            return self._answer


class BrokerLink:
    """The API's one way to the broker: connected when it is first needed, and again after the broker was away."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        """Prepare a link; nothing connects yet."""
        self.bootstrap: Final = bootstrap
        self.topics: Final = Topics(prefix)
        self._presence = Remembered(self._probe, FRESH_S)
        self._ends = Remembered(self._read_ends, FRESH_S)
        self._publisher: Publisher | None = None
        self._connecting = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    async def is_there(self) -> bool:
        """Tell whether the broker answered within the last two seconds, or does now."""
        return await self._presence.get()

    async def ends(self) -> dict[TopicPartition, int] | None:
        """Return where the topics end, at most two seconds old; None when it is away."""
        return await self._ends.get()

    async def record(self, topic: str, partition: int, offset: int) -> Any:
        """Return a record of the log, None when it is not there (any more).

        Raises:
            BrokerUnreachableError: The broker does not answer.
        """
        return await read_record(self.bootstrap, topic, partition, offset)

    async def publish(self, events: Iterable[CloudEvent]) -> list[Published]:
        """Publish events and return their coordinates once they are acknowledged.

        Raises:
            RefusedEventError: An event is larger than 1 MiB.
            BrokerUnreachableError: The broker did not acknowledge them all; some of them may be in the log.
        """
        return await self._acknowledged(lambda publisher: publisher.publish_all(events))

    async def publish_again(self, topic: str, key: bytes | None, value: bytes | None) -> Published:
        """Publish a record of the log anew, as it is.

        Raises:
            BrokerUnreachableError: The broker did not acknowledge it.
        """
        return await self._acknowledged(lambda publisher: publisher.publish_again(topic, key, value))

    async def close(self) -> None:
        """Disconnect; what a broker that is away has not taken within a moment is given up."""
        self._drop(self._publisher)
        if self._closing:
            _, late = await asyncio.wait(self._closing, timeout=CLOSE_S)
            for closing in late:
                closing.cancel()

    async def _acknowledged(self, publish: Callable[[Publisher], Awaitable[T]]) -> T:
        if not await self.is_there():
            raise BrokerUnreachableError(self.bootstrap)
        publisher = await self._connected()
        try:
            async with asyncio.timeout(ACKNOWLEDGED_S):
                return await publish(publisher)
        except (BrokerUnreachableError, TimeoutError) as error:
            self._drop(publisher)
            raise BrokerUnreachableError(self.bootstrap) from error

    async def _connected(self) -> Publisher:
        async with self._connecting:
            if self._publisher is None:
                self._publisher = await Publisher(self.bootstrap, prefix=self.topics.prefix).__aenter__()
            return self._publisher

    def _drop(self, publisher: Publisher | None) -> None:
        """Let go of a connection; what it still holds it sends on its own, so nobody waits for it."""
        if publisher is not None and self._publisher is publisher:
            self._publisher = None
            closing = asyncio.create_task(publisher.__aexit__(None, None, None))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _probe(self) -> bool:
        try:
            await probe(self.bootstrap, timeout=ANSWER_S)
        except BrokerUnreachableError:
            return False
        return True

    async def _read_ends(self) -> dict[TopicPartition, int] | None:
        try:
            async with consuming(self.bootstrap, *self.topics.all()) as consumer:
                return await log_ends(consumer)
        except BrokerUnreachableError:
            return None
