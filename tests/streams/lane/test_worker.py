"""A worker process ends as it is told to, and says why when it ends by itself."""

import asyncio
import signal

from events.broker import TANSU
from tests.streams.lane.conftest import PATIENCE_S, Site, numbered, running, tally, until, worker

GOOD = numbered(100)


async def test_a_signal_ends_it_cleanly(site: Site) -> None:
    """On SIGTERM and SIGINT it commits what is done, leaves the group at once, and ends with 0 and not a word."""
    async with asyncio.TaskGroup() as endings:
        for ending in (signal.SIGTERM, signal.SIGINT):
            endings.create_task(_end(site.part(ending.name), ending))


async def _end(site: Site, ending: signal.Signals) -> None:
    await site.create_topics()
    await site.publish("in", GOOD)
    async with worker(site) as process:
        await until(lambda: _has_counted(site))
        process.send_signal(ending)
        said = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, *said) == (0, b"", b"")
    assert await site.committed() == [60, 40]

    successor = site.counting()
    async with running(successor.app):  # alone in the group, or it would have half of the partitions
        assert successor.counts() == tally(GOOD)


async def test_an_unreachable_broker_ends_it() -> None:
    """When there is no broker it ends by itself, non-zero, with one line that names the address."""
    async with worker(Site("nowhere", TANSU, "127.0.0.1:1")) as process:
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 1
    (line,) = errors.decode().splitlines()
    assert "127.0.0.1:1" in line


async def test_a_row_that_cannot_be_merged_ends_it(site: Site) -> None:
    """When recovery meets rows that `newer` cannot compare, it ends non-zero instead of going on without them."""
    counting = site.counting()
    async with running(counting.app):
        await counting.table.lane_write(0, {b"k0": b"no JSON"})
        await counting.table.lane_write(0, {b"k0": b"no JSON either"})
    async with worker(site) as process:
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 1
    assert "the worker ended: JSONDecodeError: " in errors.decode()


async def _has_counted(site: Site) -> bool:
    return len(await site.outputs()) == len(GOOD)
