"""Runs a handler over the batches of its topics."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from faust.types.tuples import Message

from streams.lane.batch import Batch

if TYPE_CHECKING:
    from streams.lane.app import LaneApp

log = logging.getLogger(__name__)

BATCHES_AT_ONCE: Final = 16

Handle = Callable[[Batch], Awaitable[None]]


class LaneCancelledError(RuntimeError):
    """A handler let itself be cancelled, so its batch is neither done nor failed."""


class Handler:
    """Runs one batch at a time for each partition number, whatever the topic, and several partitions side by side.

    A batch is acknowledged when the function has returned. When it raises, nothing is acknowledged any more and the
    app crashes: a later batch that went on would hide the failed one.
    """

    def __init__(self, app: "LaneApp", name: str, handle: Handle) -> None:
        self._app = app
        self._name = name
        self._handle = handle
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(
            asyncio.Lock
        )  # a Lock is taken first come first served
        self._room = asyncio.Semaphore(BATCHES_AT_ONCE)
        self._at_work: set[asyncio.Future[None]] = set()
        self._failed = False

    async def consume(self, stream: Any) -> None:
        """Start on every batch of a stream, as there is room."""
        async for event in stream.noack().events():
            await self._room.acquire()
            task = self._app.add_future(self._in_turn(event.message))
            self._at_work.add(task)
            task.add_done_callback(self._leave)

    async def finish(self) -> None:
        """Wait until every batch at work has ended."""
        while self._at_work:
            await asyncio.wait(self._at_work)

    def _leave(self, task: "asyncio.Future[None]") -> None:
        self._at_work.discard(task)
        self._room.release()

    async def _in_turn(self, message: Message) -> None:
        async with self._turns[message.partition]:
            batch = Batch.held_by(message)
            if self._failed or not self._app.may_start(batch):
                self._app.lane_consumer.forget(message)
                return
            await self._attempt(batch)
            if self._app.still_owned(batch):
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
            raise LaneCancelledError from error
        except Exception as error:
            self._failed = True
            log.critical(
                "%s failed on %s/%d offsets %d to %d, nothing of them is acknowledged: %s: %s",
                self._name,
                batch.topic,
                batch.partition,
                batch.records[0].offset,
                batch.records[-1].offset,
                type(error).__name__,
                error,
            )
            raise
