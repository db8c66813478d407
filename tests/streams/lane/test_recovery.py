"""Rows are where their partition is: restored, kept ready by standbys, and dropped with the partition."""

import asyncio
from asyncio.subprocess import Process

from tests.streams.lane.conftest import Site, numbered, running, tally, until, worker
from tests.streams.lane.counting import PARTITIONS, Counting

MANY = 30_000
KEYS_BY_PARTITION = {3, 2}
EACH_FEED = numbered(100)


async def test_every_row_is_restored(site: Site) -> None:
    """A new worker has every row that was acknowledged, before it reads its first record."""
    rows = {b"key-%d" % n: b'{"n":%d,"applied":{}}' % n for n in range(MANY)}
    counting = site.counting()
    async with running(counting.app):
        for partition in range(PARTITIONS):
            await counting.table.lane_write(partition, rows)
            await counting.table.lane_write(partition, {b"key-0": b'{"n":-1,"applied":{"in":1}}'})

    successor = site.counting()
    async with running(successor.app):
        expected = {key.decode(): n for n, key in enumerate(rows)} | {"key-0": -1}
        assert successor.counts() == expected
        assert successor.table.lane_get(1, b"key-7") == rows[b"key-7"]
        assert successor.table.lane_get(1, b"nobody") is None


async def test_rows_move_with_their_partition(site: Site) -> None:
    """A second worker gets half of the partitions with their rows, the first keeps the rest and no others."""
    await site.publish("in", numbered(100))
    first, second = site.counting(), site.counting()
    async with running(first.app):
        await until(lambda: first.counts() == tally(numbered(100)))
        async with running(second.app):
            await until(lambda: _share(first, second))
            assert [len(counting.table.data.rows) for counting in (first, second)] == [1, 1]
            await site.publish("in", numbered(100))
            await until(lambda: first.counts() | second.counts() == tally(numbered(100) * 2))
        await until(lambda: first.counts() == tally(numbered(100) * 2))


async def test_no_record_is_lost_or_counted_twice_while_workers_come_and_go(site: Site) -> None:
    """While others join under load, and leave or are killed, every count of the worker that stays is exact."""
    counting = site.counting()
    async with running(counting.app):
        enough = asyncio.Event()
        feeding = asyncio.create_task(_feed(site, enough))
        for end in (Process.terminate, Process.kill):
            async with worker(site) as other:
                await until(lambda: _share(counting))
                end(other)
                await other.wait()
            await until(lambda: len(counting.counts()) == len(tally(EACH_FEED)))
        enough.set()
        fed = tally(EACH_FEED * await feeding)
        await until(lambda: counting.counts() == fed)


async def test_a_standby_takes_over_with_its_rows(site: Site) -> None:
    """A standby has the rows before it owns their partition, and reads only the rest when it takes over."""
    await site.publish("in", numbered(100))
    active, standby = site.counting(standbys=1), site.counting(standbys=1)
    async with running(standby.app):
        async with running(active.app):
            await until(lambda: _share(active, standby))
            await site.publish("in", numbered(100))
            await until(lambda: active.counts() | standby.counts() == tally(numbered(200)))
            await until(lambda: len(standby.table.data.rows) == PARTITIONS)
            await until(lambda: standby.table.data.rows == standby.table.data.rows | active.table.data.rows)
            assert len(standby.counts()) < len(tally(numbered(200)))
            kept = {partition: dict(rows) for partition, rows in standby.table.data.rows.items()}
            ready = dict(standby.table.data.applied)
        await until(lambda: standby.counts() == tally(numbered(200)))
        assert standby.table.data.rows == kept
        assert standby.table.data.applied == ready


def _share(*countings: Counting) -> bool:
    """Whether each of two workers has the rows of one partition."""
    return all(len(counting.counts()) in KEYS_BY_PARTITION for counting in countings)


async def _feed(site: Site, enough: asyncio.Event) -> int:
    """Publish without a pause until told that it is enough; return how often."""
    times = 0
    while not enough.is_set():
        await site.publish("in", EACH_FEED)
        await asyncio.sleep(0.02)
        times += 1
    return times
