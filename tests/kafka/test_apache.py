"""Apache Kafka, as the tests run it, can be killed without losing what it acknowledged."""

import re
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from events.admin import create_topics
from events.broker import APACHE_KAFKA
from tests.kafka.apache import HERE, ApacheKafka, missing_tools

pytestmark = [pytest.mark.integration, pytest.mark.skipif(bool(missing_tools()), reason="needs java and mvn")]


@pytest.fixture
def kafka() -> Iterator[ApacheKafka]:
    with ApacheKafka() as running:
        yield running


async def test_acknowledged_records_survive_a_kill(kafka: ApacheKafka) -> None:
    """A record that was acknowledged before kill -9 is there after the restart, at the same address."""
    address = kafka.bootstrap
    await create_topics(address, ["topic"], partitions=1, broker=APACHE_KAFKA)
    async with AIOKafkaProducer(bootstrap_servers=address) as producer:
        await producer.send_and_wait("topic", b"kept")
    kafka.kill()
    kafka.start()
    async with AIOKafkaConsumer("topic", bootstrap_servers=address, auto_offset_reset="earliest") as consumer:
        assert (await consumer.getone()).value == b"kept"


def test_production_runs_the_version_that_is_tested() -> None:
    """The compose file runs the version of Apache Kafka that the tests run."""
    tested = re.search(r"<artifactId>kafka_2.13</artifactId>\s*<version>(.+)</version>", (HERE / "pom.xml").read_text())
    assert tested
    assert f"image: apache/kafka:{tested[1]}\n" in (HERE.parents[1] / "docker-compose.yml").read_text()
