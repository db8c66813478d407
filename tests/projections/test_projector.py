"""The projector follows a real broker into a real database, exactly, whatever happens to it."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import Engine, insert

from events import BrokerUnreachableError, Topics, decode, encode
from events.admin import create_topics
from events.broker import probe
from events.topics import NAMES
from projections import dialects
from projections.database import DatabaseUnreachableError, open_database, transaction
from projections.offsets import AnotherProjectorError
from projections.projector import LogMismatchError, run_projector
from projections.stats import auto_heal_stats
from projections.tables import failures, metadata, projection_offsets
from tests.projections.given import concluded, dead_lettered, diagnosed, fold, requested, rows, suppressed

PARTITIONS = 3
PATIENCE_S = 60


@pytest.fixture
async def bootstrap(broker, prefix):
    """The address of a broker with the topics."""
    able = await probe(broker.bootstrap)
    await create_topics(broker.bootstrap, Topics(prefix).all(), partitions=PARTITIONS, broker=able)
    return broker.bootstrap


async def test_what_was_published_is_in_the_tables(bootstrap, prefix, url, tables):
    """The tables are those of the published events, and one batch call accounts for each record."""
    events = _story(0, 100)
    await _publish(bootstrap, prefix, map(encode, events))
    sizes: list[int] = []
    async with _projector(bootstrap, prefix, url, sizes):
        await _until(lambda: sum(sizes) == len(events))
    assert _all_rows(tables) == _expected(events)


async def test_it_goes_on_where_it_stopped(bootstrap, prefix, url, tables):
    """A stopped projector reads no record twice when it starts again."""
    first, second = _story(0, 20), _story(20, 20)
    for events in (first, second):
        await _publish(bootstrap, prefix, map(encode, events))
        sizes: list[int] = []
        async with _projector(bootstrap, prefix, url, sizes):
            await _until(lambda: sum(sizes) >= len(events))  # noqa: B023 - awaited at once
        assert sum(sizes) == len(events)
    assert _all_rows(tables) == _expected(first + second)


async def test_what_is_no_event_is_left_out(bootstrap, prefix, url, tables, caplog):
    """Records that are no events, or of a type of the future, are named in the log and stop nothing."""
    failure = encode(diagnosed())
    future = failure.replace(b"failure.diagnosed.v1", b"failure.diagnosed.v9")
    await _publish(bootstrap, prefix, [b"no JSON", future, failure], topic="failures", partition=1)
    async with _projector(bootstrap, prefix, url):
        await _until(lambda: auto_heal_stats(tables).total_failed == 1)
    assert [f"left out {prefix}.failures/1@{offset}" in caplog.text for offset in range(3)] == [True, True, False]
    assert "'autoheal.failure.diagnosed.v9' is no event type of ours" in caplog.text


async def test_an_event_without_a_time_has_that_of_its_record(bootstrap, prefix, url, tables):
    """An event that does not say when it happened happened when it was published."""
    before = time.time()
    await _publish(bootstrap, prefix, [encode(diagnosed().model_copy(update={"time": None}))])
    async with _projector(bootstrap, prefix, url):
        await _until(lambda: auto_heal_stats(tables).total_failed == 1)
    (failure,) = rows(tables, failures)
    assert before - 1 <= failure["diagnosed_at"].timestamp() <= time.time() + 1


async def test_a_second_projector_gives_up(bootstrap, prefix, url, tables):
    """Of two projectors on one database one ends with a clear error, and the numbers are exact."""
    published: list = []
    async with asyncio.timeout(PATIENCE_S):
        two = [asyncio.create_task(run_projector(bootstrap, url, prefix=prefix)) for _ in range(2)]
        ended: set[asyncio.Task[None]] = set()
        while not ended:  # as soon as both follow
            events = _story(len(published), 20)
            await _publish(bootstrap, prefix, map(encode, events))
            published += events
            ended, others = await asyncio.wait(two, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
        with pytest.raises(AnotherProjectorError, match=r"another projector writes to this .* stop one of the two"):
            await ended.pop()
        await _until(lambda: _read(tables) == len(published))
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    assert _all_rows(tables) == _expected(published)


async def test_killed_at_random_it_is_exact(bootstrap, prefix, url, tables):
    """Killed again and again, in the middle of what it does, a projector ends with exact tables."""
    events = _story(0, 1_500)
    log = [*events, *random.Random(1).sample(events, 500)]
    await _publish(bootstrap, prefix, map(encode, log))
    chance, batches = random.Random(2), 0
    for _ in range(6):
        batches += await asyncio.to_thread(_run_and_kill, bootstrap, url, prefix, chance)
    assert batches < len(log) / 50, "every kill came before the end of the log"
    async with _projector(bootstrap, prefix, url):
        await _until(lambda: _read(tables) == len(log))
    assert _all_rows(tables) == _expected(events)


def _run_and_kill(bootstrap, url, prefix, chance) -> int:
    command = [sys.executable, "-m", "tests.projections.projector_process", bootstrap, url, prefix]
    after = chance.randrange(8)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for _ in range(after):
            assert process.stdout.readline()
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
    return after


async def test_a_topic_that_is_missing_is_named(broker, prefix, url):
    """Without its topics the projector ends with one line that says how to create them."""
    with pytest.raises(LogMismatchError, match=rf"there is no topic {prefix}.tasks: .*autoheal topics create"):
        await run_projector(broker.bootstrap, url, prefix=prefix)


async def test_a_shorter_log_is_another_log(bootstrap, prefix, url, tables):
    """A database that has seen more than the log holds is not continued silently."""
    position = {"topic": f"{prefix}.heals", "partition": 1, "next_offset": 500}
    with tables.begin() as connection:
        connection.execute(insert(projection_offsets).values(position))
    with pytest.raises(LogMismatchError, match=rf"{prefix}.heals/1 has no offset 500.* new database"):
        async with asyncio.timeout(PATIENCE_S):
            await run_projector(bootstrap, url, prefix=prefix)


async def test_a_locked_database_is_one_line(bootstrap, prefix, url, tables, monkeypatch):
    """A database that somebody keeps locked ends the projector with one line, later or at once, and nothing is lost."""
    monkeypatch.setattr(dialects, "LOCK_TIMEOUT_MS", 10)
    following = asyncio.create_task(run_projector(bootstrap, url, prefix=prefix))
    await _until(lambda: len(rows(tables, projection_offsets)) == len(NAMES) * PARTITIONS)
    with transaction(tables):
        await _publish(bootstrap, prefix, [encode(diagnosed())])
        for running in (following, run_projector(bootstrap, url, prefix=prefix)):
            with pytest.raises(DatabaseUnreachableError, match=r"database is locked|due to lock timeout"):
                await running
    async with _projector(bootstrap, prefix, url):
        await _until(lambda: auto_heal_stats(tables).total_failed == 1)


async def test_no_broker_is_one_line(url):
    """An address without a broker is reported as every client reports it."""
    with pytest.raises(BrokerUnreachableError):
        await run_projector("127.0.0.1:1", url)


def _story(first: int, count: int) -> list:
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


async def _publish(
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
async def _projector(bootstrap: str, prefix: str, url: str, sizes: list[int] | None = None) -> AsyncIterator[None]:
    """Run a projector meanwhile; when it fails, so does what stands inside."""
    on_batch = None if sizes is None else sizes.append
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run_projector(bootstrap, url, prefix=prefix, on_batch=on_batch))
        yield
        running.cancel()


async def _until(holds) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - the event is in a thread or another process
            await asyncio.sleep(0.05)


def _read(tables: Engine) -> int:
    return sum(position["next_offset"] for position in rows(tables, projection_offsets))


def _expected(events: Iterable) -> dict:
    return _all_rows(fold(open_database("sqlite://"), events))


def _all_rows(engine) -> dict:
    """All rows of all tables, less where a line stands in the log: its copies stand elsewhere."""
    every = {table.name: rows(engine, table) for table in metadata.sorted_tables if table is not projection_offsets}
    place = {"record_topic", "record_partition", "record_offset"}
    lines = [{name: value for name, value in line.items() if name not in place} for line in every["task_events"]]
    return every | {"task_events": lines}
