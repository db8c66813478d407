"""What both brokers promise the rest of the tests, and the limits of the embedded one that the code allows for."""

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord

from autoheal.embedded import BrokerProcess
from events.admin import MAX_RECORD_BYTES, TopicRefusedError, create_topics
from events.broker import APACHE_KAFKA, TANSU, probe

LONG_AGO_MS = 1_000
ABILITIES = {"EmbeddedBroker": TANSU, "ApacheKafka": APACHE_KAFKA}


async def test_the_probe_knows_each_broker(broker: BrokerProcess) -> None:
    """A broker is known by what it can do."""
    assert await probe(broker.bootstrap) == ABILITIES[type(broker).__name__]


async def test_topics_are_created_once(broker: BrokerProcess, prefix: str) -> None:
    """Creating topics names the new ones in order and leaves the others alone."""
    able = await probe(broker.bootstrap)
    a, b, c = (f"{prefix}.{name}" for name in "abc")

    assert await create_topics(broker.bootstrap, [b, a, b], partitions=2, broker=able) == [b, a]
    assert await create_topics(broker.bootstrap, [a, c], partitions=2, broker=able) == [c]
    assert await create_topics(broker.bootstrap, [a, b, c], partitions=2, broker=able) == []


async def test_another_partition_count_is_refused(broker: BrokerProcess, prefix: str) -> None:
    """A topic with another partition count is refused by name, with the remedy, and nothing is created."""
    able = await probe(broker.bootstrap)
    old, new = f"{prefix}.old", f"{prefix}.new"
    await create_topics(broker.bootstrap, [old], partitions=2, broker=able)

    with pytest.raises(TopicRefusedError, match=rf"{old} has 2 partitions and not 3: set AUTOHEAL_PARTITIONS=2"):
        await create_topics(broker.bootstrap, [new, old], partitions=3, broker=able)
    assert await create_topics(broker.bootstrap, [new], partitions=2, broker=able) == [new]


async def test_a_refusal_is_told_in_the_brokers_words(broker: BrokerProcess, prefix: str) -> None:
    """A topic that the broker will not create is named, with the broker's reason."""
    able = await probe(broker.bootstrap)
    if able == TANSU:
        pytest.skip("Tansu takes any name")
    with pytest.raises(TopicRefusedError, match=f"refuses to create topic {prefix} !: Topic name is invalid"):
        await create_topics(broker.bootstrap, [f"{prefix} !"], partitions=1, broker=able)


async def test_large_records_pass(broker: BrokerProcess, prefix: str) -> None:
    """A record of almost 2 MiB is taken and comes back whole."""
    value = b"x" * (MAX_RECORD_BYTES - 1024)
    (record,) = await _round_trip(broker, prefix, [value])
    assert record.value == value


async def test_record_time_is_the_brokers_where_it_can_be(broker: BrokerProcess, prefix: str) -> None:
    """Apache Kafka stamps records by its own clock, Tansu leaves the producer's stamp."""
    (record,) = await _round_trip(broker, prefix, [b"x"])
    assert (record.timestamp != LONG_AGO_MS) == (await probe(broker.bootstrap)).log_append_time


async def test_end_offsets_are_exact_where_the_probe_says_so(broker: BrokerProcess, prefix: str) -> None:
    """The end offset after one batch of ten records is 10 on Apache Kafka, and too low on Tansu."""
    await _round_trip(broker, prefix, [b"x"] * 10)
    partition = TopicPartition(f"{prefix}.topic", 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap)
    await consumer.start()
    try:
        end = (await consumer.end_offsets([partition]))[partition]
    finally:
        await consumer.stop()
    assert (end == 10) == (await probe(broker.bootstrap)).exact_end_offsets


async def _round_trip(broker: BrokerProcess, prefix: str, values: list[bytes]) -> list[ConsumerRecord]:
    """Write values as one batch, stamped as of long ago, and read them back."""
    topic = f"{prefix}.topic"
    await create_topics(broker.bootstrap, [topic], partitions=1, broker=await probe(broker.bootstrap))
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, max_request_size=MAX_RECORD_BYTES) as producer:
        batch = producer.create_batch()
        for value in values:
            batch.append(key=None, value=value, timestamp=LONG_AGO_MS)
        await (await producer.send_batch(batch, topic, partition=0))
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    async with consumer:
        return [await consumer.getone() for _ in values]
