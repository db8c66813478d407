"""What the proxy keeps from a broker, shown by a producer that waits for its acknowledgement."""

import asyncio
from typing import Final

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from autoheal.embedded import BrokerProcess
from events.admin import create_topics
from events.broker import probe
from tests.proxy import KafkaProxy

PATIENCE_MS: Final = 60_000
IMPATIENCE_MS: Final = 1_000
"""How long who will not be answered waits."""


async def test_everything_passes_by_default(broker: BrokerProcess, prefix: str) -> None:
    """Through a proxy that catches nothing, a broker is found to be what it is, and a record is acknowledged."""
    async with KafkaProxy(broker.bootstrap) as proxy:
        assert await probe(proxy.bootstrap) == await probe(broker.bootstrap)
        assert await _send(proxy, await _topic(broker, prefix)) == 0
        assert not proxy.caught.is_set()


async def test_a_held_record_arrives_when_released(broker: BrokerProcess, prefix: str) -> None:
    """A held record is acknowledged only after its release, behind what was written meanwhile."""
    topic = await _topic(broker, prefix)
    async with KafkaProxy(broker.bootstrap) as proxy:
        proxy.hold()
        sending = asyncio.create_task(_send(proxy, topic))
        await asyncio.wait_for(proxy.caught.wait(), PATIENCE_MS / 1000)
        assert await _send(broker, topic) == 0
        assert not sending.done()
        proxy.release()
        assert await sending == 1


async def test_a_swallowed_record_never_arrives(broker: BrokerProcess, prefix: str) -> None:
    """The producer of a swallowed record runs into its time limit, and the broker never had the record."""
    topic = await _topic(broker, prefix)
    async with KafkaProxy(broker.bootstrap) as proxy:
        proxy.swallow()
        with pytest.raises(KafkaError):
            await _send(proxy, topic, IMPATIENCE_MS)
        assert proxy.caught.is_set()
        proxy.release()
        assert await _send(proxy, topic) == 0


async def test_only_the_named_topic_is_caught(broker: BrokerProcess, prefix: str) -> None:
    """While one topic's records are swallowed, another's are acknowledged."""
    topic, other = await _topic(broker, prefix), await _topic(broker, f"other-{prefix}")
    async with KafkaProxy(broker.bootstrap) as proxy:
        proxy.swallow(f"other-{prefix}")
        assert await _send(proxy, topic) == 0
        with pytest.raises(KafkaError):
            await _send(proxy, other, IMPATIENCE_MS)


async def _topic(broker: BrokerProcess, prefix: str) -> str:
    topic = f"{prefix}.topic"
    await create_topics(broker.bootstrap, [topic], partitions=1, broker=await probe(broker.bootstrap))
    return topic


async def _send(via: BrokerProcess | KafkaProxy, topic: str, patience_ms: int = PATIENCE_MS) -> int:
    async with AIOKafkaProducer(bootstrap_servers=via.bootstrap, request_timeout_ms=patience_ms) as producer:
        return (await producer.send_and_wait(topic, b"x", partition=0)).offset
