"""The publisher and the subscriber, over TCP."""

import asyncio
from contextlib import aclosing

import pytest
from aiokafka import AIOKafkaProducer

from autoheal.embedded import EmbeddedBroker
from events import (
    BrokerUnreachableError,
    Publisher,
    RefusedEventError,
    TaskFailed,
    TaskStarted,
    Topics,
    encode,
    key_of,
    subscribe,
)
from events.admin import create_topics
from events.broker import probe
from events.topics import partition_of
from tests.examples import RUNNER, TASK

PARTITIONS = 4


@pytest.fixture
async def topics(broker, prefix):
    """Topics of their own for a test."""
    names = Topics(prefix)
    await create_topics(broker.bootstrap, names.all(), partitions=PARTITIONS, broker=await probe(broker.bootstrap))
    return names


async def take(count, bootstrap, *types, **options):
    """Return the first events that a subscriber sees."""
    async with aclosing(subscribe(bootstrap, *types, **options)) as events:
        return [await anext(events) for _ in range(count)]


async def test_publishing_returns_where_the_event_is(broker, topics):
    """The coordinates are those of the work key's partition, one offset after the other."""
    async with Publisher(broker.bootstrap, prefix=topics.prefix) as publisher:
        first = await publisher.publish(TaskFailed.new(RUNNER, task_id=TASK))
        second = await publisher.publish(TaskFailed.new(RUNNER, task_id=TASK))
    assert first.topic == topics.named("tasks")
    assert first.partition == partition_of(TASK.encode(), PARTITIONS)
    assert (first.offset, second.offset) == (0, 1)


async def test_a_subscriber_gets_the_types_it_asked_for(broker, topics):
    """Typed events come in the order of their key, others are left out."""
    sent = [TaskStarted.new(RUNNER, task_id=TASK)]
    sent += [TaskFailed.new(RUNNER, task_id=TASK, exit_code=code) for code in range(50)]
    async with Publisher(broker.bootstrap, prefix=topics.prefix) as publisher:
        await publisher.publish_all(sent)
    assert await take(50, broker.bootstrap, TaskFailed, prefix=topics.prefix) == sent[1:]


async def test_a_record_that_is_no_event_does_not_stop_a_subscriber(broker, topics):
    """Garbage is left out, the event behind it arrives."""
    event = TaskFailed.new(RUNNER, task_id=TASK)
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    for value in (b"garbage", encode(event)):
        await producer.send_and_wait(topics.named("tasks"), value, key=key_of(event).encode())
    await producer.stop()
    assert await take(1, broker.bootstrap, TaskFailed, prefix=topics.prefix) == [event]


async def test_a_group_goes_on_after_the_batches_it_finished(broker, topics):
    """A batch that was taken whole is committed, one that was left in the middle comes again."""
    group = f"{topics.prefix}-group"
    options = {"group": group, "prefix": topics.prefix}
    first, *rest = [TaskFailed.new(RUNNER, task_id=TASK, exit_code=code) for code in range(4)]
    async with Publisher(broker.bootstrap, prefix=topics.prefix) as publisher:
        await publisher.publish(first)
        async with aclosing(subscribe(broker.bootstrap, TaskFailed, **options)) as events:
            assert await anext(events) == first
            await publisher.publish_all(rest)
            assert await anext(events) == rest[0]
    assert await take(3, broker.bootstrap, TaskFailed, **options) == rest


async def test_an_event_that_is_too_large_is_refused_before_it_is_sent(broker, topics):
    """The message says how large it is and what to do; nothing of the batch is published."""
    large = TaskFailed.new(RUNNER, task_id=TASK, output="x" * (1 << 20))
    async with Publisher(broker.bootstrap, prefix=topics.prefix) as publisher:
        with pytest.raises(RefusedEventError, match="more than 1048576: keep the head and tail"):
            await publisher.publish_all([TaskFailed.new(RUNNER, task_id=TASK), large])
        assert (await publisher.publish(TaskFailed.new(RUNNER, task_id=TASK))).offset == 0


async def test_a_large_event_gets_through(broker, topics):
    """Close to 1 MiB of output is an event like any other."""
    large = TaskFailed.new(RUNNER, task_id=TASK, output="x" * 1_040_000)
    async with Publisher(broker.bootstrap, prefix=topics.prefix) as publisher:
        await publisher.publish(large)
    assert await take(1, broker.bootstrap, TaskFailed, prefix=topics.prefix) == [large]


async def test_an_address_where_nobody_answers_is_said_at_once():
    """Both clients name the address and what to do."""
    with pytest.raises(BrokerUnreachableError, match=r"127\.0\.0\.1:1\b.*autoheal dev"):
        async with Publisher("127.0.0.1:1"):
            pass
    with pytest.raises(BrokerUnreachableError, match="AUTOHEAL_BOOTSTRAP_SERVERS"):
        await anext(subscribe("127.0.0.1:1", TaskFailed))


async def test_a_subscriber_ends_when_its_broker_has_gone(prefix):
    """When the broker went away meanwhile, no error of its takes the place of the caller's own."""
    with EmbeddedBroker() as broker:
        await create_topics(broker.bootstrap, Topics(prefix).all(), partitions=1, broker=await probe(broker.bootstrap))
        async with Publisher(broker.bootstrap, prefix=prefix) as publisher:
            await publisher.publish(TaskFailed.new(RUNNER, task_id=TASK))

        async def leave():
            async with aclosing(subscribe(broker.bootstrap, TaskFailed, prefix=prefix)) as events:
                await anext(events)
                broker.stop()
                await asyncio.sleep(2)  # it takes a failing fetch
                raise RuntimeError("the caller's")

        with pytest.raises(RuntimeError, match="the caller's"):
            await leave()
