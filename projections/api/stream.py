"""The heals as they are decided: server-sent events that resume exactly."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

from aiokafka import TopicPartition
from fastapi import APIRouter, Depends, Header, HTTPException
from sse_starlette import EventSourceResponse, ServerSentEvent

from events import BrokerUnreachableError, RefusedEventError, decode, encode
from events.log import consuming, log_ends
from projections.api.answers import refusals
from projections.api.broker import BrokerLink
from projections.api.guards import RETRY_AFTER
from projections.api.metrics import Metrics
from projections.task_events import short_type

MAX_STREAMS: Final = 100
QUIET_MS: Final = 1000
PING_S: Final = 15
SEND_S: Final = 30
PATTERN: Final = r"^[0-9]{1,9}:[0-9]{1,18}(,[0-9]{1,9}:[0-9]{1,18})*$"
LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", pattern=PATTERN, description="`id` of the last event that was seen: goes on behind"),
]

Positions = dict[int, int]
"""The next offset of each partition."""


class Followers:
    """Counts who follows, and lets in no more than there is room for."""

    def __init__(self, metrics: Metrics) -> None:
        """Begin with none."""
        self._count = 0
        self._metrics = metrics

    async def join(self) -> AsyncIterator[None]:
        """Count a request as long as it lasts.

        Raises:
            HTTPException: 503 when a hundred follow already.
        """
        with self._counted():
            yield

    @contextmanager
    def _counted(self) -> Any:
        if self._count >= MAX_STREAMS:
            raise HTTPException(503, f"{MAX_STREAMS} clients follow already: try again", RETRY_AFTER)
        self._count += 1
        self._metrics.streams.inc()
        try:
            yield
        finally:
            self._count -= 1
            self._metrics.streams.dec()


def routes(link: BrokerLink, metrics: Metrics) -> APIRouter:
    """Return the endpoint."""
    router, followers = APIRouter(tags=["heals"]), Followers(metrics)

    @router.get(
        "/api/heals/stream",
        summary="Every heal event from now on, as server-sent events",
        response_class=EventSourceResponse,
        dependencies=[Depends(followers.join)],
        responses={
            200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
            **refusals(unavailable="A hundred clients follow already"),
        },
    )
    async def stream(last_event_id: LastEventId = None) -> EventSourceResponse:
        """`event` is `heal.requested` and the like, `data` the CloudEvent, `id` what to resume from.

        `broker-away` says that nothing comes for the time being; the stream goes on by itself, without a gap.
        """
        return EventSourceResponse(_follow(link, _positions(last_event_id)), ping=PING_S, send_timeout=SEND_S)

    return router


async def _follow(link: BrokerLink, positions: Positions) -> AsyncIterator[ServerSentEvent]:
    """Say what comes, for ever; `positions` move along, so that a new connection goes on where the old one was."""
    while True:
        try:
            async for event in _events(link, positions):
                yield event
        except BrokerUnreachableError:
            yield ServerSentEvent(event="broker-away", data="")
        while not await link.is_there():  # noqa: ASYNC110 - a broker does not tell us that it is back
            await asyncio.sleep(QUIET_MS / 1000)


async def _events(link: BrokerLink, positions: Positions) -> AsyncIterator[ServerSentEvent]:
    topic = link.topics.named("heals")
    async with consuming(link.bootstrap, topic) as consumer:
        for partition, end in (await log_ends(consumer)).items():
            # Behind its end there is nothing to come: that was another log.
            positions[partition.partition] = min(positions.get(partition.partition, end), end)
            consumer.seek(TopicPartition(topic, partition.partition), positions[partition.partition])
        yield ServerSentEvent(id=_id(positions))  # who loses the connection before the first event resumes all the same
        while True:
            batches = await consumer.getmany(timeout_ms=QUIET_MS)
            if not batches and not await link.is_there():
                raise BrokerUnreachableError(link.bootstrap)
            for records in batches.values():
                for record in records:
                    positions[record.partition] = record.offset + 1
                    if event := _event(record, positions):
                        yield event


def _event(record: Any, positions: Positions) -> ServerSentEvent | None:
    try:
        event = decode(record.value)
    except RefusedEventError:
        return None  # the worker keeps it in the dead letters
    return ServerSentEvent(event=short_type(event.type), id=_id(positions), data=encode(event).decode())


def _id(positions: Positions) -> str:
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(positions.items()))


def _positions(id_: str | None) -> Positions:
    return {int(partition): int(offset) for partition, offset in re.findall(r"(\d+):(\d+)", id_ or "")}
