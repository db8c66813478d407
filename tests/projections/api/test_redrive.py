"""A refused record is sent back as it was, and the tables know it."""

import pytest
from aiokafka import AIOKafkaProducer

from events import RecordRedriven, subscribe
from events.log import read_record
from projections.database import open_database
from tests.projections.given import dead_lettered, fold

KEY = "ke\0y-\u00e9"


@pytest.fixture
def tables(tmp_path):
    """The tables of the served API."""
    engine = open_database(f"sqlite:///{tmp_path}/autoheal.db")
    yield engine
    engine.dispose()


@pytest.fixture
async def refused(broker, topics, tables):
    """A record that no agent could read, with others around it, and its dead letter in the tables."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    sent = [
        await producer.send_and_wait(topics.named("tasks"), value, key=KEY.encode(), partition=1)
        for value in (b"before", b"\xff not an event", b"behind")
    ]
    await producer.stop()
    letter = dead_lettered(topic=sent[1].topic, partition=1, offset=sent[1].offset, key=KEY)
    fold(tables, [letter])
    return letter


async def redrive(client, event_id):
    """Ask for it."""
    return await client.post(f"/api/dead-letters/{event_id}/redrive")


async def test_the_very_record_is_published_again(over_tcp, broker, topics, refused):
    """Bytes and key are the record's own, and an event says that it was sent back."""
    answer = await redrive(over_tcp, refused.id)
    assert answer.status_code == 202
    place = answer.json()
    record = await read_record(broker.bootstrap, place["topic"], place["partition"], place["offset"])
    assert (record.topic, record.key, record.value) == (topics.named("tasks"), KEY.encode(), b"\xff not an event")
    assert place["offset"] != refused.data.offset or place["partition"] != refused.data.partition
    events = subscribe(broker.bootstrap, RecordRedriven, prefix=topics.prefix)
    said = (await anext(events)).data
    await events.aclose()
    assert (said.dead_letter_id, said.partition, said.offset) == (refused.id, 1, refused.data.offset)


async def test_a_dead_letter_that_nobody_knows(over_tcp):
    """It is a 404 that names it."""
    answer = await redrive(over_tcp, "nobody")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Dead letter nobody is not known"})


@pytest.mark.parametrize(
    "other",
    [{"offset": 999}, {"key": "another"}, {"key": None}, {"topic": "elsewhere"}, {"partition": 7}],
    ids=lambda other: next(iter(other)),
)
async def test_another_record_is_never_published_in_its_place(over_tcp, tables, topics, refused, other):
    """Where the log holds no such record (any more), or another one, the answer is 410 and nothing is published."""
    letter = dead_lettered(**refused.data.model_dump() | other)
    fold(tables, [letter])
    answer = await redrive(over_tcp, letter.id)
    assert answer.status_code == 410
    assert answer.json()["detail"].endswith(" any more")
    assert (await redrive(over_tcp, refused.id)).json()["offset"] in (0, 3), "something was published before"
