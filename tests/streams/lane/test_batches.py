"""Reading, acknowledging and sending whole batches."""

import asyncio
import re
from itertools import pairwise

import pytest
from aiokafka import TopicPartition
from faust.types import TP

from streams.lane import Batch, LaneApp
from streams.lane.producer import MAX_RECORD_BYTES, RecordTooLargeError
from tests.streams.lane.conftest import PATIENCE_S, Site, numbered, running, tally, until
from tests.streams.lane.counting import PARTITIONS

MIB = 1 << 20


async def test_each_record_is_handed_out_once_and_in_order(site: Site) -> None:
    """Every record is handed out once, in the order of its partition, and a clean stop commits it."""
    first, second = numbered(3_000), numbered(3_100)[3_000:]
    await site.publish("in", first)
    counting, successor = site.counting(), site.counting()
    async with running(counting.app):
        await until(lambda: counting.counts() == tally(first))
    assert await site.committed() == [1_800, 1_200]

    await site.publish("in", second)
    async with running(successor.app):
        await until(lambda: successor.counts() == tally(first + second))

    batches = counting.batches + successor.batches
    for partition in (0, 1):
        offsets = [record.offset for batch in batches if batch.partition == partition for record in batch.records]
        assert offsets == list(range(len(offsets)))
    assert sum(len(batch.records) for batch in batches) == len(first + second)
    assert len(await site.outputs()) == len(first + second)


async def test_equally_numbered_partitions_never_overlap(site: Site) -> None:
    """Batches of one partition number run one after another whatever their topic, different ones overlap."""
    at_work: list[tuple[int, str]] = []
    together: set[frozenset[tuple[int, str]]] = set()

    async def before(step: str, batch: Batch) -> None:
        if step == "effects":
            at_work.append((batch.partition, batch.topic))
            together.add(frozenset(at_work))
            await asyncio.sleep(0.01)  # leave the others time to start, if they may
        if step == "ack":
            at_work.remove((batch.partition, batch.topic))

    counting = site.counting(before)
    async with running(counting.app):
        for _ in range(20):
            await site.publish("in", numbered(10))
            await site.publish("more", numbered(10))
        await until(lambda: counting.counts() == tally(numbered(10) * 40))

    assert all(len({partition for partition, _ in group}) == len(group) for group in together)
    assert any(len(group) == 2 for group in together)


async def test_a_skipped_offset_is_read_again(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """A consumer that jumps ahead goes back: every record is counted before the commit passes it."""
    sources = [TP(f"{site.prefix}.in", partition) for partition in range(PARTITIONS)]
    counting, published = site.counting(), numbered(500)
    async with running(counting.app) as app:
        await site.publish("in", published)
        await until(lambda: counting.counts() == tally(published))
        while not all(f"{source.topic}/{source.partition}: fetched from" in caplog.text for source in sources):
            # Paused, so that it cannot read on, and with records to jump over: Kafka resets who asks beyond the end.
            # A fetch that is still under way is put back, and takes the jump back with it: then it jumps once more.
            app.consumer.pause_partitions(sources)
            ends = {source: sum(partition == source.partition for partition, *_ in published) for source in sources}
            more = numbered(len(published) + 1_000)[len(published) :]
            await site.publish("in", more)
            await app.consumer.seek_wait({source: end + 150 for source, end in ends.items()})
            app.consumer.resume_partitions(sources)
            published += more
            await until(lambda: counting.counts() == tally(published))  # noqa: B023 - awaited at once

    for source in sources:
        batches = [batch.records for batch in counting.batches if batch.partition == source.partition]
        assert all(after[0].offset == before[-1].offset + 1 for before, after in pairwise(batches))
    assert re.search(rf"{sources[0].topic}/0: fetched from \d+ where \d+ is next, reading again", caplog.text)


async def test_the_end_of_a_recovery_loses_nothing(site: Site) -> None:
    """Faust resumes the flow when a recovery ends, while records are handed out already: each is counted."""
    counting, published = site.counting(), numbered(3_000)
    async with running(counting.app) as app, asyncio.timeout(PATIENCE_S):
        feeding = asyncio.create_task(_in_pieces(site, published, 20))
        while counting.counts() != tally(published):
            await asyncio.sleep(0)
            app.flow_control.resume()
        await feeding


async def _in_pieces(site: Site, records: list[tuple[int, str, str]], size: int) -> None:
    for start in range(0, len(records), size):
        await site.publish("in", records[start : start + size])


async def test_outputs_of_any_size_are_carried(site: Site) -> None:
    """More records than a record batch holds arrive in order, a record of more than 1 MiB among them."""
    counting = site.counting()
    sizes = [300_000] * 10 + [MIB + 100_000] + [10] * 1_000
    outputs = [(b"k", bytes([65 + n % 26]) * size, 0) for n, size in enumerate(sizes)]

    async with running(counting.app) as app:
        await app.send_batches({(f"{site.prefix}.out", 0): outputs, (f"{site.prefix}.out", 1): outputs[-3:]})
        with pytest.raises(RecordTooLargeError, match="8388608 is the most"):
            await app.send_batch(f"{site.prefix}.out", 0, [(b"k", b"x" * (MAX_RECORD_BYTES + 1), 0)])

    assert [record.value for record in await site.read(f"{site.prefix}.out")] == [
        value for _, value, _ in outputs + outputs[-3:]
    ]


async def test_records_fetched_before_the_start_is_known_are_fetched_again(site: Site) -> None:
    """What is turned away because the consumer has not been placed is handed out once it has been."""
    counting = site.counting()
    async with running(counting.app) as app:
        app.consumer._positions.clear()
        await site.publish("in", numbered(10))
        await until(lambda: _are_past(app, site.prefix))
        await app.consumer.perform_seek()
        await until(lambda: counting.counts() == tally(numbered(10)))


async def test_a_partition_whose_next_offset_is_looked_up_does_not_end_the_app(site: Site) -> None:
    """An app whose offsets were out of range looks up the earliest and goes on, whatever looks at it meanwhile."""
    sources = [TopicPartition(f"{site.prefix}.in", partition) for partition in (0, 1)]
    counting = site.counting(broker_commit_interval=0.001)  # Faust looks at every partition as often
    async with running(counting.app) as app:
        await site.publish("in", numbered(10))
        await until(lambda: counting.counts() == tally(numbered(10)))
        for _ in range(50):
            await app.consumer._thread.seek_to_beginning(*sources)
        assert not app.crashed


async def test_what_nobody_may_have_now_stays_unread(site: Site) -> None:
    """A fetch that ends when its partitions are paused leaves their records where they are."""
    sources = {TP(f"{site.prefix}.in", partition) for partition in (0, 1)}
    async with running(site.counting().app) as app:
        await app._stop_fetcher()
        # A fetch that it has left behind would take the records first.
        await until(lambda: app.consumer._thread._consumer._subscription.fetcher_idle_time)
        active = set(sources)
        fetch = asyncio.create_task(app.consumer._thread.getmany(active, timeout=10.0))
        active.clear()
        await site.publish("in", numbered(10))
        assert await fetch == {}
        assert [await app.consumer.position(source) for source in sources] == [0, 0]


async def _are_past(app: LaneApp, prefix: str) -> bool:
    return all([await app.consumer.position(TP(f"{prefix}.in", partition)) for partition in (0, 1)])
