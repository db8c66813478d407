"""The projector follows a real broker into a real database, exactly, whatever happens to it."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterable

import pytest
from sqlalchemy import Engine, insert

from autoheal.embedded import EmbeddedBroker
from events import BrokerUnreachableError, Topics, encode
from events.admin import create_topics
from events.broker import probe
from events.topics import NAMES
from projections import dialects
from projections.database import DatabaseUnreachableError, open_database, transaction
from projections.follower import LogMismatchError, following
from projections.offsets import AnotherProjectorError
from projections.projector import run_projector
from projections.stats import auto_heal_stats
from projections.tables import failures, projection_offsets
from tests.projections.following import PARTITIONS, PATIENCE_S, all_rows, projector, publish, story, until
from tests.projections.given import diagnosed, fold, rows


async def test_what_was_published_is_in_the_tables(bootstrap, prefix, url, tables):
    """The tables are those of the published events, and one batch call accounts for each record."""
    events = story(0, 100)
    await publish(bootstrap, prefix, map(encode, events))
    sizes: list[int] = []
    async with projector(bootstrap, prefix, url, sizes):
        await until(lambda: sum(sizes) == len(events))
    assert all_rows(tables) == _expected(events)


async def test_it_goes_on_where_it_stopped(bootstrap, prefix, url, tables):
    """A stopped projector reads no record twice when it starts again."""
    first, second = story(0, 20), story(20, 20)
    for events in (first, second):
        await publish(bootstrap, prefix, map(encode, events))
        sizes: list[int] = []
        async with projector(bootstrap, prefix, url, sizes):
            await until(lambda: sum(sizes) >= len(events))  # noqa: B023 - awaited at once
        assert sum(sizes) == len(events)
    assert all_rows(tables) == _expected(first + second)


async def test_what_is_no_event_is_left_out(bootstrap, prefix, url, tables, caplog):
    """Records that are no events, or of a type of the future, are named in the log and stop nothing."""
    failure = encode(diagnosed())
    future = failure.replace(b"failure.diagnosed.v1", b"failure.diagnosed.v9")
    await publish(bootstrap, prefix, [b"no JSON", future, failure], topic="failures", partition=1)
    async with projector(bootstrap, prefix, url):
        await until(lambda: auto_heal_stats(tables).total_failed == 1)
    assert [f"left out {prefix}.failures/1@{offset}" in caplog.text for offset in range(3)] == [True, True, False]
    assert "'autoheal.failure.diagnosed.v9' is no event type of ours" in caplog.text


async def test_an_event_without_a_time_has_that_of_its_record(bootstrap, prefix, url, tables):
    """An event that does not say when it happened happened when it was published."""
    before = time.time()
    await publish(bootstrap, prefix, [encode(diagnosed().model_copy(update={"time": None}))])
    async with projector(bootstrap, prefix, url):
        await until(lambda: auto_heal_stats(tables).total_failed == 1)
    (failure,) = rows(tables, failures)
    assert before - 1 <= failure["diagnosed_at"].timestamp() <= time.time() + 1


async def test_a_second_projector_gives_up(bootstrap, prefix, url, tables):
    """Of two projectors on one database one ends with a clear error, and the numbers are exact."""
    published: list = []
    async with asyncio.timeout(PATIENCE_S):
        two = [asyncio.create_task(run_projector(bootstrap, url, prefix=prefix)) for _ in range(2)]
        ended: set[asyncio.Task[None]] = set()
        while not ended:  # as soon as both follow
            events = story(len(published), 20)
            await publish(bootstrap, prefix, map(encode, events))
            published += events
            ended, others = await asyncio.wait(two, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
        with pytest.raises(AnotherProjectorError, match=r"another projector writes to this .* stop one of the two"):
            await ended.pop()
        await until(lambda: _read(tables) == len(published))
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    assert all_rows(tables) == _expected(published)


async def test_killed_at_random_it_is_exact(bootstrap, prefix, url, tables):
    """Killed again and again, in the middle of what it does, a projector ends with exact tables."""
    events = story(0, 1_500)
    log = [*events, *random.Random(1).sample(events, 500)]
    await publish(bootstrap, prefix, map(encode, log))
    chance, batches = random.Random(2), 0
    for _ in range(6):
        batches += await asyncio.to_thread(_run_and_kill, bootstrap, url, prefix, chance)
    assert batches < len(log) / 50, "every kill came before the end of the log"
    async with projector(bootstrap, prefix, url):
        await until(lambda: _read(tables) == len(log))
    assert all_rows(tables) == _expected(events)


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
    await until(lambda: len(rows(tables, projection_offsets)) == len(NAMES) * PARTITIONS)
    with transaction(tables):
        await publish(bootstrap, prefix, [encode(diagnosed())])
        for running in (following, run_projector(bootstrap, url, prefix=prefix)):
            with pytest.raises(DatabaseUnreachableError, match=r"database is locked|due to lock timeout"):
                await running
    async with projector(bootstrap, prefix, url):
        await until(lambda: auto_heal_stats(tables).total_failed == 1)


async def test_no_broker_is_one_line(url):
    """An address without a broker is reported as every client reports it."""
    with pytest.raises(BrokerUnreachableError):
        await run_projector("127.0.0.1:1", url)


async def test_a_broker_that_went_away_hides_no_fault(tmp_path):
    """What ends a projector is said as it is, also when the broker is away and its connection cannot be closed well."""
    with EmbeddedBroker() as broker:
        await create_topics(broker.bootstrap, Topics().all(), partitions=1, broker=await probe(broker.bootstrap))
        tables = open_database(f"sqlite:///{tmp_path}/autoheal.db")

        async def fail():
            async with following(broker.bootstrap, tables, "autoheal") as follower:
                broker.stop()
                for _ in range(3):
                    await follower.follow()
                raise RuntimeError("a fault")

        with pytest.raises(RuntimeError, match="a fault"):
            await fail()


def _read(tables: Engine) -> int:
    return sum(position["next_offset"] for position in rows(tables, projection_offsets))


def _expected(events: Iterable) -> dict:
    return all_rows(fold(open_database("sqlite://"), events))
