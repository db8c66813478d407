"""Whatever fails, nothing is acknowledged that is not done, and what is done twice does not show."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from streams.lane import Batch
from streams.lane.handler import BatchFailedError
from tests.proxy import KafkaProxy
from tests.streams.lane.conftest import PATIENCE_S, Site, numbered, running, tally, until, worker
from tests.streams.lane.counting import POISON, STEPS

GOOD = numbered(100)
AFTER_GOOD = [60, 40]


async def test_a_batch_that_raises_ends_the_worker_unacknowledged(site: Site) -> None:
    """A worker whose handler raises ends non-zero, with one line that names the batch, and commits nothing of it."""
    await site.publish("in", GOOD)
    async with worker(site) as process:
        await until(lambda: _is_committed(site, AFTER_GOOD))
        await site.publish("in", [(0, "k0", POISON.decode()), *numbered(10)])
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)

    assert process.returncode == 1
    (line,) = errors.decode().splitlines()
    assert line.startswith(f"the worker ended: count failed on {site.prefix}.in/0, offsets 60 to ")
    assert line.endswith("nothing of them is acknowledged: ValueError: this record is poison")
    assert (await site.committed())[0] == AFTER_GOOD[0]


async def test_a_crashed_app_can_be_stopped(site: Site) -> None:
    """An app that crashed with batches done and not yet committed stops, and they are read again without a trace."""

    async def before(_: str, __: Batch) -> None:
        if counting.counts() == tally(GOOD):
            raise ValueError("enough")

    counting, successor = site.counting(before, broker_commit_interval=3600.0), site.counting()
    async with running(counting.app) as app:
        await site.publish("in", GOOD)
        await until(lambda: counting.counts() == tally(GOOD))
        await site.publish("in", numbered(50))
        await until(lambda: app.crashed and not app.consumer._thread._thread.is_alive())
    assert await site.committed() == [0, 0]

    async with running(successor.app):
        await until(lambda: successor.counts() == tally(GOOD + numbered(50)))


async def test_a_batch_whose_writes_are_not_acknowledged_is_not_committed(site: Site) -> None:
    """When the broker never answers for outputs or rows, the app crashes and the offsets stay where they were."""
    async with asyncio.TaskGroup() as swallowing:
        for own, topic in ((site.part("a"), "a.out"), (site.part("b"), "b-count-counts-changelog")):
            swallowing.create_task(_swallow(own, f"{site.prefix}-{topic}"))


async def _swallow(site: Site, topic: str) -> None:
    await site.create_topics()
    async with KafkaProxy(site.bootstrap) as proxy:
        counting = site.counting(bootstrap=proxy.bootstrap)
        async with running(counting.app) as app:
            await site.publish("in", GOOD)
            await until(lambda: _is_committed(site, AFTER_GOOD))
            proxy.swallow(topic)
            app.producer.request_timeout = 3.0  # only now: what is not swallowed may take its time
            await site.publish("in", numbered(20))
            await until(lambda: app.crashed)
            assert isinstance(app.crash_reason, BatchFailedError)
            assert f"NotAcknowledgedError: {topic}/" in str(app.crash_reason)

    assert await site.committed() == AFTER_GOOD


async def test_a_batch_that_does_not_end_cannot_hold_up_a_stop(site: Site) -> None:
    """A batch still at work when a rebalance would have to go on ends the app as a crash, unacknowledged."""

    async def before(_: str, __: Batch) -> None:
        await asyncio.Event().wait()

    await site.publish("in", GOOD)
    counting = site.counting(before, broker_rebalance_timeout=1.0)
    async with running(counting.app) as app:
        await until(lambda: counting.batches)
    assert app.crashed
    assert "batches are still at work after 1 s" in str(app.crash_reason)
    assert await site.committed() == [0, 0]


async def test_a_late_write_of_an_older_row_is_healed(site: Site) -> None:
    """An older row that a worker of the past writes behind a newer one does not come back at recovery."""
    counting, successor = site.counting(), site.counting()
    old, new = (b'{"n":%d,"applied":{"in":%d}}' % (n, n) for n in (1, 2))
    async with running(counting.app):
        await counting.table.lane_write(0, {b"k0": new, b"k2": old})
        await counting.table.lane_write(0, {b"k0": old, b"k2": new})
    async with running(successor.app):
        assert dict(successor.table.lane_rows(0)) == {b"k0": new, b"k2": new}


async def test_a_worker_that_sleeps_through_a_takeover_does_no_harm(site: Site) -> None:
    """Stopped before any step and woken up after another worker went on, a worker changes no count and no output."""
    async with asyncio.TaskGroup() as steps:
        for step in STEPS:
            steps.create_task(_sleep_through_a_takeover(site.part(step), step))


async def _sleep_through_a_takeover(site: Site, step: str) -> None:
    await site.create_topics()
    await site.publish("in", GOOD)
    async with worker(site, step) as sleeper:
        await until(lambda: _is_stopped(sleeper))
        async with worker(site) as successor:
            await site.publish("in", numbered(50))
            await until(lambda: _is_committed(site, [90, 60]))
            sleeper.send_signal(signal.SIGCONT)
            assert sleeper.stdout is not None
            assert await sleeper.stdout.readline() == b"woken\n"
            await site.publish("in", numbered(50))
            await until(lambda: _is_committed(site, [120, 80]))
            for process in (sleeper, successor):
                process.terminate()
                assert await process.wait() == 0

    expected = {f'["{value}",{n}]' for value, n in _counted(GOOD + numbered(50) + numbered(50))}
    assert set(await site.outputs()) == expected
    judge = site.counting()
    async with running(judge.app):
        assert judge.counts() == tally(GOOD + numbered(50) + numbered(50))


def _counted(records: list[tuple[int, str, str]]) -> Iterator[tuple[str, int]]:
    """Yield what the counting worker puts out: each value with the count of its key then."""
    seen: Counter[str] = Counter()
    for _, key, value in records:
        seen[key] += 1
        yield value, seen[key]


async def _is_committed(site: Site, offsets: list[int]) -> bool:
    return await site.committed() == offsets


def _is_stopped(process: Process) -> bool:
    assert process.returncode is None
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
