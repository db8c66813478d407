"""A log on a real broker, and a projector that follows it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer

from events import Topics, decode
from projections.projector import run_projector
from projections.tables import metadata, projection_offsets
from tests.projections.given import concluded, dead_lettered, diagnosed, requested, rows, suppressed

PARTITIONS = 3
PATIENCE_S = 60


def story(first: int, count: int) -> list:
    """Return what the worker says about as many failures, numbered from the first one on."""
    events: list = []
    for i in range(first, first + count):
        events += [diagnosed(f"f{i}", at=i), dead_lettered(at=i)]
        if i % 2:
            outcome = ("succeeded", "failed", "expired")[i % 3]
            events += [requested(f"f{i}", at=i, heal_task_id=f"heal_{i}"), concluded(outcome, f"heal_{i}")]
        else:
            events += [suppressed(f"f{i}", at=i)]
    return events


async def publish(
    bootstrap: str, prefix: str, values: Iterable[bytes], *, topic: str | None = None, partition: int | None = None
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=5)
    await producer.start()
    try:
        for number, value in enumerate(values):
            name = Topics(prefix).named(topic) if topic else Topics(prefix).of(decode(value).type)
            await producer.send(name, value, partition=number % PARTITIONS if partition is None else partition)
    finally:
        await producer.stop()


@asynccontextmanager
async def projector(bootstrap: str, prefix: str, url: str, sizes: list[int] | None = None) -> AsyncIterator[None]:
    """Run a projector meanwhile; when it fails, so does what stands inside."""
    on_batch = None if sizes is None else sizes.append
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run_projector(bootstrap, url, prefix=prefix, on_batch=on_batch))
        yield
        running.cancel()


async def until(holds) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - the event is in a thread or another process
            await asyncio.sleep(0.05)


def all_rows(engine) -> dict:
    """All rows of all tables, less where a line stands in the log: its copies stand elsewhere."""
    every = {table.name: rows(engine, table) for table in metadata.sorted_tables if table is not projection_offsets}
    place = {"record_topic", "record_partition", "record_offset"}
    lines = [{name: value for name, value in line.items() if name not in place} for line in every["task_events"]]
    return every | {"task_events": lines}
