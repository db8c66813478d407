"""Runs a handler over the batches of its topics."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from faust.types.tuples import Message

from streams.lane.batch import Batch
from streams.lane.consumer import BATCH_RECORDS

if TYPE_CHECKING:
    from streams.lane.app import LaneApp

FETCHED_AHEAD: Final = 32

Handle = Callable[[Batch], Awaitable[None]]


class BatchFailedError(Exception):
    """A handler raised, or let itself be cancelled; the message names it, the batch and the reason."""

    def __init__(self, name: str, batch: Batch, reason: BaseException) -> None:
        """Tell it in one line."""
        first, last = batch.records[0].offset, batch.records[-1].offset
        super().__init__(
            f"{name} failed on {batch.topic}/{batch.partition}, offsets {first} to {last}, nothing of them is "
            f"acknowledged: {type(reason).__name__}: {reason}"
        )


class Handler:
    """Runs one batch at a time for each partition number, whatever the topic, and several partitions side by side.

    What was fetched meanwhile is put together into the next batch, so that a slow broker makes batches larger and
    not later. A batch is acknowledged when the function has returned. When it raises, nothing is acknowledged any
    more and the app crashes: a later batch that went on would hide the failed one.
    """

    def __init__(self, app: "LaneApp", name: str, handle: Handle) -> None:
        self._app = app
        self._name = name
        self._handle = handle
        self._waiting: defaultdict[int, list[Message]] = defaultdict(list)
        self._at_work: dict[int, asyncio.Future[None]] = {}
        self._room = asyncio.Semaphore(FETCHED_AHEAD)
        self._failed = False

    async def consume(self, stream: Any) -> None:
        """Take every message of a stream, as there is room, and see that its partition is at work."""
        async for event in stream.noack().events():
            await self._room.acquire()
            partition = event.message.partition
            self._waiting[partition].append(event.message)
            if partition not in self._at_work:
                self._at_work[partition] = self._app.add_future(self._work_off(partition))

    async def finish(self) -> None:
        """Wait until every batch at work has ended."""
        while self._at_work:
            await asyncio.wait(self._at_work.values())

    async def _work_off(self, partition: int) -> None:
        try:
            while self._waiting[partition]:
                await self._process(self._take(partition))
        finally:
            del self._at_work[partition]

    def _take(self, partition: int) -> Sequence[Message]:
        """Take what waits of the topic that has waited longest, up to the size of a batch."""
        waiting = self._waiting[partition]
        origin = _origin(waiting[0])
        taken: list[Message] = []
        left: list[Message] = []
        size = 0
        for message in waiting:
            size += len(message.value or ()) if _origin(message) == origin else 0
            fits = _origin(message) == origin and (size <= BATCH_RECORDS or not taken)
            (taken if fits else left).append(message)
        self._waiting[partition] = left
        return taken

    async def _process(self, messages: Sequence[Message]) -> None:
        batch = Batch.held_by(messages)
        done = False
        try:
            if not self._failed and self._app.may_start(batch):
                await self._attempt(batch)
                done = self._app.still_owned(batch)
        finally:
            for message in messages:
                self._room.release()
                if done:
                    message.ack(self._app.lane_consumer)
                else:
                    self._app.lane_consumer.forget(message)

    async def _attempt(self, batch: Batch) -> None:
        try:
            await self._handle(batch)
        except asyncio.CancelledError as error:
            self._failed = True
            if self._app.should_stop:
                raise
            raise BatchFailedError(self._name, batch, error) from error
        except Exception as error:
            self._failed = True
            raise BatchFailedError(self._name, batch, error) from error


def _origin(message: Message) -> tuple[str, int | None]:
    return message.topic, message.generation_id
