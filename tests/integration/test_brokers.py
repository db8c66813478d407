"""Both brokers do what the code relies on, and the probe tells them apart."""

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from autoheal.embedded import BrokerProcess
from events.broker import probe


async def test_a_record_comes_back(broker: BrokerProcess, prefix: str) -> None:
    """x."""
    b = await probe(broker.bootstrap)
    print(b)
