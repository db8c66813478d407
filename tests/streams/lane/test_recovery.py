"""Rows are where their partition is: restored, kept ready by standbys, and dropped with the partition."""

import asyncio
from asyncio.subprocess import Process

from tests.streams.lane.conftest import Site, numbered, running, tally, until, worker
from tests.streams.lane.counting import PARTITIONS, Counting

MANY = 30_000
MIB = 1 << 20
KEYS_BY_PARTITION = {3, 2}
EACH_FEED = numbered(100)


async def test_every_row_is_restored(site: Site) -> None:
    """A new worker has every row that was acknowledged, of any size, before it reads its first record."""
    rows = {b"key-%d" % n: b'{"n":%d,"applied":{}}' % n for n in range(MANY)}
    large = {b"large-%d" % n: b"x" * 50_000 for n in range(100)} | {b"largest": b"y" * (7 * MIB)}
    counting = site.counting()
    async with running(counting.app):
        await counting.table.lane_write(0, rows)
        await counting.table.lane_write(0, {b"key-0": b'{"n":-1,"applied":{"in":1}}'})
        await counting.table.lane_write(1, large)

    successor = site.counting()
    async with running(successor.app):
        assert dict(successor.table.lane_rows(0)) == rows | {b"key-0": b'{"n":-1,"applied":{"in":1}}'}
        assert dict(successor.table.lane_rows(1)) == large
        assert successor.table.lane_get(0, b"key-7") == rows[b"key-7"]
        assert successor.table.lane_get(0, b"nobody") is None


async def test_what_another_owner_wrote_is_read_after_a_late_write(site: Site) -> None:
    """A worker that has written behind another owner's rows still reads those at its next recovery."""
    first, second = site.counting(), site.counting()
    rows = [{b"k": b'{"n":%d,"applied":{"in":%d}}' % (n, n)} for n in (1, 2)]
    async with running(first.app):
        for partition in range(PARTITIONS):
            await first.table.lane_write(partition, rows[0])
            await first.app.send_batch(first.table.changelog_topic_name, partition, [(b"other", rows[0][b"k"], 0)])
            await first.table.lane_write(partition, rows[1])
        async with running(second.app):
            await until(lambda: first.table.data.rows.keys() != {0, 1} and not first.app.rebalancing)
        await until(lambda: all(dict(first.table.lane_rows(partition)) for partition in range(PARTITIONS)))
        for partition in range(PARTITIONS):
            assert dict(first.table.lane_rows(partition)) == rows[1] | {b"other": rows[0][b"k"]}


async def test_workers_come_and_go_under_load(site: Site) -> None:
    """While others join, leave and are killed, a worker has the rows of its partitions, no others, all exact."""
    counting = site.counting()
    async with running(counting.app):
        enough = asyncio.Event()
        feeding = asyncio.create_task(_feed(site, enough))
        for end in (Process.terminate, Process.kill):
            await until(lambda: len(counting.counts()) == len(tally(EACH_FEED)))
            async with worker(site) as other:
                await until(lambda: _share(counting))
                assert len(counting.table.data.rows) == 1
                end(other)
                await other.wait()
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
